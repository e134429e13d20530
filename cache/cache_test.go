package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/memory"
	"github.com/google/go-cmp/cmp"
)

type user struct {
	Name string `json:"name"`
	Age  int    `json:"age"`
}

// eachStore runs test on every store that needs no server; the ones behind interceptors have no
// decoded copies, so both read paths are taken.
func eachStore(t *testing.T, test func(t *testing.T, s store.Store)) {
	t.Helper()
	stores := []struct {
		name string
		open func(t *testing.T) store.Store
	}{
		{"memory", func(t *testing.T) store.Store { return openMemory(t) }},
		{"memory, intercepted", func(t *testing.T) store.Store { return store.Intercept(openMemory(t), watcher{}) }},
		{"bare memory, six operations", func(t *testing.T) store.Store { return bare{openMemory(t)} }},
		{"file", func(t *testing.T) store.Store {
			s, err := file.Open(t.TempDir()+"/cache", file.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}},
	}
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			opened := s.open(t)
			t.Cleanup(func() {
				if err := opened.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, opened)
		})
	}
}

func openMemory(t testing.TB) store.Store {
	t.Helper()
	s, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type watcher struct{}

func (watcher) Before(ctx context.Context, _ *store.Call) (context.Context, error) { return ctx, nil }
func (watcher) After(context.Context, *store.Call)                                 {}

// bare hides every capability but those without which a test of counting and scanning has no subject.
type bare struct{ store.Store }

func (b bare) As(target any) bool {
	switch t := target.(type) {
	case *store.Counter:
		*t, _ = store.As[store.Counter](b.Store)
		return true
	case *store.Inspector:
		*t, _ = store.As[store.Inspector](b.Store)
		return true
	}
	return false
}

func open[V any](t testing.TB, s store.Store, o cache.Options) *cache.Cache[V] {
	t.Helper()
	c, err := cache.New[V](s, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantGet checks that key holds want.
func wantGet[V any](t testing.TB, c *cache.Cache[V], key string, want V) {
	t.Helper()
	got, found, err := c.Get(t.Context(), key)
	if err != nil || !found || !cmp.Equal(got, want) {
		t.Errorf("Get(%q) = %v, %v, %v; want %v", key, got, found, err, want)
	}
}

// wantMiss checks that key is missing, for every way to ask.
func wantMiss[V any](t testing.TB, c *cache.Cache[V], key string) {
	t.Helper()
	ctx := t.Context()
	if got, found, err := c.Get(ctx, key); err != nil || found {
		t.Errorf("Get(%q) = %v, %v, %v; want a miss", key, got, found, err)
	}
	if found, err := c.Has(ctx, key); err != nil || found {
		t.Errorf("Has(%q) = %v, %v; want a miss", key, found, err)
	}
	if _, found, err := c.TTL(ctx, key); err != nil || found {
		t.Errorf("TTL(%q): %v, %v; want a miss", key, found, err)
	}
	if found, err := c.Touch(ctx, key); err != nil || found {
		t.Errorf("Touch(%q) = %v, %v; want a miss", key, found, err)
	}
	if got, err := c.GetMany(ctx, []string{key}); err != nil || len(got) != 0 {
		t.Errorf("GetMany(%q) = %v, %v; want none", key, got, err)
	}
}

func TestAStoredNilIsAHit(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[any](t, s, cache.Options{})
		ctx := t.Context()
		must(t, c.Set(ctx, "k", nil))
		wantGet[any](t, c, "k", nil)
		if found, err := c.Has(ctx, "k"); err != nil || !found {
			t.Errorf("Has = %v, %v", found, err)
		}
		if got, err := c.GetMany(ctx, []string{"k"}); err != nil || len(got) != 1 {
			t.Errorf("GetMany = %v, %v", got, err)
		}
		got, err := c.Fetch(ctx, "k", func(context.Context) (any, error) {
			t.Error("loaded although a nil is stored")
			return nil, nil
		})
		if got != nil || err != nil {
			t.Errorf("Fetch = %v, %v", got, err)
		}
		if v, found, err := c.IncrVersion(ctx, "k", 1); v != 2 || !found || err != nil {
			t.Errorf("IncrVersion = %d, %v, %v", v, found, err)
		}
		wantGet[any](t, c.AtVersion(2), "k", nil)

		p := open[*user](t, s, cache.Options{Prefix: "p"})
		must(t, p.Set(ctx, "k", nil))
		if got, found, err := p.Get(ctx, "k"); got != nil || !found || err != nil {
			t.Errorf("a nil pointer: %v, %v, %v", got, found, err)
		}
	})
}

func TestLifetimeOfZeroOrLessDeletes(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[string](t, s, cache.Options{})
		ctx := t.Context()
		for _, d := range []time.Duration{0, -1, -time.Hour, cache.DoNotKeep} {
			must(t, c.Set(ctx, "k", "old"))
			must(t, c.Set(ctx, "k", "new", cache.TTL(d)))
			wantMiss(t, c, "k")

			must(t, c.SetMany(ctx, map[string]string{"k": "old"}))
			must(t, c.SetMany(ctx, map[string]string{"k": "new"}, cache.TTL(d)))
			wantMiss(t, c, "k")

			if stored, err := c.Add(ctx, "k", "v", cache.TTL(d)); !stored || err != nil {
				t.Errorf("Add of an absent key = %v, %v; want true", stored, err)
			}
			wantMiss(t, c, "k")

			must(t, c.Set(ctx, "k", "old"))
			if stored, err := c.Add(ctx, "k", "v", cache.TTL(d)); stored || err != nil {
				t.Errorf("Add of a present key = %v, %v; want false", stored, err)
			}
			wantGet(t, c, "k", "old")
			if found, err := c.Touch(ctx, "k", cache.TTL(d)); !found || err != nil {
				t.Errorf("Touch = %v, %v; want true", found, err)
			}
			wantMiss(t, c, "k")
		}
	})
}

