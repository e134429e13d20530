package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// staleable are options whose values live a minute and may be served for an hour more.
var staleable = cache.Options{TTL: time.Minute, StaleFor: time.Hour, Hooks: cache.Hooks{Trouble: func(context.Context, cache.Trouble) {}}}

// aged stores v and lets it become stale.
func aged(t *testing.T, c *cache.Cache[string], v string) {
	t.Helper()
	must(t, c.Set(t.Context(), "k", v))
	time.Sleep(61 * time.Second)
}

func wantInfo(t *testing.T, c *cache.Cache[string], load func(context.Context) (string, error), want string, outcome cache.Outcome) cache.Info {
	t.Helper()
	got, info, err := c.FetchInfo(t.Context(), "k", load)
	if got != want || info.Outcome != outcome || err != nil {
		t.Errorf("FetchInfo = %q, %+v, %v; want %q, %s", got, info, err, want, outcome)
	}
	return info
}

func TestAStaleValueIsServedWhileItIsLoadedAnew(t *testing.T) {
	fleet(t, 3, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		source := newWaits()
		start := time.Now()
		for range 10 {
			for _, c := range caches {
				info := wantInfo(t, c, source.load, "old", cache.Stale)
				if info.TTL >= 0 || info.Age < time.Minute {
					t.Errorf("detail %+v", info)
				}
				synctest.Wait()
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("callers with a stale value were kept for %v", waited)
		}
		if n := source.loads.Load(); n != 1 {
			t.Errorf("%d loads, want one in all processes", n)
		}
		source.say <- "new"
		synctest.Wait()
		for _, c := range caches {
			wantInfo(t, c, nil, "new", cache.Hit)
			wantGet(t, c, "k", "new")
		}
	})
}

func TestOnlyFetchServesStaleValues(t *testing.T) {
	fleet(t, 1, staleable, func(t *testing.T, s store.Store, caches []*cache.Cache[string]) {
		c, ctx := caches[0], t.Context()
		must(t, c.Set(ctx, "k", "old"))
		if ttl, found, err := c.TTL(ctx, "k"); ttl != time.Minute || !found || err != nil {
			t.Errorf("TTL of a fresh value = %v, %v, %v", ttl, found, err)
		}
		time.Sleep(61 * time.Second)
		wantGetMiss(t, c, "k")
		if there, err := c.Has(ctx, "k"); there || err != nil {
			t.Errorf("Has = %v, %v", there, err)
		}
		if _, found, err := c.TTL(ctx, "k"); found || err != nil {
			t.Errorf("TTL finds it: %v", err)
		}
		if found, err := c.Touch(ctx, "k", cache.TTL(time.Hour)); found || err != nil {
			t.Errorf("Touch = %v, %v", found, err)
		}
		if values, err := c.GetMany(ctx, []string{"k"}); len(values) > 0 || err != nil {
			t.Errorf("GetMany = %v, %v", values, err)
		}
		for key, err := range c.Keys(ctx, "*") {
			t.Errorf("Keys yields %q, %v", key, err)
		}
		wantInfo(t, c, func(context.Context) (string, error) { time.Sleep(time.Second); return "", errors.New("down") }, "old", cache.Stale)
		if stored, err := c.Add(ctx, "k", "added"); !stored || err != nil {
			t.Errorf("Add = %v, %v", stored, err)
		}
		wantGet(t, c, "k", "added")
		strict := open[string](t, s, cache.Options{TTL: time.Minute}) // the same store, but never stale values
		time.Sleep(61 * time.Second)
		if got, err := strict.Fetch(ctx, "k", func(context.Context) (string, error) { return "new", nil }); got != "new" || err != nil {
			t.Errorf("Fetch without StaleFor = %q, %v", got, err)
		}
	})
}

func TestTouchMovesTheEndThatTheRecordKnows(t *testing.T) {
	fleet(t, 1, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c, ctx := caches[0], t.Context()
		must(t, c.Set(ctx, "k", "v"))
		time.Sleep(50 * time.Second)
		if found, err := c.Touch(ctx, "k", cache.TTL(time.Hour)); !found || err != nil {
			t.Errorf("Touch = %v, %v", found, err)
		}
		if ttl, found, err := c.TTL(ctx, "k"); ttl != time.Hour || !found || err != nil {
			t.Errorf("TTL = %v, %v, %v", ttl, found, err)
		}
		time.Sleep(59 * time.Minute)
		wantGet(t, c, "k", "v")
		time.Sleep(2 * time.Minute)
		wantGetMiss(t, c, "k")
	})
}

