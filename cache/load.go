package cache

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Load is what a running loader may say about what it loads. Get it with [LoadFrom].
//
// It is safe for concurrent use. It has no effect after the loader returned.
type Load struct {
	base *Base
	keys []string // the final keys being loaded, in order, to find a loader that waits for itself
	up   *Load    // the load whose loader started this one

	mu   sync.Mutex // guards the rest
	ttl  *time.Duration
	ttls map[string]time.Duration // by the caller's key
	turn bool                     // it holds one of base.turns
	over bool                     // it takes none any more
}

type loadKey struct{}

// LoadFrom returns the load that ctx belongs to. Outside a loader it returns a Load without effect, so
// that code shared with other callers need not ask.
func LoadFrom(ctx context.Context) *Load {
	if l := loadOf(ctx); l != nil {
		return l
	}
	return new(Load)
}

// loadOf returns the load that ctx belongs to, or nil.
func loadOf(ctx context.Context) *Load {
	l, _ := ctx.Value(loadKey{}).(*Load)
	return l
}

// TTL sets the lifetime of what is being loaded, over the default and over the option of the call. In a
// FetchMany it holds for every key that TTLFor does not name. d <= 0 means that it is not kept.
func (l *Load) TTL(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ttl = &d
}

// TTLFor sets the lifetime of one key of a FetchMany.
func (l *Load) TTLFor(key string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ttls == nil {
		l.ttls = make(map[string]time.Duration)
	}
	l.ttls[key] = d
}

// ttlFor returns the lifetime that the loader chose for key, if it chose one.
func (l *Load) ttlFor(key string) (ttl time.Duration, chosen bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.ttls[key]; ok {
		return d, true
	}
	if l.ttl != nil {
		return *l.ttl, true
	}
	return 0, false
}

// loadedTTL is how long what was loaded for key is kept: as the loader says, or the call, or the default.
func (b *Base) loadedTTL(said *Load, key string, call []CallOption) (ttl time.Duration, keep bool) {
	if ttl, chosen := said.ttlFor(key); chosen {
		return wholeMillis(ttl)
	}
	for _, o := range call {
		if o.hasTTL {
			return b.ttlOf(call)
		}
	}
	return wholeMillis(shortened(b.options.TTL))
}

// shortened takes up to a twentieth from a lifetime, at random, so that what was loaded together does not end
// together.
func shortened(ttl time.Duration) time.Duration {
	if ttl <= 0 || ttl == Forever {
		return ttl
	}
	return ttl - rand.N(ttl/20+1)
}

// loadContext has the values of the call that started a load, and ends when the alias is closed.
type loadContext struct {
	context.Context // of the flights
	caller          context.Context
	load            Load
}

// Value asks the context of the flights first: that is where package context finds what it ends with.
func (c *loadContext) Value(key any) any {
	if _, ok := key.(loadKey); ok {
		return &c.load
	}
	if v := c.Context.Value(key); v != nil {
		return v
	}
	return c.caller.Value(key)
}

// begin returns a context for the loader of keys, which caller starts: it has the values of caller, but not its
// cancellation, and ends after Options.LoadTimeout and when the alias is closed. If it ends before end is called,
// expired is called with its error, also while the loader goes on because it does not look at its context. It
// sorts keys and keeps them.
func (b *Base) begin(caller context.Context, expired func(error), keys ...string) (_ context.Context, said *Load, end func()) {
	c := &loadContext{Context: b.flights.ctx, caller: caller}
	said = &c.load
	slices.Sort(keys)
	said.base, said.keys, said.up = b, keys, loadOf(caller)
	ctx, cancel := context.WithTimeout(c, b.options.LoadTimeout)
	expiring := context.AfterFunc(ctx, func() { expired(ctx.Err()) })
	return ctx, said, func() { expiring(); cancel() }
}

// loading reports whether ctx belongs to a loader of key, which would wait for itself.
func (b *Base) loading(ctx context.Context, key string) bool {
	for l := loadOf(ctx); l != nil; l = l.up {
		if l.base == b && l.loads(key) {
			return true
		}
	}
	return false
}

// loads reports whether key is one of the keys being loaded.
func (l *Load) loads(key string) bool {
	_, ok := slices.BinarySearch(l.keys, key)
	return ok
}
