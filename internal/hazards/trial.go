package hazards

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"
)

// trial is one interleaving being played, with a key of its own. The source of that key holds a version,
// which begins with 1.
type trial struct {
	*stage
	key               string
	version           atomic.Int64
	loads             atomic.Int64
	arrived, tookOver sync.Once

	mu    sync.Mutex // guards the rest
	over  bool       // a violation was found
	gates []func()   // open all that stands still, at the end
	calls []*call
}

func (s *stage) newTrial(h Hazard, i int) *trial {
	t := &trial{stage: s, key: fmt.Sprintf("%s-%d.", h.tag(), i)} // no key is a part of another
	t.version.Store(1)
	return t
}

// tag is short, and the hazard's own.
func (h Hazard) tag() string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(h.Name))
	return fmt.Sprintf("%08x", hash.Sum32())
}

func (t *trial) play(h Hazard) {
	t.stage.mu.Lock()
	t.report.Trials++
	t.stage.mu.Unlock()
	h.trial(t)
	t.mu.Lock()
	gates, calls := t.gates, t.calls
	t.mu.Unlock()
	for _, open := range gates {
		open()
	}
	for _, c := range calls {
		t.await(c.done, "a call to end when nothing held it up any more")
	}
	t.stage.mu.Lock()
	defer t.stage.mu.Unlock()
	t.last[t.key] = t.current()
}

// arrive says that this trial, of those that are played together, is as far as it gets before all are.
func (t *trial) arrive() { t.arrived.Do(t.ready.Done) }

// all waits until every trial has arrived and has happen happen once for all of them.
func (t *trial) all(happen func()) {
	t.arrive()
	t.ready.Wait()
	t.event.Do(happen)
}

// violated ends the trial; only its first violation is told.
func (t *trial) violated(format string, args ...any) {
	t.mu.Lock()
	first := !t.over
	t.over = true
	t.mu.Unlock()
	if first {
		t.stage.violated("key %s: %s", t.key, fmt.Sprintf(format, args...))
	}
}

// unforced says that the interleaving did not come about.
func (t *trial) unforced() {
	t.stage.mu.Lock()
	defer t.stage.mu.Unlock()
	t.report.Unforced++
}

// change changes the source.
func (t *trial) change() { t.version.Add(1) }

// current is what the source holds.
func (t *trial) current() string { return t.valueOf(t.version.Load()) }

func (t *trial) valueOf(version int64) string { return fmt.Sprintf("%s=%d", t.key, version) }

// load is a loader that reads the source and then stands still until it is opened.
type load struct {
	t     *trial
	began chan struct{} // closed when it has read the source
	gate  chan struct{}
	once  sync.Once
	opens sync.Once
	ctx   context.Context // of the load; to be read after began
}

