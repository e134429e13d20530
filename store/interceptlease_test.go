package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
)

// leasing is a store with leases in place, which can be awaited, and beside, of which it notes the calls.
type leasing struct {
	store.Store
	woken  chan struct{}
	voided *[]string
}

func (l leasing) As(target any) bool {
	switch t := target.(type) {
	case *store.Leaser:
		swapper, _ := store.As[store.Swapper](l.Store)
		*t = awaited{store.LeaseInPlace(l.Store, swapper), l.woken}
	case *store.Beside:
		*t = beside{dummy.New(), l.voided}
	default:
		return false
	}
	return true
}

type awaited struct {
	store.Leaser
	woken chan struct{}
}

func (a awaited) Await(string) (<-chan struct{}, func()) { return a.woken, func() {} }

type beside struct {
	store.Beside
	voided *[]string
}

func (b beside) Void(_ context.Context, keys ...string) error {
	*b.voided = append(*b.voided, keys...)
	return nil
}

func (b beside) VoidMatching(_ context.Context, prefix, pattern string) error {
	*b.voided = append(*b.voided, prefix+"|"+pattern)
	return nil
}

func TestTheStepsOfALeasePassTheInterceptors(t *testing.T) {
	_, behind := filled(t)
	if s := store.Intercept(struct{ store.Store }{behind}, hooks{}); offers[store.Leaser](s) || offers[store.Beside](s) {
		t.Error("leases are offered that the store behind does not know")
	}
	var seen []store.Call
	woken := make(chan struct{})
	s := store.Intercept(leasing{Store: behind, woken: woken}, hooks{after: func(_ context.Context, c *store.Call) { seen = append(seen, *c) }})
	l, ctx := capability[store.Leaser](t, s), t.Context()
	lease, next, note := []byte("lease"), []byte("next"), []byte("note")
	for _, key := range []string{"a", "key"} {
		there, err := l.Claim(ctx, key, lease, time.Minute)
		if want := map[string]string{"key": "1"}[key]; string(there) != want || err != nil {
			t.Errorf("Claim(%s) = %q, %v; want %q", key, there, err, want)
		}
	}
	_, refused := l.Claim(ctx, "b", nil, time.Minute)
	if refused == nil {
		t.Error("Claim of an empty lease is not refused")
	}
	if held, err := l.Extend(ctx, "a", lease, next, time.Hour); !held || err != nil {
		t.Errorf("Extend = %v, %v; want true", held, err)
	}
	if held, err := l.Yield(ctx, "a", next, note, time.Second); !held || err != nil {
		t.Errorf("Yield = %v, %v; want true", held, err)
	}
	if stored, err := l.Commit(ctx, "a", next, []byte("value"), store.Forever); stored || err != nil {
		t.Errorf("Commit = %v, %v; want false", stored, err)
	}
	if got, _ := l.Await("a"); got != (<-chan struct{})(woken) {
		t.Error("Await is not that of the store behind")
	}
	want := []store.Call{
		{Op: store.OpClaim, Key: "a", Old: lease, TTL: time.Minute, Found: true},
		{Op: store.OpClaim, Key: "key", Old: lease, TTL: time.Minute, Value: []byte("1")},
		{Op: store.OpClaim, Key: "b", TTL: time.Minute, Err: refused},
		{Op: store.OpExtend, Key: "a", Old: lease, Value: next, TTL: time.Hour, Found: true},
		{Op: store.OpYield, Key: "a", Old: next, Value: note, TTL: time.Second, Found: true},
		{Op: store.OpCommit, Key: "a", Old: next, Value: []byte("value"), TTL: store.Forever},
	}
	if diff := cmp.Diff(want, seen, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestLeasesBesidePassTheInterceptors(t *testing.T) {
	_, behind := filled(t)
	var seen []store.Call
	var voided []string
	s := store.Intercept(leasing{Store: behind, voided: &voided}, hooks{
		before: func(ctx context.Context, c *store.Call) (context.Context, error) {
			if c.Op == store.OpVoid && c.Keys == nil {
				c.Key, c.Pattern = "other:", "x"+c.Pattern
			}
			return ctx, nil
		},
		after: func(_ context.Context, c *store.Call) { seen = append(seen, *c) },
	})
	b, ctx := capability[store.Beside](t, s), t.Context()
	if there, err := b.Claim(ctx, "key", []byte("lease"), time.Minute); there != nil || err != nil {
		t.Errorf("Claim = %q, %v; want that of the leases beside", there, err)
	}
	if err := errors.Join(b.Void(ctx, "a", "b"), b.VoidMatching(ctx, "p:", "*")); err != nil {
		t.Error(err)
	}
	want := []store.Call{
		{Op: store.OpClaim, Key: "key", Old: []byte("lease"), TTL: time.Minute, Found: true},
		{Op: store.OpVoid, Keys: []string{"a", "b"}},
		{Op: store.OpVoid, Key: "other:", Pattern: "x*"},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b", "other:|x*"}, voided); diff != "" {
		t.Errorf("what the store was asked (-want +got):\n%s", diff)
	}
}

func TestAnInterceptorMayBendALease(t *testing.T) {
	refused := errors.New("refused")
	t.Run("Before refuses a Commit, which the store does not see", func(t *testing.T) {
		_, behind := filled(t)
		s := store.Intercept(leasing{Store: behind}, on(store.OpCommit, func(*store.Call) error { return refused }))
		l := capability[store.Leaser](t, s)
		if _, err := l.Claim(t.Context(), "a", []byte("lease"), time.Minute); err != nil {
			t.Fatal(err)
		}
		if stored, err := l.Commit(t.Context(), "a", []byte("lease"), []byte("value"), time.Minute); stored || err != refused {
			t.Errorf("Commit = %v, %v; want false, %v", stored, err, refused)
		}
		if got, _, _ := behind.Get(t.Context(), "a"); string(got) != "lease" {
			t.Errorf("the store holds %q, want the lease", got)
		}
	})
	t.Run("After puts another's lease in the way of a Claim", func(t *testing.T) {
		_, behind := filled(t)
		s := store.Intercept(leasing{Store: behind}, afterwards(store.OpClaim, func(c *store.Call) { c.Value = []byte("theirs") }))
		there, err := capability[store.Leaser](t, s).Claim(t.Context(), "a", []byte("mine"), time.Minute)
		if string(there) != "theirs" || err != nil {
			t.Errorf("Claim = %q, %v; want theirs", there, err)
		}
	})
}

// peeking is a store that answers a Peek with the keys.
type peeking struct{ store.Store }

func (p peeking) Peek(_ context.Context, keys []string, n int) (heads [][]byte, err error) {
	for _, key := range keys {
		heads = append(heads, []byte(key)[:n])
	}
	return heads, nil
}

func TestAPeekPassesTheInterceptors(t *testing.T) {
	plain, behind := filled(t)
	if offers[store.Peeker](store.Intercept(plain, hooks{})) {
		t.Error("a Peeker is offered that the store behind is not")
	}
	var seen []store.Call
	s := store.Intercept(peeking{behind},
		hooks{after: func(_ context.Context, c *store.Call) { seen = append(seen, *c) }},
		on(store.OpPeek, func(c *store.Call) error { c.Length--; return nil }))
	heads, err := capability[store.Peeker](t, s).Peek(t.Context(), []string{"abc"}, 3)
	if len(heads) != 1 || string(heads[0]) != "ab" || err != nil {
		t.Errorf("Peek = %q, %v; want what the interceptor has asked for", heads, err)
	}
	want := []store.Call{{Op: store.OpPeek, Keys: []string{"abc"}, Length: 2, Values: [][]byte{[]byte("ab")}}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
