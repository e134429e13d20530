package storetest

import (
	"context"
	"errors"

	"github.com/cachewright/cachewright/store"
)

// contextRules are the rules of contexts that are done.
func contextRules() []rule {
	return []rule{
		{name: "a context that is done ends every call and changes nothing", check: func(b *bench) {
			b.set("key", "1", ample)
			b.wantCancelled()
			b.wantValue("key", "1")
			b.wantAbsent("absent")
		}},
		{name: "an error of a context tells a deadline from a cancellation", check: func(b *bench) {
			ctx, cancel := context.WithTimeout(b.Context(), 0)
			defer cancel()
			if _, _, err := b.s.Get(ctx, "key"); !errors.Is(err, context.DeadlineExceeded) {
				b.Errorf("Get past its deadline: got %v, want %v", err, context.DeadlineExceeded)
			}
		}},
	}
}

// closeRules are the rules of stores that are closed. They hold for stores that keep nothing, too.
func closeRules() []rule {
	return []rule{
		{name: "every method but Close answers ErrClosed after Close", check: closedForAll},
		{name: "a second Close does nothing", check: func(b *bench) {
			for i := range 3 {
				if err := b.s.Close(); err != nil {
					b.Errorf("Close, call %d: %v", i+1, err)
				}
			}
		}},
		{name: "concurrent Closes all return", check: func(b *bench) {
			b.set("key", "value", ample)
			together(func(int) {
				if err := b.s.Close(); err != nil {
					b.Errorf("Close: %v", err)
				}
			})
		}},
		{name: "Close may come while operations run", check: func(b *bench) {
			together(func(w int) {
				for i := range 50 {
					if w == 0 && i == 25 {
						if err := b.s.Close(); err != nil {
							b.Errorf("Close: %v", err)
						}
					}
					err := b.s.Set(b.Context(), "key", []byte("value"), ample)
					if err != nil && !errors.Is(err, store.ErrClosed) {
						b.Errorf("Set around Close: got %v, want none or %v", err, store.ErrClosed)
					}
				}
			})
		}},
	}
}

// call is one operation in a form that only tells its error.
type call struct {
	name string
	do   func(ctx context.Context) error
}

// calls returns every operation that the store offers, on a key that is there ("key") or absent.
func (b *bench) calls() []call {
	s, value := b.s, []byte("7")
	all := []call{
		{"Get", func(ctx context.Context) error { _, _, err := s.Get(ctx, "key"); return err }},
		{"Set", func(ctx context.Context) error { return s.Set(ctx, "key", value, ample) }},
		{"Add", func(ctx context.Context) error { _, err := s.Add(ctx, "absent", value, ample); return err }},
		{"Touch", func(ctx context.Context) error { _, err := s.Touch(ctx, "key", ample); return err }},
		{"Delete", func(ctx context.Context) error { _, err := s.Delete(ctx, "key"); return err }},
	}
	if c, ok := store.As[store.Batcher](s); ok {
		all = append(all,
			call{"GetMany", func(ctx context.Context) error { _, err := c.GetMany(ctx, []string{"key"}); return err }},
			call{"SetMany", func(ctx context.Context) error {
				return c.SetMany(ctx, []store.Item{{Key: "key", Value: value}}, ample)
			}})
	}
	if c, ok := store.As[store.Peeker](s); ok {
		all = append(all, call{"Peek", func(ctx context.Context) error { return second(c.Peek(ctx, []string{"key"}, 1)) }})
	}
	if c, ok := store.As[store.Leaser](s); ok {
		all = append(all, steps{Leaser: c}.calls()...)
	}
	if c, ok := store.As[store.Beside](s); ok {
		all = append(all, steps{Leaser: c}.calls()...)
		all = append(all,
			call{"Void", func(ctx context.Context) error { return c.Void(ctx, "key") }},
			call{"VoidMatching", func(ctx context.Context) error { return c.VoidMatching(ctx, "", "*") }})
	}
	if c, ok := store.As[store.Counter](s); ok {
		all = append(all, call{"Incr", func(ctx context.Context) error { _, _, err := c.Incr(ctx, "key", 1); return err }})
	}
	if c, ok := store.As[store.Swapper](s); ok {
		all = append(all, call{"Swap", func(ctx context.Context) error {
			_, err := c.Swap(ctx, "absent", nil, value, ample)
			return err
		}})
	}
	if c, ok := store.As[store.Renewer](s); ok {
		all = append(all, call{"GetTouch", func(ctx context.Context) error { _, _, err := c.GetTouch(ctx, "key", ample); return err }})
	}
	if c, ok := store.As[store.Inspector](s); ok {
		all = append(all,
			call{"TTL", func(ctx context.Context) error { _, _, err := c.TTL(ctx, "key"); return err }},
			call{"Scan", func(ctx context.Context) error { return scanError(ctx, c) }})
	}
	if c, ok := store.As[store.Viewer](s); ok {
		all = append(all, call{"View", func(ctx context.Context) error {
			_, err := c.View(ctx, "key", func([]byte) error { return nil })
			return err
		}})
	}
	if c, ok := store.As[store.Pinger](s); ok {
		all = append(all, call{"Ping", c.Ping})
	}
	return all
}

// calls returns the steps of a lease that is not there.
func (s steps) calls() []call {
	lease, value := []byte("lease"), []byte("7")
	return []call{
		{"Claim", func(ctx context.Context) error { return second(s.Claim(ctx, "absent", lease, ample)) }},
		{"Extend", func(ctx context.Context) error { return second(s.Extend(ctx, "absent", lease, lease, ample)) }},
		{"Commit", func(ctx context.Context) error { return second(s.Commit(ctx, "absent", lease, value, ample)) }},
		{"Yield", func(ctx context.Context) error { return second(s.Yield(ctx, "absent", lease, nil, ample)) }},
	}
}

// scanError returns the error that ends a scan of everything.
func scanError(ctx context.Context, c store.Inspector) error {
	for _, err := range c.Scan(ctx, "", "*") {
		if err != nil {
			return err
		}
	}
	return nil
}

// wantCancelled fails the rule unless every operation answers a cancelled context with its error.
func (b *bench) wantCancelled() {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	for _, c := range b.calls() {
		if err := c.do(ctx); !errors.Is(err, context.Canceled) {
			b.Errorf("%s with a cancelled context: got %v, want %v", c.name, err, context.Canceled)
		}
	}
}

func closedForAll(b *bench) {
	b.set("key", "1", ample)
	calls := b.calls()
	objects, hasObjects := store.As[store.Objects](b.s)
	if err := b.s.Close(); err != nil {
		b.Fatalf("Close: %v", err)
	}
	for _, c := range calls {
		if err := c.do(b.Context()); !errors.Is(err, store.ErrClosed) {
			b.Errorf("%s after Close: got %v, want %v", c.name, err, store.ErrClosed)
		}
	}
	if c, ok := store.As[store.Leaser](b.s); ok {
		if woken, stop := c.Await("key"); woken != nil {
			b.Errorf("Await after Close returns a channel, of which nothing will be heard")
			stop()
		}
	}
	if hasObjects {
		if _, _, found := objects.Object("", "key"); found {
			b.Errorf("Object after Close finds a value, want none")
		}
	}
}
