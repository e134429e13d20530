package memory

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// entry is a value with its end. It does not change, but for the object, once it is stored: who holds
// one holds a value with the deadline that belongs to it.
type entry struct {
	value    []byte
	deadline int64               // on the clock of the store: absent from then on
	size     int64               // bytes that the entry takes, with its key
	object   atomic.Pointer[any] // what Attach has put beside the value
}

// overhead is what an entry takes beside its key and value: the entry itself, the engine's node and
// its share of the hash table, and what the allocator rounds up. Measured with a million entries.
const overhead = 200

// sizeOf returns the bytes that an entry takes.
func sizeOf(key string, value []byte) int64 { return int64(len(key)) + int64(len(value)) + overhead }

func (s *Store) newEntry(key string, value []byte, ttl time.Duration) *entry {
	return &entry{value: copyOf(value), deadline: s.clock.deadline(ttl), size: sizeOf(key, value)}
}

// until returns the entry with another deadline. The object stays, because the value does.
func (e *entry) until(deadline int64) *entry {
	moved := &entry{value: e.value, deadline: deadline, size: e.size}
	moved.object.Store(e.object.Load())
	return moved
}

// holds reports whether value is the very slice that the entry holds.
func (e *entry) holds(value []byte) bool {
	return len(value) == len(e.value) && unsafe.SliceData(value) == unsafe.SliceData(e.value)
}

// copyOf returns a copy of value at an address of its own, also if it is empty.
func copyOf(value []byte) []byte {
	c := make([]byte, len(value), max(len(value), 1))
	copy(c, value)
	return c
}
