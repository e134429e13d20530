package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

// many is more keys than one page of a scan has on any backend.
const many = 2500

// scanRules are the rules of [store.Inspector]'s Scan.
func scanRules() []rule {
	return needing(Inspector, []rule{
		{name: "Scan of an empty store yields nothing", check: func(b *bench) { b.wantScan("", "*") }},
		{name: "Scan yields the keys that begin with the prefix", check: func(b *bench) {
			for _, key := range []string{"", "user", "user:", "user:1", "user:2", "User:3", "xuser:4", "user\x00", "\xff"} {
				b.set(key, "value", ample)
			}
			b.wantScan("user:", "*", "user:", "user:1", "user:2")
			b.wantScan("user", "*", "user", "user:", "user:1", "user:2", "user\x00")
			b.wantScan("nobody", "*")
			b.wantScan("", "*", "", "User:3", "user", "user\x00", "user:", "user:1", "user:2", "xuser:4", "\xff")
		}},
		{name: "Scan takes the prefix literally", check: literalPrefix},
		{name: "Scan matches the remainder as Match does", check: patterns},
		{name: "Scan leaves out entries that have ended", check: func(b *bench) {
			b.set("a", "value", ample)
			b.set("b", "value", brief)
			b.set("c", "value", store.Forever)
			b.outlive(brief)
			b.wantScan("", "*", "a", "c")
		}},
		{name: "Scan yields each of thousands of keys exactly once", check: func(b *bench) {
			want := b.fill("key:")
			b.fill("other:")
			b.wantScan("key:", "*", want...)
		}},
		{name: "Scan yields what stays exactly once while other keys come and go", check: scanWhileChanging},
		{name: "Scan may be left early and used again", check: func(b *bench) {
			want := b.fill("key:")
			for range need[store.Inspector](b).Scan(b.Context(), "", "*") {
				break
			}
			b.wantScan("", "*", want...)
		}},
		{name: "keys may be deleted in the loop over a Scan", check: func(b *bench) {
			b.fill("key:")
			removed := 0
			for key, err := range need[store.Inspector](b).Scan(b.Context(), "key:", "*") {
				if err != nil {
					b.Fatalf("Scan: %v", err)
				}
				b.delete(1, key)
				removed++
			}
			if removed != many {
				b.Errorf("Scan yielded %d of %d keys", removed, many)
			}
			b.wantScan("", "*")
		}},
		{name: "a context that is done ends a Scan under way", check: func(b *bench) {
			b.fill("key:")
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var last error
			for _, err := range need[store.Inspector](b).Scan(ctx, "", "*") {
				if last != nil {
					b.Fatalf("Scan goes on after its first error")
				}
				cancel()
				last = err
			}
			if !errors.Is(last, context.Canceled) {
				b.Errorf("Scan whose context is cancelled in its loop ended with %v, want %v", last, context.Canceled)
			}
		}},
	})
}

// fill stores many keys that begin with prefix and returns them.
func (b *bench) fill(prefix string) []string {
	b.Helper()
	keys := make([]string, many)
	for i := range keys {
		keys[i] = fmt.Sprintf("%s%d", prefix, i)
		b.set(keys[i], "value", ample)
	}
	return keys
}

