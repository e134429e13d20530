package hazards

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// patience is how long a thing may take that must happen, and pace how long one that nothing holds up. Both
// are ample, for a busy machine: they only matter where a thing does not happen. Library.Patience may be less.
const (
	patience = 10 * time.Second
	pace     = 3 * time.Second
)

// enough is how many violations end a check: more of the same do not tell more.
const enough = 3

// Report is what a Check found.
type Report struct {
	Library, Hazard string

	// Trials is how often the interleaving was played.
	Trials int

	// Unforced is how many of them could not be put in the order that the hazard is about: the library did not
	// take the step that was waited for. They prove nothing.
	Unforced int

	// Violations are in words, one per trial, at most three.
	Violations []string

	// NotAsked says what the library lacks for this hazard. It is empty if the hazard was played.
	NotAsked string

	// Longest is how long at most somebody waited for a process that had died, for hazards about that.
	Longest time.Duration
}

// String says it in a line, violations in lines of their own.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: ", r.Library, r.Hazard)
	switch {
	case r.NotAsked != "":
		fmt.Fprintf(&b, "not asked, it has no %s", r.NotAsked)
	case len(r.Violations) > 0:
		fmt.Fprintf(&b, "VIOLATED in %d of %d trials", len(r.Violations), r.Trials)
	default:
		fmt.Fprintf(&b, "held in %d trials", r.Trials)
	}
	if r.Unforced > 0 {
		fmt.Fprintf(&b, ", %d of them unforced", r.Unforced)
	}
	if r.Longest > 0 {
		fmt.Fprintf(&b, ", longest wait %v", r.Longest.Round(time.Millisecond))
	}
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n\t%s", v)
	}
	return b.String()
}

// Check plays h with lib, times over, and stops after three violations. The error says that a cache could not
// be opened or closed, which is no violation.
func Check(ctx context.Context, lib Library, h Hazard, times int) (Report, error) {
	if lib.Patience == 0 {
		lib.Patience = patience
	}
	s := &stage{lib: lib, ctx: ctx, apart: h.apart, report: Report{Library: lib.Name, Hazard: h.Name}, last: make(map[string]string)}
	if err := s.open(h); err != nil {
		return s.report, err
	}
	if missing := lib.missing(s.x.Cache, h.needs); len(missing) > 0 {
		s.report.NotAsked = strings.Join(missing, ", ")
		return s.report, s.close()
	}
	if h.together {
		s.playTogether(h, times)
	} else {
		for i := 0; i < times && len(s.report.Violations) < enough; i++ {
			s.newTrial(h, i).play(h)
		}
	}
	if err := s.close(); err != nil {
		return s.report, err
	}
	return s.report, s.lookBack()
}

// stage is where the trials of one check are played, by two processes.
type stage struct {
	lib   Library
	ctx   context.Context
	x, y  *member
	apart time.Duration // by how much their clocks disagree, half of it

	// Of trials that are played together: ready for what happens to all at once, done with the frozen process.
	ready, frozen sync.WaitGroup
	event, thaw   sync.Once

	mu     sync.Mutex // guards the rest
	report Report
	last   map[string]string // the only value that a key of a past trial may have
}

func (s *stage) open(h Hazard) (err error) {
	if s.x, err = s.enter(h, -h.apart); err != nil {
		return err
	}
	s.y = s.x
	if s.lib.Shared {
		s.y, err = s.enter(h, h.apart)
	}
	return err
}

func (s *stage) enter(h Hazard, ahead time.Duration) (*member, error) {
	m := &member{}
	p := Process{Ahead: ahead}
	if h.asks(taps) {
		p.Tap = m.taps.pass
	}
	c, err := s.lib.Open(p)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.lib.Name, err)
	}
	m.Cache = c
	return m, nil
}

func (s *stage) close() error {
	err := s.x.Close()
	if s.y != s.x {
		if e := s.y.Close(); err == nil {
			err = e
		}
	}
	return err
}

// playTogether begins all trials before any of them ends.
func (s *stage) playTogether(h Hazard, times int) {
	s.ready.Add(times)
	s.frozen.Add(times)
	var wg sync.WaitGroup
	for i := range times {
		t := s.newTrial(h, i)
		wg.Go(func() {
			defer t.tookOver.Do(s.frozen.Done)
			defer t.arrive()
			t.play(h)
		})
	}
	wg.Wait()
}

// lookBack reads the keys of all trials once more, after everything has ended: what a load wrote late is
// there now.
func (s *stage) lookBack() error {
	if len(s.report.Violations) > 0 {
		return nil
	}
	c, err := s.lib.Open(Process{})
	if err != nil {
		return fmt.Errorf("open %s: %w", s.lib.Name, err)
	}
	for key, want := range s.last {
		value, found, err := c.Get(s.ctx, key)
		if err != nil {
			s.violated("%s, read again at the end: %v", key, err)
		} else if found && value != want {
			s.violated("%s, read again at the end: %q, though it was changed to %q and invalidated", key, value, want)
		}
	}
	return c.Close()
}

func (s *stage) violated(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.report.Violations) < enough {
		s.report.Violations = append(s.report.Violations, fmt.Sprintf(format, args...))
	}
}

// waited notes how long somebody had to wait.
func (s *stage) waited(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Longest = max(s.report.Longest, d)
}

// member is a process with its cache.
type member struct {
	Cache
	taps valves
}
