package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/google/go-cmp/cmp"
)

// bubble runs test in virtual time with a cache on a memory store.
func bubble(t *testing.T, o cache.Options, test func(t *testing.T, b *cache.Base, c *cache.Cache[string])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		b, err := cache.NewBase(s, o)
		must(t, err)
		c, err := cache.On[string](b)
		must(t, err)
		test(t, b, c)
		must(t, b.Close())
		must(t, s.Close())
	})
}

// source is a loader that takes a second and counts.
type source struct {
	loads atomic.Int64
	value string
	err   error
}

func (s *source) load(ctx context.Context) (string, error) {
	s.loads.Add(1)
	select {
	case <-time.After(time.Second):
		return s.value, s.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func TestFetchLoadsOnceAndThenHits(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[user](t, s, cache.Options{})
		loads := 0
		for range 3 {
			got, err := c.Fetch(t.Context(), "42", func(context.Context) (user, error) {
				loads++
				return user{"ada", 36}, nil
			})
			if err != nil || got != (user{"ada", 36}) {
				t.Fatalf("Fetch = %v, %v", got, err)
			}
		}
		if loads != 1 {
			t.Errorf("%d loads", loads)
		}
		wantGet(t, c, "42", user{"ada", 36})
	})
}

func TestCallersOfOneKeyShareALoad(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
		src := &source{value: "v"}
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if got, err := c.Fetch(t.Context(), "k", src.load); got != "v" || err != nil {
					t.Errorf("Fetch = %q, %v", got, err)
				}
			})
		}
		wg.Wait()
		if n := src.loads.Load(); n != 1 {
			t.Errorf("%d loads", n)
		}
		if s := b.Stats(); s.Loads != 1 || s.Joined != 99 || s.Misses != 100 {
			t.Errorf("stats: %+v", s)
		}
	})
}

func TestACancelledLeaderLeavesTheLoadToTheOthers(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		src := &source{value: "v"}
		leader, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Fetch(leader, "k", src.load); !errors.Is(err, context.Canceled) {
				t.Errorf("the leader: %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if got, err := c.Fetch(t.Context(), "k", src.load); got != "v" || err != nil {
				t.Errorf("the follower: %q, %v", got, err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		if n := src.loads.Load(); n != 1 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestALoadGoesOnWhenEverybodyHasLeft(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		src := &source{value: "v"}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := c.Fetch(ctx, "k", src.load); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Fetch: %v", err)
		}
		time.Sleep(2 * time.Second)
		wantGet(t, c, "k", "v")
	})
}

func TestAPanickingLoaderReachesAllCallers(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
		cause := errors.New("boom")
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				defer func() {
					p, ok := recover().(*cache.PanicError)
					if !ok || !errors.Is(p, cause) || !strings.Contains(p.Error(), "fetch_test.go") {
						t.Errorf("recovered %v", p)
					}
				}()
				_, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) {
					time.Sleep(time.Second)
					panic(cause)
				})
				t.Errorf("returned %v", err)
			})
		}
		wg.Wait()
		if s := b.Stats(); s.Failures != 1 {
			t.Errorf("stats: %+v", s)
		}
		if got, err := c.Fetch(t.Context(), "k", (&source{value: "again"}).load); got != "again" || err != nil {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

func TestALoaderThatEndsItsGoroutine(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		_, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) {
			runtime.Goexit()
			return "", nil
		})
		if err == nil || !strings.Contains(err.Error(), "Goexit") {
			t.Errorf("Fetch: %v", err)
		}
	})
}