func TestNothingIsServedBeyondStaleFor(t *testing.T) {
	fleet(t, 1, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		must(t, caches[0].Set(t.Context(), "k", "old"))
		down := func(context.Context) (string, error) { return "", errors.New("down") }
		time.Sleep(61*time.Minute - time.Second)
		wantInfo(t, caches[0], down, "old", cache.Stale)
		time.Sleep(2 * time.Second)
		if got, err := caches[0].Fetch(t.Context(), "k", down); err == nil {
			t.Errorf("Fetch = %q", got)
		}
	})
}

func TestABrokenSourceIsAskedLessAndLess(t *testing.T) {
	fleet(t, 4, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		var loads atomic.Int64
		down := func(context.Context) (string, error) { loads.Add(1); return "", errors.New("down") }
		for range 10 * 60 * 10 { // ten minutes, ten calls a second in each process
			for _, c := range caches {
				wantInfo(t, c, down, "old", cache.Stale)
			}
			time.Sleep(100 * time.Millisecond)
		}
		// 1, 2, 4, ... 60 seconds, of which half to all is waited: about 16 in ten minutes, less than 27.
		if n := loads.Load(); n < 10 || n > 27 {
			t.Errorf("four processes have asked a broken source %d times in ten minutes", n)
		}
		time.Sleep(time.Minute)
		caches[1].Fetch(t.Context(), "k", func(context.Context) (string, error) { return "new", nil })
		synctest.Wait()
		wantGet(t, caches[2], "k", "new")
	})
}

func TestASoftTimeout(t *testing.T) {
	o := staleable
	o.SoftTimeout = 200 * time.Millisecond
	after := func(d time.Duration, v string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) {
			time.Sleep(d)
			if v == "" {
				return "", errors.New("down")
			}
			return v, nil
		}
	}
	for _, tt := range []struct {
		name    string
		load    func(context.Context) (string, error)
		want    string
		outcome cache.Outcome
		waited  time.Duration
		then    string
	}{
		{"a quick load", after(100*time.Millisecond, "new"), "new", cache.Loaded, 100 * time.Millisecond, "new"},
		{"a slow load goes on behind", after(time.Second, "new"), "old", cache.Stale, 200 * time.Millisecond, "new"},
		{"a load that fails", after(50*time.Millisecond, ""), "old", cache.Stale, 50 * time.Millisecond, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
				c := caches[0]
				aged(t, c, "old")
				start := time.Now()
				info := wantInfo(t, c, tt.load, tt.want, tt.outcome)
				if waited := time.Since(start); waited != tt.waited {
					t.Errorf("waited %v, want %v", waited, tt.waited)
				}
				if (info.Err != nil) != (tt.outcome == cache.Stale) {
					t.Errorf("the reason for a stale value: %v", info.Err)
				}
				time.Sleep(2 * time.Second)
				if tt.then == "" {
					wantGetMiss(t, c, "k")
				} else {
					wantGet(t, c, "k", tt.then)
				}
			})
		})
		t.Run(tt.name+", of many", func(t *testing.T) {
			fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
				c := caches[0]
				aged(t, c, "old")
				start := time.Now()
				got, err := c.FetchMany(t.Context(), []string{"k"}, func(ctx context.Context, _ []string) (map[string]string, error) {
					v, err := tt.load(ctx)
					return map[string]string{"k": v}, err
				})
				if got["k"] != tt.want || err != nil || time.Since(start) != tt.waited {
					t.Errorf("FetchMany = %v, %v after %v", got, err, time.Since(start))
				}
				time.Sleep(2 * time.Second)
			})
		})
	}
	t.Run("as long as a load may take: stale only in place of an error", func(t *testing.T) {
		o.SoftTimeout, o.LoadTimeout = 10*time.Second, 10*time.Second
		fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
			aged(t, caches[0], "old")
			wantInfo(t, caches[0], after(9*time.Second, "new"), "new", cache.Loaded)
			time.Sleep(61 * time.Second)
			wantInfo(t, caches[0], after(9*time.Second, ""), "new", cache.Stale)
		})
	})
}

