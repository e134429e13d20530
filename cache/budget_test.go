package cache_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/cachewright/cachewright/cache"
)

// unchanging is a type whose readers promise by Clone not to change it.
type unchanging struct{ Tags []string }

func (u unchanging) Clone() unchanging { return u }

// TestBudgetsOfAllocations bounds what the hot paths on a store in memory allocate. Under the race detector a
// sync.Pool forgets one time in four, so budgets that encode have room for that.
func TestBudgetsOfAllocations(t *testing.T) {
	ctx := context.Background()
	s := openMemory(t)
	clones := open[unchanging](t, s, cache.Options{Prefix: "clones"})
	must(t, clones.Set(ctx, "k", unchanging{Tags: []string{"a"}}))
	if _, found, err := clones.Get(ctx, "k"); !found || err != nil {
		t.Fatal(found, err)
	}
	scalars := open[hit](t, s, cache.Options{Prefix: "shop"})
	blobs := open[[]byte](t, s, cache.Options{Prefix: "blobs"})
	value := make([]byte, 1024)
	keys := make([]string, 100)
	for i := range keys {
		keys[i] = "user:" + strconv.Itoa(i)
		must(t, blobs.Set(ctx, keys[i], value))
	}
	must(t, scalars.Set(ctx, "k", hit{ID: 1}))
	wantGet(t, scalars, "k", hit{ID: 1}) // leaves the decoded copy
	fetched := 0
	for _, c := range []struct {
		path string
		most float64
		of   string
		call func() error
	}{
		{"Get of a scalar struct", 0, "nothing", func() error { _, _, err := scalars.Get(ctx, "k"); return err }},
		{"Get of a struct whose Clone needs nothing", 0, "nothing", func() error { _, _, err := clones.Get(ctx, "k"); return err }},
		{"Has", 0, "nothing", func() error { _, err := scalars.Has(ctx, "k"); return err }},
		{"Get of bytes", 5, "the final key, the value and what it is read into", func() error { _, _, err := blobs.Get(ctx, keys[0]); return err }},
		{"Set of a scalar struct", 5, "the final key, the value to be encoded; the store's entry and copy", func() error {
			return scalars.Set(ctx, "set", hit{ID: 2})
		}},
		{"Fetch of a new key", 45, "the flight with its goroutine, context and timers; two writes of the store", func() error {
			fetched++
			_, err := scalars.Fetch(ctx, "new:"+strconv.Itoa(fetched), func(context.Context) (hit, error) { return hit{ID: 3}, nil })
			return err
		}},
		{"GetMany of 100", 330, "three for each key, and the maps", func() error { _, err := blobs.GetMany(ctx, keys); return err }},
	} {
		var failed error
		if got := testing.AllocsPerRun(200, func() { failed = c.call() }); got > c.most {
			t.Errorf("%s allocates %v times, want at most %v: %s", c.path, got, c.most, c.of)
		}
		must(t, failed)
	}
}