func TestDefaultLifetimes(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		for _, test := range []struct{ ttl, want time.Duration }{
			{0, cache.DefaultTTL}, {time.Hour, time.Hour}, {cache.Forever, cache.Forever},
		} {
			c := open[string](t, s, cache.Options{TTL: test.ttl})
			must(t, c.Set(ctx, "k", "v"))
			got, found, err := c.TTL(ctx, "k")
			if err != nil || !found || got > test.want || got < test.want-time.Minute {
				t.Errorf("TTL %v: %v, %v, %v left", test.ttl, got, found, err)
			}
		}
		c := open[string](t, s, cache.Options{TTL: cache.DoNotKeep})
		must(t, c.Set(ctx, "k", "v"))
		wantMiss(t, c, "k")
		must(t, c.Set(ctx, "k", "v", cache.TTL(time.Minute)))
		wantGet(t, c, "k", "v")
	})
}

func TestATinyLifetimeIsRoundedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		defer s.Close()
		c := open[string](t, s, cache.Options{})
		must(t, c.Set(t.Context(), "k", "v", cache.TTL(time.Nanosecond)))
		wantGet(t, c, "k", "v")
		time.Sleep(time.Millisecond)
		wantMiss(t, c, "k")
	})
}

func TestExpiredMeansAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		defer s.Close()
		c := open[any](t, s, cache.Options{})
		ctx := t.Context()
		expire := func() {
			must(t, c.Set(ctx, "k", 1, cache.TTL(time.Second)))
			time.Sleep(time.Second)
		}
		expire()
		wantMiss(t, c, "k")
		expire()
		if stored, err := c.Add(ctx, "k", 2); !stored || err != nil {
			t.Errorf("Add = %v, %v", stored, err)
		}
		expire()
		if _, found, err := c.Incr(ctx, "k", 1); found || err != nil {
			t.Errorf("Incr = %v, %v", found, err)
		}
		expire()
		if n, err := c.Delete(ctx, "k"); n != 0 || err != nil {
			t.Errorf("Delete = %d, %v", n, err)
		}
		expire()
		if _, found, err := c.IncrVersion(ctx, "k", 1); found || err != nil {
			t.Errorf("IncrVersion = %v, %v", found, err)
		}
	})
}

