package cache

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// gate lets many calls that miss a cold key at the same time ask a distant store once. It knows roughly which
// keys were hits lately; those pass by.
//
// A call that has waited for the answer of another one believes it only if it is a miss, for what follows
// looks at the store again, in the claim. A hit may have been replaced since it was read: each call then
// asks by itself.
type gate struct {
	seed maphash.Seed
	warm [1024]atomic.Uint32 // by the key's hash; the key that was a hit last

	mu    sync.Mutex // guards reads
	reads map[string]*sharedRead
}

// sharedRead is a read under way.
type sharedRead struct {
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
func (g *gate) enter(key string) (r *sharedRead, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.reads[key]; r != nil {
		return r, false
	}
	r = &sharedRead{done: make(chan struct{})}
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

// gated is readFinal through the gate.
func (c *Cache[V]) gated(ctx context.Context, key, final string) (v V, s sight, err error) {
	at, mark := c.base.gate.place(final)
	if at.Load() == mark || c.base.flights.holding(final) {
		return c.readFinal(ctx, key, final)
	}
	r, first := c.base.gate.enter(final)
	if first {
		r.err = errors.New("the read has panicked")
		defer c.base.gate.leave(final, r)
		v, r.s, r.err = c.readFinal(ctx, key, final)
		if r.s.state == present {
			at.Store(mark)
		}
		return v, r.s, r.err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		return v, s, ctx.Err()
	}
	if r.err == nil && r.s.state == missing || errors.Is(r.err, ErrUnavailable) && ctx.Err() == nil {
		return v, r.s, r.err
	}
	return c.readFinal(ctx, key, final)
}

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
