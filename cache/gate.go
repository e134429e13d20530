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
// himself. Of a read that began before, it believes a miss, also one that has ended, while no load of the key has
// a lease: what follows looks at the store again, in the claim.
type gate struct {
	seed maphash.Seed
	warm [1024]atomic.Uint32 // by the key's hash; the key that was a hit last

	mu    sync.Mutex // guards reads
	reads map[string]*sharedRead
}

// sharedRead is a read under way, or a miss that has ended and whose load is about to begin.
type sharedRead struct {
	mark  int64         // of the flights, when it began
	done  chan struct{} // closed when the rest is set
	s     sight
	err   error
	ended bool // guarded by gate.mu
}

// missed reports whether r has found nothing at all.
func (r *sharedRead) missed() bool { return r.err == nil && r.s.state == missing }

func newGate() *gate { return &gate{seed: maphash.MakeSeed(), reads: make(map[string]*sharedRead)} }

// place returns where the gate remembers key, and as what.
func (g *gate) place(key string) (at *atomic.Uint32, mark uint32) {
	h := maphash.String(g.seed, key)
	return &g.warm[h%uint64(len(g.warm))], uint32(h>>32) | 1
}

// enter returns the read of key that is under way, or has just ended in a miss if that is of use, or starts one:
// then the caller must leave it.
func (g *gate) enter(key string, missWillDo bool, marks *atomic.Int64) (r *sharedRead, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.reads[key]; r != nil && (!r.ended || missWillDo) {
		return r, false
	}
	r = &sharedRead{mark: marks.Add(1), done: make(chan struct{})}
	g.reads[key] = r
	return r, true
}

// leave gives the outcome of r to all who wait for it. A miss stays until forget.
func (g *gate) leave(key string, r *sharedRead) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.ended = true
	if !r.missed() {
		delete(g.reads, key)
	}
	close(r.done)
}

// forget drops a miss of key that has ended.
func (g *gate) forget(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.reads[key]; r != nil && r.ended {
		delete(g.reads, key)
	}
}

// gated is readFinal through the gate, for a call that began at a mark.
func (c *Cache[V]) gated(ctx context.Context, key, final string, began int64) (v V, s sight, err error) {
	g := c.base.gate
	at, mark := g.place(final)
	if at.Load() == mark {
		return c.readFinal(ctx, key, final)
	}
	boarding, holding := c.base.flights.underway(final, reflect.TypeFor[V]())
	if boarding {
		return v, s, nil
	}
	var impatient <-chan time.Time
	for {
		r, first := g.enter(final, !holding, &c.base.flights.marks)
		if first {
			defer g.leave(final, r)
			if boarding, _ := c.base.flights.underway(final, reflect.TypeFor[V]()); boarding { // since the look above
				return v, s, nil
			}
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
		case r.mark > began, r.missed() && !holding:
			return v, r.s, nil
		}
	}
}

// errImpatient is returned to a call that has no more time for the read of another.
var errImpatient = fmt.Errorf("the same read of another call takes too long: %w", ErrUnavailable)

// errReadPanicked is what others see of a read whose decoding has panicked: they read by themselves.
var errReadPanicked = errors.New("the read has panicked")

// underway reports whether a flight of key that loads values of typ is about to ask for a lease, and whether any
// flight of key has one. A call that joins the former needs no look at the store of its own: the load begins after
// the call, and what the flight finds instead from before the call is outdated. Whether the lease of the latter
// still stands, a call has to see for itself.
func (f *flights) underway(key string, typ reflect.Type) (boarding, holding bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fl := range f.byKey[key] {
		boarding = boarding || fl.typ == typ && fl.claiming && !fl.behind
		holding = holding || fl.token != 0
	}
	return boarding, holding
}
