package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// outage fails every call while it is on.
type outage struct {
	on  atomic.Bool
	err error
}

func (o *outage) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	if o.on.Load() {
		return ctx, o.err
	}
	return ctx, nil
}
func (*outage) After(context.Context, *store.Call) {}

// everyCacheCall makes each call that is not a Fetch and returns the errors by name.
func everyCacheCall(ctx context.Context, c *cache.Cache[int64]) map[string]error {
	errs := map[string]error{}
	_, _, errs["get"] = c.Get(ctx, "k")
	_, errs["has"] = c.Has(ctx, "k")
	_, _, errs["ttl"] = c.TTL(ctx, "k")
	_, errs["get many"] = c.GetMany(ctx, []string{"k", "l"})
	errs["set"] = c.Set(ctx, "k", 1)
	_, errs["add"] = c.Add(ctx, "k", 1)
	_, errs["touch"] = c.Touch(ctx, "k")
	_, errs["delete"] = c.Delete(ctx, "k", "l")
	errs["set many"] = c.SetMany(ctx, map[string]int64{"k": 1})
	_, _, errs["incr"] = c.Incr(ctx, "k", 1)
	_, errs["delete pattern"] = c.DeletePattern(ctx, "*")
	errs["clear"] = c.Clear(ctx)
	_, _, errs["incr version"] = c.IncrVersion(ctx, "k", 1)
	for _, err := range c.Keys(ctx, "*") {
		errs["keys"] = err
	}
	return errs
}

func TestIgnoredErrorsOfTheStoreAreMissesAndTroubles(t *testing.T) {
	for _, fault := range []error{store.ErrUnavailable, errors.New("OOM command not allowed")} {
		synctest.Test(t, func(t *testing.T) {
			raw := openMemory(t)
			defer raw.Close()
			o := &outage{err: fmt.Errorf("redis: %w", fault)}
			var troubles []cache.Trouble
			c := open[int64](t, store.Intercept(raw, o), cache.Options{OnError: cache.ErrorsIgnore, Hooks: recordTroubles(&troubles)})
			must(t, c.Set(t.Context(), "k", 5))
			o.on.Store(true)
			for name, err := range everyCacheCall(t.Context(), c) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			wantGetMiss(t, c, "k")
			if len(troubles) != 1 || !errors.Is(troubles[0].Err, fault) {
				t.Errorf("troubles within a second: %v, want one", troubles)
			}
			time.Sleep(time.Second)
			wantGetMiss(t, c, "k")
			if len(troubles) != 2 {
				t.Errorf("%d troubles a second later, want 2", len(troubles))
			}
			o.on.Store(false)
			wantGet(t, c, "k", 5)
		})
	}
}

func TestErrorsOfTheCallerAreNeverIgnored(t *testing.T) {
	c := open[any](t, openMemory(t), cache.Options{OnError: cache.ErrorsIgnore})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, c.Set(t.Context(), "text", "x"))
	var keyError *cache.KeyError
	long := string(make([]byte, 300))
	for name, test := range map[string]struct{ err, want error }{
		"a cancelled context": {c.Set(ctx, "k", 1), context.Canceled},
		"text that counts":    {second(c.Incr(t.Context(), "text", 1)), cache.ErrNotInteger},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", name, test.err, test.want)
		}
	}
	if _, _, err := c.Get(t.Context(), long); !errors.As(err, &keyError) {
		t.Errorf("a bad key: %v", err)
	}
	if err := c.Set(t.Context(), "k", make(chan int)); err == nil {
		t.Error("a value that does not encode is accepted")
	}
	if err := c.SetMany(t.Context(), map[string]any{"k": make(chan int)}); err == nil {
		t.Error("a value that does not encode is accepted among many")
	}
}

func second(_ int64, _ bool, err error) error { return err }

