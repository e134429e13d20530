package storetest

import (
	"fmt"
	"math"
	"time"

	"github.com/cachewright/cachewright/store"
)

// lifetimeRules are the rules of what ends when.
func lifetimeRules() []rule {
	return []rule{
		{name: "an entry lives for its lifetime and not a moment longer", check: lifetimesAreExact},
		{name: "a lifetime below a millisecond is short, not endless", check: func(b *bench) {
			b.set("key", "value", time.Microsecond)
			b.outlive(2 * time.Millisecond)
			b.wantAbsent("key")
		}},
		{name: "a lifetime of centuries does not wrap around", check: centuries},
		{name: "Forever does not end", check: func(b *bench) {
			b.set("key", "value", store.Forever)
			b.add("added", "value", store.Forever, true)
			b.pass(brief)
			b.wantValue("key", "value")
			b.wantValue("added", "value")
		}},
		{name: "an entry that has ended is absent for every operation", check: endedIsAbsent},
		{name: "Set starts a new lifetime", check: func(b *bench) {
			b.set("longer", "value", brief)
			b.set("longer", "value", ample)
			b.set("shorter", "value", ample)
			b.set("shorter", "value", brief)
			b.set("endless", "value", brief)
			b.set("endless", "value", store.Forever)
			b.outlive(brief)
			b.wantValue("longer", "value")
			b.wantAbsent("shorter")
			b.wantValue("endless", "value")
		}},
		{name: "Set with Keep leaves the remaining lifetime", check: setKeep},
		{name: "an entry that is created with Keep lives forever", check: createKeep},
		{name: "an Add that does not store leaves the lifetime alone", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				b.set("key", "value", brief)
				b.add("key", "other", ample, false)
			})
			b.outlive(brief)
			b.wantAbsent("key")
		}},
		{name: "Touch moves the end of an entry", check: touchMoves},
		{name: "Touch with Keep only reports presence", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				b.set("key", "value", brief)
				b.touch("key", store.Keep, true)
			})
			b.outlive(brief)
			b.wantAbsent("key")
		}},
		{name: "Set refuses a lifetime that is none", check: setRefuses},
		{name: "Add refuses a lifetime that is none", check: addRefuses},
		{name: "Touch refuses a lifetime that is none", check: touchRefuses},
	}
}

// noLifetimes are what a store must refuse.
func noLifetimes() []time.Duration {
	return []time.Duration{0, -1, -time.Millisecond, -time.Hour, store.DoNotKeep, math.MinInt64 + 2}
}

func lifetimesAreExact(b *bench) {
	lifetimes := []time.Duration{20 * time.Millisecond, 40 * time.Millisecond}
	if b.o.exact() {
		lifetimes = append(lifetimes, time.Millisecond, 2*time.Millisecond,
			999*time.Millisecond, time.Second, 1500*time.Millisecond, time.Minute)
	}
	for i, life := range lifetimes {
		set, added := fmt.Sprintf("set %d", i), fmt.Sprintf("added %d", i)
		b.hurry(life, func(b *bench) {
			b.clear(added)
			b.set(set, "value", life)
			b.wantValue(set, "value")
			b.add(added, "value", life, true)
			b.wantValue(added, "value")
		})
		if b.o.exact() {
			b.pass(life - time.Millisecond)
			b.wantValue(set, "value")
			b.wantValue(added, "value")
			b.pass(time.Millisecond)
		} else {
			b.outlive(life)
		}
		b.wantAbsent(set)
		b.wantAbsent(added)
	}
}

func centuries(b *bench) {
	const life = store.Forever - 1
	b.set("set", "value", life)
	b.add("added", "value", life, true)
	b.set("touched", "value", ample)
	b.touch("touched", life, true)
	b.pass(brief)
	for _, key := range []string{"set", "added", "touched"} {
		b.wantValue(key, "value")
	}
}

func endedIsAbsent(b *bench) {
	for _, key := range []string{"get", "add", "touch", "touch keep", "delete", "set keep"} {
		b.set(key, "value", brief)
	}
	b.outlive(brief)
	b.wantAbsent("get")
	b.touch("touch", ample, false)
	b.wantAbsent("touch")
	b.touch("touch keep", store.Keep, false)
	b.delete(0, "delete", "get")
	b.add("add", "new", ample, true)
	b.wantValue("add", "new")
	b.set("set keep", "new", store.Keep)
	b.pass(brief)
	b.wantValue("set keep", "new")
}

func setKeep(b *bench) {
	b.set("endless", "first", store.Forever)
	b.set("endless", "second", store.Keep)
	b.set("ample", "first", ample)
	b.set("ample", "second", store.Keep)
	b.hurry(brief, func(b *bench) {
		b.set("brief", "first", brief)
		b.set("brief", "second", store.Keep)
		b.wantValue("brief", "second")
	})
	b.outlive(brief)
	b.wantAbsent("brief")
	b.wantValue("endless", "second")
	b.wantValue("ample", "second")
}

func createKeep(b *bench) {
	b.set("set", "value", store.Keep)
	b.add("added", "value", store.Keep, true)
	b.set("after an end", "value", brief)
	b.outlive(brief)
	b.add("after an end", "new", store.Keep, true)
	b.pass(brief)
	b.wantValue("set", "value")
	b.wantValue("added", "value")
	b.wantValue("after an end", "new")
}

func touchMoves(b *bench) {
	b.set("shorter", "value", ample)
	b.touch("shorter", brief, true)
	b.set("ends", "value", store.Forever)
	b.touch("ends", brief, true)
	b.hurry(brief, func(b *bench) {
		b.set("longer", "value", brief)
		b.touch("longer", ample, true)
		b.set("endless", "value", brief)
		b.touch("endless", store.Forever, true)
	})
	b.outlive(brief)
	b.wantAbsent("shorter")
	b.wantAbsent("ends")
	b.wantValue("longer", "value")
	b.wantValue("endless", "value")
}

func setRefuses(b *bench) {
	b.set("key", "value", ample)
	for _, ttl := range noLifetimes() {
		b.wantRefused("Set with lifetime "+lifetime(ttl), b.s.Set(b.Context(), "key", []byte("new"), ttl))
		b.wantRefused("Set with lifetime "+lifetime(ttl), b.s.Set(b.Context(), "absent", []byte("new"), ttl))
		b.wantValue("key", "value")
		b.wantAbsent("absent")
	}
}

func addRefuses(b *bench) {
	b.set("key", "value", ample)
	for _, ttl := range noLifetimes() {
		for _, key := range []string{"key", "absent"} {
			stored, err := b.s.Add(b.Context(), key, []byte("new"), ttl)
			b.wantRefused("Add with lifetime "+lifetime(ttl), err)
			if stored {
				b.Errorf("Add with lifetime %s = true, want false", lifetime(ttl))
			}
		}
		b.wantValue("key", "value")
		b.wantAbsent("absent")
	}
}

func touchRefuses(b *bench) {
	b.set("key", "value", ample)
	for _, ttl := range noLifetimes() {
		for _, key := range []string{"key", "absent"} {
			found, err := b.s.Touch(b.Context(), key, ttl)
			b.wantRefused("Touch with lifetime "+lifetime(ttl), err)
			if found {
				b.Errorf("Touch with lifetime %s = true, want false", lifetime(ttl))
			}
		}
		b.wantValue("key", "value")
		b.wantAbsent("absent")
	}
}
