package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
	gocache "github.com/patrickmn/go-cache"
	"github.com/viccon/sturdyc"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

// valueEntries is the number of values in the part that compares their types.
const valueEntries = 1000

// askValues compares hits, sets and a mix of them by the type of the values.
func askValues(r *run) error {
	return errors.Join(askKind(r, scalars), askKind(r, text), askKind(r, blob), askKind(r, one), askKind(r, list))
}

// holder is something that takes and gives typed values.
type holder[V any] struct {
	name  string
	get   func(key string) (V, bool)
	set   func(key string, v V) error
	close func()
}

func askKind[V any](r *run, k kind[V]) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	keys := keysOf(valueEntries)
	o := shuffled(keys)
	holders, err := holdersOf(k)
	if err != nil {
		return err
	}
	hits := question{name: "hit in memory: " + k.name}
	sets := question{name: "set in memory: " + k.name}
	mixed := question{name: "three hits and one set in memory: " + k.name}
	for _, h := range holders {
		defer h.close()
		for i, key := range keys {
			if err := h.set(key, k.make(i)); err != nil {
				return fmt.Errorf("%s: %w", h.name, err)
			}
			if _, found := h.get(key); !found {
				return fmt.Errorf("%s: what was set is not there", h.name)
			}
		}
		v := k.make(0)
		read := func(i int) (bool, error) {
			_, found := h.get(o.at(i))
			return found, nil
		}
		write := func(i int) error { return h.set(o.at(i), v) }
		hits.contenders = append(hits.contenders, contender{h.name, reading(read)})
		sets.contenders = append(sets.contenders, contender{h.name, writing(write)})
		mixed.contenders = append(mixed.contenders, contender{h.name, reading(func(i int) (bool, error) {
			if i&3 == 3 {
				return true, write(i)
			}
			return read(i)
		})})
	}
	if !r.quick {
		p, err := startPeerOf(r.python, "locmem", "-", valueEntries, k.python)
		if err != nil {
			return err
		}
		defer p.close()
		hits.contenders = append(hits.contenders, contender{p.title, p.measure("get")})
		sets.contenders = append(sets.contenders, contender{p.title, p.measure("set")})
		mixed.contenders = append(mixed.contenders, contender{p.title, p.measure("mixed")})
	}
	return errors.Join(r.ask(hits), r.ask(sets), r.ask(mixed))
}

// holdersOf makes the contenders. The first keeps the very value it is given, with the settings that our
// store has: what others cost over it is the price of what they promise.
func holdersOf[V any](k kind[V]) ([]holder[V], error) {
	s, err := memory.New(memory.Options{MaxBytes: 1 << 30})
	if err != nil {
		return nil, err
	}
	typed, err := typedHolder[V]("cache.Cache", s)
	if err != nil {
		return nil, err
	}
	holders := []holder[V]{otterHolder[V](), typed}
	if k.decodes {
		shared, err := typedHolder[V]("cache.Cache, Shared", s, cache.Namespace("shared"), cache.Shared())
		if err != nil {
			return nil, err
		}
		shared.close = func() {} // the store is the other one's
		holders = append(holders, shared)
	}
	return append(holders, localHolder[V](), goCacheHolder[V](), ttlHolder[V](), sturdycHolder[V]()), nil
}

func otterHolder[V any]() holder[V] {
	type held struct {
		value V
		ttl   time.Duration
	}
	c := otter.Must(&otter.Options[string, held]{
		MaximumWeight: 1 << 30,
		Weigher:       func(key string, _ held) uint32 { return uint32(len(key)) + 64 },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, held]) time.Duration {
			return e.Value.ttl
		}),
	})
	return holder[V]{
		name:  "otter, the value as it is",
		get:   func(key string) (V, bool) { h, found := c.GetIfPresent(key); return h.value, found },
		set:   func(key string, v V) error { c.Set(key, held{v, lifetime}); return nil },
		close: func() { c.StopAllGoroutines() },
	}
}

func typedHolder[V any](name string, s *memory.Store, opts ...cache.ViewOption) (holder[V], error) {
	base, err := cache.NewBase(s, cache.Options{TTL: lifetime})
	if err != nil {
		return holder[V]{}, err
	}
	c, err := cache.On[V](base, opts...)
	if err != nil {
		return holder[V]{}, err
	}
	ctx := context.Background()
	return holder[V]{
		name:  name,
		get:   func(key string) (V, bool) { v, found, _ := c.Get(ctx, key); return v, found },
		set:   func(key string, v V) error { return c.Set(ctx, key, v) },
		close: func() { _ = errors.Join(base.Close(), s.Close()) },
	}, nil
}

// newLocal makes go-redis/cache as its README does, without a Redis behind it.
func newLocal() *rediscache.Cache {
	return rediscache.New(&rediscache.Options{LocalCache: rediscache.NewTinyLFU(2*valueEntries, lifetime)})
}

func localHolder[V any]() holder[V] {
	c := newLocal()
	ctx := context.Background()
	return holder[V]{
		name: "go-redis/cache v9, local",
		get: func(key string) (v V, found bool) {
			err := c.Get(ctx, key, &v)
			return v, err == nil
		},
		set: func(key string, v V) error {
			return c.Set(&rediscache.Item{Ctx: ctx, Key: key, Value: v, TTL: lifetime})
		},
		close: func() { runtime.KeepAlive(c) },
	}
}

func goCacheHolder[V any]() holder[V] {
	c := gocache.New(lifetime, 0)
	return holder[V]{
		name: "go-cache",
		get: func(key string) (v V, found bool) {
			held, found := c.Get(key)
			v, _ = held.(V)
			return v, found
		},
		set:   func(key string, v V) error { c.Set(key, v, lifetime); return nil },
		close: c.Flush,
	}
}

func ttlHolder[V any]() holder[V] {
	c := ttlcache.New(ttlcache.WithCapacity[string, V](2*valueEntries),
		ttlcache.WithTTL[string, V](lifetime), ttlcache.WithDisableTouchOnHit[string, V]())
	return holder[V]{
		name: "ttlcache v3",
		get: func(key string) (v V, found bool) {
			item := c.Get(key)
			if item == nil {
				return v, false
			}
			return item.Value(), true
		},
		set:   func(key string, v V) error { c.Set(key, v, lifetime); return nil },
		close: c.DeleteAll,
	}
}

func sturdycHolder[V any]() holder[V] {
	c := newSturdycOf[V](valueEntries)
	return holder[V]{
		name:  "sturdyc",
		get:   c.Get,
		set:   func(key string, v V) error { c.Set(key, v); return nil },
		close: func() { runtime.KeepAlive(c) },
	}
}

// newSturdycOf makes sturdyc as its README does.
func newSturdycOf[V any](entries int) *sturdyc.Client[V] {
	const shards, percentEvictedAtATime = 10, 10
	return sturdyc.New[V](2*entries, shards, lifetime, percentEvictedAtATime, sturdyc.WithNoContinuousEvictions())
}