func TestAddKeepsWhatIsThere(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[user](t, s, cache.Options{})
		ctx := t.Context()
		if stored, err := c.Add(ctx, "k", user{"ada", 36}); !stored || err != nil {
			t.Errorf("first Add = %v, %v", stored, err)
		}
		if stored, err := c.Add(ctx, "k", user{"bob", 1}); stored || err != nil {
			t.Errorf("second Add = %v, %v", stored, err)
		}
		wantGet(t, c, "k", user{"ada", 36})
	})
}

func TestAddTakesThePlaceOfWhatCannotBeRead(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		var troubles []cache.Trouble
		c := open[user](t, s, cache.Options{Hooks: recordTroubles(&troubles)})
		ctx := t.Context()
		must(t, s.Set(ctx, ":1:k", []byte("not a record"), time.Hour))
		wantGetMiss(t, c, "k")
		if len(troubles) == 0 || !strings.Contains(troubles[0].Err.Error(), "not a record") {
			t.Errorf("troubles: %v", troubles)
		}
		if stored, err := c.Add(ctx, "k", user{"ada", 36}); !stored || err != nil {
			t.Errorf("Add = %v, %v", stored, err)
		}
		wantGet(t, c, "k", user{"ada", 36})
	})
}

func wantGetMiss[V any](t testing.TB, c *cache.Cache[V], key string) {
	t.Helper()
	if got, found, err := c.Get(t.Context(), key); found || err != nil {
		t.Errorf("Get(%q) = %v, %v, %v; want a miss", key, got, found, err)
	}
}

func recordTroubles(into *[]cache.Trouble) cache.Hooks {
	var mu sync.Mutex
	return cache.Hooks{Trouble: func(_ context.Context, t cache.Trouble) {
		mu.Lock()
		defer mu.Unlock()
		*into = append(*into, t)
	}}
}

func TestManyKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[user](t, s, cache.Options{Prefix: "p"})
		ctx := t.Context()
		must(t, c.SetMany(ctx, map[string]user{"a": {"ada", 1}, "b": {"bob", 2}}))
		got, err := c.GetMany(ctx, []string{"a", "missing", "b", "a"})
		want := map[string]user{"a": {"ada", 1}, "b": {"bob", 2}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("GetMany: %v (-want +got):\n%s", err, diff)
		}
		if got, err := c.GetMany(ctx, nil); len(got) != 0 || got == nil || err != nil {
			t.Errorf("GetMany of nothing = %v, %v", got, err)
		}
		must(t, c.SetMany(ctx, nil))
		if n, err := c.Delete(ctx, "a", "b", "b", "missing"); n != 2 || err != nil {
			t.Errorf("Delete = %d, %v", n, err)
		}
		if n, err := c.Delete(ctx); n != 0 || err != nil {
			t.Errorf("Delete of nothing = %d, %v", n, err)
		}
	})
}

func TestOneBadKeyOfMany(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[string](t, s, cache.Options{})
		ctx := t.Context()
		long := strings.Repeat("x", 300)
		err := c.SetMany(ctx, map[string]string{"good": "v", long: "v"})
		wantOnlyBad := func(err error) {
			t.Helper()
			var failed cache.KeyErrors
			var keyError *cache.KeyError
			if !errors.As(err, &failed) || len(failed) != 1 || !errors.As(failed[long], &keyError) {
				t.Errorf("got %v, want KeyErrors with the long key", err)
			}
		}
		wantOnlyBad(err)
		got, err := c.GetMany(ctx, []string{"good", long})
		wantOnlyBad(err)
		if got["good"] != "v" {
			t.Errorf("the good key is lost: %v", got)
		}
		n, err := c.Delete(ctx, "good", long)
		wantOnlyBad(err)
		if n != 1 {
			t.Errorf("deleted %d", n)
		}
		var keyError *cache.KeyError
		if _, err := c.Delete(ctx, long); !errors.As(err, &keyError) {
			t.Errorf("Delete of the long key alone: %v", err)
		}
	})
}

