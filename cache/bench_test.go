package cache_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// hit is a scalar struct: what a typed memory hit returns without decoding.
type hit struct {
	ID    int64
	Score float64
	On    bool
}

// filledWithHits returns a typed cache on memory whose keys have all been read twice.
func filledWithHits(b *testing.B) (c *cache.Cache[hit], keys []string) {
	b.Helper()
	s := openMemory(b)
	b.Cleanup(func() { must(b, s.Close()) })
	c = open[hit](b, s, cache.Options{Prefix: "shop"})
	keys = make([]string, 256)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%016d", i)
		must(b, c.Set(b.Context(), keys[i], hit{ID: int64(i)}))
		for range 2 {
			wantGet(b, c, keys[i], hit{ID: int64(i)})
		}
	}
	return c, keys
}

// BenchmarkHit is the hot path: a value in memory whose decoded copy is there.
func BenchmarkHit(b *testing.B) {
	ctx := context.Background()
	b.Run("Get", func(b *testing.B) {
		c, keys := filledWithHits(b)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, found, _ := c.Get(ctx, keys[i%len(keys)]); !found {
				b.Fatal("miss")
			}
		}
	})
	b.Run("Fetch", func(b *testing.B) {
		c, keys := filledWithHits(b)
		load := func(context.Context) (hit, error) { panic("a hit does not load") }
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := c.Fetch(ctx, keys[i%len(keys)], load); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("the store's part of it", func(b *testing.B) {
		s := openMemory(b)
		b.Cleanup(func() { must(b, s.Close()) })
		c := open[hit](b, s, cache.Options{Prefix: "shop"})
		must(b, c.Set(ctx, "user:0000000000000042", hit{ID: 42}))
		objects, _ := store.As[store.Objects](s)
		b.ReportAllocs()
		for b.Loop() {
			if _, _, found := objects.Object("shop:1:", "user:0000000000000042"); !found {
				b.Fatal("miss")
			}
		}
	})
	b.Run("Get, in parallel", func(b *testing.B) {
		c, keys := filledWithHits(b)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, found, _ := c.Get(ctx, keys[i%len(keys)]); !found {
					b.Error("miss")
					return
				}
			}
		})
	})
}

// BenchmarkSet encodes a value and replaces what is there.
func BenchmarkSet(b *testing.B) {
	c, keys := filledWithHits(b)
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := c.Set(ctx, keys[i%len(keys)], hit{ID: int64(i)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetchedHit is the hot path of a value that knows its end, and so may be loaded anew ahead of it.
func BenchmarkFetchedHit(b *testing.B) {
	s := openMemory(b)
	b.Cleanup(func() { must(b, s.Close()) })
	c := open[hit](b, s, cache.Options{Prefix: "shop"})
	ctx, load := context.Background(), func(context.Context) (hit, error) { return hit{ID: 1}, nil }
	for range 2 {
		if _, err := c.Fetch(ctx, "user:0000000000000042", load); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, found, _ := c.Get(ctx, "user:0000000000000042"); !found {
				b.Fatal("miss")
			}
		}
	})
	b.Run("Fetch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Fetch(ctx, "user:0000000000000042", load); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// far is a store that looks like one behind a network, at no cost of its own.
type far struct{ store.Store }

func (far) Ping(context.Context) error { return nil }

// BenchmarkMiss loads a new key each time, by a loader that answers at once: what a load costs beside its work.
func BenchmarkMiss(b *testing.B) {
	s := openMemory(b)
	b.Cleanup(func() { must(b, s.Close()) })
	c := open[hit](b, s, cache.Options{Prefix: "shop"})
	ctx, load := context.Background(), func(context.Context) (hit, error) { return hit{ID: 1}, nil }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := c.Fetch(ctx, "user:"+strconv.Itoa(i), load); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDistantHit is what a Fetch of a store behind a network costs the processor beside the store's own Get.
func BenchmarkDistantHit(b *testing.B) {
	inner := openMemory(b)
	b.Cleanup(func() { must(b, inner.Close()) })
	s := far{inner}
	c := open[[]byte](b, s, cache.Options{Prefix: "shop"})
	ctx, value := context.Background(), make([]byte, 100)
	load := func(context.Context) ([]byte, error) { return value, nil }
	must(b, c.Set(ctx, "user:0000000000000042", value))
	b.Run("the store's Get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, found, _ := s.Get(ctx, "shop:1:user:0000000000000042"); !found {
				b.Fatal("miss")
			}
		}
	})
	b.Run("Fetch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Fetch(ctx, "user:0000000000000042", load); err != nil {
				b.Fatal(err)
			}
		}
	})
}
