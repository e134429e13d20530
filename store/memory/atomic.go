package memory

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachewright/cachewright/store"
)

// Incr adds delta to the decimal integer stored under key, keeps its lifetime, and returns the sum.
func (s *Store) Incr(ctx context.Context, key string, delta int64) (n int64, found bool, err error) {
	if err := s.check(ctx); err != nil {
		return 0, false, err
	}
	current, found := s.peek(key)
	if !found {
		return 0, false, nil
	}
	// Computed first, to know what room it needs, and again if the value changes meanwhile.
	next, n, err := current.plus(delta)
	if err != nil {
		return 0, false, err
	}
	if err := s.makeRoom(key, next.length); err != nil {
		return 0, false, err
	}
	s.update(key, func(old *entry) (*entry, otter.ComputeOp) {
		if found = old != nil; !found {
			return nil, otter.CancelOp
		}
		if old != current {
			if next, n, err = old.plus(delta); err != nil {
				return nil, otter.CancelOp
			}
		}
		return next, otter.WriteOp
	})
	if err != nil || !found {
		return 0, false, err
	}
	return n, true, nil
}

// plus returns the entry with delta added to its value, and the sum.
func (e *entry) plus(delta int64) (*entry, int64, error) {
	n, ok := store.Decimal(e.value())
	if !ok {
		return nil, 0, store.ErrNotInteger
	}
	n, err := store.Sum(n, delta)
	if err != nil {
		return nil, 0, err
	}
	var digits [20]byte
	return newEntry(strconv.AppendInt(digits[:0], n, 10), e.deadline), n, nil
}

// Swap replaces the value of key by a copy of new, for ttl, only if it still is old, and reports
// whether it did. A nil old stands for an absent key, a nil new deletes.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error) {
	if err := s.check(ctx); err != nil {
		return false, err
	}
	if old == nil && new == nil {
		return false, errors.New("swap of an absent key for an absent key: give an old or a new value")
	}
	if new == nil {
		s.update(key, func(e *entry) (*entry, otter.ComputeOp) {
			if swapped = matches(e, old); swapped {
				return nil, otter.InvalidateOp
			}
			return nil, otter.CancelOp
		})
		return swapped, nil
	}
	if err := store.CheckTTL(ttl); err != nil {
		return false, err
	}
	return s.replace(key, old, new, ttl)
}

// replace stores a copy of new under key, for ttl, if the value there still is old.
func (s *Store) replace(key string, old, new []byte, ttl time.Duration) (replaced bool, err error) {
	if current, _ := s.peek(key); !matches(current, old) {
		return false, nil // without making room for nothing
	}
	if err := s.makeRoom(key, len(new)); err != nil {
		return false, err
	}
	e := newEntry(new, s.clock.deadline(ttl))
	s.update(key, func(current *entry) (*entry, otter.ComputeOp) {
		if replaced = matches(current, old); !replaced {
			return nil, otter.CancelOp
		}
		if ttl == store.Keep && current != nil {
			e.deadline = current.deadline
		}
		return e, otter.WriteOp
	})
	return replaced, nil
}

// matches reports whether e, nil for an absent key, holds old, nil for absence.
func matches(e *entry, old []byte) bool {
	if e == nil || old == nil {
		return e == nil && old == nil
	}
	return bytes.Equal(e.value(), old)
}
