package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
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

// askTyped compares a typed memory hit with the bare engine under the same expiry settings.
func askTyped(r *run) error {
	for _, size := range []int{250, 100_000} {
		if err := askTypedOf(r, size); err != nil {
			return err
		}
	}
	return nil
}

func askTypedOf(r *run, size int) error {
	keys := keysOf(size)
	o := shuffled(keys)
	engine := bareTyped(keys)
	defer engine.StopAllGoroutines()
	s, err := memory.New(memory.Options{MaxBytes: 1 << 30})
	if err != nil {
		return err
	}
	defer s.Close()
	points, err := typedPoints(s, keys)
	if err != nil {
		return err
	}
	ctx := context.Background()
	return r.ask(question{
		name: fmt.Sprintf("typed memory hit, %d keys of 21 bytes in random order, scalar struct", size),
		contenders: []contender{
			{"bare otter", reading(func(i int) (bool, error) {
				_, found := engine.GetIfPresent(o.at(i))
				return found, nil
			})},
			{"cache.Get", reading(func(i int) (bool, error) {
				_, found, err := points.Get(ctx, o.at(i))
				return found, err
			})},
			{"cache.Fetch", reading(func(i int) (bool, error) {
				_, err := points.Fetch(ctx, o.at(i), noLoad)
				return err == nil, err
			})},
		},
	})
}

func bareTyped(keys []string) *otter.Cache[string, held] {
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
	return engine
}

// typedPoints fills s. The first read of a key decodes its value and leaves the copy that later reads find.
func typedPoints(s *memory.Store, keys []string) (*cache.Cache[point], error) {
	ctx := context.Background()
	points, err := cache.New[point](s, cache.Options{TTL: time.Hour})
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if err := points.Set(ctx, key, point{ID: int64(i)}); err != nil {
			return nil, err
		}
		if v, found, err := points.Get(ctx, key); err != nil || !found || v.ID != int64(i) {
			return nil, fmt.Errorf("what was set under %s is not there: %w", key, err)
		}
	}
	return points, nil
}

func noLoad(context.Context) (point, error) { return point{}, errors.New("a hit does not load") }
