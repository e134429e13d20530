package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/google/go-cmp/cmp"
)

// goJSON is a codec as other programs might share one: encoding/json, whose integers are decimals.
type goJSON struct{}

func (goJSON) Compile(t reflect.Type) (cache.Encoding, error) {
	if t.Kind() == reflect.Chan {
		return nil, errors.New("chan: cannot be encoded")
	}
	return goJSON{}, nil
}

func (goJSON) Append(dst []byte, from any) ([]byte, error) {
	b, err := json.Marshal(from)
	return append(dst, b...), err
}

func (goJSON) Decode(data []byte, into any) error { return json.Unmarshal(data, into) }

// foreign is what another program has stored and this one cannot read.
const foreign = "\x80\x04N."

// bareWith returns a handle whose key "theirs" holds foreign bytes, and what was swallowed.
func bareWith[V any](t *testing.T, s store.Store) (c *cache.Cache[V], troubles *[]cache.Trouble) {
	t.Helper()
	troubles = new([]cache.Trouble)
	c = open[V](t, s, cache.Options{Prefix: "p", Codec: goJSON{}, Hooks: recordTroubles(troubles)})
	must(t, s.Set(t.Context(), "p:1:theirs", []byte(foreign), time.Hour))
	return c, troubles
}

func wantBytes(t *testing.T, s store.Store, key, want string) {
	t.Helper()
	if got, found, err := s.Get(t.Context(), key); string(got) != want || !found || err != nil {
		t.Errorf("the store has %q, %v, %v; want %q", got, found, err, want)
	}
}

func TestValuesOfACodecAreBare(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		users, _ := bareWith[user](t, s)
		must(t, users.Set(ctx, "k", user{"ada", 36}))
		wantBytes(t, s, "p:1:k", `{"name":"ada","age":36}`)
		for range 2 { // the second may come from a decoded copy
			wantGet(t, users, "k", user{"ada", 36})
		}
		must(t, s.Set(ctx, "p:1:k", []byte(` {"age": 7} `), time.Hour))
		wantGet(t, users, "k", user{"", 7})
		must(t, users.SetMany(ctx, map[string]user{"a": {"a", 1}, "b": {"b", 2}}))
		got, err := users.GetMany(ctx, []string{"a", "b", "c"})
		if diff := cmp.Diff(map[string]user{"a": {"a", 1}, "b": {"b", 2}}, got); diff != "" || err != nil {
			t.Errorf("GetMany: %v (-want +got):\n%s", err, diff)
		}
		fetched, err := users.Fetch(ctx, "new", func(context.Context) (user, error) { return user{"eve", 1}, nil })
		if fetched.Name != "eve" || err != nil {
			t.Errorf("Fetch = %v, %v", fetched, err)
		}
		wantBytes(t, s, "p:1:new", `{"name":"eve","age":1}`)
		if version, found, err := users.IncrVersion(ctx, "new", 1); version != 2 || !found || err != nil {
			t.Errorf("IncrVersion = %v, %v, %v", version, found, err)
		}
		wantBytes(t, s, "p:2:new", `{"name":"eve","age":1}`)
	})
}

func TestBareCountersCount(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		numbers, _ := bareWith[int](t, s)
		must(t, numbers.Set(ctx, "n", 41))
		wantBytes(t, s, "p:1:n", "41")
		if n, found, err := numbers.Incr(ctx, "n", 1); n != 42 || !found || err != nil {
			t.Errorf("Incr = %v, %v, %v", n, found, err)
		}
		if _, _, err := numbers.Incr(ctx, "theirs", 1); !errors.Is(err, cache.ErrNotInteger) {
			t.Errorf("Incr of bytes that are no number: %v", err)
		}
		users, _ := bareWith[user](t, s)
		if _, _, err := users.Incr(ctx, "n", 1); !errors.Is(err, cache.ErrNotInteger) {
			t.Errorf("Incr of a struct: %v", err)
		}
	})
}

func TestBareBytesThatDoNotDecodeAreAnErrorOfGet(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		users, troubles := bareWith[user](t, s)
		var failed *cache.DecodeError
		if _, found, err := users.Get(ctx, "theirs"); found || !errors.As(err, &failed) || failed.Key != "theirs" {
			t.Errorf("Get: %v, %v", found, err)
		}
		must(t, users.Set(ctx, "mine", user{"ada", 36}))
		got, err := users.GetMany(ctx, []string{"mine", "theirs"})
		var each cache.KeyErrors
		if !errors.As(err, &each) || len(each) != 1 || !errors.As(each["theirs"], &failed) || len(got) != 1 {
			t.Errorf("GetMany = %v, %v", got, err)
		}
		if len(*troubles) != 0 {
			t.Errorf("returned errors are swallowed as well: %v", *troubles)
		}
	})
}