func TestWithoutIgnoringEveryCallFails(t *testing.T) {
	o := &outage{err: store.ErrUnavailable}
	c := open[int64](t, store.Intercept(openMemory(t), o), cache.Options{})
	o.on.Store(true)
	for name, err := range everyCacheCall(t.Context(), c) {
		if !errors.Is(err, cache.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

func TestLoadsTakeTurnsWhileTheStoreFails(t *testing.T) {
	for _, test := range []struct{ bound, want int }{{3, 3}, {-1, 40}} {
		synctest.Test(t, func(t *testing.T) {
			raw := openMemory(t)
			defer raw.Close()
			o := &outage{err: store.ErrUnavailable}
			b, err := cache.NewBase(store.Intercept(raw, o), cache.Options{DegradedLoads: test.bound, Hooks: cache.Hooks{Trouble: func(context.Context, cache.Trouble) {}}})
			must(t, err)
			defer b.Close()
			c, err := cache.On[string](b)
			must(t, err)
			var running, most atomic.Int64
			load := func(context.Context) (string, error) {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second)
				running.Add(-1)
				return "v", nil
			}
			many := func(ctx context.Context, keys []string) (map[string]string, error) {
				v, err := load(ctx)
				return map[string]string{keys[0]: v}, err
			}
			fetchAll := func() {
				most.Store(0)
				var wg sync.WaitGroup
				for i := range 20 {
					wg.Go(func() {
						if _, err := c.Fetch(t.Context(), fmt.Sprint("k", i), load); err != nil {
							t.Error(err)
						}
					})
					wg.Go(func() {
						if _, err := c.FetchMany(t.Context(), []string{fmt.Sprint("m", i)}, many); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
			}
			o.on.Store(true)
			fetchAll()
			if got := most.Load(); got != int64(test.want) {
				t.Errorf("%d loads at a time with a bound of %d, want %d", got, test.bound, test.want)
			}

			// Who waits for a turn goes with its own context; the next one takes it.
			if test.bound > 0 {
				blocked, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				for i := range 3 {
					go func() { _, _ = c.Fetch(t.Context(), fmt.Sprint("slow", i), load) }()
				}
				synctest.Wait()
				if _, err := c.Fetch(blocked, "waits", load); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Fetch without a turn: %v, want its deadline", err)
				}
				time.Sleep(time.Minute)
			}

			// With the store back nothing waits.
			o.on.Store(false)
			fetchAll()
			if got := most.Load(); got != 40 {
				t.Errorf("%d loads at a time with the store back, want 40", got)
			}
		})
	}
}

func TestALoaderThatFetchesNeedsOneTurnOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := openMemory(t)
		defer raw.Close()
		o := &outage{err: store.ErrUnavailable}
		o.on.Store(true)
		c := open[string](t, store.Intercept(raw, o), cache.Options{DegradedLoads: 1, Hooks: staleable.Hooks})
		start := time.Now()
		got, err := c.Fetch(t.Context(), "outer", func(ctx context.Context) (string, error) {
			return c.Fetch(ctx, "inner", func(context.Context) (string, error) { return "v", nil })
		})
		if got != "v" || err != nil || time.Since(start) > 0 {
			t.Errorf("Fetch = %q, %v after %v; want the inner value at once", got, err, time.Since(start))
		}
	})
}

func TestALoaderLendsItsTurnToTheLoadThatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := openMemory(t)
		defer raw.Close()
		o := &outage{err: store.ErrUnavailable}
		o.on.Store(true)
		c := open[string](t, store.Intercept(raw, o), cache.Options{DegradedLoads: 1, Hooks: staleable.Hooks})
		inner := slowly(time.Second, "inner", nil)
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := c.Fetch(t.Context(), "outer", func(ctx context.Context) (string, error) {
				time.Sleep(time.Second)
				return c.Fetch(ctx, "inner", inner)
			})
			if got != "inner" || err != nil {
				t.Errorf("outer: %q, %v", got, err)
			}
		})
		synctest.Wait()
		if got, err := c.Fetch(t.Context(), "inner", inner); got != "inner" || err != nil { // waits for the one turn
			t.Errorf("inner: %q, %v", got, err)
		}
		wg.Wait()
		if waited := time.Since(start); waited != 2*time.Second {
			t.Errorf("took %v, want two seconds", waited)
		}
	})
}
