package storetest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

// batchRules are the rules of [store.Batcher].
func batchRules() []rule {
	return needing(Batcher, []rule{
		{name: "GetMany answers in the order of the keys, nil for an absent one", check: func(b *bench) {
			b.set("a", "1", ample)
			b.set("b", "2", ample)
			b.set("ended", "3", brief)
			b.outlive(brief)
			b.wantMany([]string{"b", "absent", "a", "ended"}, []byte("2"), nil, []byte("1"), nil)
		}},
		{name: "GetMany never answers nil for an empty value", check: func(b *bench) {
			b.set("empty", "", ample)
			b.wantMany([]string{"absent", "empty"}, nil, []byte{})
		}},
		{name: "GetMany answers duplicate keys each", check: func(b *bench) {
			b.set("a", "1", ample)
			b.wantMany([]string{"a", "absent", "a", "absent", "a"}, []byte("1"), nil, []byte("1"), nil, []byte("1"))
		}},
		{name: "GetMany and SetMany without keys do nothing", check: func(b *bench) {
			b.wantMany(nil)
			b.wantMany([]string{})
			b.setMany(nil)
			b.setMany([]store.Item{})
		}},
		{name: "slices from GetMany stay valid when the keys change", check: func(b *bench) {
			b.set("a", "first", ample)
			b.set("b", "second", ample)
			values, err := need[store.Batcher](b).GetMany(b.Context(), []string{"a", "b"})
			if err != nil {
				b.Fatalf("GetMany: %v", err)
			}
			b.set("a", "FIRST", ample)
			b.delete(1, "b")
			if diff := cmp.Diff([][]byte{[]byte("first"), []byte("second")}, values); diff != "" {
				b.Errorf("slices from GetMany have changed (-want +got):\n%s", diff)
			}
		}},
		{name: "SetMany stores every item", check: func(b *bench) {
			b.set("b", "old", ample)
			b.setMany([]store.Item{item("a", "1"), item("b", ""), {Key: "c"}, item("\xff\x00", "\x00")})
			for key, value := range map[string]string{"a": "1", "b": "", "c": "", "\xff\x00": "\x00"} {
				b.wantValue(key, value)
			}
		}},
		{name: "SetMany lets the last of duplicate keys win", check: func(b *bench) {
			b.setMany([]store.Item{item("a", "1"), item("b", "2"), item("a", "3")})
			b.wantValue("a", "3")
			b.wantValue("b", "2")
		}},
		{name: "SetMany copies the values", check: func(b *bench) {
			value := []byte("value")
			b.setMany([]store.Item{{Key: "a", Value: value}})
			copy(value, "VALUE")
			b.wantValue("a", "value")
		}},
		{name: "SetMany gives every item the lifetime", check: setManyLifetime},
		{name: "SetMany refuses a lifetime that is none", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, ttl := range noLifetimes() {
				items := []store.Item{item("key", "new"), item("absent", "new")}
				err := need[store.Batcher](b).SetMany(b.Context(), items, ttl)
				b.wantRefused("SetMany with lifetime "+lifetime(ttl), err)
				b.wantValue("key", "value")
				b.wantAbsent("absent")
			}
		}},
		{name: "GetMany and SetMany take thousands of keys", check: thousands},
	})
}

// needing returns rules with their need filled in.
func needing(c Capability, rules []rule) []rule {
	for i := range rules {
		rules[i].needs = c
	}
	return rules
}

func item(key, value string) store.Item { return store.Item{Key: key, Value: []byte(value)} }

func (b *bench) wantMany(keys []string, want ...[]byte) {
	b.Helper()
	got, err := need[store.Batcher](b).GetMany(b.Context(), keys)
	if err != nil {
		b.Fatalf("GetMany(%q): %v", keys, err)
	}
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.Fatalf("GetMany(%q) (-want +got):\n%s", keys, diff)
	}
}

func (b *bench) setMany(items []store.Item) {
	b.Helper()
	for _, item := range items {
		b.used[item.Key] = true
	}
	if err := need[store.Batcher](b).SetMany(b.Context(), items, ample); err != nil {
		b.Fatalf("SetMany of %d items: %v", len(items), err)
	}
}

func setManyLifetime(b *bench) {
	batcher := need[store.Batcher](b)
	items := func(keys ...string) (items []store.Item) {
		for _, key := range keys {
			b.used[key] = true
			items = append(items, item(key, "value"))
		}
		return items
	}
	note := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatalf("SetMany: %v", err)
		}
	}
	note(batcher.SetMany(b.Context(), items("brief", "brief too"), brief))
	note(batcher.SetMany(b.Context(), items("endless"), store.Forever))
	b.hurry(brief, func(b *bench) {
		b.clear("new")
		b.set("kept", "old", brief)
		note(batcher.SetMany(b.Context(), items("kept", "new"), store.Keep))
		b.wantValue("kept", "value")
	})
	b.outlive(brief)
	for _, key := range []string{"brief", "brief too", "kept"} {
		b.wantAbsent(key)
	}
	b.wantValue("endless", "value")
	b.wantValue("new", "value")
}

func thousands(b *bench) {
	const total = 2500
	keys, values, items := make([]string, total), make([][]byte, total), make([]store.Item, total)
	for i := range total {
		keys[i], values[i] = fmt.Sprintf("key:%d", i), fmt.Append(nil, "value ", i)
		items[i] = store.Item{Key: keys[i], Value: values[i]}
	}
	b.setMany(items)
	b.wantMany(keys, values...)
}