func TestTheLoadersErrorIsReturnedAndNotStored(t *testing.T) {
	bubble(t, cache.Options{Name: "users"}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		src := &source{err: errors.New("database gone")}
		for range 2 {
			_, err := c.Fetch(t.Context(), "k", src.load)
			if !errors.Is(err, src.err) || err.Error() != `cachewright: fetch "k" in "users": load: database gone` {
				t.Errorf("Fetch: %v", err)
			}
		}
		if n := src.loads.Load(); n != 2 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestTheLoadTimeoutEndsALoad(t *testing.T) {
	bubble(t, cache.Options{LoadTimeout: 100 * time.Millisecond}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		start := time.Now()
		_, err := c.Fetch(t.Context(), "k", (&source{}).load)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("Fetch: %v after %v", err, time.Since(start))
		}
	})
}

func TestALoadThatIgnoresItsDeadlineHoldsNobody(t *testing.T) {
	bubble(t, cache.Options{LoadTimeout: time.Second}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
		stubborn := func(context.Context) (string, error) {
			time.Sleep(time.Hour)
			return "late", nil
		}
		start := time.Now()
		if _, err := c.Fetch(t.Context(), "k", stubborn); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Fetch: %v after %v", err, time.Since(start))
		}
		many, err := c.FetchMany(t.Context(), []string{"a"}, func(context.Context, []string) (map[string]string, error) {
			time.Sleep(time.Hour)
			return map[string]string{"a": "late"}, nil
		})
		if len(many) != 0 || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("FetchMany: %v, %v after %v", many, err, time.Since(start))
		}
		must(t, b.Close()) // does not wait for the stubborn ones
		if d := time.Since(start); d > time.Minute {
			t.Errorf("Close took until %v", d)
		}
		time.Sleep(2 * time.Hour)
		wantGetMiss(t, c, "k")
		wantGetMiss(t, c, "a")
	})
}

func TestTheLoaderSeesTheCallersValues(t *testing.T) {
	type key struct{}
	c := open[string](t, openMemory(t), cache.Options{})
	ctx := context.WithValue(t.Context(), key{}, "trace")
	got, err := c.Fetch(ctx, "k", func(ctx context.Context) (string, error) { return ctx.Value(key{}).(string), nil })
	if got != "trace" || err != nil {
		t.Errorf("Fetch = %q, %v", got, err)
	}
}

// Every write ends what loads from before it may do (hazards H1 and H1b).
// slowSet holds every Set of a store until it is let go.
func TestAbsenceIsRememberedWhenAsked(t *testing.T) {
	bubble(t, cache.Options{AbsentFor: time.Minute}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		ctx := t.Context()
		src := &source{err: fmt.Errorf("no row: %w", cache.ErrNotFound)}
		for range 3 {
			if _, err := c.Fetch(ctx, "k", src.load); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Fetch: %v", err)
			}
		}
		if n := src.loads.Load(); n != 1 {
			t.Errorf("%d loads", n)
		}
		wantMiss(t, c, "k")
		if keys := collect(t, c, "*"); len(keys) != 0 {
			t.Errorf("Keys = %q", keys)
		}
		many, err := c.FetchMany(ctx, []string{"k"}, func(context.Context, []string) (map[string]string, error) {
			t.Error("loaded although the absence is remembered")
			return nil, nil
		})
		if len(many) != 0 || err != nil {
			t.Errorf("FetchMany = %v, %v", many, err)
		}
		if stored, err := c.Add(ctx, "k", "v"); !stored || err != nil {
			t.Errorf("Add = %v, %v", stored, err)
		}
		wantGet(t, c, "k", "v")
		if _, err := c.Delete(ctx, "k"); err != nil {
			t.Error(err)
		}
		_, _ = c.Fetch(ctx, "k", src.load)
		time.Sleep(time.Minute)
		_, _ = c.Fetch(ctx, "k", src.load)
		if n := src.loads.Load(); n != 3 {
			t.Errorf("%d loads after the memory has ended", n)
		}
	})
}

