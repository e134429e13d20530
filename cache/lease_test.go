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

// fleet runs test in virtual time with caches of n processes that share one store: each has a Base of its own
// and knows nothing of the others'.
func fleet(t *testing.T, n int, o cache.Options, test func(t *testing.T, s store.Store, caches []*cache.Cache[string])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		var bases []*cache.Base
		var caches []*cache.Cache[string]
		for range n {
			b, err := cache.NewBase(s, o)
			must(t, err)
			c, err := cache.On[string](b)
			must(t, err)
			bases, caches = append(bases, b), append(caches, c)
		}
		test(t, s, caches)
		for _, b := range bases {
			must(t, b.Close())
		}
		must(t, s.Close())
	})
}

// waits is a loader that returns what it is told.
type waits struct {
	begun chan struct{}
	say   chan string
	loads atomic.Int64
}

func newWaits() *waits { return &waits{begun: make(chan struct{}, 100), say: make(chan string)} }

func (w *waits) load(ctx context.Context) (string, error) {
	w.loads.Add(1)
	w.begun <- struct{}{}
	select {
	case v := <-w.say:
		if v == "" {
			return "", errors.New("source is down")
		}
		return v, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fetching calls Fetch in the background and returns a function that waits for its result.
func fetching(t *testing.T, c *cache.Cache[string], key string, load func(context.Context) (string, error)) func() (string, error) {
	t.Helper()
	var got string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, err = c.Fetch(t.Context(), key, load)
	}()
	return func() (string, error) { <-done; return got, err }
}

func wantFetched(t *testing.T, result func() (string, error), want string) {
	t.Helper()
	if got, err := result(); got != want || err != nil {
		t.Errorf("Fetch = %q, %v; want %q", got, err, want)
	}
}

func TestOneLoadInAllProcesses(t *testing.T) {
	fleet(t, 5, cache.Options{}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		source := newWaits()
		var results []func() (string, error)
		for _, c := range caches {
			for range 3 {
				results = append(results, fetching(t, c, "k", source.load))
			}
		}
		time.Sleep(20 * time.Second) // longer than a lease, unless its holder extends it
		source.say <- "v"
		for _, result := range results {
			wantFetched(t, result, "v")
		}
		if n := source.loads.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
		for _, c := range caches {
			wantGet(t, c, "k", "v")
		}
	})
}

func TestAnInvalidationByAnotherProcessDuringALoad(t *testing.T) {
	for name, invalidate := range map[string]func(context.Context, *cache.Cache[string]) error{
		"delete": func(ctx context.Context, c *cache.Cache[string]) error { _, err := c.Delete(ctx, "k"); return err },
		"delete pattern": func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.DeletePattern(ctx, "*")
			return err
		},
		"clear": func(ctx context.Context, c *cache.Cache[string]) error { return c.Clear(ctx) },
		"touch 0": func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.Touch(ctx, "k", cache.TTL(0))
			return err
		},
		"set 0": func(ctx context.Context, c *cache.Cache[string]) error { return c.Set(ctx, "k", "x", cache.TTL(0)) },
		"set and end": func(ctx context.Context, c *cache.Cache[string]) error {
			err := c.Set(ctx, "k", "x", cache.TTL(time.Millisecond))
			time.Sleep(2 * time.Millisecond)
			return err
		},
		"add and end": func(ctx context.Context, c *cache.Cache[string]) error {
			stored, err := c.Add(ctx, "k", "x", cache.TTL(time.Millisecond))
			time.Sleep(2 * time.Millisecond)
			if !stored && err == nil {
				return errors.New("Add takes a lease for a value")
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			fleet(t, 2, cache.Options{}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
				old, fresh := newWaits(), newWaits()
				early := fetching(t, caches[0], "k", old.load)
				<-old.begun
				must(t, invalidate(t.Context(), caches[1]))
				late := fetching(t, caches[0], "k", fresh.load) // of the process whose load is void
				<-fresh.begun
				old.say <- "old"
				wantFetched(t, early, "old") // who came before gets what it waited for
				wantGetMiss(t, caches[0], "k")
				fresh.say <- "new"
				wantFetched(t, late, "new")
				wantGet(t, caches[1], "k", "new")
			})
		})
	}
}

// dying is an interceptor of a process that is killed: from then on nothing that it does reaches the store.
type dying struct{ dead atomic.Bool }

func (d *dying) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	if d.dead.Load() {
		return ctx, store.ErrUnavailable
	}
	return ctx, nil
}
func (*dying) After(context.Context, *store.Call) {}

func TestALeaseDiesWithItsHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		d := new(dying)
		quiet := cache.Options{Hooks: cache.Hooks{Trouble: func(context.Context, cache.Trouble) {}}}
		victim, err := cache.NewBase(store.Intercept(s, d), quiet)
		must(t, err)
		one, err := cache.On[string](victim)
		must(t, err)
		other := open[string](t, s, quiet)
		stuck, source := newWaits(), newWaits()
		fetching(t, one, "k", stuck.load)
		<-stuck.begun
		time.Sleep(1500 * time.Millisecond)
		d.dead.Store(true)
		start := time.Now()
		result := fetching(t, other, "k", source.load)
		<-source.begun
		if waited := time.Since(start); waited > 3*time.Second {
			t.Errorf("the lease outlived its holder by %v, want 3 s at most", waited)
		}
		source.say <- "v"
		wantFetched(t, result, "v")
		stuck.say <- "old"
		synctest.Wait()
		wantGet(t, other, "k", "v")
		must(t, victim.Close())
		must(t, s.Close())
	})
}

