package django_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
)

// account is a value as a program has it: what Django sees as a dict.
type account struct {
	ID      int64                 `json:"id"`
	Name    string                `json:"name"`
	Email   *string               `json:"email"`
	Score   float64               `json:"score"`
	Active  bool                  `json:"active"`
	Tags    []string              `json:"tags"`
	Limits  map[string]int        `json:"limits"`
	Joined  time.Time             `json:"joined"`
	Session time.Duration         `json:"session"`
	Extra   map[string]any        `json:"extra,omitempty"`
	Address struct{ City string } `json:"address"`
	secret  string
}

func anAccount() account {
	email := "ada@example.org"
	a := account{ID: 42, Name: "Ada Łovelace 🦊", Email: &email, Score: 9.5, Active: true, Tags: []string{"a", "b"},
		Limits: map[string]int{"x": 1, "y": -2}, Joined: time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Session: 90 * time.Minute, Extra: map[string]any{"n": int64(1), "none": nil}}
	a.Address.City = "London"
	return a
}

// asDict is anAccount as Django has it under a serializer: times are text where it is not pickle.
func asDict(alias string) django.Dict {
	var joined, session any = anAccount().Joined, anAccount().Session
	if !isPickle(alias) {
		joined, session = "2024-01-02T03:04:05.678Z", "P0DT01H30M00S"
	}
	return django.Dict{
		{Key: "id", Value: 42}, {Key: "name", Value: "Ada Łovelace 🦊"}, {Key: "email", Value: "ada@example.org"},
		{Key: "score", Value: 9.5}, {Key: "active", Value: true}, {Key: "tags", Value: []any{"a", "b"}},
		{Key: "limits", Value: django.Dict{{Key: "x", Value: 1}, {Key: "y", Value: -2}}},
		{Key: "joined", Value: joined}, {Key: "session", Value: session},
		{Key: "extra", Value: django.Dict{{Key: "n", Value: 1}, {Key: "none", Value: nil}}},
		{Key: "address", Value: django.Dict{{Key: "City", Value: "London"}}},
	}
}

func isPickle(alias string) bool { return alias == "pickle" || alias == "pickle_zlib" }

// eachShared runs test for every cache that both sides read.
func eachShared(t *testing.T, test func(t *testing.T, s *sides, alias string)) {
	t.Helper()
	s := bothSides(t)
	for _, alias := range shared {
		t.Run(alias, func(t *testing.T) { test(t, s, alias) })
	}
}

func TestAStructIsADictInDjango(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		ctx := t.Context()
		accounts := of[account](t, s, alias)
		must(t, accounts.Set(ctx, "go", anAccount()))
		s.wantDjango(t, call{alias: alias, method: "get", args: []any{"go"}}, asDict(alias))

		s.django(t, call{alias: alias, method: "set", args: []any{"django", append(asDict(alias), django.Item{Key: "unknown", Value: 1})}})
		got, found, err := accounts.Get(ctx, "django")
		if diff := cmp.Diff(anAccount(), got, cmp.AllowUnexported(account{})); diff != "" || !found || err != nil {
			t.Errorf("%v, %v (-want +got):\n%s", found, err, diff)
		}
	})
}

