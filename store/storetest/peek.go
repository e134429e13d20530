package storetest

import (
	"fmt"
	"strings"

	"github.com/cachewright/cachewright/store"
)

// peekRules are the rules of [store.Peeker].
func peekRules() []rule {
	return needing(Peeker, []rule{
		{name: "Peek returns what begins each value, in the order of the keys", check: func(b *bench) {
			b.set("long", strings.Repeat("0123456789", 5000), ample)
			b.set("short", "01", ample)
			b.set("bytes", "\x00\xff\r\n\x00", ample)
			b.wantHeads(3, []string{"short", "long", "bytes", "long"}, "01", "012", "\x00\xff\r", "012")
			b.wantHeads(1, []string{"long"}, "0")
			b.wantHeads(1<<20, []string{"short"}, "01")
		}},
		{name: "Peek returns nil for an absent key, and never for an empty value", check: func(b *bench) {
			b.set("empty", "", ample)
			b.set("ended", "value", brief)
			b.outlive(brief)
			heads := b.peek(3, []string{"absent", "empty", "ended"})
			if heads[0] != nil || heads[1] == nil || len(heads[1]) > 0 || heads[2] != nil {
				b.Errorf("Peek = %#v; want nil, an empty slice, nil", heads)
			}
		}},
		{name: "Peek takes thousands of keys, and none", check: func(b *bench) {
			var keys, want []string
			for i := range 2500 {
				keys = append(keys, fmt.Sprintf("key:%d", i))
				want = append(want, fmt.Sprintf("%04d", i))
				b.set(keys[i], want[i]+" and more", ample)
			}
			b.wantHeads(4, keys, want...)
			b.wantHeads(4, nil)
		}},
		{name: "Peek refuses a length that is none", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, n := range []int{0, -1} {
				_, err := need[store.Peeker](b).Peek(b.Context(), []string{"key"}, n)
				b.wantRefused(fmt.Sprintf("Peek of %d bytes", n), err)
			}
		}},
	})
}

func (b *bench) peek(n int, keys []string) [][]byte {
	b.Helper()
	heads, err := need[store.Peeker](b).Peek(b.Context(), keys, n)
	if err != nil || len(heads) != len(keys) {
		b.Fatalf("Peek of %d keys = %d heads, %v", len(keys), len(heads), err)
	}
	return heads
}

// wantHeads fails the rule unless the values of keys, which are there, begin as wanted.
func (b *bench) wantHeads(n int, keys []string, want ...string) {
	b.Helper()
	for i, head := range b.peek(n, keys) {
		if head == nil || string(head) != want[i] {
			b.Fatalf("Peek of %d bytes of %s = %s; want %s", n, quote(keys[i]), quote(string(head)), quote(want[i]))
		}
	}
}
