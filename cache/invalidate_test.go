package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// slowWrites takes a minute over each operation of ops, before the store is asked or after.
type slowWrites struct {
	ops   []store.Op
	after bool
}

func (s slowWrites) slow(c *store.Call) {
	for _, op := range s.ops {
		if c.Op == op {
			time.Sleep(time.Minute)
		}
	}
}

func (s slowWrites) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if !s.after {
		s.slow(c)
	}
	return ctx, nil
}

func (s slowWrites) After(_ context.Context, c *store.Call) {
	if s.after {
		s.slow(c)
	}
}

// An invalidation takes long, and a load begins and ends while it is under way: it may have read the
// source before the invalidation returned, so that its value must not be there afterwards.
func TestALoadThatBeginsDuringAnInvalidationIsNotStored(t *testing.T) {
	type ask func(ctx context.Context, c *cache.Cache[string]) error
	for _, test := range []struct {
		name  string
		op    store.Op
		write ask
		want  string
	}{
		{"delete", store.OpDelete, func(ctx context.Context, c *cache.Cache[string]) error { _, err := c.Delete(ctx, "k"); return err }, ""},
		{"clear", store.OpScan, func(ctx context.Context, c *cache.Cache[string]) error { return c.Clear(ctx) }, ""},
		{"set", store.OpSet, func(ctx context.Context, c *cache.Cache[string]) error { return c.Set(ctx, "k", "set") }, "set"},
		{"add", store.OpAdd, func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.Add(ctx, "k", "set")
			return err
		}, "set"},
		{"set many", store.OpSetMany, func(ctx context.Context, c *cache.Cache[string]) error {
			return c.SetMany(ctx, map[string]string{"k": "set"})
		}, "set"},
	} {
		for _, after := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					raw := openMemory(t)
					defer raw.Close()
					b, err := cache.NewBase(store.Intercept(raw, slowWrites{[]store.Op{test.op}, after}), cache.Options{})
					must(t, err)
					defer b.Close()
					c, err := cache.On[string](b)
					must(t, err)
					var wg sync.WaitGroup
					wg.Go(func() { must(t, test.write(t.Context(), c)) })
					synctest.Wait()
					wg.Go(func() {
						got, err := c.Fetch(t.Context(), "k", (&source{value: "old"}).load)
						if err != nil || got != "old" && got != test.want {
							t.Errorf("Fetch = %q, %v", got, err)
						}
					})
					wg.Wait()
					if test.want == "" {
						wantGetMiss(t, c, "k")
					} else {
						wantGet(t, c, "k", test.want)
					}
				})
			})
		}
	}
}

func TestAnAddIsNotOverwrittenByALoadThatIsStoring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowCommit{make(chan struct{}), make(chan struct{})}
		raw := openMemory(t)
		defer raw.Close()
		c := open[string](t, store.Intercept(raw, slow), cache.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Fetch(t.Context(), "k", (&source{value: "loaded"}).load)
			must(t, err)
		})
		<-slow.entered
		var stored bool
		wg.Go(func() {
			var err error
			stored, err = c.Add(t.Context(), "k", "added")
			must(t, err)
		})
		synctest.Wait()
		close(slow.release)
		wg.Wait()
		if stored {
			t.Error("Add says that it stored, and the load was there first")
		}
		wantGet(t, c, "k", "loaded")
	})
}

func TestAnInvalidationThatGivesUpLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := slowCommit{make(chan struct{}), make(chan struct{})}
		raw := openMemory(t)
		defer raw.Close()
		c := open[string](t, store.Intercept(raw, slow), cache.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Fetch(t.Context(), "k", (&source{value: "loaded"}).load)
			must(t, err)
		})
		<-slow.entered
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for name, write := range map[string]func() error{
			"set":   func() error { return c.Set(hurried, "k", "x") },
			"clear": func() error { return c.Clear(hurried) },
		} {
			if err := write(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
		}
		close(slow.release)
		wg.Wait()
		_, err := c.Delete(t.Context(), "k")
		must(t, err)
		go func() { <-slow.entered }()
		_, err = c.Fetch(t.Context(), "k", (&source{value: "again"}).load)
		must(t, err)
		wantGet(t, c, "k", "again") // loads of the key are stored again
	})
}

func TestALoaderThatIsNilIsRefusedOnAMissOnly(t *testing.T) {
	c := open[string](t, openMemory(t), cache.Options{})
	if _, err := c.Fetch(t.Context(), "k", nil); err == nil || !strings.Contains(err.Error(), "the loader is nil") {
		t.Errorf("Fetch: %v", err)
	}
	if _, err := c.FetchMany(t.Context(), []string{"k"}, nil); err == nil || !strings.Contains(err.Error(), "the loader is nil") {
		t.Errorf("FetchMany: %v", err)
	}
	must(t, c.Set(t.Context(), "k", "v"))
	if got, err := c.Fetch(t.Context(), "k", nil); got != "v" || err != nil {
		t.Errorf("Fetch of a hit = %q, %v", got, err)
	}
	if got, err := c.FetchMany(t.Context(), []string{"k"}, nil); got["k"] != "v" || err != nil {
		t.Errorf("FetchMany of a hit = %q, %v", got, err)
	}
	got, err := c.FetchMany(t.Context(), []string{"k", "other"}, nil)
	var failed cache.KeyErrors
	if got["k"] != "v" || !errors.As(err, &failed) || len(failed) != 1 || failed["other"] == nil {
		t.Errorf("FetchMany of a hit and a miss = %q, %v; want the hit, and the miss named", got, err)
	}
}
