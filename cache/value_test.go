package cache_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/google/go-cmp/cmp"
)

type profile struct {
	Name    string            `cache:"n" json:"name"`
	Emails  []string          `json:"emails"`
	Manager *profile          `json:"manager,omitempty"`
	Tags    map[string]string `json:"tags"`
	Seen    time.Time         `json:"seen"`
	Secret  string            `json:"-"`
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		seen := time.Date(2026, 2, 3, 4, 5, 6, 789, time.FixedZone("", 3600))
		p := profile{Name: "ada", Emails: []string{"a@b"}, Manager: &profile{Name: "bob"}, Tags: map[string]string{"k": "v"}, Seen: seen}
		profiles := open[profile](t, s, cache.Options{Prefix: "p"})
		must(t, profiles.Set(ctx, "k", p))
		got, found, err := profiles.Get(ctx, "k")
		if diff := cmp.Diff(p, got); diff != "" || !found || err != nil {
			t.Errorf("%v %v (-want +got):\n%s", found, err, diff)
		}

		anything := open[any](t, s, cache.Options{Prefix: "x"})
		for _, v := range []any{nil, true, int64(5), 5.0, "5", []byte("12"), []any{int64(1), "a", nil}, map[string]any{"a": map[string]any{"b": int64(2)}}} {
			must(t, anything.Set(ctx, "k", v))
			wantGet(t, anything, "k", v)
		}
		must(t, open[[]byte](t, s, cache.Options{Prefix: "b"}).Set(ctx, "k", []byte{}))
		wantGet(t, open[[]byte](t, s, cache.Options{Prefix: "b"}), "k", []byte{})
		must(t, open[struct{}](t, s, cache.Options{Prefix: "e"}).Set(ctx, "k", struct{}{}))
		wantGet(t, open[struct{}](t, s, cache.Options{Prefix: "e"}), "k", struct{}{})
	})
}

func TestValuesAreIsolated(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		c := open[profile](t, s, cache.Options{})
		ctx := t.Context()
		p := profile{Emails: []string{"mine"}}
		must(t, c.Set(ctx, "k", p))
		p.Emails[0] = "changed by the writer"
		first, _, err := c.Get(ctx, "k")
		must(t, err)
		first.Emails[0] = "changed by a reader"
		second, _, err := c.Get(ctx, "k")
		must(t, err)
		if second.Emails[0] != "mine" {
			t.Errorf("got %q", second.Emails[0])
		}
	})
}

func TestTypesWithNothingToEncodeAreRefused(t *testing.T) {
	type hidden struct{ a, b int }
	type outer struct {
		Name  string
		Inner []map[string]hidden
	}
	s := openMemory(t)
	_, err := cache.New[outer](s, cache.Options{Name: "users"})
	if err == nil || !strings.Contains(err.Error(), "outer.Inner") || !strings.Contains(err.Error(), "unexported") {
		t.Errorf("got %v, want the path to the culprit", err)
	}
	if _, err := cache.New[chan int](s, cache.Options{}); err == nil {
		t.Error("a channel is taken")
	}
	if _, err := cache.New[time.Time](s, cache.Options{}); err != nil {
		t.Errorf("a type that marshals itself: %v", err)
	}
}

func TestARecordOfAnotherTypeIsAMiss(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		var troubles []cache.Trouble
		o := cache.Options{Hooks: recordTroubles(&troubles)}
		must(t, open[user](t, s, o).Set(ctx, "k", user{"ada", 36}))
		wantGetMiss(t, open[profile](t, s, o), "k")
		if len(troubles) == 0 || !strings.Contains(troubles[0].Err.Error(), "another type") || troubles[0].Key != "k" {
			t.Errorf("troubles: %v", troubles)
		}
		var decode *cache.DecodeError
		if !errors.As(troubles[0].Err, &decode) || decode.Key != "k" {
			t.Errorf("trouble: %T", troubles[0].Err)
		}
		got, err := open[profile](t, s, o).Fetch(ctx, "k", func(context.Context) (profile, error) { return profile{Name: "new"}, nil })
		if got.Name != "new" || err != nil {
			t.Errorf("Fetch = %v, %v", got, err)
		}
		// An any handle reads every type, and what it writes is read by every type that it fits.
		must(t, open[user](t, s, o).Set(ctx, "k", user{"ada", 36}))
		wantGet[any](t, open[any](t, s, o), "k", map[string]any{"name": "ada", "age": int64(36)})
		must(t, open[any](t, s, o).Set(ctx, "k", map[string]any{"name": "bob", "age": 7}))
		wantGet(t, open[user](t, s, o), "k", user{"bob", 7})
	})
}

