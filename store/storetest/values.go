package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// valueRules are the rules of keys, values and the answers of the basic operations.
func valueRules() []rule {
	return []rule{
		{name: "Get of an absent key finds nothing", check: func(b *bench) { b.wantAbsent("absent") }},
		{name: "Set stores a value for Get", check: func(b *bench) {
			b.set("key", "value", ample)
			b.wantValue("key", "value")
			b.wantAbsent("other")
		}},
		{name: "Set replaces whatever was there", check: func(b *bench) {
			for _, value := range []string{"a long first value", "second", "", "a third value, longer than all"} {
				b.set("key", value, ample)
				b.wantValue("key", value)
			}
		}},
		{name: "an empty value is a hit", check: emptyValues},
		{name: "values are any bytes", check: anyValues},
		{name: "keys are any bytes", check: anyKeys},
		{name: "Set copies the value", check: setCopies},
		{name: "Add copies the value", check: addCopies},
		{name: "a slice from Get stays valid when the key changes", check: slicesStay},
		{name: "Add stores only if the key is absent", check: func(b *bench) {
			b.add("key", "first", ample, true)
			b.add("key", "second", ample, false)
			b.wantValue("key", "first")
			b.delete(1, "key")
			b.add("key", "third", ample, true)
			b.wantValue("key", "third")
		}},
		{name: "Add counts an empty value as present", check: func(b *bench) {
			b.set("key", "", ample)
			b.add("key", "second", ample, false)
			b.wantValue("key", "")
		}},
		{name: "Touch of an absent key reports false and creates nothing", check: func(b *bench) {
			for _, ttl := range []time.Duration{ample, store.Forever, store.Keep} {
				b.touch("key", ttl, false)
				b.wantAbsent("key")
			}
		}},
		{name: "Touch leaves the value as it is", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, ttl := range []time.Duration{ample, store.Forever, store.Keep} {
				b.touch("key", ttl, true)
				b.wantValue("key", "value")
			}
		}},
		{name: "Delete removes keys and counts those that were there", check: func(b *bench) {
			for _, key := range []string{"a", "b", "c"} {
				b.set(key, key, ample)
			}
			b.delete(2, "a", "absent", "b")
			b.wantAbsent("a")
			b.wantAbsent("b")
			b.wantValue("c", "c")
			b.delete(0, "a", "b")
		}},
		{name: "Delete counts a key that is named twice once", check: func(b *bench) {
			b.set("a", "1", ample)
			b.set("b", "2", ample)
			b.delete(2, "a", "b", "a", "a", "absent", "absent")
		}},
		{name: "Delete without keys does nothing", check: func(b *bench) {
			b.set("key", "value", ample)
			b.delete(0)
			b.wantValue("key", "value")
		}},
		{name: "Delete takes thousands of keys", check: func(b *bench) {
			keys := make([]string, 2500)
			for i := range keys {
				keys[i] = fmt.Sprintf("key:%d", i)
				b.set(keys[i], "value", ample)
			}
			b.set("stays", "value", ample)
			b.delete(len(keys), keys...)
			b.wantAbsent(keys[0])
			b.wantAbsent(keys[len(keys)-1])
			b.wantValue("stays", "value")
		}},
	}
}

func emptyValues(b *bench) {
	for _, value := range [][]byte{nil, {}} {
		b.used["key"] = true
		if err := b.s.Set(b.Context(), "key", value, ample); err != nil {
			b.Fatalf("Set of an empty value: %v", err)
		}
		b.wantValue("key", "")
		b.delete(1, "key")
		if stored, err := b.s.Add(b.Context(), "key", value, ample); !stored || err != nil {
			b.Fatalf("Add of an empty value = %v, %v; want true", stored, err)
		}
		b.wantValue("key", "")
		b.delete(1, "key")
	}
}

// everyByte holds each byte value once.
func everyByte() string {
	var s strings.Builder
	for c := range 256 {
		s.WriteByte(byte(c))
	}
	return s.String()
}

func anyValues(b *bench) {
	for _, value := range []string{"\x00", "\xff\xfe", "\r\n", everyByte(), strings.Repeat("v", 1<<20)} {
		b.set("key", value, ample)
		b.wantValue("key", value)
	}
}

func anyKeys(b *bench) {
	keys := []string{
		"", " ", "\x00", "a\x00b", "a\x00", "a", "A", "\xff\xfe not UTF-8", "\r\n", "ключ", "key with spaces", "../../up", "/",
		".", "..", "a/b", `a\b`, "*", "a*", "a?", "[a]", `\*`, "{tag}:1", "%s", everyByte(),
		strings.Repeat("k", 250), strings.Repeat("k", 251), strings.Repeat("\xf0", 10<<10), strings.Repeat("k", 10<<10),
	}
	for i, key := range keys {
		b.set(key, fmt.Sprint(i), ample)
	}
	for i, key := range keys {
		b.wantValue(key, fmt.Sprint(i))
		b.add(key, "other", ample, false)
		b.touch(key, ample, true)
	}
	for i, key := range keys {
		b.delete(1, key)
		b.wantAbsent(key)
		if i+1 < len(keys) {
			b.wantValue(keys[i+1], fmt.Sprint(i+1))
		}
	}
}

func setCopies(b *bench) {
	b.used["key"] = true
	value := []byte("value")
	if err := b.s.Set(b.Context(), "key", value, ample); err != nil {
		b.Fatalf("Set: %v", err)
	}
	copy(value, "VALUE")
	b.wantValue("key", "value")
}

func addCopies(b *bench) {
	b.used["key"] = true
	value := []byte("value")
	if stored, err := b.s.Add(b.Context(), "key", value, ample); !stored || err != nil {
		b.Fatalf("Add = %v, %v; want true", stored, err)
	}
	copy(value, "VALUE")
	b.wantValue("key", "value")
}

func slicesStay(b *bench) {
	b.set("key", "first value", ample)
	value, _ := b.get("key")
	b.set("key", "FIRST VALUE", ample)
	b.set("key", "2", ample)
	b.delete(1, "key")
	for i := range 100 {
		b.set(fmt.Sprintf("key:%d", i), "other value", ample)
		b.get(fmt.Sprintf("key:%d", i))
	}
	if string(value) != "first value" {
		b.Errorf("a slice from Get has changed to %q, want %q", value, "first value")
	}
}