// gated returns a new load. It is opened at the end of the trial at the latest.
func (t *trial) gated() *load {
	l := &load{t: t, began: make(chan struct{}), gate: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gates = append(t.gates, l.open)
	return l
}

func (l *load) open() { l.opens.Do(func() { close(l.gate) }) }

func (l *load) run(ctx context.Context) (string, error) {
	value, _ := l.t.direct(ctx)
	l.once.Do(func() { l.ctx = ctx; close(l.began) })
	select {
	case <-l.gate:
		return value, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// direct is a loader that reads the source and returns.
func (t *trial) direct(context.Context) (string, error) {
	t.loads.Add(1)
	return t.current(), nil
}

// call is a Fetch on a goroutine of its own.
type call struct {
	done   chan struct{} // closed when the rest is set
	value  string
	err    error
	cancel context.CancelFunc
}

func (t *trial) fetch(m *member, load func(context.Context) (string, error)) *call {
	ctx, cancel := context.WithCancel(t.ctx)
	c := &call{done: make(chan struct{}), cancel: cancel}
	t.mu.Lock()
	t.calls = append(t.calls, c)
	t.mu.Unlock()
	go func() {
		defer close(c.done)
		defer cancel()
		c.value, c.err = m.Fetch(ctx, t.key, load)
	}()
	return c
}

// begin has m fetch with a gated load, and reports whether that has begun.
func (t *trial) begin(m *member) (l *load, a *call, ok bool) {
	l = t.gated()
	a = t.fetch(m, l.run)
	return l, a, t.await(l.began, "the load to begin")
}

// await reports whether a thing happens that must; it is a violation if it does not.
func (t *trial) await(happened <-chan struct{}, what string) bool {
	if reached(happened, t.lib.Patience) {
		return true
	}
	t.violated("waited %v for %s", t.lib.Patience, what)
	return false
}

// answer reports whether c returns one of versions, without an error.
func (t *trial) answer(c *call, who string, versions ...int64) bool {
	if !t.await(c.done, who+" to return") {
		return false
	}
	if c.err != nil {
		t.violated("%s failed: %v", who, c.err)
		return false
	}
	for _, v := range versions {
		if c.value == t.valueOf(v) {
			return true
		}
	}
	t.violated("%s returned %q, want a version of %d", who, c.value, versions)
	return false
}

// perform reports whether do returns, and without an error: it is a violation if it does not.
func (t *trial) perform(what string, do func() error) bool {
	var err error
	over := make(chan struct{})
	go func() { defer close(over); err = do() }()
	return t.await(over, what+" to return") && t.done(what, err)
}

// done reports whether err is nil; it is a violation if it is not.
func (t *trial) done(what string, err error) bool {
	if err != nil {
		t.violated("%s: %v", what, err)
	}
	return err == nil
}

// everybody is both processes, or the only one, in the order in which they are asked.
func (t *trial) everybody() []*member {
	if t.x == t.y {
		return []*member{t.x}
	}
	return []*member{t.x, t.y}
}

func (t *trial) nameOf(m *member) string {
	if m == t.x {
		return "the first process"
	}
	return "the other process"
}

// settled reports whether nobody gets anything but what the source holds, by a Get, which may miss, and by a
// Fetch.
func (t *trial) settled() bool {
	for _, m := range t.everybody() {
		value, found, err := m.Get(t.ctx, t.key)
		if !t.done("Get of "+t.nameOf(m), err) {
			return false
		}
		if found && value != t.current() {
			t.violated("Get of %s returned %q, but the source was changed to %q, and that was made known, before", t.nameOf(m), value, t.current())
			return false
		}
	}
	for _, m := range t.everybody() {
		if !t.answer(t.fetch(m, t.direct), "a later Fetch of "+t.nameOf(m), t.version.Load()) {
			return false
		}
	}
	return true
}

// hits reports whether everybody's Get finds what the source holds.
func (t *trial) hits() bool {
	for _, m := range t.everybody() {
		value, found, err := m.Get(t.ctx, t.key)
		if !t.done("Get of "+t.nameOf(m), err) {
			return false
		}
		if !found || value != t.current() {
			t.violated("Get of %s returned %q, %v; want %q", t.nameOf(m), value, found, t.current())
			return false
		}
	}
	return true
}

// moment is how long something is given that most likely happens, and that cannot be seen.
const moment = 2 * time.Millisecond

// begun gives a call a moment to come to where it waits. Not every library shows when it does, and what is
// right does not depend on it.
func begun() { time.Sleep(moment) }

// reached reports whether done is closed within limit.
func reached(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// eventually reports whether a thing happens that must, and that nobody announces.
func (t *trial) eventually(what string, reached func() bool) bool {
	pause := 100 * time.Microsecond
	for end := time.Now().Add(t.lib.Patience); !reached(); pause = min(2*pause, 20*time.Millisecond) {
		if time.Now().After(end) {
			t.violated("waited %v for %s", t.lib.Patience, what)
			return false
		}
		time.Sleep(pause)
	}
	return true
}
