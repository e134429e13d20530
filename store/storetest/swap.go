package storetest

import (
	"strconv"
	"time"

	"github.com/cachewright/cachewright/store"
)

// swapRules are the rules of [store.Swapper].
func swapRules() []rule {
	return needing(Swapper, []rule{
		{name: "Swap replaces a value that still is the old one", check: func(b *bench) {
			b.set("key", "old", ample)
			b.swap("key", []byte("old"), []byte("new"), ample, true)
			b.wantValue("key", "new")
			b.swap("key", []byte("new"), []byte{}, ample, true)
			b.wantValue("key", "")
			b.swap("key", []byte{}, []byte("last"), ample, true)
			b.wantValue("key", "last")
		}},
		{name: "Swap leaves a value that is another one", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				b.set("key", "value", brief)
				for _, old := range []string{"", "valu", "value ", "VALUE"} {
					b.swap("key", []byte(old), []byte("new"), ample, false)
					b.swap("key", []byte(old), nil, ample, false)
				}
				b.wantValue("key", "value")
			})
			b.outlive(brief)
			b.wantAbsent("key")
		}},
		{name: "a nil old stands for an absent key", check: func(b *bench) {
			b.swap("key", nil, []byte("new"), ample, true)
			b.wantValue("key", "new")
			b.swap("key", nil, []byte("other"), ample, false)
			b.wantValue("key", "new")
			b.set("empty", "", ample)
			b.swap("empty", nil, []byte("other"), ample, false)
			b.wantValue("empty", "")
		}},
		{name: "an absent key never equals a non-nil old", check: func(b *bench) {
			for _, old := range [][]byte{{}, []byte("old")} {
				b.swap("absent", old, []byte("new"), ample, false)
				b.wantAbsent("absent")
				b.swap("absent", old, nil, ample, false)
			}
		}},
		{name: "an ended entry counts as absent for Swap", check: func(b *bench) {
			b.set("a", "old", brief)
			b.set("b", "old", brief)
			b.set("c", "old", brief)
			b.outlive(brief)
			b.swap("a", []byte("old"), []byte("new"), ample, false)
			b.swap("b", []byte("old"), nil, ample, false)
			b.wantAbsent("a")
			b.swap("c", nil, []byte("new"), ample, true)
			b.wantValue("c", "new")
		}},
		{name: "a nil new deletes, whatever the lifetime", check: func(b *bench) {
			for _, ttl := range append(noLifetimes(), ample, store.Keep, store.Forever) {
				b.set("key", "value", ample)
				b.swap("key", []byte("value"), nil, ttl, true)
				b.wantAbsent("key")
			}
			b.set("empty", "", ample)
			b.swap("empty", []byte{}, nil, ample, true)
			b.wantAbsent("empty")
		}},
		{name: "Swap of nothing for nothing is refused", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, key := range []string{"key", "absent"} {
				swapped, err := need[store.Swapper](b).Swap(b.Context(), key, nil, nil, ample)
				b.wantRefused("Swap of nil for nil", err)
				if swapped {
					b.Errorf("Swap of nil for nil = true, want false")
				}
			}
			b.wantValue("key", "value")
		}},
		{name: "Swap starts a new lifetime, and keeps it with Keep", check: swapLifetime},
		{name: "Swap refuses a lifetime that is none", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, ttl := range noLifetimes() {
				_, err := need[store.Swapper](b).Swap(b.Context(), "key", []byte("value"), []byte("new"), ttl)
				b.wantRefused("Swap with lifetime "+lifetime(ttl), err)
				_, err = need[store.Swapper](b).Swap(b.Context(), "absent", nil, []byte("new"), ttl)
				b.wantRefused("Swap with lifetime "+lifetime(ttl), err)
				b.wantValue("key", "value")
				b.wantAbsent("absent")
			}
		}},
		{name: "Swap copies the value", check: func(b *bench) {
			value := []byte("value")
			b.swap("key", nil, value, ample, true)
			copy(value, "VALUE")
			b.wantValue("key", "value")
		}},
		{name: "Swaps under contention lose nothing", check: contention},
	})
}

func (b *bench) swap(key string, old, new []byte, ttl time.Duration, want bool) {
	b.Helper()
	b.used[key] = true
	got, err := need[store.Swapper](b).Swap(b.Context(), key, old, new, ttl)
	if got != want || err != nil {
		b.Fatalf("Swap(%s, %q, %q, %s) = %v, %v; want %v", quote(key), old, new, lifetime(ttl), got, err, want)
	}
}

func swapLifetime(b *bench) {
	value, other := []byte("value"), []byte("other")
	b.set("shorter", "value", ample)
	b.swap("shorter", value, other, brief, true)
	b.swap("created", nil, value, brief, true)
	b.swap("created with Keep", nil, value, store.Keep, true)
	b.set("endless", "value", store.Forever)
	b.swap("endless", value, other, store.Keep, true)
	b.hurry(brief, func(b *bench) {
		b.set("kept", "value", brief)
		b.swap("kept", value, other, store.Keep, true)
		b.set("longer", "value", brief)
		b.swap("longer", value, other, ample, true)
	})
	b.outlive(brief)
	for _, key := range []string{"shorter", "created", "kept"} {
		b.wantAbsent(key)
	}
	b.wantValue("created with Keep", "value")
	b.wantValue("endless", "other")
	b.wantValue("longer", "other")
}

// contention lets all workers count by Get and Swap. Each retries until its Swap was told true, so
// that the sum is exact if and only if no Swap was told true in vain.
func contention(b *bench) {
	const each = 200
	swapper := need[store.Swapper](b)
	b.set("key", "0", ample)
	together(func(int) {
		for range each {
			for swapped := false; !swapped; {
				old, found, err := b.s.Get(b.Context(), "key")
				if err != nil || !found {
					b.Errorf("Get = %v, %v; want a value", found, err)
					return
				}
				n, err := strconv.Atoi(string(old))
				if err != nil {
					b.Errorf("Get returned %q, want a number", old)
					return
				}
				swapped, err = swapper.Swap(b.Context(), "key", old, strconv.AppendInt(nil, int64(n+1), 10), ample)
				if err != nil {
					b.Errorf("Swap: %v", err)
					return
				}
			}
		}
	})
	b.wantValue("key", strconv.Itoa(workers*each))
}
