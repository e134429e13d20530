package memory

import (
	"errors"
	"fmt"
	"math"

	"github.com/maypok86/otter/v2"
)

// ErrTooLarge is returned when an entry is larger than the whole store may be. What was stored under
// its key stays.
var ErrTooLarge = errors.New("entry larger than the store")

const defaultMaxBytes = 64 << 20

// bound turns the two bounds of Options into one: each entry is counted with its bytes or with its
// share of the number of entries, whichever is more. While the sum is within max, so are both.
type bound struct {
	max   int64 // bytes
	share int64 // bytes that the smallest entry counts
	unit  int64 // bytes per weight of the engine, which counts up to 4 Gi only
}

func newBound(o Options) (bound, error) {
	if o.MaxBytes < 0 || o.MaxEntries < 0 {
		return bound{}, fmt.Errorf("memory store: MaxBytes %d, MaxEntries %d: want positive numbers, or zero for the default",
			o.MaxBytes, o.MaxEntries)
	}
	b := bound{max: o.MaxBytes}
	if b.max == 0 {
		b.max = defaultMaxBytes
	}
	if entries := int64(o.MaxEntries); entries > 0 && entries <= b.max {
		b.share = b.max / entries
		b.max = b.share * entries
	}
	b.unit = b.limit()/math.MaxUint32 + 1
	return b, nil
}

// charge returns the bytes that an entry of size bytes is counted with.
func (b bound) charge(size int64) int64 { return max(size, b.share) }

// limit is the bound that the engine knows: with some room for writers at the same time, who exceed max
// together until each has trimmed the store. The engine would decide which of them to refuse.
func (b bound) limit() int64 { return b.max + b.max/16 }

// weight and maxWeight are the charge and the limit in the unit of the engine. They are rounded such
// that the engine never finds the store too full before the store does.
func (b bound) weight(size int64) uint32 { return uint32(b.charge(size) / b.unit) }
func (b bound) maxWeight() uint64        { return uint64((b.limit() + b.unit - 1) / b.unit) }

// account counts an entry that is about to be stored under key.
func (s *Store) account(key string, e *entry) {
	charge := s.bound.charge(sizeOf(key, e.length))
	s.used.Add(charge)
	s.count.Add(1)
	s.agenda.add(e.deadline, charge)
	e.born = s.writes.Add(1)
}

// removed is called by the engine for every entry that leaves it, for whatever reason.
func (s *Store) removed(d otter.DeletionEvent[string, *entry]) {
	charge := s.bound.charge(sizeOf(d.Key, d.Value.length))
	s.used.Add(-charge)
	s.count.Add(-1)
	s.agenda.add(d.Value.deadline, -charge)
	if d.Cause == otter.CauseOverflow {
		s.countEviction(d.Value)
	}
}

// countEviction counts an entry that gives way to another, unless it had ended anyway.
func (s *Store) countEviction(e *entry) {
	if !s.clock.passed(e.deadline) {
		s.evicted.Add(1)
	}
}

// makeRoom evicts the entries that are the least likely to be used until a value of length bytes fits in
// under key.
//
// The engine would make room after a write, and may decide that the new entry is the one to go. Here
// room is made before, so that a write is always seen by the reads after it; writers at the same time,
// who may find the same room, trim the store when they have used it.
func (s *Store) makeRoom(key string, length int) error {
	size := sizeOf(key, length)
	if s.bound.charge(size) > s.bound.max {
		return fmt.Errorf("%w: %d bytes with its key, and the store is bounded to %d; raise MaxBytes or store less",
			ErrTooLarge, size, s.bound.max)
	}
	for s.excess(key, size) > 0 {
		v, found := s.coldest(key)
		if !found {
			return nil
		}
		s.evict(v)
	}
	return nil
}

// trim evicts what is too much after key was stored, which stays.
func (s *Store) trim(key string) {
	for s.used.Load() > s.bound.max {
		v, found := s.coldest(key)
		if !found {
			return
		}
		s.evict(v)
	}
}

// young reports whether e is one of the latest writes, as many as a sixteenth of the entries. Those who have
// just written expect to find it, whatever others write meanwhile; the engine's order knows nothing of
// that, and begins with what was never read.
func (s *Store) young(e *entry) bool {
	return int64(s.writes.Load()-e.born) < min(s.count.Load()/16, maxYoung)
}

// maxYoung bounds how many entries are passed over for one that may be evicted.
const maxYoung = 1024

// excess returns by how many bytes the store is too full for size bytes to be stored under key.
func (s *Store) excess(key string, size int64) int64 {
	excess := s.used.Load() + s.bound.charge(size) - s.bound.max
	if excess <= 0 {
		return excess
	}
	if old, found := s.entries.GetEntryQuietly(key); found {
		excess -= s.bound.charge(sizeOf(key, old.Value.length))
	}
	return excess
}

// victim is an entry that is to be evicted.
type victim = otter.Entry[string, *entry]

// coldest returns the entry that is to be evicted next to make room for key, unless there is none but
// the one of key itself.
//
// Asking the engine for its order costs several writes, so it is asked for a few entries at once: not
// so many that those which are read meanwhile would matter.
func (s *Store) coldest(key string) (next victim, found bool) {
	s.coldMu.Lock()
	defer s.coldMu.Unlock()
	if next, found = s.nextCold(key); found {
		return next, true
	}
	wanted, bytes := min(s.count.Load()/64, 31)+1, int64(0)
	var spared []victim // the first young one, for when there are no others
	for v := range s.entries.Coldest() {
		if v.Key == key {
			continue
		}
		if s.young(v.Value) {
			if spared == nil {
				spared = []victim{v}
			}
			continue
		}
		s.cold = append(s.cold, v)
		bytes += sizeOf(v.Key, v.Value.length)
		if int64(len(s.cold)) == wanted || bytes > s.bound.max/64 {
			break
		}
	}
	if len(s.cold) == 0 {
		s.cold = spared
	}
	return s.nextCold(key)
}

// nextCold takes the first entry but the one of key from those that are to be evicted. It needs coldMu.
func (s *Store) nextCold(key string) (next victim, found bool) {
	for len(s.cold) > 0 && !found {
		next, found = s.cold[0], s.cold[0].Key != key
		s.cold[0] = victim{}
		s.cold = s.cold[1:]
	}
	return next, found
}

// forgetVictims lets go of the entries that were to be evicted.
func (s *Store) forgetVictims() {
	s.coldMu.Lock()
	defer s.coldMu.Unlock()
	s.cold = nil
}

// evict removes v unless it has been replaced or removed meanwhile.
func (s *Store) evict(v victim) {
	if s.drop(v.Key, v.Value) {
		s.countEviction(v.Value)
	}
}
