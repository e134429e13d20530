package store

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"time"
)

// Op names an operation of a [Store] or of one of its capabilities.
type Op string

// The operations that an [Interceptor] sees.
const (
	OpGet     Op = "get" // also a View
	OpSet     Op = "set"
	OpAdd     Op = "add"
	OpTouch   Op = "touch"
	OpDelete  Op = "delete"
	OpGetMany Op = "get_many"
	OpSetMany Op = "set_many"
	OpPeek    Op = "peek"
	OpIncr    Op = "incr"
	OpSwap    Op = "swap"
	OpRenew   Op = "renew" // GetTouch
	OpClaim   Op = "claim"
	OpExtend  Op = "extend"
	OpCommit  Op = "commit"
	OpYield   Op = "yield"
	OpVoid    Op = "void"
	OpScan    Op = "scan" // one call for the whole scan, ended when the last key was yielded
	OpTTL     Op = "ttl"
	OpClose   Op = "close"
)

// Call is one operation on its way through the interceptors: what goes in, and after the store has
// answered, what comes out.
//
// An interceptor may change any field: Before changes what the store is asked, After what the caller
// is told. A Call belongs to one operation and must not be kept after it. Slices in it are read-only;
// replace them instead.
type Call struct {
	Op      Op
	Key     string        // the key; the prefix of a Scan or VoidMatching
	Keys    []string      // Delete, GetMany, Peek, Void
	Pattern string        // Scan, VoidMatching
	Value   []byte        // Set, Add, Swap (new), Extend (next), Commit, Yield (note): what goes in; Get, GetTouch, Claim: what came out
	Old     []byte        // Swap, Extend; the lease of Claim, Commit and Yield
	Items   []Item        // SetMany
	TTL     time.Duration // the lifetime that goes in; the answer of TTL
	Delta   int64         // Incr
	Length  int           // Peek: the bytes of each value

	// Answered is set by a Before that has filled in the results itself: the store is not asked. A
	// lost write is Answered with a nil Err.
	Answered bool

	Found  bool     // found, stored, swapped or held
	N      int64    // the sum of Incr, the count of Delete, the number of keys of a Scan
	Values [][]byte // GetMany, Peek
	Err    error
}

// Interceptor watches or bends the calls to a store: traces, metrics, injected failures.
//
// Both methods run on the caller's goroutine and must be safe for concurrent use; neither may call the
// store it stands in front of with the same interceptor.
type Interceptor interface {
	// Before runs before the store is asked. The returned context goes to the next interceptor and to
	// the store. An error ends the call: the store is not asked and the caller gets the error.
	Before(ctx context.Context, c *Call) (context.Context, error)

	// After runs when the answer is there, with the context that Before returned. It runs if and only
	// if Before of the same interceptor returned no error.
	After(ctx context.Context, c *Call)
}

// Intercept returns s with interceptors in front of it: the first one given sees a call first and its
// answer last. Without interceptors it returns s itself.
//
// The result offers, through [As], the capabilities that s offers, each of them intercepted, with two
// exceptions: [Objects] is hidden, because a decoded copy would pass by what an interceptor changes, and [Giver],
// because an interceptor may answer with what it keeps.
// [Clock], [Ticker], [Pinger] and types that this package does not know (a native client) are handed out as s
// gives them, not intercepted.
//
// The result owns s: its Close closes s. Intercept is the only wrapper of stores there is.
func Intercept(s Store, interceptors ...Interceptor) Store {
	if len(interceptors) == 0 {
		return s
	}
	return &intercepted{inner: s, interceptors: interceptors}
}

type intercepted struct {
	inner        Store
	interceptors []Interceptor
}

var _ Store = (*intercepted)(nil)

// run sends c through the interceptors from i on and, behind the last one, to ask.
func (s *intercepted) run(ctx context.Context, i int, c *Call, ask func(context.Context)) {
	if c.Answered {
		return
	}
	if i == len(s.interceptors) {
		ask(ctx)
		return
	}
	ctx, err := s.interceptors[i].Before(ctx, c)
	if err != nil {
		c.Err = err
		return
	}
	s.run(ctx, i+1, c, ask)
	s.interceptors[i].After(ctx, c)
}

