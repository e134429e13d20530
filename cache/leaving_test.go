package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// slowly returns a loader that takes its time and then answers v, err.
func slowly(takes time.Duration, v string, err error) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		time.Sleep(takes)
		return v, err
	}
}

func TestTheErrorOfALoadThatNobodyWaitsForAnyMoreIsATrouble(t *testing.T) {
	down := errors.New("source is down")
	calls := map[string]func(ctx context.Context, c *cache.Cache[string]) error{
		"Fetch": func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.Fetch(ctx, "k", slowly(5*time.Second, "", down))
			return err
		},
		"FetchMany": func(ctx context.Context, c *cache.Cache[string]) error {
			_, err := c.FetchMany(ctx, []string{"k"}, func(context.Context, []string) (map[string]string, error) {
				_, err := slowly(5*time.Second, "", down)(ctx)
				return nil, err
			})
			return err
		},
	}
	for name, call := range calls {
		for _, left := range []string{"for a stale value", "at the end of its context", "not at all"} {
			t.Run(name+", the caller left "+left, func(t *testing.T) {
				var troubles []cache.Trouble
				o := cache.Options{TTL: time.Minute, StaleFor: time.Hour, SoftTimeout: time.Second, Hooks: recordTroubles(&troubles)}
				fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
					ctx, want := t.Context(), 1
					switch left {
					case "for a stale value":
						aged(t, caches[0], "old")
						must(t, call(ctx, caches[0]))
					case "at the end of its context":
						ending, cancel := context.WithTimeout(ctx, time.Second)
						defer cancel()
						if err := call(ending, caches[0]); !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("the caller got %v", err)
						}
					default:
						want = 0
						if err := call(ctx, caches[0]); !errors.Is(err, down) {
							t.Errorf("the caller got %v", err)
						}
					}
					time.Sleep(10 * time.Second)
					synctest.Wait()
					if len(troubles) != want || want > 0 && !errors.Is(troubles[0].Err, down) {
						t.Errorf("troubles %v, want %d", troubles, want)
					}
				})
			})
		}
	}
}

func TestATimeoutOfTheSourceIsATroubleLikeEveryError(t *testing.T) {
	var troubles []cache.Trouble
	o := cache.Options{TTL: time.Minute, StaleFor: time.Hour, SoftTimeout: time.Minute, Hooks: recordTroubles(&troubles)}
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		wantInfo(t, caches[0], slowly(time.Second, "", fmt.Errorf("query: %w", context.DeadlineExceeded)), "old", cache.Stale)
		synctest.Wait()
		if len(troubles) != 1 {
			t.Errorf("troubles %v, want one", troubles)
		}
	})
}

func TestAStaleValueThatEndsWhileItsCallerWaitsIsNotServed(t *testing.T) {
	o := staleable
	o.StaleFor, o.SoftTimeout = 10*time.Second, 30*time.Second
	down := errors.New("source is down")
	for _, want := range []error{nil, down} {
		fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
			aged(t, caches[0], "old")
			switch got, err := caches[0].Fetch(t.Context(), "k", slowly(20*time.Second, "new", want)); {
			case !errors.Is(err, want), want == nil && got != "new", want != nil && got != "":
				t.Errorf("Fetch = %q, %v; want what the load came to: %v", got, err, want)
			}
		})
		fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
			aged(t, caches[0], "old")
			got, err := caches[0].FetchMany(t.Context(), []string{"k"}, func(ctx context.Context, _ []string) (map[string]string, error) {
				v, err := slowly(20*time.Second, "new", want)(ctx)
				return map[string]string{"k": v}, err
			})
			if !errors.Is(err, want) || want == nil && got["k"] != "new" || want != nil && got["k"] != "" {
				t.Errorf("FetchMany = %q, %v; want what the load came to: %v", got, err, want)
			}
		})
	}
}

func TestASoftTimeoutBeyondTheEndOfAStaleValueWaitsForTheLoad(t *testing.T) {
	o := staleable
	o.StaleFor, o.SoftTimeout = 10*time.Second, 15*time.Second
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		aged(t, caches[0], "old")
		wantInfo(t, caches[0], slowly(20*time.Second, "new", nil), "new", cache.Loaded)
	})
}

func TestWithoutRefreshesAStaleValueIsServedInPlaceOfAnErrorOnly(t *testing.T) {
	o := staleable
	o.Refreshes = -1
	fleet(t, 1, o, func(t *testing.T, _ store.Store, caches []*cache.Cache[string]) {
		c := caches[0]
		aged(t, c, "old")
		wantInfo(t, c, slowly(time.Second, "", errors.New("source is down")), "old", cache.Stale)
		time.Sleep(2 * time.Minute) // the pause after a failure
		wantInfo(t, c, slowly(time.Second, "new", nil), "new", cache.Loaded)
	})
}

// hung is a store that is reached over a network and does not answer: after five seconds, or when its caller
// has no patience left, that is an error.
type hung struct {
	store.Store
	asked atomic.Int64
}

func (h *hung) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	h.asked.Add(1)
	waits := 5 * time.Second
	if d, ok := store.PatienceOf(ctx); ok {
		waits = min(waits, d)
	}
	select {
	case <-time.After(waits):
		return nil, false, store.ErrUnavailable
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

func (h *hung) Ping(context.Context) error { return store.ErrUnavailable }

func (h *hung) As(target any) bool {
	p, ok := target.(*store.Pinger)
	if ok {
		*p = h
	}
	return ok
}

func TestAnImpatientCallerDoesNotWaitForThePatienceOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		raw := openMemory(t)
		defer raw.Close()
		s := &hung{Store: raw}
		c := open[string](t, s, cache.Options{Hooks: staleable.Hooks})
		go func() { _, _ = c.Fetch(t.Context(), "k", slowly(0, "v", nil)) }()
		synctest.Wait()
		hasty, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := c.Fetch(hasty, "k", slowly(0, "v", nil)); got != "v" || err != nil {
			t.Errorf("Fetch = %q, %v; want the loader's value within the deadline", got, err)
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("the store was asked %d times, want once", n)
		}
		time.Sleep(10 * time.Second)
	})
}

// TestAClosingProcessTellsNobody closes a process whose loader returns at once: which of the two ends the lease is
// chance, and neither may hand the cancellation to the others as the source's error.
func TestAClosingProcessTellsNobody(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			s := openMemory(t)
			leaving, err := cache.NewBase(s, cache.Options{})
			must(t, err)
			one, err := cache.On[string](leaving)
			must(t, err)
			other := open[string](t, s, cache.Options{})
			cancelled := newWaits()
			fetching(t, one, "k", cancelled.load)
			<-cancelled.begun
			result := fetching(t, other, "k", slowly(0, "v", nil))
			synctest.Wait() // other waits for one
			must(t, leaving.Close())
			wantFetched(t, result, "v")
			must(t, s.Close())
		})
	}
}
