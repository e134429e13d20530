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
func TestAnInvalidationDuringALoad(t *testing.T) {
	writes := map[string]struct {
		write func(ctx context.Context, c *cache.Cache[string]) error
		want  string // what is there afterwards
	}{
		"delete": {func(ctx context.Context, c *cache.Cache[string]) error { _, err := c.Delete(ctx, "k"); return err }, ""},
		"delete pattern": {func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.DeletePattern(ctx, "k*")
			return err
		}, ""},
		"clear": {func(ctx context.Context, c *cache.Cache[string]) error { return c.Clear(ctx) }, ""},
		"set":   {func(ctx context.Context, c *cache.Cache[string]) error { return c.Set(ctx, "k", "set") }, "set"},
		"set many": {func(ctx context.Context, c *cache.Cache[string]) error {
			return c.SetMany(ctx, map[string]string{"k": "set"})
		}, "set"},
		"add": {func(ctx context.Context, c *cache.Cache[string]) error { _, err := c.Add(ctx, "k", "set"); return err }, "set"},
		"touch 0": {func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.Touch(ctx, "k", cache.TTL(0))
			return err
		}, ""},
		"a delete through another handle and version": {func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.AtVersion(9).AtVersion(1).Delete(ctx, "k")
			return err
		}, ""},
	}
	for name, test := range writes {
		t.Run(name, func(t *testing.T) {
			bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
				old, fresh := &source{value: "old"}, &source{value: "new"}
				var wg sync.WaitGroup
				wg.Go(func() {
					if got, err := c.Fetch(t.Context(), "k", old.load); got != "old" || err != nil {
						t.Errorf("who came before gets what it waited for: %q, %v", got, err)
					}
				})
				synctest.Wait()
				must(t, test.write(t.Context(), c))
				if test.want == "" {
					wg.Go(func() {
						if got, err := c.Fetch(t.Context(), "k", fresh.load); got != "new" || err != nil {
							t.Errorf("who came after joined the old load: %q, %v", got, err)
						}
					})
				}
				wg.Wait()
				want := test.want
				if want == "" {
					want = "new"
				}
				wantGet(t, c, "k", want)
			})
		})
	}
}

// slowSet holds every Set of a store until it is let go.
type slowSet struct {
	entered chan struct{}
	release chan struct{}
}

func (s slowSet) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == store.OpSet {
		s.entered <- struct{}{}
		<-s.release
	}
	return ctx, nil
}
func (slowSet) After(context.Context, *store.Call) {}

func TestADeleteWaitsForALoadThatIsStoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowSet{make(chan struct{}), make(chan struct{})}
		inner := openMemory(t)
		c := open[string](t, store.Intercept(inner, slow), cache.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Fetch(t.Context(), "k", (&source{value: "old"}).load); err != nil {
				t.Error(err)
			}
		})
		<-slow.entered
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Delete(hurried, "k"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a Delete with a deadline: %v", err)
		}
		wg.Go(func() {
			if _, err := c.Delete(t.Context(), "k"); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(slow.release)
		wg.Wait()
		wantGetMiss(t, c, "k")
		must(t, inner.Close())
	})
}

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
		want := map[string]time.Duration{"default": time.Hour, "call": time.Minute, "loader": time.Second, "loader by key": 2 * time.Second}
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

func TestHandlesOfOtherTypesDoNotJoin(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
		numbers, err := cache.On[int](b)
		must(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			if got, err := c.Fetch(t.Context(), "k", (&source{value: "v"}).load); got != "v" || err != nil {
				t.Errorf("text: %q, %v", got, err)
			}
		})
		synctest.Wait()
		if got, err := numbers.Fetch(t.Context(), "k", func(context.Context) (int, error) { return 5, nil }); got != 5 || err != nil {
			t.Errorf("number: %d, %v", got, err)
		}
		wg.Wait()
	})
}

