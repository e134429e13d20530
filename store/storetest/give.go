package storetest

import (
	"bytes"

	"github.com/cachewright/cachewright/store"
)

// giverRules are the rules of [store.Giver].
func giverRules() []rule {
	const value = "what is stored"
	scribble := func(b *bench, given ...[]byte) {
		b.Helper()
		for i, v := range given {
			if string(v) != value {
				b.Errorf("answer %d is %s, want %s", i, quote(string(v)), quote(value))
			}
			copy(v, bytes.Repeat([]byte("x"), len(v)))
		}
		b.wantValue("key", value)
	}
	return needing(Giver, []rule{
		{name: "what Get hands out is the caller's own", check: func(b *bench) {
			b.set("key", value, ample)
			var given [3][]byte
			for i := range given {
				given[i], _, _ = b.s.Get(b.Context(), "key")
			}
			scribble(b, given[:]...)
		}},
		{name: "what GetMany hands out is the caller's own", check: func(b *bench) {
			b.set("key", value, ample)
			batcher, ok := store.As[store.Batcher](b.s)
			if !ok {
				return
			}
			given, err := batcher.GetMany(b.Context(), []string{"key", "key", "key"})
			if err != nil {
				b.Fatalf("GetMany: %v", err)
			}
			scribble(b, given...)
		}},
	})
}
