package memory

import (
	"sync/atomic"
	"unsafe"
)

// tally counts reads. Goroutines that run at the same time mostly count in different stripes, so that
// they need not wait for each other.
type tally struct {
	stripes [tallyStripes]struct {
		hits, misses atomic.Uint64
		_            [48]byte // keeps the next stripe off this cache line
	}
}

const tallyStripes = 16

// add counts one read.
func (t *tally) add(hit bool) {
	// The address of a local variable tells goroutines apart: each one has a stack of its own.
	var here byte
	address := uintptr(unsafe.Pointer(&here))
	stripe := &t.stripes[(address>>11^address>>17)%tallyStripes]
	if hit {
		stripe.hits.Add(1)
		return
	}
	stripe.misses.Add(1)
}

// sum returns the counts of all stripes.
func (t *tally) sum() (hits, misses uint64) {
	for i := range t.stripes {
		hits += t.stripes[i].hits.Load()
		misses += t.stripes[i].misses.Load()
	}
	return hits, misses
}
