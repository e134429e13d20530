package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/memory"
	"github.com/google/go-cmp/cmp"
)

// liar bends the answers of a store.
type liar struct{ bend func(*store.Call) }

func (l liar) Before(ctx context.Context, c *store.Call) (context.Context, error) { return ctx, nil }
func (l liar) After(_ context.Context, c *store.Call)                             { l.bend(c) }

// TestProofNoticesAStoreThatLies bends one kind of answer at a time: the proof must fail at the step
// that depends on it, and leave nothing behind.
func TestProofNoticesAStoreThatLies(t *testing.T) {
	tests := []struct {
		name   string
		bend   func(*store.Call)
		fails  string
		proved []string
	}{
		{"an honest one", func(*store.Call) {}, "",
			[]string{"set", "get", "other version misses", "add", "incr", "touch", "ttl", "delete"}},
		{"set fails", func(c *store.Call) {
			if c.Op == store.OpSet {
				c.Err = errors.New("disk on fire")
			}
		}, "set: ", nil},
		{"get finds nothing", func(c *store.Call) {
			if c.Op == store.OpGet {
				c.Found = false
			}
		}, "get: the value just written is not there", []string{"set"}},
		{"get finds something else", func(c *store.Call) {
			if c.Op == store.OpGet && c.Found {
				c.Value = []byte("7")
			}
		}, "get: another value than the one just written", []string{"set"}},
		{"every version is the same", func(c *store.Call) {
			if c.Op == store.OpGet {
				c.Found, c.Value = true, []byte("7")
			}
		}, "get: another value", []string{"set"}},
		{"add replaces", func(c *store.Call) {
			if c.Op == store.OpAdd {
				c.Found = true
			}
		}, "add: it replaced a value", []string{"set", "get", "other version misses"}},
		{"incr miscounts", func(c *store.Call) {
			if c.Op == store.OpIncr {
				c.N++
			}
		}, "incr: 40 and 2 gave 43", []string{"set", "get", "other version misses", "add"}},
		{"touch finds nothing", func(c *store.Call) {
			if c.Op == store.OpTouch {
				c.Found = false
			}
		}, "touch: the value is not there", []string{"set", "get", "other version misses", "add", "incr"}},
		{"touch does nothing", func(c *store.Call) {
			if c.Op == store.OpTTL {
				c.TTL = time.Second
			}
		}, "ttl: 1s remain of the 2m0s given by touch", []string{"set", "get", "other version misses", "add", "incr", "touch"}},
		{"delete forgets", func(c *store.Call) {
			if c.Op == store.OpDelete {
				c.N--
			}
		}, "delete: it removed 1 of 2 values", []string{"set", "get", "other version misses", "add", "incr", "touch", "ttl"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newMemory(t)
			p := openProof(t, store.Intercept(s, liar{tt.bend}))
			err := p.run(t.Context(), cachewright.BackendMemory)
			if got := errorText(err); !strings.HasPrefix(got, tt.fails) || (tt.fails == "") != (got == "") {
				t.Errorf("the proof ends with %q, want %q", got, tt.fails)
			}
			if diff := cmp.Diff(tt.proved, p.proved); diff != "" {
				t.Errorf("proved (-want +got):\n%s", diff)
			}
			if left := keysOf(t, s); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestProofCleansUpAfterItsTimeIsOver ends the proof's context in the middle.
func TestProofCleansUpAfterItsTimeIsOver(t *testing.T) {
	s := newMemory(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := openProof(t, store.Intercept(s, liar{func(c *store.Call) {
		if c.Op == store.OpIncr {
			cancel()
		}
	}}))
	if err := p.run(ctx, cachewright.BackendMemory); !errors.Is(err, context.Canceled) {
		t.Fatalf("the proof ends with %v, want it cancelled", err)
	}
	if left := keysOf(t, s); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestDummyProofNoticesAStoreThatKeeps holds a dummy to its own promise.
func TestDummyProofNoticesAStoreThatKeeps(t *testing.T) {
	s := newMemory(t)
	p := openProof(t, s)
	err := p.run(t.Context(), cachewright.BackendDummy)
	if got, want := errorText(err), "get misses: a value is there and should not be"; got != want {
		t.Errorf("the proof ends with %q, want %q", got, want)
	}
	if left := keysOf(t, s); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestQuantilesOfNoReadsAreZero(t *testing.T) {
	if got := (&proof{}).quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing = %v, want 0", got)
	}
	p := proof{reads: []time.Duration{1, 2, 3, 4, 5}}
	if got := p.quantile(0.5); got != 3 {
		t.Errorf("quantile(0.5) = %v, want 3", got)
	}
}

func newMemory(t *testing.T) store.Store {
	t.Helper()
	s, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// openProof returns a proof of the cache default on s.
func openProof(t *testing.T, s store.Store) *proof {
	t.Helper()
	config := cachewright.Config{Logger: slog.New(slog.DiscardHandler)}
	plan, err := config.Resolve(cachewright.Env{})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := plan.Open(t.Context(), cachewright.WithStore("default", s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cs.Close() })
	p, err := newProof(cs, "default")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func keysOf(t *testing.T, s store.Store) []string {
	t.Helper()
	inspector, ok := store.As[store.Inspector](s)
	if !ok {
		t.Fatal("the store cannot list its keys")
	}
	var keys []string
	for key, err := range inspector.Scan(t.Context(), "", "*") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	return keys
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