func (s *intercepted) Get(ctx context.Context, key string) ([]byte, bool, error) {
	c := Call{Op: OpGet, Key: key}
	s.run(ctx, 0, &c, func(ctx context.Context) { c.Value, c.Found, c.Err = s.inner.Get(ctx, c.Key) })
	return c.Value, c.Found, c.Err
}

func (s *intercepted) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	c := Call{Op: OpSet, Key: key, Value: value, TTL: ttl}
	s.run(ctx, 0, &c, func(ctx context.Context) { c.Err = s.inner.Set(ctx, c.Key, c.Value, c.TTL) })
	return c.Err
}

func (s *intercepted) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	c := Call{Op: OpAdd, Key: key, Value: value, TTL: ttl}
	s.run(ctx, 0, &c, func(ctx context.Context) { c.Found, c.Err = s.inner.Add(ctx, c.Key, c.Value, c.TTL) })
	return c.Found, c.Err
}

func (s *intercepted) Touch(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	c := Call{Op: OpTouch, Key: key, TTL: ttl}
	s.run(ctx, 0, &c, func(ctx context.Context) { c.Found, c.Err = s.inner.Touch(ctx, c.Key, c.TTL) })
	return c.Found, c.Err
}

func (s *intercepted) Delete(ctx context.Context, keys ...string) (int, error) {
	c := Call{Op: OpDelete, Keys: keys}
	s.run(ctx, 0, &c, func(ctx context.Context) {
		n, err := s.inner.Delete(ctx, c.Keys...)
		c.N, c.Err = int64(n), err
	})
	return int(c.N), c.Err
}

func (s *intercepted) Close() error {
	c := Call{Op: OpClose}
	s.run(context.Background(), 0, &c, func(context.Context) { c.Err = s.inner.Close() })
	return c.Err
}

// As offers the capabilities of the store behind, intercepted.
func (s *intercepted) As(target any) bool {
	switch t := target.(type) {
	case *Batcher:
		return offer(s, t, func(inner Batcher) Batcher { return interceptedBatcher{s, inner} })
	case *Peeker:
		return offer(s, t, func(inner Peeker) Peeker { return interceptedPeeker{s, inner} })
	case *Counter:
		return offer(s, t, func(inner Counter) Counter { return interceptedCounter{s, inner} })
	case *Swapper:
		return offer(s, t, func(inner Swapper) Swapper { return interceptedSwapper{s, inner} })
	case *Renewer:
		return offer(s, t, func(inner Renewer) Renewer { return interceptedRenewer{s, inner} })
	case *Inspector:
		return offer(s, t, func(inner Inspector) Inspector { return interceptedInspector{s, inner} })
	case *Viewer:
		return offer(s, t, func(inner Viewer) Viewer { return interceptedViewer{s, inner} })
	case *Leaser:
		return offer(s, t, func(inner Leaser) Leaser { return interceptedLeaser{s, inner} })
	case *Beside:
		return offer(s, t, func(inner Beside) Beside { return interceptedBeside{interceptedLeaser{s, inner}, inner} })
	case *Objects, *Giver:
		return false
	case *Store: // s itself, not what it stands in front of
		*t = s
		return true
	}
	if inner, ok := s.inner.(interface{ As(target any) bool }); ok && inner.As(target) {
		return true
	}
	wanted, inner := reflect.ValueOf(target).Elem(), reflect.ValueOf(s.inner)
	if !inner.Type().AssignableTo(wanted.Type()) {
		return false
	}
	wanted.Set(inner)
	return true
}

// offer fills target with the wrapped capability C of the store behind s, if it has it.
func offer[C any](s *intercepted, target *C, wrap func(C) C) bool {
	inner, ok := As[C](s.inner)
	if ok {
		*target = wrap(inner)
	}
	return ok
}

type interceptedBatcher struct {
	s     *intercepted
	inner Batcher
}

func (b interceptedBatcher) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	c := Call{Op: OpGetMany, Keys: keys}
	b.s.run(ctx, 0, &c, func(ctx context.Context) { c.Values, c.Err = b.inner.GetMany(ctx, c.Keys) })
	return c.valuesOf(keys)
}

