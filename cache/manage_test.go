package cache_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

func TestVersions(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[string](t, s, cache.Options{Prefix: "p", Version: 2})
		ctx := t.Context()
		must(t, c.Set(ctx, "k", "two", cache.TTL(time.Hour)))
		wantGetMiss(t, c.AtVersion(1), "k")
		wantGet(t, c.AtVersion(2), "k", "two")
		must(t, c.AtVersion(0).Set(ctx, "k", "zero"))
		wantGet(t, c, "k", "two")

		if v, found, err := c.IncrVersion(ctx, "k", 3); v != 5 || !found || err != nil {
			t.Errorf("IncrVersion = %d, %v, %v", v, found, err)
		}
		wantGetMiss(t, c, "k")
		wantGet(t, c.AtVersion(5), "k", "two")
		if ttl, _, err := c.AtVersion(5).TTL(ctx, "k"); ttl <= cache.DefaultTTL || ttl > time.Hour || err != nil {
			t.Errorf("the lifetime did not move: %v, %v", ttl, err)
		}
		if v, found, err := c.AtVersion(5).IncrVersion(ctx, "k", 0); v != 5 || !found || err != nil {
			t.Errorf("IncrVersion by 0 = %d, %v, %v", v, found, err)
		}
		wantGet(t, c.AtVersion(5), "k", "two")
		if v, found, err := c.AtVersion(5).IncrVersion(ctx, "k", -5); v != 0 || !found || err != nil {
			t.Errorf("IncrVersion by -5 = %d, %v, %v", v, found, err)
		}
		wantGet(t, c.AtVersion(0), "k", "two")
		if _, found, err := c.IncrVersion(ctx, "missing", 1); found || err != nil {
			t.Errorf("IncrVersion of a missing key = %v, %v", found, err)
		}
		if got := c.AtVersion(7).Version(); got != 7 {
			t.Errorf("Version = %d", got)
		}
		n := open[int](t, s, cache.Options{Prefix: "n"})
		must(t, n.Set(ctx, "k", 5))
		if _, found, err := n.IncrVersion(ctx, "k", 1); !found || err != nil {
			t.Errorf("IncrVersion of a number = %v, %v", found, err)
		}
		wantGet(t, n.AtVersion(2), "k", 5)
	})
}

func TestKeysAndPatterns(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[string](t, s, cache.Options{Prefix: "a:b"})
		ctx := t.Context()
		for _, key := range []string{"user:1", "user:2", "user:30", "page", "*", "[x]"} {
			must(t, c.Set(ctx, key, "v"))
		}
		must(t, c.AtVersion(2).Set(ctx, "user:9", "v"))
		must(t, s.Set(ctx, "foreign", []byte("v"), store.Forever))
		for pattern, want := range map[string][]string{
			"*":       {"*", "[x]", "page", "user:1", "user:2", "user:30"},
			"user:?":  {"user:1", "user:2"},
			"user:*":  {"user:1", "user:2", "user:30"},
			`\*`:      {"*"},
			"[pq]age": {"page"},
			"nothing": nil,
		} {
			if got := collect(t, c, pattern); !slices.Equal(got, want) {
				t.Errorf("Keys(%q) = %q, want %q", pattern, got, want)
			}
		}
		n, err := c.DeletePattern(ctx, "user:?")
		if n != 2 || err != nil {
			t.Errorf("DeletePattern = %d, %v", n, err)
		}
		if got := collect(t, c, "*"); !slices.Equal(got, []string{"*", "[x]", "page", "user:30"}) {
			t.Errorf("left: %q", got)
		}
		must(t, c.Clear(ctx))
		if got := collect(t, c, "*"); got != nil {
			t.Errorf("left after Clear: %q", got)
		}
		wantGet(t, c.AtVersion(2), "user:9", "v")
		if _, found, err := s.Get(ctx, "foreign"); !found || err != nil {
			t.Errorf("Clear took a foreign key: %v, %v", found, err)
		}
	})
}

func collect[V any](t testing.TB, c *cache.Cache[V], pattern string) []string {
	t.Helper()
	var keys []string
	for key, err := range c.Keys(t.Context(), pattern) {
		must(t, err)
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func TestNamespaces(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		base, err := cache.NewBase(s, cache.Options{Prefix: "p"})
		must(t, err)
		users, err := cache.On[user](base, cache.Namespace("user"))
		must(t, err)
		pages, err := cache.On[string](base, cache.Namespace("page"))
		must(t, err)
		ctx := t.Context()
		must(t, users.Set(ctx, "42", user{"ada", 36}))
		must(t, pages.Set(ctx, "42", "html"))
		if _, found, err := s.Get(ctx, "p:1:user:42"); !found || err != nil {
			t.Errorf("p:1:user:42: %v, %v", found, err)
		}
		if got := collect(t, users, "*"); !slices.Equal(got, []string{"42"}) {
			t.Errorf("Keys = %q", got)
		}
		must(t, users.Clear(ctx))
		wantGetMiss(t, users, "42")
		wantGet(t, pages, "42", "html")
		must(t, base.Close())
	})
}

func TestManyKeysBeyondOneBatch(t *testing.T) {
	c := open[int](t, openMemory(t), cache.Options{})
	ctx := t.Context()
	values := map[string]int{}
	for i := range 1000 {
		values[time.Duration(i).String()] = i
	}
	must(t, c.SetMany(ctx, values))
	if got := collect(t, c, "*"); len(got) != 1000 {
		t.Errorf("%d keys", len(got))
	}
	for range c.Keys(ctx, "*") {
		break // an early end must not hang or panic
	}
	if n, err := c.DeletePattern(ctx, "*"); n != 1000 || err != nil {
		t.Errorf("DeletePattern = %d, %v", n, err)
	}
}