func TestASchemaNamesTheShape(t *testing.T) {
	type person struct {
		Name string `json:"name"`
	}
	s := openMemory(t)
	base, err := cache.NewBase(s, cache.Options{})
	must(t, err)
	old, err := cache.On[user](base, cache.Schema("user v1"))
	must(t, err)
	renamed, err := cache.On[person](base, cache.Schema("user v1"))
	must(t, err)
	next, err := cache.On[user](base, cache.Schema("user v2"))
	must(t, err)
	must(t, old.Set(t.Context(), "k", user{"ada", 36}))
	wantGet(t, renamed, "k", person{"ada"})
	wantGetMiss(t, next, "k")
}

func TestARecordUnderAnotherKeyIsAMiss(t *testing.T) {
	s := openMemory(t)
	var troubles []cache.Trouble
	c := open[user](t, s, cache.Options{Hooks: recordTroubles(&troubles)})
	ctx := t.Context()
	must(t, c.Set(ctx, "mine", user{"ada", 36}))
	value, _, err := s.Get(ctx, ":1:mine")
	must(t, err)
	must(t, s.Set(ctx, ":1:yours", value, time.Hour))
	wantGetMiss(t, c, "yours")
	if len(troubles) != 1 || !strings.Contains(troubles[0].Err.Error(), "another key") {
		t.Errorf("troubles: %v", troubles)
	}
}

func TestCompression(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		long := strings.Repeat("all work and no play ", 200)
		size := func(o cache.Options, v string) int {
			c := open[string](t, s, o)
			must(t, c.Set(ctx, "k", v))
			wantGet(t, c, "k", v)
			value, _, err := s.Get(ctx, ":1:k")
			must(t, err)
			return len(value)
		}
		plain, small := size(cache.Options{}, long), size(cache.Options{Compress: true}, long)
		if small*2 > plain {
			t.Errorf("%d bytes plain, %d compressed", plain, small)
		}
		if a, b := size(cache.Options{}, "short"), size(cache.Options{Compress: true}, "short"); a != b {
			t.Errorf("a short value: %d bytes plain, %d compressed", a, b)
		}
		// A reader without the option reads compressed values.
		must(t, open[string](t, s, cache.Options{Compress: true}).Set(ctx, "k", long))
		wantGet(t, open[string](t, s, cache.Options{}), "k", long)
	})
}

func TestATypedMemoryHitDoesNotAllocate(t *testing.T) {
	c := open[user](t, openMemory(t), cache.Options{Prefix: "p"})
	ctx := context.Background()
	must(t, c.Set(ctx, "user:000000000000042", user{"ada", 36}))
	for range 2 {
		wantGet(t, c, "user:000000000000042", user{"ada", 36})
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = c.Get(ctx, "user:000000000000042") }); n != 0 {
		t.Errorf("Get: %v allocations", n)
	}
	load := func(context.Context) (user, error) { return user{}, nil }
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Fetch(ctx, "user:000000000000042", load) }); n != 0 {
		t.Errorf("Fetch: %v allocations", n)
	}
}

func TestADecodedCopyGoesWithItsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		defer s.Close()
		c := open[user](t, s, cache.Options{})
		ctx := t.Context()
		must(t, c.Set(ctx, "k", user{"ada", 36}, cache.TTL(time.Minute)))
		wantGet(t, c, "k", user{"ada", 36})
		must(t, c.Set(ctx, "k", user{"bob", 7}, cache.TTL(time.Minute)))
		wantGet(t, c, "k", user{"bob", 7})
		wantGet(t, c, "k", user{"bob", 7})
		time.Sleep(time.Minute)
		wantMiss(t, c, "k")
	})
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	s := openMemory(t)
	for name, o := range map[string]cache.Options{
		"a negative TTL":          {TTL: -time.Second},
		"a negative load timeout": {LoadTimeout: -1},
		"a negative absence":      {AbsentFor: -1},
		"an unknown key mode":     {Keys: "loose"},
		"an overlong prefix":      {Prefix: strings.Repeat("p", 300)},
	} {
		if _, err := cache.NewBase(s, o); err == nil || !strings.Contains(err.Error(), `cache "cache"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := cache.NewBase(bare{s}, cache.Options{AbsentFor: time.Second}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("absence on a store that cannot swap: %v", err)
	}
}

type sixOperations struct{ store.Store }

func TestWithoutACapabilityTheErrorSaysSo(t *testing.T) {
	s := openMemory(t)
	c := open[int](t, sixOperations{s}, cache.Options{})
	ctx := t.Context()
	must(t, c.Set(ctx, "k", 1))
	errs := map[string]error{}
	_, _, errs["Incr"] = c.Incr(ctx, "k", 1)
	_, _, errs["TTL"] = c.TTL(ctx, "k")
	_, _, errs["IncrVersion"] = c.IncrVersion(ctx, "k", 1)
	errs["Clear"] = c.Clear(ctx)
	for _, err := range c.Keys(ctx, "*") {
		errs["Keys"] = err
	}
	if len(errs) != 5 {
		t.Errorf("%d calls", len(errs))
	}
	for call, err := range errs {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", call, err)
		}
	}
	wantGet(t, c, "k", 1)
	if got, err := c.GetMany(ctx, []string{"k", "missing"}); len(got) != 1 || err != nil {
		t.Errorf("GetMany = %v, %v", got, err)
	}
}

// giving is a store that hands out copies, and remembers them.
type giving struct {
	store.Store

	mu        sync.Mutex // guards handedOut
	handedOut [][]byte
}

func (*giving) Gives() {}

func (g *giving) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, found, err := g.Store.Get(ctx, key)
	value = bytes.Clone(value)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.handedOut = append(g.handedOut, value)
	return value, found, err
}

// TestBytesOfAGiverAreNotCopied asks for values with Get and GetMany and looks whether they are what the store has
// handed out.
func TestBytesOfAGiverAreNotCopied(t *testing.T) {
	page := strings.Repeat("page ", 100)
	for _, tt := range []struct {
		name  string
		store func(g *giving) store.Store
		value string
		taken bool
	}{
		{"a page of a giver", func(g *giving) store.Store { return g }, page, true},
		{"a few bytes, which would keep a header in memory", func(g *giving) store.Store { return g }, "few", false},
		{"a page of a store that promises nothing", func(g *giving) store.Store { return struct{ store.Store }{g} }, page, false},
		{"a page behind an interceptor", func(g *giving) store.Store { return store.Intercept(g, watcher{}) }, page, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &giving{Store: openMemory(t)}
			ctx, s := t.Context(), tt.store(g)
			pages, texts := open[[]byte](t, s, cache.Options{Prefix: "b"}), open[string](t, s, cache.Options{Prefix: "s"})
			must(t, pages.Set(ctx, "k", []byte(tt.value)))
			must(t, texts.Set(ctx, "k", tt.value))
			got := map[string]func() string{
				"Get of bytes": func() string {
					v, _, err := pages.Get(ctx, "k")
					must(t, err)
					return unsafe.String(unsafe.SliceData(v), len(v))
				},
				"GetMany of bytes": func() string {
					v, err := pages.GetMany(ctx, []string{"k"})
					must(t, err)
					return unsafe.String(unsafe.SliceData(v["k"]), len(v["k"]))
				},
				"Get of text": func() string {
					v, _, err := texts.Get(ctx, "k")
					must(t, err)
					return v
				},
			}
			for call, get := range got {
				v := get()
				if v != tt.value {
					t.Errorf("%s = %q, want %q", call, v, tt.value)
				}
				clear(g.handedOut[len(g.handedOut)-1])
				if taken := v != tt.value; taken != tt.taken {
					t.Errorf("%s: a part of what the store has handed out: %v, want %v", call, taken, tt.taken)
				}
			}
		})
	}
}

// distantly is a giver that is reached over a network, whose reads callers may share.
type distantly struct{ *giving }

func (distantly) Ping(context.Context) error { return nil }

// TestNoTwoCallersShareBytes has many fetch one key at the same time, each of whom changes what it gets.
func TestNoTwoCallersShareBytes(t *testing.T) {
	page := bytes.Repeat([]byte("page "), 100)
	for name, s := range map[string]store.Store{
		"near": &giving{Store: openMemory(t)}, "distant": distantly{&giving{Store: openMemory(t)}},
	} {
		t.Run(name, func(t *testing.T) {
			c := open[[]byte](t, s, cache.Options{})
			must(t, c.Set(t.Context(), "k", page))
			var callers sync.WaitGroup
			for range 8 {
				callers.Go(func() {
					for range 200 {
						v, err := c.Fetch(t.Context(), "k", func(context.Context) ([]byte, error) { return nil, errors.New("loaded") })
						if err != nil || !bytes.Equal(v, page) {
							t.Errorf("Fetch = %q, %v", v, err)
							return
						}
						clear(v)
					}
				})
			}
			callers.Wait()
		})
	}
}