func TestALoadElsewhereIsNotWaitedForLongerThanALoadMayTake(t *testing.T) {
	fleet(t, 2, cache.Options{LoadTimeout: 10 * time.Second}, func(t *testing.T, s store.Store, caches []*cache.Cache[string]) {
		patient := open[string](t, s, cache.Options{LoadTimeout: time.Hour})
		slow, source := newWaits(), newWaits()
		holder := fetching(t, patient, "k", slow.load)
		<-slow.begun
		start := time.Now()
		result := fetching(t, caches[0], "k", source.load)
		<-source.begun
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("waited %v, want 10s", waited)
		}
		source.say <- "mine"
		wantFetched(t, result, "mine")
		wantGetMiss(t, caches[0], "k") // without a lease nothing is stored
		slow.say <- "v"
		wantFetched(t, holder, "v")
		wantGet(t, caches[1], "k", "v")
	})
}

func TestAFailureElsewhereIsToldToThoseWhoWait(t *testing.T) {
	fleet(t, 3, cache.Options{}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		source := newWaits()
		results := make([]func() (string, error), len(caches))
		for i, c := range caches {
			results[i] = fetching(t, c, "k", source.load)
			synctest.Wait()
		}
		source.say <- ""
		var told int
		for _, result := range results {
			_, err := result()
			var elsewhere *cache.LoadError
			if errors.As(err, &elsewhere) && elsewhere.Text == "source is down" {
				told++
			} else if err == nil {
				t.Error("no error")
			}
		}
		if told != 2 || source.loads.Load() != 1 {
			t.Errorf("%d processes were told of %d loads, want 2 of 1", told, source.loads.Load())
		}
		again := fetching(t, caches[1], "k", source.load) // who comes later tries again
		<-source.begun
		<-source.begun
		source.say <- "v"
		wantFetched(t, again, "v")
	})
}

func TestErrorsAreRememberedIfWanted(t *testing.T) {
	fleet(t, 2, cache.Options{ErrorFor: 5 * time.Second}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		loads := 0
		failing := func(context.Context) (string, error) { loads++; return "", errors.New("source is down") }
		_, err := caches[0].Fetch(t.Context(), "k", failing)
		if err == nil || errors.As(err, new(*cache.LoadError)) {
			t.Errorf("the loader's own error: %v", err)
		}
		time.Sleep(4900 * time.Millisecond)
		for _, c := range caches {
			for _, err := range []error{
				func() error { _, err := c.Fetch(t.Context(), "k", failing); return err }(),
				func() error {
					_, err := c.FetchMany(t.Context(), []string{"k"}, func(context.Context, []string) (map[string]string, error) { loads++; return nil, nil })
					return err
				}(),
			} {
				var remembered *cache.LoadError
				if !errors.As(err, &remembered) || remembered.Text != "source is down" {
					t.Errorf("the remembered error: %v", err)
				}
			}
			wantGetMiss(t, c, "k")
		}
		if loads != 1 {
			t.Errorf("%d loads, want 1", loads)
		}
		time.Sleep(200 * time.Millisecond)
		if got, err := caches[1].Fetch(t.Context(), "k", func(context.Context) (string, error) { return "v", nil }); got != "v" || err != nil {
			t.Errorf("afterwards: %q, %v", got, err)
		}
	})
}

func TestALeaseIsNoValue(t *testing.T) {
	fleet(t, 2, cache.Options{}, func(t *testing.T, s store.Store, caches []*cache.Cache[string]) {
		source := newWaits()
		result := fetching(t, caches[0], "k", source.load)
		<-source.begun
		c, ctx := caches[1], t.Context()
		if _, found, err := s.Get(ctx, ":1:k"); !found || err != nil {
			t.Fatalf("there is no lease: %v", err)
		}
		wantGetMiss(t, c, "k")
		if there, err := c.Has(ctx, "k"); there || err != nil {
			t.Errorf("Has = %v, %v", there, err)
		}
		if _, found, err := c.TTL(ctx, "k"); found || err != nil {
			t.Errorf("TTL finds it, %v", err)
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
		if _, found, err := c.IncrVersion(ctx, "k", 1); found || err != nil {
			t.Errorf("IncrVersion = %v, %v", found, err)
		}
		source.say <- "v"
		wantFetched(t, result, "v")
		wantGet(t, c, "k", "v")
	})
}

func TestANumberThatIsBeingLoadedDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		c := open[int64](t, s, cache.Options{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			if n, err := c.Fetch(t.Context(), "n", func(context.Context) (int64, error) { time.Sleep(time.Second); return 7, nil }); n != 7 || err != nil {
				t.Errorf("Fetch = %d, %v", n, err)
			}
		}()
		synctest.Wait()
		if _, found, err := c.Incr(t.Context(), "n", 1); found || err != nil {
			t.Errorf("Incr during the load: %v, %v", found, err)
		}
		<-done
		must(t, s.Close())
	})
}

func TestLeasesOfBareValuesAreHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		o := cache.Options{Codec: goJSON{}}
		one, other := open[string](t, s, o), open[string](t, s, o)
		source := newWaits()
		result := fetching(t, one, "k", source.load)
		<-source.begun
		wantGetMiss(t, other, "k")
		waiting := fetching(t, other, "k", source.load)
		synctest.Wait()
		source.say <- "v"
		wantFetched(t, result, "v")
		wantFetched(t, waiting, "v")
		if value, _, _ := s.Get(t.Context(), ":1:k"); string(value) != `"v"` {
			t.Errorf("stored %q", value)
		}
		if n := source.loads.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
		must(t, s.Close())
	})
}

// skewed is a store whose clock is off.
type skewed struct {
	store.Store
	by time.Duration
}

func (s skewed) Now() time.Time { return time.Now().Add(s.by) }

// As hides the ticks of the store behind, which tell the right time.
func (s skewed) As(target any) bool {
	switch t := target.(type) {
	case *store.Swapper:
		*t, _ = store.As[store.Swapper](s.Store)
	case *store.Inspector:
		*t, _ = store.As[store.Inspector](s.Store)
	default:
		return false
	}
	return true
}

func TestClocksAQuarterOfAnHourApart(t *testing.T) {
	for _, by := range [][2]time.Duration{{0, 15 * time.Minute}, {0, -15 * time.Minute}, {-15 * time.Minute, 15 * time.Minute}} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := openMemory(t)
				var caches []*cache.Cache[string]
				for _, d := range by {
					b, err := cache.NewBase(skewed{inner, d}, cache.Options{TTL: time.Minute, StaleFor: time.Minute})
					must(t, err)
					defer b.Close()
					c, err := cache.On[string](b)
					must(t, err)
					caches = append(caches, c)
				}
				old, fresh := newWaits(), newWaits()
				early := fetching(t, caches[0], "k", old.load)
				<-old.begun
				_, err := caches[1].Delete(t.Context(), "k")
				must(t, err)
				late := fetching(t, caches[1], "k", fresh.load)
				<-fresh.begun
				old.say <- "old"
				wantFetched(t, early, "old")
				fresh.say <- "new"
				wantFetched(t, late, "new")
				for range 10 { // whatever the clocks say of its age, nobody gets the old one
					for _, c := range caches {
						if got, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "new", nil }); got != "new" || err != nil {
							t.Errorf("Fetch = %q, %v", got, err)
						}
					}
					time.Sleep(20 * time.Second)
				}
				must(t, inner.Close())
			})
		})
	}
}

func TestManyKeysOfSeveralProcesses(t *testing.T) {
	fleet(t, 2, cache.Options{}, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		elsewhere := newWaits()
		other := fetching(t, caches[1], "b", elsewhere.load)
		<-elsewhere.begun
		var mu sync.Mutex
		var asked [][]string
		done := make(chan struct{})
		go func() {
			defer close(done)
			got, err := caches[0].FetchMany(t.Context(), []string{"a", "b", "c"}, func(_ context.Context, missing []string) (map[string]string, error) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, missing)
				return map[string]string{"a": "A", "b": "B", "c": "C"}, nil
			})
			if err != nil || got["a"] != "A" || got["b"] != "elsewhere" || got["c"] != "C" {
				t.Errorf("FetchMany = %v, %v", got, err)
			}
		}()
		synctest.Wait()
		elsewhere.say <- "elsewhere"
		<-done
		wantFetched(t, other, "elsewhere")
		if len(asked) != 1 || len(asked[0]) != 2 {
			t.Errorf("the loader was asked for %v, want a and c at once", asked)
		}
	})
}

func TestManyKeysThatAnotherProcessGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		d := new(dying)
		quiet := cache.Options{Hooks: cache.Hooks{Trouble: func(context.Context, cache.Trouble) {}}}
		victim, err := cache.NewBase(store.Intercept(s, d), quiet)
		must(t, err)
		one, err := cache.On[string](victim)
		must(t, err)
		stuck := newWaits()
		fetching(t, one, "b", stuck.load)
		<-stuck.begun
		d.dead.Store(true)
		other := open[string](t, s, quiet)
		got, err := other.FetchMany(t.Context(), []string{"a", "b", "gone"}, func(_ context.Context, missing []string) (map[string]string, error) {
			all := map[string]string{"a": "A", "b": "B"}
			for key := range all {
				if key != missing[0] && len(missing) == 1 {
					delete(all, key)
				}
			}
			return all, nil
		})
		if err != nil || len(got) != 2 || got["b"] != "B" {
			t.Errorf("FetchMany = %v, %v", got, err)
		}
		wantGet(t, other, "b", "B")
		must(t, victim.Close())
		must(t, s.Close())
	})
}
