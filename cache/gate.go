package cache

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
)

// gate lets many calls that miss a cold key at the same time ask a distant store once. It knows roughly which
// keys were hits lately; those pass by.
//
// A call believes a read that began after the call did, unless it has found a value, which everybody reads for
// himself. A read that was under way already it believes only if that is a miss and no load of the key has a
// lease: what follows a miss looks at the store again, in the claim.
type gate struct {
	seed maphash.Seed
	warm [1024]atomic.Uint32 // by the key's hash; the key that was a hit last

	mu    sync.Mutex // guards reads
	reads map[string]*sharedRead
}

// sharedRead is a read under way.
type sharedRead struct {
	mark int64         // of the flights, when it began
	done chan struct{} // closed when the rest is set
	s    sight
	err  error
}

func newGate() *gate { return &gate{seed: maphash.MakeSeed(), reads: make(map[string]*sharedRead)} }

// place returns where the gate remembers key, and as what.
func (g *gate) place(key string) (at *atomic.Uint32, mark uint32) {
	h := maphash.String(g.seed, key)
	return &g.warm[h%uint64(len(g.warm))], uint32(h>>32) | 1
}

// enter returns the read of key that is under way, or starts one: then the caller must leave it.
func (g *gate) enter(key string, marks *atomic.Int64) (r *sharedRead, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.reads[key]; r != nil {
		return r, false
	}
	r = &sharedRead{mark: marks.Add(1), done: make(chan struct{})}
	g.reads[key] = r
	return r, true
}

// leave gives the outcome of r to all who wait for it.
func (g *gate) leave(key string, r *sharedRead) {
	g.mu.Lock()
	delete(g.reads, key)
	g.mu.Unlock()
	close(r.done)
}

// gated is readFinal through the gate, for a call that began at a mark.
func (c *Cache[V]) gated(ctx context.Context, key, final string, began int64) (v V, s sight, err error) {
	g := c.base.gate
	at, mark := g.place(final)
	if at.Load() == mark {
		return c.readFinal(ctx, key, final)
	}
	holding := c.base.flights.holding(final)
	var impatient <-chan time.Time
	for {
		r, first := g.enter(final, &c.base.flights.marks)
		if first {
			defer g.leave(final, r)
			r.err = errReadPanicked
			v, r.s, r.err = c.readFinal(ctx, key, final)
			if r.s.state == present {
				at.Store(mark)
			}
			return v, r.s, r.err
		}
		if d, ok := store.PatienceOf(ctx); ok && impatient == nil { // the other caller's may be longer
			timer := time.NewTimer(d)
			defer timer.Stop()
			impatient = timer.C
		}
		select {
		case <-r.done:
		case <-impatient:
			return v, s, errImpatient
		case <-ctx.Done():
			return v, s, ctx.Err()
		}
		switch state := r.s.state; {
		case r.err != nil && errors.Is(r.err, ErrUnavailable) && ctx.Err() == nil:
			return v, r.s, r.err
		case r.err != nil, state == present, state == stale: // no two callers share a value
			return c.readFinal(ctx, key, final)
		case r.mark > began, state == missing && !holding:
			return v, r.s, nil
		}
	}
}

// errImpatient is returned to a call that has no more time for the read of another.
var errImpatient = fmt.Errorf("the same read of another call takes too long: %w", ErrUnavailable)

// errReadPanicked is what others see of a read whose decoding has panicked: they read by themselves.
var errReadPanicked = errors.New("the read has panicked")

// holding reports whether a flight of key has a lease. Whether it still stands, a call has to see for itself.
func (f *flights) holding(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fl := range f.byKey[key] {
		if fl.token != 0 {
			return true
		}
	}
	return false
}

// boarding reports whether a flight of key that loads values of typ is about to ask for a lease. A call that joins
// it needs no look at the store of its own: the load begins after the call, and what the flight finds instead
// from before the call is outdated.
func (f *flights) boarding(key string, typ reflect.Type) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fl := range f.byKey[key] {
		if fl.typ == typ && fl.claiming && !fl.behind {
			return true
		}
	}
	return false
}
