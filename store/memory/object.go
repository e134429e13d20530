package memory

import (
	"context"
	"unsafe"

	"github.com/maypok86/otter/v2"
)

// View calls decode with the value of key.
func (s *Store) View(ctx context.Context, key string, decode func(value []byte) error) (found bool, err error) {
	if err := s.check(ctx); err != nil {
		return false, err
	}
	e, found := s.live(key)
	if !found {
		return false, nil
	}
	return true, decode(e.value())
}

// Object returns the value of the key lead+rest with the object that was attached to it. After Close it
// finds nothing.
func (s *Store) Object(lead, rest string) (value []byte, object any, found bool) {
	if s.closed.Load() {
		return nil, nil, false
	}
	// The key lives on the stack, for the lookup only, which keeps nothing of it.
	var space [128]byte
	key := append(append(space[:0], lead...), rest...)
	e, found := s.live(unsafe.String(unsafe.SliceData(key), len(key)))
	if !found {
		return nil, nil, false
	}
	if e.attached.Load() {
		object = e.object
	}
	return e.value(), object, true
}

// Attach puts object beside the value of key if that value still is the slice value.
func (s *Store) Attach(key string, value []byte, object any) {
	// Under the lock of key, so that a Touch at the same time takes the object along.
	s.update(key, func(e *entry) (*entry, otter.ComputeOp) {
		switch {
		case e == nil || !e.holds(value):
		case e.attached.Load():
			return e.with(object), otter.WriteOp
		default:
			e.attach(object)
		}
		return nil, otter.CancelOp
	})
}
