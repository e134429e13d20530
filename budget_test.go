package cachewright_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/cachewright/cachewright"
)

// TestBudgetsOfAllocations bounds what a start costs: not a hot path, but what every command and every test of a
// program pays.
func TestBudgetsOfAllocations(t *testing.T) {
	ctx, quiet := context.Background(), slog.New(slog.DiscardHandler)
	small := cachewright.Config{Environment: "development", Logger: quiet}
	large := cachewright.Config{Environment: "production", Caches: map[string]cachewright.CacheConfig{}}
	const many = 20
	for i := range many {
		alias := fmt.Sprintf("alias%d", i)
		large.Caches[alias] = cachewright.CacheConfig{RedisURL: "redis://localhost:6379/0", KeyPrefix: alias}
	}
	for _, c := range []struct {
		path string
		most float64
		call func() error
	}{
		{"Open of one cache in memory, and Close", 300, func() error {
			caches, err := cachewright.Open(ctx, small)
			if err != nil {
				return err
			}
			return caches.Close()
		}},
		{"Resolve, for each of many caches", 200 * many, func() error {
			_, err := large.Resolve(cachewright.Env{Environment: "production"})
			return err
		}},
	} {
		var failed error
		if got := testing.AllocsPerRun(20, func() { failed = c.call() }); got > c.most {
			t.Errorf("%s: %v allocations, want at most %v", c.path, got, c.most)
		}
		if failed != nil {
			t.Fatal(failed)
		}
	}
}