func TestCountersAreShared(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		ctx := t.Context()
		numbers := of[int](t, s, alias)
		must(t, numbers.Set(ctx, "n", 40))
		s.wantDjango(t, call{alias: alias, method: "incr", args: []any{"n"}}, 41)
		if n, found, err := numbers.Incr(ctx, "n", 1); n != 42 || !found || err != nil {
			t.Errorf("Incr = %v, %v, %v", n, found, err)
		}
		s.wantDjango(t, call{alias: alias, method: "decr", args: []any{"n", 2}}, 40)
		s.wantDjango(t, call{alias: alias, method: "get", args: []any{"n"}}, 40)
		if got := s.raw(t, alias, "n"); got != "40" {
			t.Errorf("Redis has %q", got)
		}
		s.django(t, call{alias: alias, method: "set", args: []any{"big", int64(1) << 62}})
		s.django(t, call{alias: alias, method: "incr", args: []any{"big", int64(1) << 62}}) // beyond 64 bits
		if _, _, err := numbers.Incr(ctx, "big", 1); !errors.Is(err, cache.ErrNotInteger) && !errors.Is(err, cache.ErrOverflow) {
			t.Errorf("Incr of an int beyond 64 bits: %v", err)
		}
		if got, _, err := of[any](t, s, alias).Get(ctx, "big"); fmt.Sprint(got) != "9223372036854775808" || err != nil {
			t.Errorf("Get = %v, %v", got, err)
		}
		if got, _, err := of[float64](t, s, alias).Get(ctx, "n"); got != 40 || err != nil {
			t.Errorf("an int as a float64: %v, %v", got, err)
		}
	})
}

func TestAddLifetimesAndVersionsAreShared(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		ctx := t.Context()
		names := of[string](t, s, alias)
		stored, err := names.Add(ctx, "k", "go", cache.TTL(time.Hour))
		if !stored || err != nil {
			t.Errorf("Add = %v, %v", stored, err)
		}
		s.wantDjango(t, call{alias: alias, method: "add", args: []any{"k", "django"}}, false)
		s.wantDjango(t, call{alias: alias, method: "get", args: []any{"k"}}, "go")
		s.wantDjango(t, call{alias: alias, method: "touch", args: []any{"k", 50}}, true)
		if ttl, found, err := names.TTL(ctx, "k"); ttl <= 0 || ttl > 50*time.Second || !found || err != nil {
			t.Errorf("TTL = %v, %v, %v", ttl, found, err)
		}
		if found, err := names.Touch(ctx, "k", cache.TTL(cache.Forever)); !found || err != nil {
			t.Errorf("Touch = %v, %v", found, err)
		}
		s.wantDjango(t, call{alias: alias, method: "ttl", args: []any{"k"}}, nil)

		s.wantDjango(t, call{alias: alias, method: "incr_version", args: []any{"k"}}, 2)
		if _, found, err := names.Get(ctx, "k"); found || err != nil {
			t.Errorf("Get of the old version = %v, %v", found, err)
		}
		if version, found, err := names.AtVersion(2).IncrVersion(ctx, "k", 5); version != 7 || !found || err != nil {
			t.Errorf("IncrVersion = %v, %v, %v", version, found, err)
		}
		s.wantDjango(t, call{alias: alias, method: "get", args: []any{"k"}, kwargs: map[string]any{"version": 7}}, "go")
		s.wantDjango(t, call{alias: alias, method: "ttl", args: []any{"k"}, kwargs: map[string]any{"version": 7}}, nil)

		s.wantDjango(t, call{alias: alias, method: "set", args: []any{"mine", "x"}, kwargs: map[string]any{"timeout": 0}}, false)
		if stored, err := names.Add(ctx, "mine", "go"); !stored || err != nil {
			t.Errorf("Add after a set that keeps nothing = %v, %v", stored, err)
		}
		if removed, err := names.Delete(ctx, "mine"); removed != 1 || err != nil {
			t.Errorf("Delete = %v, %v", removed, err)
		}
		s.wantDjango(t, call{alias: alias, method: "has_key", args: []any{"mine"}}, false)
	})
}

func TestManyKeysAreShared(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		ctx := t.Context()
		anything := of[any](t, s, alias)
		values := map[string]any{"a": int64(1), "b": "two", "c": []any{nil, 3.0}}
		must(t, anything.SetMany(ctx, values))
		got := s.django(t, call{alias: alias, method: "get_many", args: []any{[]any{"a", "b", "c", "missing"}}})[0].text()
		if want := tag(values).text(); got != want && got != "ordered"+want { // django-redis before 7
			t.Errorf("get_many = %s, want %s", got, want)
		}
		s.django(t, call{alias: alias, method: "set_many", args: []any{map[string]any{"d": true, "e": "five"}}})
		many, err := anything.GetMany(ctx, []string{"a", "d", "e", "missing"})
		if diff := cmp.Diff(map[string]any{"a": int64(1), "d": true, "e": "five"}, many); diff != "" || err != nil {
			t.Errorf("GetMany: %v (-want +got):\n%s", err, diff)
		}
	})
}

