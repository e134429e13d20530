package cache_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// slowReader lets one read of a store, the first one of op, take until resume is closed to tell what it
// has seen.
type slowReader struct {
	op     store.Op
	slowed *atomic.Bool // not a sync.Once, which would hold up the other readers too
	resume chan struct{}
}

func (slowReader) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	return ctx, nil
}

func (s slowReader) After(_ context.Context, c *store.Call) {
	if c.Op == s.op && s.slowed.CompareAndSwap(false, true) {
		<-s.resume
	}
}

func TestACallerThatIsSlowAfterItsMissDoesNotLoadAgain(t *testing.T) {
	tests := []struct {
		name string
		op   store.Op
		slow func(ctx context.Context, c *cache.Cache[string]) (string, error)
	}{
		{"Fetch", store.OpGet, func(ctx context.Context, c *cache.Cache[string]) (string, error) {
			return c.Fetch(ctx, "k", func(context.Context) (string, error) { return "loaded again", nil })
		}},
		{"FetchMany", store.OpGetMany, func(ctx context.Context, c *cache.Cache[string]) (string, error) {
			got, err := c.FetchMany(ctx, []string{"k"}, func(context.Context, []string) (map[string]string, error) {
				return map[string]string{"k": "loaded again"}, nil
			})
			return got["k"], err
		}},
	}
	for _, test := range tests {
		// The landing of "k" is remembered exactly, or has been forgotten behind many others.
		for _, others := range []int{0, 100} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					reader := slowReader{test.op, new(atomic.Bool), make(chan struct{})}
					s := store.Intercept(openMemory(t), reader)
					defer s.Close()
					b, err := cache.NewBase(s, cache.Options{})
					must(t, err)
					defer b.Close()
					c, err := cache.On[string](b)
					must(t, err)
					var wg sync.WaitGroup
					wg.Go(func() {
						if got, err := test.slow(t.Context(), c); got != "v" || err != nil {
							t.Errorf("the slow caller: %q, %v", got, err)
						}
					})
					synctest.Wait() // it has missed
					load := func(context.Context) (string, error) { return "v", nil }
					_, err = c.Fetch(t.Context(), "k", load)
					must(t, err)
					for i := range others {
						_, err := c.Fetch(t.Context(), fmt.Sprint("other-", i), load)
						must(t, err)
					}
					close(reader.resume)
					wg.Wait()
					if got := b.Stats().Loads; got != int64(1+others) {
						t.Errorf("%d loads, want %d", got, 1+others)
					}
				})
			})
		}
	}
}

func TestASlowCallerLoadsWhatWasDeletedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := slowReader{store.OpGet, new(atomic.Bool), make(chan struct{})}
		s := store.Intercept(openMemory(t), reader)
		defer s.Close()
		c := open[string](t, s, cache.Options{})
		var wg sync.WaitGroup
		wg.Go(func() {
			got, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "new", nil })
			if got != "new" || err != nil {
				t.Errorf("the slow caller: %q, %v", got, err)
			}
		})
		synctest.Wait()
		_, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "old", nil })
		must(t, err)
		_, err = c.Delete(t.Context(), "k")
		must(t, err)
		close(reader.resume)
		wg.Wait()
		wantGet(t, c, "k", "new")
	})
}

func TestASlowCallerLearnsOfAnAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader := slowReader{store.OpGet, new(atomic.Bool), make(chan struct{})}
		s := store.Intercept(openMemory(t), reader)
		defer s.Close()
		c := open[string](t, s, cache.Options{AbsentFor: cache.DefaultTTL})
		loads := 0
		none := func(context.Context) (string, error) { loads++; return "", cache.ErrNotFound }
		var errs []error
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Fetch(t.Context(), "k", none)
			errs = append(errs, err)
		})
		synctest.Wait()
		_, err := c.Fetch(t.Context(), "k", none)
		close(reader.resume)
		wg.Wait()
		want := []error{cache.ErrNotFound, cache.ErrNotFound}
		if diff := cmp.Diff(want, append(errs, err), cmpopts.EquateErrors()); diff != "" || loads != 1 {
			t.Errorf("%d loads; errors (-want +got):\n%s", loads, diff)
		}
	})
}
