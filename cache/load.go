package cache

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Load is what a running loader may say about what it loads. Get it with [LoadFrom].
//
// It is safe for concurrent use. It has no effect after the loader returned.
type Load struct {
	base *Base
	keys map[string]struct{} // the final keys being loaded, to find a loader that waits for itself
	up   *Load               // the load whose loader started this one

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
	if l, ok := ctx.Value(loadKey{}).(*Load); ok {
		return l
	}
	return new(Load)
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

// begin returns a context for the loader of keys, with the Load in it.
func (b *Base) begin(ctx context.Context, keys ...string) (context.Context, *Load) {
	l := &Load{base: b, keys: make(map[string]struct{}, len(keys))}
	for _, key := range keys {
		l.keys[key] = struct{}{}
	}
	l.up, _ = ctx.Value(loadKey{}).(*Load)
	return context.WithValue(ctx, loadKey{}, l), l
}

// loading reports whether ctx belongs to a loader of key, which would wait for itself.
func (b *Base) loading(ctx context.Context, key string) bool {
	l, _ := ctx.Value(loadKey{}).(*Load)
	for ; l != nil; l = l.up {
		if _, ok := l.keys[key]; ok && l.base == b {
			return true
		}
	}
	return false
}