func TestPatternsOfBothSidesDelete(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		ctx := t.Context()
		names := of[string](t, s, alias)
		fill := func() {
			s.django(t, call{alias: alias, method: "clear"})
			must(t, names.SetMany(ctx, map[string]string{"user:1": "a", "user:2": "b", "page:1": "c"}))
			s.django(t, call{alias: alias, method: "set", args: []any{"user:3", "d"}})
			must(t, of[string](t, s, "default").Set(ctx, "user:9", "another cache"))
		}
		fill()
		if removed, err := names.DeletePattern(ctx, "user:*"); removed != 3 || err != nil {
			t.Errorf("DeletePattern = %v, %v", removed, err)
		}
		s.wantDjango(t, call{alias: alias, method: "keys", args: []any{"*"}}, []any{"page:1"})
		fill()
		s.wantDjango(t, call{alias: alias, method: "delete_pattern", args: []any{"user:*"}}, 3)
		var left []string
		for key, err := range names.Keys(ctx, "*") {
			must(t, err)
			left = append(left, key)
		}
		if !slices.Equal(left, []string{"page:1"}) {
			t.Errorf("left: %q", left)
		}
		if _, found, err := of[string](t, s, "default").Get(ctx, "user:9"); !found || err != nil {
			t.Errorf("another cache's key: %v, %v", found, err)
		}
	})
}

// response stands for an object of a class of Django's own, with this text.
type response string

// An object of a class is Django's alone: Go can tell what it is, says so where it needs more, and leaves it.
func TestObjectsOfClassesStayDjangos(t *testing.T) {
	s := bothSides(t)
	ctx := t.Context()
	s.django(t, call{alias: "pickle", method: "set", args: []any{"page", response("hello")}})
	before := s.raw(t, "pickle", "page")
	anything, accounts := of[any](t, s, "pickle"), of[account](t, s, "pickle")
	object, found, err := anything.Get(ctx, "page")
	if object != (django.Opaque{Module: "django.http.response", Name: "HttpResponse"}) || !found || err != nil {
		t.Errorf("Get = %#v, %v, %v", object, found, err)
	}
	if err := anything.Set(ctx, "copy", object); err == nil {
		t.Error("an object that is not known is written")
	}
	var failed *cache.DecodeError
	if _, _, err := accounts.Get(ctx, "page"); !errors.As(err, &failed) {
		t.Errorf("Get: %v", err)
	}
	got, err := accounts.Fetch(ctx, "page", func(context.Context) (account, error) { return anAccount(), nil })
	if got.ID != 42 || err != nil {
		t.Errorf("Fetch = %+v, %v", got, err)
	}
	if after := s.raw(t, "pickle", "page"); after != before {
		t.Errorf("Redis has %q", after)
	}
}

// Under native values Django keeps its own serializer, and neither side takes the other's bytes for a value.
func TestNativeValuesAreNotDjangos(t *testing.T) {
	s := bothSides(t)
	must(t, of[string](t, s, "default").Set(t.Context(), "k", "go"))
	if got := s.django(t, call{alias: "default", method: "get", args: []any{"k"}})[0]; got.Exception == "" {
		t.Errorf("Django reads %s", got.text())
	}
	s.django(t, call{alias: "default", method: "set", args: []any{"k", "django"}})
	if _, found, err := of[string](t, s, "default").Get(t.Context(), "k"); found || err != nil {
		t.Errorf("Go: %v, %v", found, err)
	}
}