func TestTheSourceMayHaveLostAStaleValue(t *testing.T) {
	gone := func(context.Context) (string, error) { return "", cache.ErrNotFound }
	for _, absentFor := range []time.Duration{0, time.Minute} {
		o := staleable
		o.AbsentFor = absentFor
		fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
			c := caches[0]
			aged(t, c, "old")
			wantInfo(t, c, gone, "old", cache.Stale)
			synctest.Wait()
			loads := 0
			_, info, err := c.FetchInfo(t.Context(), "k", func(context.Context) (string, error) { loads++; return "", cache.ErrNotFound })
			if !errors.Is(err, cache.ErrNotFound) || info.Outcome != cache.Absent || (loads == 0) != (absentFor > 0) {
				t.Errorf("%v, %+v, %d loads", err, info, loads)
			}
		})
	}
}

func TestARefreshThatPanicsIsATrouble(t *testing.T) {
	var troubles []cache.Trouble
	o := staleable
	o.Hooks = recordTroubles(&troubles)
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		wantInfo(t, caches[0], func(context.Context) (string, error) { panic("boom") }, "old", cache.Stale)
		synctest.Wait()
		if len(troubles) != 1 || troubles[0].Op != "load" || !errors.As(troubles[0].Err, new(*cache.PanicError)) {
			t.Errorf("troubles: %v", troubles)
		}
	})
}

func TestARefreshOutlivesTheCallThatBeganIt(t *testing.T) {
	fleet(t, 1, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c := caches[0]
		aged(t, c, "old")
		source := newWaits()
		request, cancel := context.WithCancel(t.Context())
		if got, err := c.Fetch(request, "k", source.load); got != "old" || err != nil {
			t.Errorf("Fetch = %q, %v", got, err)
		}
		cancel()
		<-source.begun
		source.say <- "new"
		synctest.Wait()
		wantGet(t, c, "k", "new")
	})
}

func TestADeleteDuringARefresh(t *testing.T) {
	fleet(t, 2, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		for _, c := range caches {
			aged(t, caches[0], "old")
			source := newWaits()
			wantInfo(t, caches[0], source.load, "old", cache.Stale)
			<-source.begun
			_, err := c.Delete(t.Context(), "k")
			must(t, err)
			source.say <- "older than the Delete"
			synctest.Wait()
			wantGetMiss(t, caches[0], "k")
			if got, err := caches[1].Fetch(t.Context(), "k", func(context.Context) (string, error) { return "new", nil }); got != "new" || err != nil {
				t.Errorf("Fetch = %q, %v", got, err)
			}
		}
	})
}

func TestManyStaleKeysAreLoadedByOneCall(t *testing.T) {
	fleet(t, 2, staleable, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		ctx, keys := t.Context(), []string{"a", "b", "c"}
		for _, key := range keys[:2] {
			must(t, caches[0].Set(ctx, key, "old"))
		}
		time.Sleep(61 * time.Second)
		var mu sync.Mutex
		var asked []int
		load := func(_ context.Context, missing []string) (map[string]string, error) {
			mu.Lock()
			asked = append(asked, len(missing))
			mu.Unlock()
			time.Sleep(time.Second)
			all := map[string]string{}
			for _, key := range missing {
				all[key] = "new"
			}
			return all, nil
		}
		got, err := caches[0].FetchMany(ctx, keys, load)
		if err != nil || got["a"] != "old" || got["b"] != "old" || got["c"] != "new" {
			t.Errorf("FetchMany = %v, %v", got, err)
		}
		synctest.Wait()
		time.Sleep(time.Second)
		got, err = caches[1].FetchMany(ctx, keys, load)
		if err != nil || got["a"] != "new" || got["b"] != "new" || got["c"] != "new" {
			t.Errorf("FetchMany = %v, %v", got, err)
		}
		if len(asked) != 2 || asked[0]+asked[1] != 3 {
			t.Errorf("loads of %v keys, want one for the stale and one for the missing", asked)
		}
	})
}