// scan returns what Scan yields, sorted.
func (b *bench) scan(prefix, pattern string) []string {
	b.Helper()
	var keys []string
	for key, err := range need[store.Inspector](b).Scan(b.Context(), prefix, pattern) {
		if err != nil {
			b.Fatalf("Scan(%s, %s): %v", quote(prefix), quote(pattern), err)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (b *bench) wantScan(prefix, pattern string, want ...string) {
	b.Helper()
	want = slices.Sorted(slices.Values(want))
	if diff := cmp.Diff(want, b.scan(prefix, pattern)); diff != "" {
		b.Fatalf("Scan(%s, %s) (-want +got):\n%s", quote(prefix), quote(pattern), diff)
	}
}

func literalPrefix(b *bench) {
	prefixes := []string{"a*b:", "a?b:", "[ab]:", `a\b:`, `a\*b:`, "[^a]:", "a]b:", "[a-z]:", "{a}:", "*", "?", `\`, "["}
	for _, key := range []string{"aXb:1", "ab:1", "a:1", "b:1", "c:1", "aXXb:1", `a\Xb:1`} {
		b.set(key, "value", ample)
	}
	for _, prefix := range prefixes {
		b.set(prefix+"1", "value", ample)
	}
	for _, prefix := range prefixes {
		var want []string
		for key := range b.used {
			if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
				want = append(want, key)
			}
		}
		b.wantScan(prefix, "*", want...)
	}
}

func patterns(b *bench) {
	remainders := []string{
		"", "a", "b", "ab", "abc", "a:b", "a/b", "*", "a*", "[a]", "?", `\`, "a-c", "A", "\x00", "a\xffb", "ä", "^", "]", "-",
	}
	for _, r := range remainders {
		b.set("p:"+r, "value", ample)
		b.set("q:"+r, "value", ample)
	}
	for _, pattern := range []string{
		"", "*", "**", "?", "??", "a*", "*b", "*b*", "a?c", "[ab]", "[a-c]", "[c-a]", "[^a]", "[^a-c]*", `\*`, `a\*`,
		`\?`, `\[a\]`, `\\`, "a", "a:b", "a[:/]b", "[]]", "[]", "[^]", "[a", "[a-", `[\]]`, `[\-]`, `\`, "*\xff*", "\x00", "nothing",
	} {
		var want []string
		for _, r := range remainders {
			if store.Match(pattern, r) {
				want = append(want, "p:"+r)
			}
		}
		b.wantScan("p:", pattern, want...)
	}
}

func scanWhileChanging(b *bench) {
	want := b.fill("stays:")
	for i := range 500 {
		b.set(fmt.Sprintf("goes:%d", i), "value", ample)
	}
	seen := make(map[string]int)
	i := 0
	for key, err := range need[store.Inspector](b).Scan(b.Context(), "", "*") {
		if err != nil {
			b.Fatalf("Scan: %v", err)
		}
		seen[key]++
		if i < 500 {
			b.clear(fmt.Sprintf("goes:%d", i))
			if i%2 == 0 {
				b.set(fmt.Sprintf("comes:%d", i), "value", ample)
			}
			b.set(want[i], "changed", ample)
			i++
		}
	}
	for _, key := range want {
		if seen[key] != 1 {
			b.Errorf("Scan yielded %s, which was there all the time, %d times", quote(key), seen[key])
		}
	}
}

// inspectRules are the rules of [store.Inspector]'s TTL.
func inspectRules() []rule {
	return needing(Inspector, []rule{
		{name: "TTL of an absent key finds nothing", check: func(b *bench) {
			b.wantNoTTL("absent")
			b.set("ended", "value", brief)
			b.outlive(brief)
			b.wantNoTTL("ended")
		}},
		{name: "TTL says Forever for an entry without an end", check: func(b *bench) {
			b.set("set", "value", store.Forever)
			b.set("kept", "value", store.Keep)
			b.set("touched", "value", ample)
			b.touch("touched", store.Forever, true)
			for _, key := range []string{"set", "kept", "touched"} {
				if got := b.ttl(key); got != store.Forever {
					b.Errorf("TTL(%s) = %s, want Forever", quote(key), lifetime(got))
				}
			}
		}},
		{name: "TTL is what remains of the lifetime", check: remains},
		{name: "TTL is never zero or less for an entry that is there", check: neverZero},
		{name: "TTL of a lifetime of centuries is centuries", check: func(b *bench) {
			b.set("key", "value", store.Forever-1)
			if got, want := b.ttl("key"), 100*365*24*time.Hour; got < want {
				b.Errorf("TTL = %v, want more than %v", got, want)
			}
		}},
	})
}

func (b *bench) ttl(key string) time.Duration {
	b.Helper()
	ttl, found, err := need[store.Inspector](b).TTL(b.Context(), key)
	if err != nil || !found {
		b.Fatalf("TTL(%s) = %v, %v, %v; want a lifetime", quote(key), ttl, found, err)
	}
	return ttl
}

func (b *bench) wantNoTTL(key string) {
	b.Helper()
	ttl, found, err := need[store.Inspector](b).TTL(b.Context(), key)
	if err != nil || found {
		b.Fatalf("TTL(%s) = %v, %v, %v; want nothing", quote(key), ttl, found, err)
	}
}

// wantTTL fails the rule unless the remaining lifetime of key is want, to the millisecond. In real
// time it may be as much less as the rule has been running, which hurry bounds.
func (b *bench) wantTTL(key string, want time.Duration) {
	b.Helper()
	got, slack := b.ttl(key), time.Millisecond
	least := want - slack
	if !b.o.exact() {
		least -= time.Minute
	}
	if got < least || got > want+slack {
		b.Errorf("TTL(%s) = %v, want %v", quote(key), got, want)
	}
}

func remains(b *bench) {
	b.hurry(time.Minute, func(b *bench) {
		b.clear("added")
		b.set("key", "value", ample)
		b.wantTTL("key", ample)
		b.pass(brief)
		b.wantTTL("key", ample-brief)
		b.set("key", "other", store.Keep)
		b.wantTTL("key", ample-brief)
		b.touch("key", store.Keep, true)
		b.wantTTL("key", ample-brief)
		b.touch("key", 2*ample, true)
		b.wantTTL("key", 2*ample)
		b.add("added", "value", 3*ample, true)
		b.wantTTL("added", 3*ample)
	})
}

func neverZero(b *bench) {
	inspector := need[store.Inspector](b)
	const life = 5 * time.Millisecond
	b.set("key", "value", life)
	for range 200 {
		ttl, found, err := inspector.TTL(b.Context(), "key")
		if err != nil {
			b.Fatalf("TTL: %v", err)
		}
		if !found {
			return
		}
		if ttl <= 0 || ttl > life+time.Millisecond {
			b.Fatalf("TTL = %v for an entry that is there, want more than 0 and at most %v", ttl, life)
		}
		b.pass(100 * time.Microsecond)
	}
	b.Errorf("an entry that was to live %v is still there long after", life)
}
