package cache_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

func TestValuesAreLoadedAnewAheadOfTheirEnd(t *testing.T) {
	fleet(t, 3, cache.Options{TTL: time.Minute}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		var loads atomic.Int64
		load := func(context.Context) (string, error) {
			loads.Add(1)
			time.Sleep(300 * time.Millisecond)
			return "v", nil
		}
		start := time.Now()
		if got, err := caches[0].Fetch(t.Context(), "k", load); got != "v" || err != nil {
			t.Fatal(got, err)
		}
		blocked := 0
		for time.Since(start) < time.Hour {
			for _, c := range caches {
				before := time.Now()
				if got, err := c.Fetch(t.Context(), "k", load); got != "v" || err != nil {
					t.Fatal(got, err)
				}
				if time.Since(before) > 0 {
					blocked++
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
		// With lifetimes of 57 to 60 seconds and the load begun up to some seconds before the end: 60 to 70.
		if n := loads.Load(); n < 60 || n > 70 {
			t.Errorf("%d loads in an hour of minutes", n)
		}
		if blocked > 3 {
			t.Errorf("%d calls have waited for a load", blocked)
		}
	})
}

func TestALoadIsNotBegunAtOnceBecauseItIsSlow(t *testing.T) {
	fleet(t, 2, cache.Options{TTL: 5 * time.Second}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		var loads atomic.Int64
		load := func(context.Context) (string, error) { loads.Add(1); time.Sleep(2 * time.Second); return "v", nil }
		for start := time.Now(); time.Since(start) < 10*time.Minute; {
			for _, c := range caches {
				c.Fetch(t.Context(), "k", load)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if n := loads.Load(); n > 10*60/5 {
			t.Errorf("%d loads in ten minutes, of values that live five seconds", n)
		}
		time.Sleep(2 * time.Second) // a load may be under way
	})
}

func TestLoadsBehindCallsAreBounded(t *testing.T) {
	o := staleable
	o.Refreshes = 3
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c, ctx := caches[0], t.Context()
		keys := []string{"a", "b", "c", "d", "e"}
		for _, key := range keys {
			must(t, c.Set(ctx, key, "old"))
		}
		time.Sleep(61 * time.Second)
		source := newWaits()
		for _, key := range keys {
			if got, err := c.Fetch(ctx, key, source.load); got != "old" || err != nil {
				t.Errorf("Fetch = %q, %v", got, err)
			}
		}
		synctest.Wait()
		if n := source.loads.Load(); n != 3 {
			t.Errorf("%d loads at once, want 3", n)
		}
		for range 3 {
			source.say <- "new"
		}
		synctest.Wait()
		c.Fetch(ctx, "e", func(context.Context) (string, error) { return "new", nil })
		synctest.Wait()
		wantGet(t, c, "e", "new")
	})
	o.Refreshes = -1
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		wantInfo(t, caches[0], func(context.Context) (string, error) { panic("loaded") }, "old", cache.Stale)
	})
}
