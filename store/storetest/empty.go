package storetest

import (
	"slices"
	"testing"

	"github.com/cachewright/cachewright/store"
)

// RunEmpty fails t for every rule that the stores of open break in the contract of a store that keeps
// nothing: every write is taken and forgotten, every read is a miss, and apart from that (lifetimes,
// contexts, Close) it is a [store.Store] like any other.
func RunEmpty(t *testing.T, open Open, o Options) {
	t.Helper()
	bothWays(t, open, o, emptyRules())
}

func emptyRules() []rule {
	rules := []rule{
		{name: "Set takes a value and forgets it", check: func(b *bench) {
			b.set("key", "value", store.Forever)
			b.set("key", "value", store.Keep)
			b.wantAbsent("key")
		}},
		{name: "Add is always told true", check: func(b *bench) {
			b.add("key", "value", ample, true)
			b.add("key", "value", ample, true)
			b.wantAbsent("key")
		}},
		{name: "Touch and Delete find nothing", check: func(b *bench) {
			b.set("key", "value", ample)
			b.touch("key", ample, false)
			b.touch("key", store.Keep, false)
			b.delete(0, "key", "key", "other")
		}},
		{name: "lifetimes that are none are refused", check: emptyRefuses},
		{name: "a context that is done ends every call", check: (*bench).wantCancelled},
		{name: "GetMany finds nothing for each key", needs: Batcher, check: func(b *bench) {
			b.setMany([]store.Item{item("a", "1"), item("b", "2")})
			b.wantMany([]string{"a", "b", "a"}, nil, nil, nil)
			b.wantMany(nil)
		}},
		{name: "Incr finds nothing", needs: Counter, check: func(b *bench) {
			b.set("key", "1", ample)
			b.wantNoIncr("key")
		}},
		{name: "Swap succeeds on absence only", needs: Swapper, check: func(b *bench) {
			b.swap("key", nil, []byte("value"), ample, true)
			b.swap("key", []byte("value"), []byte("new"), ample, false)
			b.swap("key", []byte{}, nil, ample, false)
			b.wantAbsent("key")
			_, err := need[store.Swapper](b).Swap(b.Context(), "key", nil, nil, ample)
			b.wantRefused("Swap of nil for nil", err)
		}},
		{name: "Peek finds nothing for each key", needs: Peeker, check: func(b *bench) {
			b.set("key", "value", ample)
			if heads := b.peek(1, []string{"key", "key"}); heads[0] != nil || heads[1] != nil {
				b.Errorf("Peek = %q, want nothing", heads)
			}
		}},
		{name: "every lease is given, and every one stands", needs: Leaser, check: func(b *bench) { b.leases().emptyGives() }},
		{name: "every lease beside is given, and every one stands", needs: Beside, check: func(b *bench) {
			b.besides().emptyGives()
			b.besides().void("key")
			if err := need[store.Beside](b).VoidMatching(b.Context(), "k", "*"); err != nil {
				b.Errorf("VoidMatching: %v", err)
			}
		}},
		{name: "Scan and TTL find nothing", needs: Inspector, check: func(b *bench) {
			b.set("key", "value", ample)
			b.wantScan("", "*")
			b.wantNoTTL("key")
		}},
		{name: "View finds nothing", needs: Viewer, check: func(b *bench) {
			b.set("key", "value", ample)
			found, err := need[store.Viewer](b).View(b.Context(), "key", func([]byte) error {
				b.Errorf("View calls decode")
				return nil
			})
			if found || err != nil {
				b.Errorf("View = %v, %v; want false", found, err)
			}
		}},
		{name: "Object finds nothing", needs: Objects, check: func(b *bench) {
			b.set("key", "value", ample)
			need[store.Objects](b).Attach("key", []byte("value"), "object")
			b.wantNoObject("key")
		}},
	}
	return slices.Concat(rules, closeRules(), clockRules(), tickerRules(), pingRules())
}

func (s steps) emptyGives() {
	for _, lease := range []string{"one", "another"} {
		s.claim("key", lease, ample, granted)
		s.extend("key", lease, "next", ample, true)
		s.commit("key", lease, "value", ample, true)
		s.yield("key", lease, nil, -1, true)
	}
	s.b.wantAbsent("key")
	if woken, _ := s.Await("key"); woken != nil {
		s.b.Errorf("Await returns a channel, though no lease stands in anybody's way")
	}
}

func emptyRefuses(b *bench) {
	for _, ttl := range noLifetimes() {
		b.wantRefused("Set with lifetime "+lifetime(ttl), b.s.Set(b.Context(), "key", []byte("value"), ttl))
		_, err := b.s.Add(b.Context(), "key", []byte("value"), ttl)
		b.wantRefused("Add with lifetime "+lifetime(ttl), err)
		_, err = b.s.Touch(b.Context(), "key", ttl)
		b.wantRefused("Touch with lifetime "+lifetime(ttl), err)
		if batcher, ok := store.As[store.Batcher](b.s); ok {
			b.wantRefused("SetMany with lifetime "+lifetime(ttl),
				batcher.SetMany(b.Context(), []store.Item{item("key", "value")}, ttl))
		}
		if swapper, ok := store.As[store.Swapper](b.s); ok {
			_, err = swapper.Swap(b.Context(), "key", nil, []byte("value"), ttl)
			b.wantRefused("Swap with lifetime "+lifetime(ttl), err)
		}
		if leaser, ok := store.As[store.Leaser](b.s); ok {
			_, err = leaser.Claim(b.Context(), "key", []byte("lease"), ttl)
			b.wantRefused("Claim with lifetime "+lifetime(ttl), err)
			_, err = leaser.Commit(b.Context(), "key", []byte("lease"), []byte("value"), ttl)
			b.wantRefused("Commit with lifetime "+lifetime(ttl), err)
		}
	}
}
