package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	"github.com/redis/rueidis"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

// missEntries bounds the caches that take a new key with every operation.
const missEntries = 10_000

// The names of the questions that bars ask for.
const (
	fetchHitInMemory  = "a hit in memory: Get and Fetch"
	fetchHitInRedis   = "a hit in Redis: Get and Fetch"
	busyHitInRedis    = "a hit in Redis: Get and Fetch, 64 goroutines, each with a key of its own"
	fetchMissInMemory = "a miss in memory, with a loader that answers at once"
	fetchMissInRedis  = "a miss in Redis, with a loader that answers at once"
)

// askFetching measures what Fetch costs over a Get, and over the loader.
func askFetching(r *run) error {
	return errors.Join(askMemoryHits(r), askMemoryMisses(r), askRedisFetches(r))
}

// loader is what the contenders load by: it costs nothing.
func loader(context.Context) (point, error) { return point{ID: 1}, nil }

func otterLoader(context.Context, string) (point, error) { return point{ID: 1}, nil }

func newPoints(entries int) (*cache.Cache[point], *memory.Store, error) {
	s, err := memory.New(memory.Options{MaxEntries: 2 * entries, MaxBytes: 1 << 30})
	if err != nil {
		return nil, nil, err
	}
	c, err := cache.New[point](s, cache.Options{TTL: lifetime})
	return c, s, err
}

func newOtterPoints(entries int) *otter.Cache[string, point] {
	return otter.Must(&otter.Options[string, point]{
		MaximumSize: 2 * entries, ExpiryCalculator: otter.ExpiryWriting[string, point](lifetime),
	})
}

func askMemoryHits(r *run) error {
	keys := keysOf(valueEntries)
	o := shuffled(keys)
	points, s, err := newPoints(valueEntries)
	if err != nil {
		return err
	}
	defer s.Close()
	bare := newOtterPoints(valueEntries)
	defer bare.StopAllGoroutines()
	sturdy := newSturdycOf[point](valueEntries)
	local := newLocal()
	ctx := r.ctx
	once := func(key string) (v point, err error) {
		err = local.Once(&rediscache.Item{Ctx: ctx, Key: key, Value: &v, TTL: lifetime, Do: func(*rediscache.Item) (any, error) {
			return loader(ctx)
		}})
		return v, err
	}
	for _, key := range keys {
		_, err := points.Fetch(ctx, key, loader)
		_, found, getErr := points.Get(ctx, key)
		_, bareErr := bare.Get(ctx, key, otter.LoaderFunc[string, point](otterLoader))
		_, sturdyErr := sturdy.GetOrFetch(ctx, key, loader)
		_, onceErr := once(key)
		if err := errors.Join(err, here(found, getErr), bareErr, sturdyErr, onceErr); err != nil {
			return err
		}
	}
	return r.ask(question{fetchHitInMemory, []contender{
		{"cache.Get", reading(func(i int) (bool, error) {
			_, found, err := points.Get(ctx, o.at(i))
			return found, err
		})},
		{"cache.Fetch", writing(func(i int) error { _, err := points.Fetch(ctx, o.at(i), noLoad); return err })},
		{"otter, Get with a loader", writing(func(i int) error {
			_, err := bare.Get(ctx, o.at(i), otter.LoaderFunc[string, point](otterLoader))
			return err
		})},
		{"sturdyc, GetOrFetch", writing(func(i int) error { _, err := sturdy.GetOrFetch(ctx, o.at(i), noLoad); return err })},
		{"go-redis/cache v9, Once", writing(func(i int) error { _, err := once(o.at(i)); return err })},
	}})
}

// fresh yields keys that were never used before.
type fresh struct {
	prefix string
	n      int
}

func (f *fresh) next() string {
	f.n++
	return f.prefix + strconv.Itoa(f.n)
}

func askMemoryMisses(r *run) error {
	points, s, err := newPoints(missEntries)
	if err != nil {
		return err
	}
	defer s.Close()
	bare := newOtterPoints(missEntries)
	defer bare.StopAllGoroutines()
	sturdy := newSturdycOf[point](missEntries)
	defer runtime.KeepAlive(sturdy)
	local := newLocal()
	ctx := r.ctx
	keys := fresh{prefix: "user:"}
	return r.ask(question{fetchMissInMemory, []contender{
		{"Get, load, Set by hand", writing(func(int) error {
			key := keys.next()
			if _, found, err := points.Get(ctx, key); found || err != nil {
				return fmt.Errorf("found %v: %w", found, err)
			}
			v, err := loader(ctx)
			return errors.Join(err, points.Set(ctx, key, v))
		})},
		{"cache.Fetch", writing(func(int) error { _, err := points.Fetch(ctx, keys.next(), loader); return err })},
		{"otter, Get with a loader", writing(func(int) error {
			_, err := bare.Get(ctx, keys.next(), otter.LoaderFunc[string, point](otterLoader))
			return err
		})},
		{"sturdyc, GetOrFetch", writing(func(int) error { _, err := sturdy.GetOrFetch(ctx, keys.next(), loader); return err })},
		{"go-redis/cache v9, Once", writing(func(int) error {
			var v point
			return local.Once(&rediscache.Item{Ctx: ctx, Key: keys.next(), Value: &v, TTL: lifetime, Do: func(*rediscache.Item) (any, error) {
				return loader(ctx)
			}})
		})},
	}})
}