func TestFetchManyLoadsWhatIsMissingWithOneCall(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[user](t, s, cache.Options{})
		ctx := t.Context()
		must(t, c.Set(ctx, "a", user{"ada", 1}))
		var asked [][]string
		load := func(_ context.Context, missing []string) (map[string]user, error) {
			asked = append(asked, missing)
			return map[string]user{"b": {"bob", 2}, "not asked for": {}}, nil
		}
		got, err := c.FetchMany(ctx, []string{"a", "b", "gone", "b"}, load)
		if diff := cmp.Diff(map[string]user{"a": {"ada", 1}, "b": {"bob", 2}}, got); diff != "" || err != nil {
			t.Errorf("FetchMany: %v (-want +got):\n%s", err, diff)
		}
		if diff := cmp.Diff([][]string{{"b", "gone"}}, asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		wantGet(t, c, "b", user{"bob", 2})
		wantGetMiss(t, c, "not asked for")
	})
}

func TestFetchManyJoinsAndIsJoined(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		single := &source{value: "single"}
		var manyLoads atomic.Int64
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Fetch(t.Context(), "a", single.load); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			got, err := c.FetchMany(t.Context(), []string{"a", "b"}, func(_ context.Context, missing []string) (map[string]string, error) {
				manyLoads.Add(1)
				time.Sleep(5 * time.Second)
				if diff := cmp.Diff([]string{"b"}, missing); diff != "" {
					t.Errorf("missing (-want +got):\n%s", diff)
				}
				return map[string]string{"b": "many"}, nil
			})
			if diff := cmp.Diff(map[string]string{"a": "single", "b": "many"}, got); diff != "" || err != nil {
				t.Errorf("FetchMany: %v (-want +got):\n%s", err, diff)
			}
		})
		synctest.Wait()
		if got, err := c.Fetch(t.Context(), "b", single.load); got != "many" || err != nil {
			t.Errorf("Fetch = %q, %v", got, err)
		}
		wg.Wait()
		if single.loads.Load() != 1 || manyLoads.Load() != 1 {
			t.Errorf("%d single loads, %d many loads", single.loads.Load(), manyLoads.Load())
		}
	})
}

func TestFetchManyNamesTheKeysThatFailed(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		ctx := t.Context()
		must(t, c.Set(ctx, "a", "v"))
		gone := errors.New("database gone")
		long := strings.Repeat("x", 300)
		got, err := c.FetchMany(ctx, []string{"a", "b", long}, func(context.Context, []string) (map[string]string, error) {
			return nil, gone
		})
		var failed cache.KeyErrors
		if !errors.As(err, &failed) || len(failed) != 2 || !errors.Is(failed["b"], gone) {
			t.Errorf("FetchMany: %v", err)
		}
		var keyError *cache.KeyError
		if !errors.As(failed[long], &keyError) {
			t.Errorf("the long key: %v", failed[long])
		}
		if diff := cmp.Diff(map[string]string{"a": "v"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestADeleteDuringAFetchMany(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.FetchMany(t.Context(), []string{"a", "b"}, func(context.Context, []string) (map[string]string, error) {
				time.Sleep(time.Second)
				return map[string]string{"a": "old", "b": "fine"}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if _, err := c.Delete(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		wg.Wait()
		wantGetMiss(t, c, "a")
		wantGet(t, c, "b", "fine")
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
	if diff := cmp.Diff([]string{"read", "write"}, ops); diff != "" {
		t.Errorf("troubles (-want +got):\n%s", diff)
	}
	many, err := c.FetchMany(ctx, []string{"a", "b"}, func(_ context.Context, missing []string) (map[string]string, error) {
		return map[string]string{"a": "1", "b": "2"}, nil
	})
	if len(many) != 2 || err != nil {
		t.Errorf("FetchMany = %v, %v", many, err)
	}
}

func TestCloseEndsLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		b, err := cache.NewBase(s, cache.Options{})
		must(t, err)
		c, err := cache.On[string](b)
		must(t, err)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Fetch(t.Context(), "k", (&source{}).load); !errors.Is(err, context.Canceled) {
				t.Errorf("Fetch: %v", err)
			}
		})
		synctest.Wait()
		must(t, b.Close())
		must(t, b.Close())
		wg.Wait()
		if _, err := c.Fetch(t.Context(), "k", (&source{}).load); !errors.Is(err, cache.ErrClosed) {
			t.Errorf("Fetch after Close: %v", err)
		}
		_, err = c.FetchMany(t.Context(), []string{"k"}, func(context.Context, []string) (map[string]string, error) { return nil, nil })
		if !errors.Is(err, cache.ErrClosed) {
			t.Errorf("FetchMany after Close: %v", err)
		}
		must(t, s.Close())
	})
}
