package cache_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

func TestCounting(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[int64](t, s, cache.Options{})
		ctx := t.Context()
		if _, found, err := c.Incr(ctx, "k", 1); found || err != nil {
			t.Errorf("Incr of a missing key = %v, %v", found, err)
		}
		must(t, c.Set(ctx, "k", 40, cache.TTL(time.Hour)))
		for _, step := range []struct{ delta, want int64 }{{2, 42}, {0, 42}, {-50, -8}} {
			if n, found, err := c.Incr(ctx, "k", step.delta); n != step.want || !found || err != nil {
				t.Errorf("Incr(%d) = %d, %v, %v; want %d", step.delta, n, found, err, step.want)
			}
		}
		wantGet(t, c, "k", int64(-8))
		if ttl, _, err := c.TTL(ctx, "k"); err != nil || ttl <= cache.DefaultTTL || ttl > time.Hour {
			t.Errorf("the lifetime has changed to %v (%v)", ttl, err)
		}
		must(t, c.Set(ctx, "k", math.MaxInt64))
		if _, _, err := c.Incr(ctx, "k", 1); !errors.Is(err, cache.ErrOverflow) {
			t.Errorf("beyond 64 bits: %v", err)
		}
		wantGet(t, c, "k", int64(math.MaxInt64))
	})
}

func TestOnlyIntegersCount(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		words := open[string](t, s, cache.Options{})
		must(t, words.Set(ctx, "k", "5"))
		if _, _, err := words.Incr(ctx, "k", 1); !errors.Is(err, cache.ErrNotInteger) || !strings.Contains(err.Error(), "string") {
			t.Errorf("Incr on a cache of strings: %v", err)
		}
		anything := open[any](t, s, cache.Options{})
		for _, v := range []any{"5", 5.0, true, nil, []any{int64(5)}} {
			must(t, anything.Set(ctx, "a", v))
			if _, _, err := anything.Incr(ctx, "a", 1); !errors.Is(err, cache.ErrNotInteger) {
				t.Errorf("Incr on %T: %v", v, err)
			}
			wantGet(t, anything, "a", v)
		}
		must(t, anything.Set(ctx, "a", 5))
		if n, found, err := anything.Incr(ctx, "a", 1); n != 6 || !found || err != nil {
			t.Errorf("Incr on an int = %d, %v, %v", n, found, err)
		}
		wantGet[any](t, anything, "a", int64(6))
	})
}

func TestIntegersAreDecimalsInTheStore(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		type age uint8
		must(t, open[int](t, s, cache.Options{Prefix: "i"}).Set(ctx, "k", -42))
		must(t, open[age](t, s, cache.Options{Prefix: "a"}).Set(ctx, "k", 255))
		must(t, open[uint64](t, s, cache.Options{Prefix: "u"}).Set(ctx, "k", math.MaxUint64))
		must(t, open[any](t, s, cache.Options{Prefix: "x"}).Set(ctx, "k", int8(7)))
		for key, want := range map[string]string{"i:1:k": "-42", "a:1:k": "255", "u:1:k": "18446744073709551615", "x:1:k": "7"} {
			if got, _, err := s.Get(ctx, key); string(got) != want || err != nil {
				t.Errorf("%s holds %q, %v; want %q", key, got, err, want)
			}
		}
		wantGet(t, open[age](t, s, cache.Options{Prefix: "a"}), "k", age(255))
		wantGet(t, open[uint64](t, s, cache.Options{Prefix: "u"}), "k", uint64(math.MaxUint64))
		wantGet[any](t, open[any](t, s, cache.Options{Prefix: "u"}), "k", uint64(math.MaxUint64))

		var troubles []cache.Trouble
		narrow := open[int8](t, s, cache.Options{Prefix: "a", Hooks: recordTroubles(&troubles)})
		wantGetMiss(t, narrow, "k")
		if len(troubles) != 1 {
			t.Errorf("a number that does not fit: %v", troubles)
		}
	})
}

func TestNarrowIntegersCountWithinTheirRange(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		small := open[uint8](t, s, cache.Options{Prefix: "s"})
		must(t, small.Set(ctx, "k", 250, cache.TTL(time.Hour)))
		if _, ok := store.As[store.Swapper](s); !ok {
			if _, _, err := small.Incr(ctx, "k", 5); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("without a Swapper: %v, want ErrUnsupported", err)
			}
			return
		}
		if n, found, err := small.Incr(ctx, "k", 5); n != 255 || !found || err != nil {
			t.Errorf("Incr to the largest = %d, %v, %v", n, found, err)
		}
		for _, delta := range []int64{1, -256, math.MaxInt64, math.MinInt64} {
			if _, _, err := small.Incr(ctx, "k", delta); !errors.Is(err, cache.ErrOverflow) {
				t.Errorf("255 and %d: %v, want ErrOverflow", delta, err)
			}
		}
		wantGet(t, small, "k", uint8(255))
		if ttl, _, err := small.TTL(ctx, "k"); err != nil || ttl <= cache.DefaultTTL {
			t.Errorf("the lifetime has changed to %v (%v)", ttl, err)
		}
		if _, found, err := small.Incr(ctx, "absent", 1); found || err != nil {
			t.Errorf("Incr of a missing key = %v, %v", found, err)
		}

		large := open[uint64](t, s, cache.Options{Prefix: "l"})
		must(t, large.Set(ctx, "k", 1<<63+5))
		if _, _, err := large.Incr(ctx, "k", 1); !errors.Is(err, cache.ErrOverflow) {
			t.Errorf("a sum beyond an int64: %v, want ErrOverflow", err)
		}
		if n, _, err := large.Incr(ctx, "k", -6); n != math.MaxInt64 || err != nil {
			t.Errorf("Incr back into range = %d, %v", n, err)
		}
		anything := open[any](t, s, cache.Options{Prefix: "x"})
		must(t, anything.Set(ctx, "k", uint64(math.MaxUint64)))
		if _, _, err := anything.Incr(ctx, "k", 1); !errors.Is(err, cache.ErrOverflow) {
			t.Errorf("a large integer in any: %v, want ErrOverflow", err)
		}
	})
}

func TestHandlesOfOtherSchemasDoNotShareDecodedCopies(t *testing.T) {
	type point struct{ X, Y int }
	eachStore(t, func(t *testing.T, s store.Store) {
		b, err := cache.NewBase(s, cache.Options{})
		must(t, err)
		first, err := cache.On[point](b, cache.Schema("first"))
		must(t, err)
		second, err := cache.On[point](b, cache.Schema("second"))
		must(t, err)
		must(t, first.Set(t.Context(), "k", point{1, 2}))
		wantGet(t, first, "k", point{1, 2})
		wantGetMiss(t, second, "k")
		wantGet(t, first, "k", point{1, 2})
		wantGetMiss(t, second, "k")
	})
}
