package cache_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

func TestOnlyDefaultLifetimesOfLoadsAreShortened(t *testing.T) {
	fleet(t, 1, cache.Options{TTL: time.Hour}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c, ctx := caches[0], t.Context()
		lifetimes := map[time.Duration]bool{}
		for range 100 {
			if _, err := c.Fetch(ctx, "k", func(context.Context) (string, error) { return "v", nil }); err != nil {
				t.Fatal(err)
			}
			ttl, _, err := c.TTL(ctx, "k")
			if ttl > time.Hour || ttl < 57*time.Minute || err != nil {
				t.Fatalf("lifetime %v, %v", ttl, err)
			}
			lifetimes[ttl] = true
			_, err = c.Delete(ctx, "k")
			must(t, err)
		}
		if len(lifetimes) < 50 {
			t.Errorf("only %d different lifetimes of 100", len(lifetimes))
		}
		must(t, c.Set(ctx, "set", "v"))
		_, err := c.Add(ctx, "added", "v")
		must(t, err)
		_, err = c.Touch(ctx, "set")
		must(t, err)
		for _, key := range []string{"set", "added"} {
			if ttl, _, err := c.TTL(ctx, key); ttl != time.Hour || err != nil {
				t.Errorf("%s: lifetime %v, %v", key, ttl, err)
			}
		}
	})
}

func TestMemoIsAFetch(t *testing.T) {
	fleet(t, 1, cache.Options{}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		var asked []string
		get := cache.Memo(caches[0], func(_ context.Context, key string) (string, error) {
			asked = append(asked, key)
			return "value of " + key, nil
		}, cache.TTL(time.Minute))
		for range 3 {
			if got, err := get(t.Context(), "k"); got != "value of k" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		}
		if len(asked) != 1 {
			t.Errorf("loaded %v", asked)
		}
		if ttl, _, _ := caches[0].TTL(t.Context(), "k"); ttl != time.Minute {
			t.Errorf("lifetime %v", ttl)
		}
		if _, err := cache.Memo(caches[0], nil)(t.Context(), "other"); err == nil {
			t.Error("a Memo of nothing loads")
		}
	})
}

func TestTheDetailOfAFetch(t *testing.T) {
	fleet(t, 2, cache.Options{TTL: time.Minute, AbsentFor: time.Minute}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c, ctx := caches[0], t.Context()
		slow := func(context.Context) (string, error) { time.Sleep(time.Second); return "v", nil }
		joined := make(chan cache.Info, 1)
		go func() {
			time.Sleep(time.Millisecond)
			_, info, _ := caches[1].FetchInfo(ctx, "k", slow)
			joined <- info
		}()
		info := wantInfo(t, c, slow, "v", cache.Loaded)
		if info.LoadTime != time.Second || info.Age != 0 || info.TTL < 57*time.Second || info.TTL > time.Minute {
			t.Errorf("loaded: %+v", info)
		}
		if info := <-joined; info.Outcome != cache.Joined || info.LoadTime != time.Second {
			t.Errorf("joined: %+v", info)
		}
		time.Sleep(5 * time.Second)
		if info := wantInfo(t, c, slow, "v", cache.Hit); info.Age < 5*time.Second || info.Age > 6*time.Second || info.LoadTime != time.Second || info.TTL > 55*time.Second {
			t.Errorf("hit: %+v", info)
		}
		must(t, c.Set(ctx, "k", "set"))
		if info := wantInfo(t, c, slow, "set", cache.Hit); info.TTL != time.Minute || info.LoadTime != 0 {
			t.Errorf("hit of a Set: %+v", info)
		}
		for range 2 {
			_, info, err := c.FetchInfo(ctx, "none", func(context.Context) (string, error) { return "", cache.ErrNotFound })
			if info.Outcome != cache.Absent || !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("absent: %+v, %v", info, err)
			}
		}
		_, info, err := c.FetchInfo(ctx, "bad", func(context.Context) (string, error) { return "", errors.New("down") })
		if info.Outcome != cache.Failed || err == nil {
			t.Errorf("failed: %+v, %v", info, err)
		}
	})
}

func TestAFetchThatHitsCostsNoMemory(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	type hit struct{ N int }
	c := open[hit](t, s, cache.Options{Prefix: "shop", StaleFor: time.Hour})
	load := func(context.Context) (hit, error) { return hit{1}, nil }
	for range 2 {
		_, err := c.Fetch(t.Context(), "k", load)
		must(t, err)
	}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Fetch(ctx, "k", load) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestALoadedValueWithoutAnEndHasNone(t *testing.T) {
	fleet(t, 1, cache.Options{TTL: cache.Forever}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		load := func(context.Context) (string, error) { return "v", nil }
		for _, outcome := range []cache.Outcome{cache.Loaded, cache.Hit} {
			if info := wantInfo(t, caches[0], load, "v", outcome); info.TTL != cache.Forever {
				t.Errorf("%s: remaining lifetime %v, want Forever", outcome, info.TTL)
			}
		}
	})
}
