package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/memory"
)

// hooks is an interceptor of two functions, either of which may be nil.
type hooks struct {
	before func(ctx context.Context, c *store.Call) (context.Context, error)
	after  func(ctx context.Context, c *store.Call)
}

func (h hooks) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if h.before == nil {
		return ctx, nil
	}
	return h.before(ctx, c)
}

func (h hooks) After(ctx context.Context, c *store.Call) {
	if h.after != nil {
		h.after(ctx, c)
	}
}

// on runs change before each call of op.
func on(op store.Op, change func(c *store.Call) error) hooks {
	return hooks{before: func(ctx context.Context, c *store.Call) (context.Context, error) {
		if c.Op != op {
			return ctx, nil
		}
		return ctx, change(c)
	}}
}

// afterwards runs change after each call of op.
func afterwards(op store.Op, change func(c *store.Call)) hooks {
	return hooks{after: func(_ context.Context, c *store.Call) {
		if c.Op == op {
			change(c)
		}
	}}
}

// filled returns a store in memory that holds "key": "1", with interceptors in front of it.
func filled(t *testing.T, interceptors ...store.Interceptor) (intercepted, behind store.Store) {
	t.Helper()
	behind, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = behind.Close() })
	if err := behind.Set(t.Context(), "key", []byte("1"), time.Hour); err != nil {
		t.Fatal(err)
	}
	return store.Intercept(behind, interceptors...), behind
}

func capability[C any](t *testing.T, s store.Store) C {
	t.Helper()
	c, ok := store.As[C](s)
	if !ok {
		t.Fatalf("As does not find %T", &c)
	}
	return c
}

func wantValue(t *testing.T, s store.Store, key, want string) {
	t.Helper()
	got, found, err := s.Get(t.Context(), key)
	if string(got) != want || !found || err != nil {
		t.Errorf("Get(%q) = %q, %v, %v; want %q", key, got, found, err, want)
	}
}

func wantAbsent(t *testing.T, s store.Store, key string) {
	t.Helper()
	if got, found, err := s.Get(t.Context(), key); found || err != nil {
		t.Errorf("Get(%q) = %q, %v, %v; want nothing", key, got, found, err)
	}
}

func TestInterceptWithoutInterceptorsIsTheStoreItself(t *testing.T) {
	intercepted, behind := filled(t)
	if intercepted != behind {
		t.Errorf("got another store %T", intercepted)
	}
}

// everyCall calls each operation once and returns what was told, one line each.
func everyCall(t *testing.T, s store.Store) []string {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(answer ...any) { told = append(told, strings.TrimSpace(fmt.Sprintln(answer...))) }
	value, found, err := s.Get(ctx, "key")
	tell(string(value), found, err)
	tell(s.Set(ctx, "a", []byte("7"), time.Minute))
	stored, err := s.Add(ctx, "b", []byte("8"), store.Keep)
	tell(stored, err)
	found, err = s.Touch(ctx, "key", store.Forever)
	tell(found, err)
	values, err := capability[store.Batcher](t, s).GetMany(ctx, []string{"a", "absent"})
	tell(fmt.Sprintf("%q", values), err)
	tell(capability[store.Batcher](t, s).SetMany(ctx, []store.Item{{Key: "c", Value: []byte("9")}}, time.Second))
	n, found, err := capability[store.Counter](t, s).Incr(ctx, "a", 5)
	tell(n, found, err)
	swapped, err := capability[store.Swapper](t, s).Swap(ctx, "b", []byte("8"), []byte("0"), time.Hour)
	tell(swapped, err)
	var keys []string
	for key, err := range capability[store.Inspector](t, s).Scan(ctx, "", "?") {
		keys = append(keys, key)
		if err != nil {
			tell(err)
		}
	}
	tell(slices.Sorted(slices.Values(keys)))
	ttl, found, err := capability[store.Inspector](t, s).TTL(ctx, "key")
	tell(ttl == store.Forever, found, err)
	found, err = capability[store.Viewer](t, s).View(ctx, "key", func(v []byte) error { tell("view", string(v)); return nil })
	tell(found, err)
	removed, err := s.Delete(ctx, "a", "b", "a")
	tell(removed, err)
	tell(s.Close())
	return told
}