func TestAValueOfManyThatDoesNotEncodeLeavesWhatIsThere(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[any](t, s, cache.Options{})
		must(t, c.Set(t.Context(), "bad", "old"))
		err := c.SetMany(t.Context(), map[string]any{"good": "new", "bad": make(chan int)})
		var failed cache.KeyErrors
		if !errors.As(err, &failed) || len(failed) != 1 || failed["bad"] == nil {
			t.Errorf("SetMany: %v, want an error for one key", err)
		}
		wantGet[any](t, c, "good", "new")
		wantGet[any](t, c, "bad", "old")
	})
}

// blind answers every Get with a miss.
type blind struct{ watcher }

func (blind) After(_ context.Context, c *store.Call) {
	if c.Op == store.OpGet {
		c.Value, c.Found = nil, false
	}
}

func TestAddEndsOnAStoreThatContradictsItself(t *testing.T) {
	s := openMemory(t)
	must(t, open[string](t, s, cache.Options{}).Set(t.Context(), "k", "v"))
	stored, err := open[string](t, store.Intercept(s, blind{}), cache.Options{}).Add(t.Context(), "k", "other")
	if stored || err != nil {
		t.Errorf("Add = %v, %v; the store said that the key is there", stored, err)
	}
}

func TestABadKeyReachesNoStore(t *testing.T) {
	s := openMemory(t)
	must(t, s.Close()) // any call would answer ErrClosed
	c := open[int](t, s, cache.Options{})
	ctx := t.Context()
	long := strings.Repeat("x", 251)
	errs := map[string]error{}
	_, _, errs["Get"] = c.Get(ctx, long)
	errs["Set"] = c.Set(ctx, long, 1)
	_, errs["Add"] = c.Add(ctx, long, 1)
	_, errs["Touch"] = c.Touch(ctx, long)
	_, errs["Has"] = c.Has(ctx, long)
	_, _, errs["TTL"] = c.TTL(ctx, long)
	_, _, errs["Incr"] = c.Incr(ctx, long, 1)
	_, _, errs["IncrVersion"] = c.IncrVersion(ctx, long, 1)
	_, errs["Fetch"] = c.Fetch(ctx, long, func(context.Context) (int, error) { return 1, nil })
	for call, err := range errs {
		if _, ok := err.(*cache.KeyError); !ok {
			t.Errorf("%s: %T %v, want a *KeyError", call, err, err)
		}
	}
	if _, _, err := c.Get(ctx, "k"); !errors.Is(err, cache.ErrClosed) {
		t.Errorf("Get of a good key: %v", err)
	}
}

func TestTheCallersCancellationIsItsContextError(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		var troubles []cache.Trouble
		c := open[user](t, s, cache.Options{Hooks: recordTroubles(&troubles)})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := c.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
			t.Errorf("Get: %v", err)
		}
		if err := c.Set(ctx, "k", user{}); !errors.Is(err, context.Canceled) {
			t.Errorf("Set: %v", err)
		}
		_, err := c.Fetch(ctx, "k", func(context.Context) (user, error) { return user{}, nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Fetch: %v", err)
		}
		if len(troubles) != 0 {
			t.Errorf("troubles: %v", troubles)
		}
	})
}

func TestErrorsSayWhatWhereAndWhy(t *testing.T) {
	s := openMemory(t)
	must(t, s.Close())
	c := open[string](t, s, cache.Options{Name: "users"})
	_, _, err := c.Get(t.Context(), "42")
	if got, want := err.Error(), `cachewright: get "42" in "users": store closed`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAddHasOneWinner(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[int](t, s, cache.Options{})
		won := make(chan bool, 8)
		for i := range 8 {
			go func() {
				stored, err := c.Add(t.Context(), "k", i)
				won <- stored && err == nil
			}()
		}
		winners := 0
		for range 8 {
			if <-won {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d winners", winners)
		}
	})
}
