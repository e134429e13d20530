package memory

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachewright/cachewright/store"
)

const benchKeys = 10_000

func benchmarkKeys() []string {
	keys := make([]string, benchKeys)
	for i := range keys {
		keys[i] = fmt.Sprintf("app:1:user:%010d", i)
	}
	return keys
}

// benchmarkReads reads by read(i) on all processors.
func benchmarkReads(b *testing.B, read func(i int) bool) {
	b.Helper()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if !read(i % benchKeys) {
				b.Error("a key is missing")
				return
			}
		}
	})
}

// BenchmarkHit compares a read of the store with one of the engine below it: by itself, and with the
// lifetimes and weights that the store needs.
func BenchmarkHit(b *testing.B) {
	ctx := context.Background()
	keys := benchmarkKeys()
	value := make([]byte, 100)
	for name, o := range map[string]otter.Options[string, []byte]{
		"engine": {MaximumSize: 2 * benchKeys},
		"engine with lifetimes and weights": {
			MaximumWeight:    64 << 20,
			Weigher:          func(key string, value []byte) uint32 { return uint32(len(key) + len(value)) },
			ExpiryCalculator: otter.ExpiryWriting[string, []byte](time.Hour),
		},
	} {
		engine := otter.Must(&o)
		for _, key := range keys {
			engine.Set(key, value)
		}
		b.Run(name, func(b *testing.B) {
			benchmarkReads(b, func(i int) bool { _, found := engine.GetIfPresent(keys[i]); return found })
		})
		engine.StopAllGoroutines()
	}
	for _, ttl := range []time.Duration{time.Hour, store.Forever} {
		s := newStore(b, Options{})
		for _, key := range keys {
			if err := s.Set(ctx, key, value, ttl); err != nil {
				b.Fatal(err)
			}
		}
		name := ttl.String()
		if ttl == store.Forever {
			name = "Forever"
		}
		b.Run("Get/"+name, func(b *testing.B) {
			benchmarkReads(b, func(i int) bool { _, found, _ := s.Get(ctx, keys[i]); return found })
		})
		b.Run("Object/"+name, func(b *testing.B) {
			benchmarkReads(b, func(i int) bool { _, _, found := s.Object("", keys[i]); return found })
		})
	}
}

// BenchmarkSet writes over existing keys, and into a store that is full.
func BenchmarkSet(b *testing.B) {
	ctx := context.Background()
	keys := benchmarkKeys()
	value := make([]byte, 100)
	for name, o := range map[string]Options{"with room": {}, "full": {MaxEntries: benchKeys / 8}} {
		b.Run(name, func(b *testing.B) {
			s := newStore(b, o)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := s.Set(ctx, keys[i%benchKeys], value, time.Hour); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkSwap replaces values by their like, and finds that others have done so.
func BenchmarkSwap(b *testing.B) {
	ctx := context.Background()
	keys := benchmarkKeys()
	value := make([]byte, 100)
	s := newStore(b, Options{})
	for _, key := range keys {
		if err := s.Set(ctx, key, value, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
	for name, old := range map[string][]byte{"swapped": value, "lost": []byte("other")} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				swapped, err := s.Swap(ctx, keys[i%benchKeys], old, value, time.Hour)
				if err != nil || swapped != (name == "swapped") {
					b.Fatalf("swapped %v, error %v", swapped, err)
				}
				i++
			}
		})
	}
}