// askRedisFetches compares on one goroutine, where every exchange with the server shows, and hits on many too: there the
// processors are busy with nothing but the calls, while one caller has them look for work most of the time.
func askRedisFetches(r *run) (err error) {
	v, err := newRivals(r.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	ctx, value := r.ctx, make([]byte, 100)
	remote := rediscache.New(&rediscache.Options{Redis: v.pool})
	load := func(context.Context) ([]byte, error) { return value, nil }
	once := func(key string) error {
		var got []byte
		return remote.Once(&rediscache.Item{Ctx: ctx, Key: key, Value: &got, TTL: lifetime, Do: func(*rediscache.Item) (any, error) {
			return value, nil
		}})
	}
	if err := errors.Join(v.store.Set(ctx, "k", value, lifetime), v.typed.Set(ctx, "k", value), once("once")); err != nil {
		return err
	}
	watched := func(call func(int) error) func(time.Duration) (sample, error) {
		return v.server.watched(ctx, callers(1, call))
	}
	if err := r.ask(question{fetchHitInRedis, []contender{
		{"store/redis, Get", watched(func(int) error {
			_, found, err := v.store.Get(ctx, "k")
			return here(found, err)
		})},
		{"cache.Get", watched(func(int) error {
			_, found, err := v.typed.Get(ctx, "k")
			return here(found, err)
		})},
		{"cache.Fetch", watched(func(int) error { _, err := v.typed.Fetch(ctx, "k", load); return err })},
		{"go-redis/cache v9, Once", watched(func(int) error { return once("once") })},
	}}); err != nil {
		return err
	}
	if err := askBusyHits(r, v, value); err != nil {
		return err
	}
	keys := fresh{prefix: "miss:"}
	return r.ask(question{fetchMissInRedis, []contender{
		{"bare rueidis, GET and SET by hand", watched(func(int) error {
			key := keys.next()
			if err := v.bare.Do(ctx, v.bare.B().Get().Key(key).Build()).Error(); !rueidis.IsRedisNil(err) {
				return fmt.Errorf("want a miss: %w", err)
			}
			return v.bare.Do(ctx, v.bare.B().Set().Key(key).Value(rueidis.BinaryString(value)).PxMilliseconds(lifetime.Milliseconds()).Build()).Error()
		})},
		{"cache.Fetch", watched(func(int) error { _, err := v.typed.Fetch(ctx, keys.next(), load); return err })},
		{"cache.FetchMany of 10", watched(func(int) error {
			missing := make([]string, 10)
			for i := range missing {
				missing[i] = keys.next()
			}
			_, err := v.typed.FetchMany(ctx, missing, loadMany(value))
			return err
		})},
		{"go-redis/cache v9, Once", watched(func(int) error { return once(keys.next()) })},
	}})
}

// askBusyHits compares hits on many goroutines that do not share what they read.
func askBusyHits(r *run, v *rivals, value []byte) error {
	const goroutines = 64
	ctx := r.ctx
	keys := keysOf(goroutines)
	for _, key := range keys {
		if err := errors.Join(v.store.Set(ctx, key, value, lifetime), v.typed.Set(ctx, key, value)); err != nil {
			return err
		}
	}
	load := func(context.Context) ([]byte, error) { return value, nil }
	busy := func(call func(key string) error) func(time.Duration) (sample, error) {
		return v.server.watched(ctx, callers(goroutines, func(i int) error { return call(keys[i%goroutines]) }))
	}
	return r.ask(question{busyHitInRedis, []contender{
		{"store/redis, Get", busy(func(key string) error {
			_, found, err := v.store.Get(ctx, key)
			return here(found, err)
		})},
		{"cache.Get", busy(func(key string) error {
			_, found, err := v.typed.Get(ctx, key)
			return here(found, err)
		})},
		{"cache.Fetch", busy(func(key string) error { _, err := v.typed.Fetch(ctx, key, load); return err })},
	}})
}

// loadMany has the same value for all keys.
func loadMany(value []byte) func(context.Context, []string) (map[string][]byte, error) {
	return func(_ context.Context, missing []string) (map[string][]byte, error) {
		values := make(map[string][]byte, len(missing))
		for _, key := range missing {
			values[key] = value
		}
		return values, nil
	}
}