func TestEveryOperationPassesTheInterceptors(t *testing.T) {
	plain, _ := filled(t)
	want := everyCall(t, plain)
	var before, after []store.Call
	watched, _ := filled(t, hooks{
		before: func(ctx context.Context, c *store.Call) (context.Context, error) {
			before = append(before, *c)
			return ctx, nil
		},
		after: func(_ context.Context, c *store.Call) { after = append(after, *c) },
	})
	if diff := cmp.Diff(want, everyCall(t, watched)); diff != "" {
		t.Errorf("answers with an interceptor that only looks (-without +with):\n%s", diff)
	}

	value := func(s string) []byte { return []byte(s) }
	calls := []store.Call{
		{Op: store.OpGet, Key: "key"},
		{Op: store.OpSet, Key: "a", Value: value("7"), TTL: time.Minute},
		{Op: store.OpAdd, Key: "b", Value: value("8"), TTL: store.Keep},
		{Op: store.OpTouch, Key: "key", TTL: store.Forever},
		{Op: store.OpGetMany, Keys: []string{"a", "absent"}},
		{Op: store.OpSetMany, Items: []store.Item{{Key: "c", Value: value("9")}}, TTL: time.Second},
		{Op: store.OpIncr, Key: "a", Delta: 5},
		{Op: store.OpSwap, Key: "b", Old: value("8"), Value: value("0"), TTL: time.Hour},
		{Op: store.OpScan, Pattern: "?"},
		{Op: store.OpTTL, Key: "key"},
		{Op: store.OpGet, Key: "key"},
		{Op: store.OpDelete, Keys: []string{"a", "b", "a"}},
		{Op: store.OpClose},
	}
	if diff := cmp.Diff(calls, before); diff != "" {
		t.Errorf("what Before saw (-want +got):\n%s", diff)
	}
	calls[0].Value, calls[0].Found = value("1"), true
	calls[2].Found = true
	calls[3].Found = true
	calls[4].Values = [][]byte{value("7"), nil}
	calls[6].N, calls[6].Found = 12, true
	calls[7].Found = true
	calls[8].N = 3
	calls[9].TTL, calls[9].Found = store.Forever, true
	calls[10].Value, calls[10].Found = value("1"), true
	calls[11].N = 2
	if diff := cmp.Diff(calls, after, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("what After saw (-want +got):\n%s", diff)
	}
}

