package main

import (
	"context"
	"runtime"
	"time"

	"github.com/Yiling-J/theine-go"
	"github.com/allegro/bigcache/v3"
	"github.com/coocood/freecache"
	"github.com/dgraph-io/ristretto/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jellydator/ttlcache/v3"
	"github.com/maypok86/otter/v2"
	gocache "github.com/patrickmn/go-cache"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

// lifetime is that of all entries, for each entry by itself where an engine can do that.
const lifetime = time.Hour

// engine is something that keeps values in memory.
type engine struct {
	get   func(key string) bool
	set   func(key string, value []byte) error
	close func()
}

// load is what an engine is made for. Each gets room for twice that.
type load struct {
	entries int
	bytes   int // of a value
}

// room is in bytes, with some for the bookkeeping of engines that count it.
func (l load) room() int64 { return 2 * int64(l.entries) * int64(l.bytes+256) }

// maker makes an engine.
type maker struct {
	name string
	make func(l load) (engine, error)
}

var engines = []maker{
	{"bare otter", newOtter},
	{"store/memory", newMemory},
	{"cache.Cache[string]", newTyped},
	{"ristretto v2", newRistretto},
	{"theine", newTheine},
	{"freecache", newFreecache},
	{"bigcache v3", newBigcache},
	{"go-cache", newGoCache},
	{"golang-lru v2", newLRU},
	{"ttlcache v3", newTTLCache},
	{"sturdyc", newSturdyc},
}

func newOtter(l load) (engine, error) {
	c, err := otter.New(&otter.Options[string, []byte]{
		MaximumWeight:    uint64(l.room()),
		Weigher:          func(key string, value []byte) uint32 { return uint32(len(key) + len(value)) },
		ExpiryCalculator: otter.ExpiryWriting[string, []byte](lifetime),
	})
	if err != nil {
		return engine{}, err
	}
	return engine{
		get:   func(key string) bool { _, found := c.GetIfPresent(key); return found },
		set:   func(key string, value []byte) error { c.Set(key, value); return nil },
		close: func() { c.StopAllGoroutines() },
	}, nil
}

func newMemory(l load) (engine, error) {
	s, err := memory.New(memory.Options{MaxBytes: l.room()})
	if err != nil {
		return engine{}, err
	}
	ctx := context.Background()
	return engine{
		get:   func(key string) bool { _, found, _ := s.Get(ctx, key); return found },
		set:   func(key string, value []byte) error { return s.Set(ctx, key, value, lifetime) },
		close: func() { _ = s.Close() },
	}, nil
}

func newTyped(l load) (engine, error) {
	return newTypedOf(l, func(value []byte) string { return string(value) })
}

func newTypedBytes(l load) (engine, error) {
	return newTypedOf(l, func(value []byte) []byte { return value })
}

func newTypedOf[V any](l load, of func(value []byte) V) (engine, error) {
	s, err := memory.New(memory.Options{MaxBytes: l.room()})
	if err != nil {
		return engine{}, err
	}
	c, err := cache.New[V](s, cache.Options{TTL: lifetime})
	if err != nil {
		return engine{}, err
	}
	ctx := context.Background()
	return engine{
		get:   func(key string) bool { _, found, _ := c.Get(ctx, key); return found },
		set:   func(key string, value []byte) error { return c.Set(ctx, key, of(value)) },
		close: func() { _ = s.Close() },
	}, nil
}

func newRistretto(l load) (engine, error) {
	c, err := ristretto.NewCache(&ristretto.Config[string, []byte]{
		NumCounters: 20 * int64(l.entries), MaxCost: l.room(), BufferItems: 64,
	})
	if err != nil {
		return engine{}, err
	}
	return engine{
		get: func(key string) bool { _, found := c.Get(key); return found },
		set: func(key string, value []byte) error {
			c.SetWithTTL(key, value, int64(len(value)), lifetime)
			return nil
		},
		close: c.Close,
	}, nil
}

func newTheine(l load) (engine, error) {
	c, err := theine.NewBuilder[string, []byte](l.room()).Build()
	if err != nil {
		return engine{}, err
	}
	return engine{
		get: func(key string) bool { _, found := c.Get(key); return found },
		set: func(key string, value []byte) error {
			c.SetWithTTL(key, value, int64(len(value)), lifetime)
			return nil
		},
		close: c.Close,
	}, nil
}

func newFreecache(l load) (engine, error) {
	// A value may take a 1024th of it at most.
	c := freecache.NewCache(int(max(l.room(), 4<<20)))
	return engine{
		get: func(key string) bool { _, err := c.Get([]byte(key)); return err == nil },
		set: func(key string, value []byte) error {
			return c.Set([]byte(key), value, int(lifetime.Seconds()))
		},
		close: func() { runtime.KeepAlive(c) },
	}, nil
}

func newBigcache(l load) (engine, error) {
	config := bigcache.DefaultConfig(lifetime)
	config.Verbose = false
	config.MaxEntriesInWindow = l.entries
	config.MaxEntrySize = l.bytes
	c, err := bigcache.New(context.Background(), config)
	if err != nil {
		return engine{}, err
	}
	return engine{
		get:   func(key string) bool { _, err := c.Get(key); return err == nil },
		set:   c.Set,
		close: func() { _ = c.Close() },
	}, nil
}

func newGoCache(load) (engine, error) {
	c := gocache.New(lifetime, 0)
	return engine{
		get:   func(key string) bool { _, found := c.Get(key); return found },
		set:   func(key string, value []byte) error { c.Set(key, value, lifetime); return nil },
		close: c.Flush,
	}, nil
}

func newLRU(l load) (engine, error) {
	c, err := lru.New[string, []byte](2 * l.entries)
	if err != nil {
		return engine{}, err
	}
	return engine{
		get:   func(key string) bool { _, found := c.Get(key); return found },
		set:   func(key string, value []byte) error { c.Add(key, value); return nil },
		close: c.Purge,
	}, nil
}

func newTTLCache(l load) (engine, error) {
	c := ttlcache.New(ttlcache.WithCapacity[string, []byte](uint64(2*l.entries)),
		ttlcache.WithTTL[string, []byte](lifetime), ttlcache.WithDisableTouchOnHit[string, []byte]())
	return engine{
		get:   func(key string) bool { return c.Get(key) != nil },
		set:   func(key string, value []byte) error { c.Set(key, value, lifetime); return nil },
		close: c.DeleteAll,
	}, nil
}

func newSturdyc(l load) (engine, error) {
	c := newSturdycOf[[]byte](l.entries)
	return engine{
		get:   func(key string) bool { _, found := c.Get(key); return found },
		set:   func(key string, value []byte) error { c.Set(key, value); return nil },
		close: func() { runtime.KeepAlive(c) },
	}, nil
}