func TestAbsenceIsForgottenByDefault(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		src := &source{err: cache.ErrNotFound}
		for range 2 {
			if _, err := c.Fetch(t.Context(), "k", src.load); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Fetch: %v", err)
			}
		}
		if n := src.loads.Load(); n != 2 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestWhoDecidesTheLifetime(t *testing.T) {
	bubble(t, cache.Options{TTL: time.Hour}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		ctx := t.Context()
		fetch := func(key string, load func(*cache.Load), opts ...cache.CallOption) {
			_, err := c.Fetch(ctx, key, func(ctx context.Context) (string, error) {
				load(cache.LoadFrom(ctx))
				return "v", nil
			}, opts...)
			must(t, err)
		}
		fetch("default", func(*cache.Load) {})
		fetch("call", func(*cache.Load) {}, cache.TTL(time.Minute))
		fetch("loader", func(l *cache.Load) { l.TTL(time.Second) }, cache.TTL(time.Minute))
		fetch("loader by key", func(l *cache.Load) { l.TTL(time.Second); l.TTLFor("loader by key", 2*time.Second) })
		fetch("not kept", func(l *cache.Load) { l.TTL(0) })
		got := map[string]time.Duration{}
		for _, key := range []string{"default", "call", "loader", "loader by key", "not kept"} {
			ttl, found, err := c.TTL(ctx, key)
			must(t, err)
			if found {
				got[key] = ttl
			}
		}
		if ttl := got["default"]; ttl > time.Hour || ttl < 57*time.Minute {
			t.Errorf("the default lifetime of an hour has become %v", ttl)
		}
		delete(got, "default")
		want := map[string]time.Duration{"call": time.Minute, "loader": time.Second, "loader by key": 2 * time.Second}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		cache.LoadFrom(ctx).TTL(time.Second) // outside a loader: no effect, no panic
	})
}

func TestALoaderThatFetchesItsOwnKey(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		var inner error
		got, err := c.Fetch(t.Context(), "k", func(ctx context.Context) (string, error) {
			_, inner = c.Fetch(ctx, "k", func(context.Context) (string, error) { return "inner", nil })
			return c.Fetch(ctx, "other", func(context.Context) (string, error) { return "other", nil })
		})
		if got != "other" || err != nil {
			t.Errorf("Fetch = %q, %v", got, err)
		}
		if inner == nil || !strings.Contains(inner.Error(), "same key") {
			t.Errorf("the inner Fetch: %v", inner)
		}
	})
}

// broken fails some operations of a store.
type broken struct {
	ops map[store.Op]bool
}

var errBroken = fmt.Errorf("%w: cable cut", store.ErrUnavailable)

func (b broken) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if b.ops[c.Op] {
		return ctx, errBroken
	}
	return ctx, nil
}
func (broken) After(context.Context, *store.Call) {}

func TestFetchPrefersAnAnswer(t *testing.T) {
	var troubles []cache.Trouble
	down := broken{map[store.Op]bool{store.OpGet: true, store.OpGetMany: true, store.OpSet: true, store.OpSetMany: true}}
	c := open[string](t, store.Intercept(openMemory(t), down), cache.Options{Hooks: recordTroubles(&troubles)})
	ctx := t.Context()
	if _, _, err := c.Get(ctx, "k"); !errors.Is(err, cache.ErrUnavailable) {
		t.Errorf("Get: %v", err)
	}
	got, err := c.Fetch(ctx, "k", func(context.Context) (string, error) { return "v", nil })
	if got != "v" || err != nil {
		t.Errorf("Fetch = %q, %v", got, err)
	}
	ops := []string{}
	for _, trouble := range troubles {
		ops = append(ops, trouble.Op)
	}
	if diff := cmp.Diff([]string{"read"}, ops); diff != "" {
		t.Errorf("troubles (-want +got):\n%s", diff)
	}
	many, err := c.FetchMany(ctx, []string{"a", "b"}, func(_ context.Context, missing []string) (map[string]string, error) {
		return map[string]string{"a": "1", "b": "2"}, nil
	})
	if len(many) != 2 || err != nil {
		t.Errorf("FetchMany = %v, %v", many, err)
	}
}
