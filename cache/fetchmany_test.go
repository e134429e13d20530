package cache_test

import (
	"context"
	"errors"
	"strconv"
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

func TestFetchManyLoadsWhatTheStoreCouldNotRead(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
	}{
		{"the store is down", errBroken},
		{"one key fails", store.KeyErrors{":1:a": errBroken}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var troubles []cache.Trouble
			s := store.Intercept(openMemory(t), failing{store.OpGetMany, test.err})
			defer s.Close()
			c := open[string](t, s, cache.Options{Hooks: recordTroubles(&troubles)})
			long := strings.Repeat("x", 300)
			got, err := c.FetchMany(t.Context(), []string{"a", "b", long}, func(_ context.Context, missing []string) (map[string]string, error) {
				return map[string]string{"a": "1", "b": "2"}, nil
			})
			if diff := cmp.Diff(map[string]string{"a": "1", "b": "2"}, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			var failed cache.KeyErrors
			if !errors.As(err, &failed) || len(failed) != 1 || failed[long] == nil {
				t.Errorf("error %v, want one for the long key only", err)
			}
			if len(troubles) != 1 || troubles[0].Op != "read" || !errors.Is(troubles[0].Err, cache.ErrUnavailable) {
				t.Errorf("troubles %v, want the failed read", troubles)
			}
		})
	}
}

// failing fails one operation of a store.
type failing struct {
	op  store.Op
	err error
}

func (f failing) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == f.op {
		return ctx, f.err
	}
	return ctx, nil
}

func (failing) After(context.Context, *store.Call) {}

func TestAManyLoaderThatFetchesItsOwnKeyFailsForThatKeyOnly(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		got, err := c.Fetch(t.Context(), "k", func(ctx context.Context) (string, error) {
			inner, err := c.FetchMany(ctx, []string{"other", "k"}, func(_ context.Context, missing []string) (map[string]string, error) {
				return map[string]string{"other": strings.Join(missing, " ")}, nil
			})
			var failed cache.KeyErrors
			if !errors.As(err, &failed) || len(failed) != 1 || failed["k"] == nil {
				t.Errorf("inner error %v, want one for k", err)
			}
			return inner["other"], nil
		})
		if got != "other" || err != nil {
			t.Errorf("Fetch = %q, %v; want the one key that was loaded", got, err)
		}
	})
}

func TestALoaderOfManyKeysThatFetchesOneOfThem(t *testing.T) {
	bubble(t, cache.Options{}, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		keys := make([]string, 100)
		for i := range keys {
			keys[i] = strconv.Itoa(i)
		}
		_, err := c.FetchMany(t.Context(), keys, func(ctx context.Context, missing []string) (map[string]string, error) {
			if _, err := c.Fetch(ctx, "elsewhere", slowly(0, "fine", nil)); err != nil {
				t.Errorf("the fetch of a key that is not being loaded: %v", err)
			}
			if _, err := c.Fetch(ctx, keys[50], slowly(0, "never", nil)); err == nil || !strings.Contains(err.Error(), "the loader of this key fetches the same key") {
				t.Errorf("the fetch of a key that is being loaded: %v", err)
			}
			return nil, nil
		})
		must(t, err)
	})
}

func TestAManyLoaderThatFindsNothing(t *testing.T) {
	bubble(t, cache.Options{AbsentFor: time.Minute}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
		for range 2 {
			got, err := c.FetchMany(t.Context(), []string{"a", "b"}, func(context.Context, []string) (map[string]string, error) {
				return nil, cache.ErrNotFound
			})
			if len(got) != 0 || err != nil {
				t.Errorf("FetchMany = %v, %v", got, err)
			}
		}
		if stats := b.Stats(); stats.Loads != 1 || stats.Failures != 0 {
			t.Errorf("%+v: want one load that did not fail, and its answer remembered", stats)
		}
	})
}