// valuesOf returns the answer to a call on keys. An interceptor that answers by itself, or fails some keys, may leave
// the values out: all other keys are absent then.
func (c *Call) valuesOf(keys []string) ([][]byte, error) {
	var each KeyErrors
	if len(c.Values) != len(keys) && (c.Err == nil || errors.As(c.Err, &each)) {
		c.Values = make([][]byte, len(keys))
	}
	return c.Values, c.Err
}

func (b interceptedBatcher) SetMany(ctx context.Context, items []Item, ttl time.Duration) error {
	c := Call{Op: OpSetMany, Items: items, TTL: ttl}
	b.s.run(ctx, 0, &c, func(ctx context.Context) { c.Err = b.inner.SetMany(ctx, c.Items, c.TTL) })
	return c.Err
}

type interceptedPeeker struct {
	s     *intercepted
	inner Peeker
}

func (p interceptedPeeker) Peek(ctx context.Context, keys []string, n int) ([][]byte, error) {
	c := Call{Op: OpPeek, Keys: keys, Length: n}
	p.s.run(ctx, 0, &c, func(ctx context.Context) { c.Values, c.Err = p.inner.Peek(ctx, c.Keys, c.Length) })
	return c.valuesOf(keys)
}

type interceptedCounter struct {
	s     *intercepted
	inner Counter
}

func (n interceptedCounter) Incr(ctx context.Context, key string, delta int64) (int64, bool, error) {
	c := Call{Op: OpIncr, Key: key, Delta: delta}
	n.s.run(ctx, 0, &c, func(ctx context.Context) { c.N, c.Found, c.Err = n.inner.Incr(ctx, c.Key, c.Delta) })
	return c.N, c.Found, c.Err
}

type interceptedSwapper struct {
	s     *intercepted
	inner Swapper
}

func (w interceptedSwapper) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	c := Call{Op: OpSwap, Key: key, Old: old, Value: new, TTL: ttl}
	w.s.run(ctx, 0, &c, func(ctx context.Context) {
		c.Found, c.Err = w.inner.Swap(ctx, c.Key, c.Old, c.Value, c.TTL)
	})
	return c.Found, c.Err
}

type interceptedRenewer struct {
	s     *intercepted
	inner Renewer
}

func (r interceptedRenewer) GetTouch(ctx context.Context, key string, ttl time.Duration) ([]byte, bool, error) {
	c := Call{Op: OpRenew, Key: key, TTL: ttl}
	r.s.run(ctx, 0, &c, func(ctx context.Context) {
		c.Value, c.Found, c.Err = r.inner.GetTouch(ctx, c.Key, c.TTL)
	})
	return c.Value, c.Found, c.Err
}

type interceptedInspector struct {
	s     *intercepted
	inner Inspector
}

func (n interceptedInspector) TTL(ctx context.Context, key string) (time.Duration, bool, error) {
	c := Call{Op: OpTTL, Key: key}
	n.s.run(ctx, 0, &c, func(ctx context.Context) { c.TTL, c.Found, c.Err = n.inner.TTL(ctx, c.Key) })
	return c.TTL, c.Found, c.Err
}

func (n interceptedInspector) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		c := Call{Op: OpScan, Key: prefix, Pattern: pattern}
		stopped := false
		n.s.run(ctx, 0, &c, func(ctx context.Context) {
			for key, err := range n.inner.Scan(ctx, c.Key, c.Pattern) {
				if err != nil {
					c.Err = err
					return
				}
				c.N++
				if !yield(key, nil) {
					stopped = true
					return
				}
			}
		})
		if c.Err != nil && !stopped {
			yield("", c.Err)
		}
	}
}

type interceptedViewer struct {
	s     *intercepted
	inner Viewer
}

// View decodes what the interceptors have left of the value. It is copied for them, because After runs
// when the store's own buffer is no longer valid.
func (v interceptedViewer) View(ctx context.Context, key string, decode func([]byte) error) (bool, error) {
	c := Call{Op: OpGet, Key: key}
	v.s.run(ctx, 0, &c, func(ctx context.Context) {
		c.Found, c.Err = v.inner.View(ctx, c.Key, func(value []byte) error {
			c.Value = append([]byte{}, value...)
			return nil
		})
	})
	if c.Err != nil || !c.Found {
		return false, c.Err
	}
	return true, decode(c.Value)
}
