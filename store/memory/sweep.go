package memory

import (
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// The engine knows nothing of lifetimes: an entry carries its own deadline, and whoever reads it looks
// at that. So a hit costs no bookkeeping, and entries that have ended leave the memory in sweeps over all
// entries. Those run on the store's goroutine, and only if there is something to gain.
const (
	// slotTime is how long a slot of the agenda is, and slots are how many there are: a bit more than
	// an hour in all.
	slotTime = 1 << 30 * time.Nanosecond
	slots    = 1 << 12

	// A sweep is due at once if it frees this share of what is used, and otherwise when sweepCost has
	// passed for each entry since the latest one. Looking at an entry takes a thousandth of that.
	worthwhile = 16
	sweepCost  = 100 * time.Microsecond
)

// agenda knows how many bytes end when. An entry that ends later than in an hour is counted in the slot
// that its end falls into modulo the slots: a sweep may find less than was expected, never more.
type agenda [slots]atomic.Int64

func slotOf(deadline int64) int64 { return deadline / int64(slotTime) }

// add counts bytes that end at deadline.
func (a *agenda) add(deadline, bytes int64) {
	if deadline != endless {
		a[slotOf(deadline)%slots].Add(bytes)
	}
}

// sweeper decides when to sweep. It belongs to the store's goroutine.
type sweeper struct {
	slot  int64 // the first one that has not passed
	ended int64 // bytes in the slots that passed since the latest sweep
	swept int64 // when that was
}

// due notes the slots that have passed and reports whether it is time for a sweep.
func (w *sweeper) due(s *Store, now int64) bool {
	for passed := min(slotOf(now), w.slot+slots); w.slot < passed; w.slot++ {
		w.ended += s.agenda[w.slot%slots].Load()
	}
	w.slot = slotOf(now)
	if w.ended == 0 {
		return false
	}
	return w.ended >= s.used.Load()/worthwhile || now-w.swept >= s.count.Load()*int64(sweepCost)
}

// sweep removes the entries that have ended.
func (w *sweeper) sweep(s *Store, now int64) {
	w.ended, w.swept = 0, now
	for key, e := range s.entries.All() {
		if s.closed.Load() {
			return
		}
		if e.deadline <= now {
			s.drop(key, e)
		}
	}
}

// drop removes e unless it has been replaced or removed meanwhile.
func (s *Store) drop(key string, e *entry) (dropped bool) {
	s.entries.ComputeIfPresent(key, func(current *entry) (*entry, otter.ComputeOp) {
		if dropped = current == e; dropped {
			return nil, otter.InvalidateOp
		}
		return nil, otter.CancelOp
	})
	return dropped
}