func TestTheFirstInterceptorSeesACallFirstAndItsAnswerLast(t *testing.T) {
	var order []string
	step := func(name string) hooks {
		return hooks{
			before: func(ctx context.Context, _ *store.Call) (context.Context, error) {
				order = append(order, name+" before")
				return ctx, nil
			},
			after: func(context.Context, *store.Call) { order = append(order, name+" after") },
		}
	}
	s, _ := filled(t, step("first"), step("second"), step("third"))
	wantValue(t, s, "key", "1")
	want := []string{"first before", "second before", "third before", "third after", "second after", "first after"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type contextKey struct{}

func TestTheContextOfBeforeGoesOn(t *testing.T) {
	add := func(word string) hooks {
		seen := ""
		return hooks{
			before: func(ctx context.Context, _ *store.Call) (context.Context, error) {
				before, _ := ctx.Value(contextKey{}).(string)
				seen = before + word
				return context.WithValue(ctx, contextKey{}, seen), nil
			},
			after: func(ctx context.Context, _ *store.Call) {
				if got := ctx.Value(contextKey{}); got != seen {
					t.Errorf("After got the context with %v, Before returned the one with %q", got, seen)
				}
			},
		}
	}
	cancelled := hooks{before: func(ctx context.Context, _ *store.Call) (context.Context, error) {
		if got, want := ctx.Value(contextKey{}), "onetwo"; got != want {
			t.Errorf("the last interceptor got the context with %v, want %q", got, want)
		}
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, nil
	}}
	s, _ := filled(t, add("one"), add("two"), cancelled)
	if _, _, err := s.Get(t.Context(), "key"); !errors.Is(err, context.Canceled) {
		t.Errorf("Get with a context that Before has cancelled: got %v, want %v", err, context.Canceled)
	}
}

func TestAnErrorOfBeforeEndsTheCall(t *testing.T) {
	refused := errors.New("refused")
	var after []string
	note := func(name string) hooks {
		return hooks{after: func(_ context.Context, c *store.Call) {
			after = append(after, fmt.Sprintf("%s: %s %v", name, c.Op, c.Err))
		}}
	}
	refuse := hooks{
		before: func(ctx context.Context, c *store.Call) (context.Context, error) {
			if c.Op == store.OpClose {
				return ctx, nil
			}
			return nil, refused
		},
		after: func(_ context.Context, c *store.Call) { after = append(after, "refuse: "+string(c.Op)) },
	}
	s, behind := filled(t, note("before it"), refuse, note("behind it"))
	for _, call := range []struct {
		op store.Op
		do func(ctx context.Context) error
	}{
		{store.OpGet, func(ctx context.Context) error { _, _, err := s.Get(ctx, "key"); return err }},
		{store.OpSet, func(ctx context.Context) error { return s.Set(ctx, "key", []byte("2"), time.Hour) }},
		{store.OpAdd, func(ctx context.Context) error { _, err := s.Add(ctx, "new", nil, time.Hour); return err }},
		{store.OpTouch, func(ctx context.Context) error { _, err := s.Touch(ctx, "key", time.Hour); return err }},
		{store.OpDelete, func(ctx context.Context) error { _, err := s.Delete(ctx, "key"); return err }},
		{store.OpGetMany, func(ctx context.Context) error {
			_, err := capability[store.Batcher](t, s).GetMany(ctx, []string{"key"})
			return err
		}},
		{store.OpSetMany, func(ctx context.Context) error {
			return capability[store.Batcher](t, s).SetMany(ctx, []store.Item{{Key: "key"}}, time.Hour)
		}},
		{store.OpIncr, func(ctx context.Context) error {
			_, _, err := capability[store.Counter](t, s).Incr(ctx, "key", 1)
			return err
		}},
		{store.OpSwap, func(ctx context.Context) error {
			_, err := capability[store.Swapper](t, s).Swap(ctx, "key", []byte("1"), nil, time.Hour)
			return err
		}},
		{store.OpTTL, func(ctx context.Context) error {
			_, _, err := capability[store.Inspector](t, s).TTL(ctx, "key")
			return err
		}},
		{store.OpScan, func(ctx context.Context) error { return lastError(ctx, capability[store.Inspector](t, s)) }},
		{store.OpGet, func(ctx context.Context) error {
			_, err := capability[store.Viewer](t, s).View(ctx, "key", func([]byte) error { return errors.New("decoded") })
			return err
		}},
	} {
		after = nil
		if err := call.do(t.Context()); err != refused {
			t.Errorf("%s: got error %v, want the one of Before", call.op, err)
		}
		if want := []string{fmt.Sprintf("before it: %s refused", call.op)}; !slices.Equal(after, want) {
			t.Errorf("%s: After ran as %q, want %q", call.op, after, want)
		}
	}
	wantValue(t, behind, "key", "1")
	wantAbsent(t, behind, "new")
}

// lastError returns the error that ends a scan of everything, and fails if anything comes after it.
func lastError(ctx context.Context, inspector store.Inspector) (err error) {
	for key, e := range inspector.Scan(ctx, "", "*") {
		if err != nil {
			return fmt.Errorf("the scan goes on with %q after %w", key, err)
		}
		err = e
	}
	return err
}

func TestBeforeMayAnswerByItself(t *testing.T) {
	answer := func(c *store.Call) error {
		c.Answered = true
		switch c.Op {
		case store.OpGet:
			c.Value, c.Found = []byte("made up"), true
		case store.OpTTL:
			c.TTL, c.Found = time.Second, true
		case store.OpIncr:
			c.N, c.Found = 99, true
		case store.OpDelete:
			c.N = 5
		}
		return nil
	}
	notAsked := hooks{before: func(ctx context.Context, c *store.Call) (context.Context, error) {
		t.Errorf("%s reached the next interceptor", c.Op)
		return ctx, nil
	}}
	var seen []store.Op
	s, behind := filled(t, hooks{
		before: func(ctx context.Context, c *store.Call) (context.Context, error) { return ctx, answer(c) },
		after:  func(_ context.Context, c *store.Call) { seen = append(seen, c.Op) },
	}, notAsked)
	told := everyCall(t, s)
	want := []string{
		"made up true <nil>", // Get
		"<nil>",              // Set: lost
		"false <nil>",        // Add
		"false <nil>",        // Touch
		`["" ""] <nil>`,      // GetMany: no values, so all are absent
		"<nil>",              // SetMany: lost
		"99 true <nil>",      // Incr
		"false <nil>",        // Swap
		"[]",                 // Scan
		"false true <nil>",   // TTL
		"view made up",
		"true <nil>", // View
		"5 <nil>",    // Delete
		"<nil>",      // Close
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got, want := len(seen), 13; got != want {
		t.Errorf("After ran %d times, want %d", got, want)
	}
	// The store behind was neither written to nor closed.
	wantValue(t, behind, "key", "1")
	wantAbsent(t, behind, "a")
	wantAbsent(t, behind, "c")
	values, err := capability[store.Batcher](t, s).GetMany(t.Context(), []string{"x", "y"})
	if len(values) != 2 || values[0] != nil || values[1] != nil || err != nil {
		t.Errorf("GetMany that was answered without values = %q, %v; want a nil for each key", values, err)
	}
}

func TestInterceptorsMayChangeWhatIsAskedAndTold(t *testing.T) {
	ctx := t.Context()
	t.Run("Before changes the key and the value", func(t *testing.T) {
		s, behind := filled(t, on(store.OpSet, func(c *store.Call) error {
			c.Key, c.Value = "other", []byte("changed")
			return nil
		}))
		if err := s.Set(ctx, "new", []byte("value"), time.Hour); err != nil {
			t.Fatal(err)
		}
		wantValue(t, behind, "other", "changed")
		wantAbsent(t, behind, "new")
	})
	t.Run("After changes the value", func(t *testing.T) {
		s, behind := filled(t, afterwards(store.OpGet, func(c *store.Call) { c.Value = []byte("wrong") }))
		wantValue(t, s, "key", "wrong")
		wantValue(t, behind, "key", "1")
		found, err := capability[store.Viewer](t, s).View(ctx, "key", func(v []byte) error {
			if string(v) != "wrong" {
				t.Errorf("View shows %q, want %q", v, "wrong")
			}
			return nil
		})
		if !found || err != nil {
			t.Errorf("View = %v, %v; want true", found, err)
		}
	})
	t.Run("After turns an error into a miss", func(t *testing.T) {
		s, behind := filled(t, afterwards(store.OpGet, func(c *store.Call) { c.Err = nil }))
		if err := behind.Close(); err != nil {
			t.Fatal(err)
		}
		wantAbsent(t, s, "key")
	})
	t.Run("After makes a View fail, and nothing is decoded", func(t *testing.T) {
		lost := errors.New("lost")
		s, _ := filled(t, afterwards(store.OpGet, func(c *store.Call) { c.Err = lost }))
		_, err := capability[store.Viewer](t, s).View(ctx, "key", func([]byte) error { t.Error("View decodes"); return nil })
		if !errors.Is(err, lost) {
			t.Errorf("View: got %v, want %v", err, lost)
		}
	})
	t.Run("View of an absent key decodes nothing", func(t *testing.T) {
		s, _ := filled(t, hooks{})
		found, err := capability[store.Viewer](t, s).View(ctx, "absent", func([]byte) error { t.Error("View decodes"); return nil })
		if found || err != nil {
			t.Errorf("View = %v, %v; want false", found, err)
		}
	})
}

// giver promises what the store in it may not hold.
type giver struct{ store.Store }

func (giver) Gives() {}

func TestCapabilitiesBehindAnInterceptor(t *testing.T) {
	s, behind := filled(t, hooks{})
	if _, ok := store.As[store.Objects](behind); !ok {
		t.Fatal("the store behind offers no Objects: this test needs one that does")
	}
	if _, ok := store.As[store.Objects](s); ok {
		t.Error("Objects are not hidden: a decoded copy would pass by the interceptors")
	}
	if _, ok := store.As[store.Giver](store.Intercept(giver{behind}, hooks{})); ok {
		t.Error("a Giver is not hidden: an interceptor may answer with what it keeps")
	}
	if clock, ok := store.As[store.Clock](s); !ok || clock.Now().IsZero() {
		t.Error("the clock of the store behind is not handed out")
	}
	if _, ok := store.As[store.Pinger](s); ok {
		t.Error("a Pinger is offered that the store behind has not")
	}

	none := store.Intercept(store.Intercept(answering{behind}, hooks{}), hooks{})
	for name, offered := range map[string]bool{
		"Batcher":   offers[store.Batcher](none),
		"Counter":   offers[store.Counter](none),
		"Swapper":   offers[store.Swapper](none),
		"Inspector": offers[store.Inspector](none),
		"Viewer":    offers[store.Viewer](none),
		"Clock":     offers[store.Clock](none),
	} {
		if offered {
			t.Errorf("%s is offered, and the store behind has none", name)
		}
	}
	if c, ok := store.As[*client](none); !ok || c.name != "native" {
		t.Errorf("the native client behind two interceptors: got %v, %v", c, ok)
	}
	if _, ok := store.As[*memory.Store](s); !ok {
		t.Error("a backend's own type is not handed out")
	}
}

func TestAsStoreOfAnInterceptedStoreIsIntercepted(t *testing.T) {
	s, _ := filled(t, hooks{})
	if got, ok := store.As[store.Store](s); !ok || got != s {
		t.Errorf("got %v, %v: the interceptors are bypassed", got, ok)
	}
}

func offers[C any](s store.Store) bool {
	_, ok := store.As[C](s)
	return ok
}

func TestCloseOfAnInterceptedStoreClosesTheStore(t *testing.T) {
	s, behind := filled(t, hooks{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := behind.Get(t.Context(), "key"); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get of the store behind: got %v, want %v", err, store.ErrClosed)
	}
}
