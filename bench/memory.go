package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/maypok86/otter/v2"
)

// point is a scalar struct: what a typed hit returns without decoding.
type point struct {
	ID    int64
	Score float64
	Seen  uint32
	On    bool
}

// held is what the bare engine keeps: the value with its lifetime, as our memory store does.
type held struct {
	value point
	ttl   time.Duration
}

// memoryBench compares a typed memory hit with the bare engine under the same expiry settings.
func memoryBench() []question {
	var questions []question
	for _, size := range []int{250, 100_000} {
		keys := make([]string, size)
		for i := range keys {
			keys[i] = fmt.Sprintf("user:%016d", i)
		}
		order := make([]string, 1<<16)
		for i := range order {
			order[i] = keys[rand.IntN(size)]
		}
		questions = append(questions, question{
			name:       fmt.Sprintf("typed memory hit, %d keys of 21 bytes, scalar struct", size),
			contenders: []contender{bareHit(keys, order), typedHit("cache.Get", keys, order, get), typedHit("cache.Fetch", keys, order, fetch)},
		})
	}
	return questions
}

func bareHit(keys, order []string) contender {
	engine := otter.Must(&otter.Options[string, held]{
		MaximumWeight: 1 << 30,
		Weigher:       func(key string, _ held) uint32 { return uint32(len(key)) + 64 },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, held]) time.Duration {
			return e.Value.ttl
		}),
	})
	for i, key := range keys {
		engine.Set(key, held{point{ID: int64(i)}, time.Hour})
	}
	return contender{"bare otter", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if _, ok := engine.GetIfPresent(order[i&(len(order)-1)]); !ok {
				b.Fatal("miss")
			}
		}
	}}
}

func typedHit(name string, keys, order []string, read func(context.Context, *cache.Cache[point], string) bool) contender {
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{
		Environment: "development",
		Caches:      map[string]cachewright.CacheConfig{"default": {Backend: "memory", MaxBytes: 1 << 30, Timeout: time.Hour}},
		Logger:      quiet,
	})
	if err != nil {
		fail(err)
	}
	points, err := cachewright.Of[point](caches, "default")
	if err != nil {
		fail(err)
	}
	for i, key := range keys {
		if err := points.Set(ctx, key, point{ID: int64(i)}); err != nil {
			fail(err)
		}
		if !read(ctx, points, key) { // the first hit decodes and leaves the copy that later ones find
			fail(fmt.Errorf("%s missed what was just set", key))
		}
	}
	return contender{name, func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if !read(ctx, points, order[i&(len(order)-1)]) {
				b.Fatal("miss")
			}
		}
	}}
}

func get(ctx context.Context, c *cache.Cache[point], key string) bool {
	_, found, err := c.Get(ctx, key)
	return found && err == nil
}

func fetch(ctx context.Context, c *cache.Cache[point], key string) bool {
	_, err := c.Fetch(ctx, key, noLoad)
	return err == nil
}

func noLoad(context.Context) (point, error) { return point{}, store.ErrUnavailable }
