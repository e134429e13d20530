// Package history judges what several processes have read from a cache while they changed its source.
//
// The source of each key holds a version, a number that only grows. A write raises it, and then tells the cache
// by a Set of the new version or by a Delete. Processes log what they do with the time before and after, on a
// clock that all processes of a machine share, and [Check] says which reads are impossible.
//
// What a cache owes: a value that was read from the source before an invalidation that has returned is not
// served to a call that begins after it. So a read returns the version of the last write that returned before
// the read began, or a later one, whose write it overlaps. Three things follow from what cannot be known:
//
//   - A write that failed, or whose process died, may have reached the cache or not. So it obliges to nothing.
//   - A Set with such an outcome may even take effect later, behind writes that came after it. So the version
//     that it wanted to store is possible from then on; but no other one is.
//   - Of two writes at the same time either may be the last one.
//   - A call that could not ask the store does not learn of the invalidations of other processes. It may share a
//     load of its own process that began a while before, but no longer than a load may take: [Patience].
//
// That nothing is there is always possible: caches lose what they have.
package history

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// Op is what was done.
type Op string

// The operations that matter to a history. Others may have been done meanwhile: whatever only makes values
// disappear is always allowed.
const (
	Get    Op = "get"
	Fetch  Op = "fetch"
	Set    Op = "set"
	Delete Op = "delete"
)

// Patience is how long a load takes at most, in nanoseconds.
const Patience = int64(10 * time.Second)

// Never is the end of an operation that has not returned.
const Never = 0

// Event is one operation on one key. Times are nanoseconds.
type Event struct {
	ID      int64 // the process's own
	Process int
	Op      Op
	Key     int

	// Begin and End are the times before the operation began, for writes before the source was changed, and
	// after it returned, or Never.
	Begin, End int64

	// Version is what a read returned, or what the source held after the write had raised it. A read has zero
	// for nothing.
	Version int64

	// Absent says that a Fetch was told that the source has nothing.
	Absent bool

	// Blind says that the store did not answer the call, which has a value nevertheless.
	Blind bool

	// Failed says that the operation returned an error.
	Failed bool
}

func (e Event) String() string {
	what := fmt.Sprintf("version %d", e.Version)
	switch {
	case e.Absent:
		what = "absent"
	case e.Version == 0:
		what = "nothing"
	}
	if e.Blind {
		what += ", without the store"
	}
	if e.Failed {
		what += ", failed"
	}
	end := "never"
	if e.End != Never {
		end = fmt.Sprintf("%.3f ms", float64(e.End)/1e6)
	}
	return fmt.Sprintf("process %d: %s of key %d: %s, from %.3f ms to %s", e.Process, e.Op, e.Key, what, float64(e.Begin)/1e6, end)
}

func (e Event) writes() bool { return e.Op == Set || e.Op == Delete }

// known reports whether the operation has returned without an error.
func (e Event) known() bool { return e.End != Never && !e.Failed }

// Violation is a read that is impossible.
type Violation struct {
	Read Event

	// Why says it in a sentence.
	Why string

	// Around are the events of the key that tell the story: the write that should have been seen, and what
	// happened at the time of the read.
	Around []Event
}

func (v Violation) String() string {
	text := fmt.Sprintf("%v\n\t%s", v.Read, v.Why)
	for _, e := range v.Around {
		text += "\n\t\t" + e.String()
	}
	return text
}

// IsAbsent reports whether the source has nothing at a version: one in seven.
func IsAbsent(version int64) bool { return version%7 == 0 }

// Check returns the impossible reads among events. last is the version that each source holds in the end.
func Check(events []Event, last []int64) []Violation {
	byKey := make([][]Event, len(last))
	var found []Violation
	for _, e := range events {
		if e.Key < 0 || e.Key >= len(last) {
			found = append(found, Violation{Read: e, Why: "there is no such key"})
			continue
		}
		byKey[e.Key] = append(byKey[e.Key], e)
	}
	for key, events := range byKey {
		found = append(found, newStory(events, last[key]).check()...)
	}
	return found
}

// story is all that happened to one key.
type story struct {
	reads   []Event
	returns []Event         // known writes, by their end
	floor   []int64         // the highest version of returns up to there
	sets    map[int64]Event // by version
	changes map[int64]int64 // the earliest time that a version can have been there
	last    int64
}

func newStory(events []Event, last int64) *story {
	s := &story{sets: make(map[int64]Event), changes: make(map[int64]int64), last: last}
	for _, e := range events {
		switch {
		case !e.writes():
			if e.Blind {
				e.Begin -= Patience
			}
			if e.known() {
				s.reads = append(s.reads, e)
			}
			continue
		case e.Op == Set:
			s.sets[e.Version] = e
		}
		s.changes[e.Version] = e.Begin
		if e.known() {
			s.returns = append(s.returns, e)
		}
	}
	slices.SortFunc(s.returns, func(a, b Event) int { return cmp.Compare(a.End, b.End) })
	var highest int64
	for _, w := range s.returns {
		highest = max(highest, w.Version)
		s.floor = append(s.floor, highest)
	}
	return s
}

func (s *story) check() (found []Violation) {
	for _, r := range s.reads {
		if why := s.fault(r); why != "" {
			found = append(found, Violation{r, why, s.around(r)})
		}
	}
	return found
}

// fault says why r is impossible, or nothing.
func (s *story) fault(r Event) string {
	switch {
	case r.Absent:
		return s.faultOfAbsence(r)
	case r.Version == 0:
		return ""
	case r.Version < 0 || r.Version > s.last:
		return fmt.Sprintf("the source never held that, it ended with version %d", s.last)
	case s.changes[r.Version] > r.End:
		return "the source held that only after the read had returned"
	case IsAbsent(r.Version):
		return "the source has nothing at this version"
	case r.Version >= s.floorAt(r.Begin):
		return ""
	case s.excused(r):
		return ""
	}
	return fmt.Sprintf("version %d had been made known before it began", s.floorAt(r.Begin))
}

// faultOfAbsence says why the source cannot have had nothing.
func (s *story) faultOfAbsence(r Event) string {
	from := s.floorAt(r.Begin)
	for v := from; v <= s.last && s.changes[v] <= r.End; v++ {
		if IsAbsent(v) {
			return ""
		}
	}
	return fmt.Sprintf("the source has something from version %d on, which had been made known before it began", from)
}

// floorAt is the highest version of the writes that returned before a time.
func (s *story) floorAt(time int64) int64 {
	n := sort.Search(len(s.returns), func(i int) bool { return s.returns[i].End >= time })
	if n == 0 {
		return 0
	}
	return s.floor[n-1]
}

// excused reports whether a Set of the version that r returned may have taken effect behind all writes of
// later versions that returned before r began.
func (s *story) excused(r Event) bool {
	set, ok := s.sets[r.Version]
	if !ok || set.Begin > r.End {
		return false
	}
	if !set.known() {
		return true
	}
	for _, w := range s.returns {
		if w.End < r.Begin && w.Version > r.Version && w.Begin > set.End {
			return false
		}
	}
	return true
}

// storyLength is how many events a violation tells.
const storyLength = 12

// around returns the writes whose versions are those of r or later ones and that began before it returned,
// the latest ones.
func (s *story) around(r Event) (events []Event) {
	for _, w := range s.returns {
		if w.Version >= r.Version && w.Begin < r.End {
			events = append(events, w)
		}
	}
	for _, set := range s.sets {
		if !set.known() && set.Version >= r.Version && set.Begin < r.End {
			events = append(events, set)
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.Begin, b.Begin) })
	return events[max(0, len(events)-storyLength):]
}