func TestBareBytesThatDoNotDecodeAreThere(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		users, _ := bareWith[user](t, s)
		if found, err := users.Has(ctx, "theirs"); !found || err != nil {
			t.Errorf("Has = %v, %v", found, err)
		}
		for _, opts := range [][]cache.CallOption{nil, {cache.TTL(0)}} {
			if stored, err := users.Add(ctx, "theirs", user{}, opts...); stored || err != nil {
				t.Errorf("Add = %v, %v", stored, err)
			}
		}
		if found, err := users.Touch(ctx, "theirs", cache.TTL(time.Minute)); !found || err != nil {
			t.Errorf("Touch = %v, %v", found, err)
		}
		var keys []string
		for key, err := range users.Keys(ctx, "*") {
			must(t, err)
			keys = append(keys, key)
		}
		if !slices.Equal(keys, []string{"theirs"}) {
			t.Errorf("Keys: %q", keys)
		}
		wantBytes(t, s, "p:1:theirs", foreign)
		if _, found, err := users.IncrVersion(ctx, "theirs", 1); !found || err != nil {
			t.Errorf("IncrVersion = %v, %v", found, err)
		}
		wantBytes(t, s, "p:2:theirs", foreign)
	})
}

func TestFetchLeavesBareBytesThatDoNotDecode(t *testing.T) {
	eachStore(t, func(t *testing.T, s store.Store) {
		ctx := t.Context()
		users, troubles := bareWith[user](t, s)
		for range 2 {
			got, err := users.Fetch(ctx, "theirs", func(context.Context) (user, error) { return user{"ada", 36}, nil })
			if got.Name != "ada" || err != nil {
				t.Errorf("Fetch = %v, %v", got, err)
			}
		}
		load := func(_ context.Context, missing []string) (map[string]user, error) {
			if !slices.Equal(missing, []string{"theirs", "new"}) {
				t.Errorf("to load: %q", missing)
			}
			return map[string]user{"theirs": {"bob", 7}, "new": {"eve", 1}}, nil
		}
		got, err := users.FetchMany(ctx, []string{"theirs", "new"}, load)
		if diff := cmp.Diff(map[string]user{"theirs": {"bob", 7}, "new": {"eve", 1}}, got); diff != "" || err != nil {
			t.Errorf("FetchMany: %v (-want +got):\n%s", err, diff)
		}
		wantBytes(t, s, "p:1:theirs", foreign)
		wantBytes(t, s, "p:1:new", `{"name":"eve","age":1}`)
		if len(*troubles) != 3 {
			t.Errorf("%d troubles: %v", len(*troubles), *troubles)
		}
		for _, trouble := range *troubles {
			if trouble.Op != "decode" || trouble.Key != "theirs" {
				t.Errorf("trouble %+v", trouble)
			}
		}
		// What the caller sets by name replaces them.
		must(t, users.Set(ctx, "theirs", user{"ada", 36}))
		wantGet(t, users, "theirs", user{"ada", 36})
	})
}

func TestWhatBareValuesCannotCarryIsRefused(t *testing.T) {
	s := openMemory(t)
	for name, o := range map[string]cache.Options{
		"AbsentFor": {AbsentFor: time.Second, Codec: goJSON{}},
		"Compress":  {Compress: true, Codec: goJSON{}},
	} {
		if _, err := cache.NewBase(s, o); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "bare") {
			t.Errorf("%s: %v", name, err)
		}
	}
	base, err := cache.NewBase(s, cache.Options{Codec: goJSON{}})
	must(t, err)
	if _, err := cache.On[user](base, cache.Schema("user v1")); err == nil || !strings.Contains(err.Error(), "Schema") {
		t.Errorf("Schema: %v", err)
	}
	if _, err := cache.On[chan int](base); err == nil || !strings.Contains(err.Error(), "cannot be encoded") {
		t.Errorf("a type that the codec refuses: %v", err)
	}
}

// voids counts the leases beside values that are ended.
type voids struct{ n int }

func (v *voids) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == store.OpVoid {
		v.n += len(c.Keys)
	}
	return ctx, nil
}

func (*voids) After(context.Context, *store.Call) {}

func TestATouchEndsTheLoadsThatAValueMayNotOutliveAnyMore(t *testing.T) {
	v := &voids{}
	s := store.Intercept(dummy.New(), v)
	defer s.Close()
	c, _ := bareWith[string](t, s)
	_, err := c.Touch(t.Context(), "k", cache.TTL(time.Hour))
	must(t, err)
	if v.n != 0 {
		t.Errorf("a long touch ended %d leases", v.n)
	}
	_, err = c.Touch(t.Context(), "k", cache.TTL(time.Second))
	must(t, err)
	if v.n != 1 {
		t.Errorf("a short touch ended %d leases, want 1", v.n)
	}
}
