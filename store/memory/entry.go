package memory

import (
	"sync/atomic"
	"unsafe"
)

// entry is a value with its end. Once it is stored it does not change, but for the first object that is
// attached: who holds one holds a value with the deadline that belongs to it.
//
// The value is a slice less its capacity, which keeps the entry to the 48 bytes that the allocator has a
// size for. The object is not behind a pointer, because every hop to other memory is a good part of a
// hit.
type entry struct {
	data     *byte       // of the value, at an address of its own also if that is empty
	length   int         // of the value
	deadline int64       // on the clock of the store: absent from then on
	object   any         // what Attach has put beside the value; to be read if attached is set
	attached atomic.Bool // object is set and does not change any more
	born     uint32      // the number of the write that stored it, see young; set when it is accounted
}

// overhead is what an entry takes beside its key and value: the entry itself, the engine's node and
// its share of the hash table, what the allocator rounds up, and an object of a few words. Measured with
// a million entries.
const overhead = 160

// sizeOf returns the bytes that an entry takes whose value has length bytes.
func sizeOf(key string, length int) int64 { return int64(len(key)) + int64(length) + overhead }

// newEntry returns an entry with a copy of value.
func newEntry(value []byte, deadline int64) *entry {
	c := make([]byte, len(value), max(len(value), 1))
	copy(c, value)
	return &entry{data: unsafe.SliceData(c), length: len(c), deadline: deadline}
}

// value returns the value, always the same slice.
func (e *entry) value() []byte { return unsafe.Slice(e.data, e.length) }

// holds reports whether value is the very slice that value returns.
func (e *entry) holds(value []byte) bool {
	return len(value) == e.length && unsafe.SliceData(value) == e.data
}

// until returns the entry with another deadline. The object stays, because the value does.
func (e *entry) until(deadline int64) *entry {
	moved := &entry{data: e.data, length: e.length, deadline: deadline}
	if e.attached.Load() {
		moved.attach(e.object)
	}
	return moved
}

// with returns the entry with another object.
func (e *entry) with(object any) *entry {
	other := &entry{data: e.data, length: e.length, deadline: e.deadline}
	other.attach(object)
	return other
}

// attach puts object beside the value of an entry that has none. It needs the lock of the key if the
// entry is stored.
func (e *entry) attach(object any) {
	e.object = object
	e.attached.Store(true)
}
