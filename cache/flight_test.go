package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

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

type slowCommit struct {
	entered chan struct{}
	release chan struct{}
}

func (s slowCommit) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == store.OpCommit {
		s.entered <- struct{}{}
		<-s.release
	}
	return ctx, nil
}
func (slowCommit) After(context.Context, *store.Call) {}

func TestADeleteWaitsForALoadThatIsStoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowCommit{make(chan struct{}), make(chan struct{})}
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
