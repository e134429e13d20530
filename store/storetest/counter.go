package storetest

import (
	"errors"
	"math"
	"strconv"

	"github.com/cachewright/cachewright/store"
)

// counterRules are the rules of [store.Counter].
func counterRules() []rule {
	return needing(Counter, []rule{
		{name: "Incr adds to a decimal and returns the sum", check: sums},
		{name: "Incr of an absent key creates nothing", check: func(b *bench) {
			b.wantNoIncr("absent")
			b.set("ended", "1", brief)
			b.outlive(brief)
			b.wantNoIncr("ended")
		}},
		{name: "Incr leaves a plain decimal for Get", check: func(b *bench) {
			b.set("key", "9", ample)
			b.wantIncr("key", 1, 10)
			b.wantValue("key", "10")
			b.wantIncr("key", -11, -1)
			b.wantValue("key", "-1")
		}},
		{name: "Incr refuses a value that is not a decimal", check: notIntegers},
		{name: "Incr refuses a sum beyond 64 bits", check: overflows},
		{name: "Incr keeps the lifetime", check: func(b *bench) {
			b.set("endless", "1", store.Forever)
			b.set("ample", "1", ample)
			b.hurry(brief, func(b *bench) {
				b.set("brief", "1", brief)
				b.wantIncr("brief", 1, 2)
			})
			b.wantIncr("endless", 1, 2)
			b.wantIncr("ample", 1, 2)
			b.outlive(brief)
			b.wantAbsent("brief")
			b.wantValue("endless", "2")
			b.wantValue("ample", "2")
		}},
		{name: "concurrent Incrs lose nothing", check: func(b *bench) {
			counter := need[store.Counter](b)
			b.set("key", "0", ample)
			const each = 200
			together(func(int) {
				for range each {
					if _, found, err := counter.Incr(b.Context(), "key", 1); err != nil || !found {
						b.Errorf("Incr = %v, %v; want true", found, err)
					}
				}
			})
			b.wantValue("key", strconv.Itoa(workers*each))
		}},
	})
}

func (b *bench) wantIncr(key string, delta, want int64) {
	b.Helper()
	n, found, err := need[store.Counter](b).Incr(b.Context(), key, delta)
	if n != want || !found || err != nil {
		b.Fatalf("Incr(%s, %d) = %d, %v, %v; want %d, true", quote(key), delta, n, found, err, want)
	}
}

func (b *bench) wantNoIncr(key string) {
	b.Helper()
	n, found, err := need[store.Counter](b).Incr(b.Context(), key, 1)
	if n != 0 || found || err != nil {
		b.Fatalf("Incr(%s, 1) = %d, %v, %v; want 0, false", quote(key), n, found, err)
	}
	b.wantAbsent(key)
}

func sums(b *bench) {
	for _, c := range []struct {
		value       string
		delta, want int64
	}{
		{"0", 1, 1},
		{"41", 1, 42},
		{"41", 0, 41},
		{"-3", 2, -1},
		{"5", -5, 0},
		{"5", -7, -2},
		{"9223372036854775806", 1, math.MaxInt64},
		{"-9223372036854775807", -1, math.MinInt64},
		{"-9223372036854775808", 0, math.MinInt64},
		{"-9223372036854775808", math.MaxInt64, -1},
		{"9223372036854775807", math.MinInt64, -1},
		{"0", math.MinInt64, math.MinInt64},
	} {
		b.set("key", c.value, ample)
		b.wantIncr("key", c.delta, c.want)
		b.wantValue("key", strconv.FormatInt(c.want, 10))
	}
}

func notIntegers(b *bench) {
	for _, value := range []string{
		"", " ", "one", "1.0", "1e3", "0x1", "+1", "01", "-0", "-", "--1", " 1", "1 ", "1\n", "1\x00", "1_000",
		"9223372036854775808", "-9223372036854775809", "18446744073709551617", "100000000000000000000",
	} {
		b.set("key", value, ample)
		b.wantIncrError("key", value, 1, store.ErrNotInteger)
	}
}

func overflows(b *bench) {
	for _, c := range []struct {
		value string
		delta int64
	}{
		{"9223372036854775807", 1},
		{"1", math.MaxInt64},
		{"-9223372036854775808", -1},
		{"-1", math.MinInt64},
	} {
		b.set("key", c.value, ample)
		b.wantIncrError("key", c.value, c.delta, store.ErrOverflow)
	}
}

// wantIncrError fails the rule unless Incr answers with want and leaves value as it is.
func (b *bench) wantIncrError(key, value string, delta int64, want error) {
	b.Helper()
	n, _, err := need[store.Counter](b).Incr(b.Context(), key, delta)
	if !errors.Is(err, want) {
		b.Errorf("Incr of %s by %d = %d, %v; want %v", quote(value), delta, n, err, want)
	}
	b.wantValue(key, value)
}
