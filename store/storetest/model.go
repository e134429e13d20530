package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cachewright/cachewright/store"
)

// Model performs random operations on stores of open, of all capabilities that they offer, and fails t
// when an answer is not the one that a map with deadlines gives. The failure message is the shortest
// script found that shows the difference.
//
// How long it runs is said with the flags of package rapid, among them -rapid.checks and -rapid.steps;
// -short makes it run a tenth.
func Model(t *testing.T, open Open, o Options) {
	t.Helper()
	rapid.Check(t, modelProperty(t, open, o))
}

// modelProperty returns one random run as rapid wants it.
func modelProperty(t *testing.T, open Open, o Options) func(*rapid.T) {
	return func(rt *rapid.T) {
		// rapid unwinds a run by panics, which cannot leave the bubble by themselves.
		var unwound any
		inBubble(t, o, func(t *testing.T) {
			defer func() { unwound = recover() }()
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			m := newModel(modelT{rt, t.Context()}, s, o)
			rt.Repeat(m.actions())
			m.finish()
		})
		unwind(rt, unwound)
	}
}

// unwind goes on, outside the bubble, with the panic that ended a run inside. Failures and runs that
// rapid gives up must come from different lines, which is how rapid tells them apart.
func unwind(rt *rapid.T, unwound any) {
	if unwound == nil {
		return
	}
	if rt.Failed() {
		rt.Fatalf("%v", unwound)
	}
	if err, ok := unwound.(error); ok {
		panic(err)
	}
	rt.SkipNow()
}

// modelT is a rapid.T whose context belongs to the bubble of the run.
type modelT struct {
	*rapid.T
	ctx context.Context
}

func (t modelT) Context() context.Context { return t.ctx }

// In real time a run keeps away from the moments at which entries end: an operation begins at least
// margin before and settled after one, and what took longer than stall is not judged.
const (
	margin  = 15 * time.Millisecond
	settled = 15 * time.Millisecond
	stall   = 10 * time.Millisecond
)

// model is a store and the oracle that knows what it should answer.
type model struct {
	*bench
	oracle  oracle
	start   time.Time
	script  []string
	stalled bool // the machine was too slow: the rest of the run means nothing
}

func newModel(t T, s store.Store, o Options) *model {
	return &model{bench: newBench(t, s, o), oracle: oracle{entries: make(map[string]modelEntry)}, start: time.Now()}
}

// step performs one call: it asks the store, then the oracle, and compares the answers.
func (m *model) step(call string, ask, expect func() string) {
	m.Helper()
	if m.stalled {
		return
	}
	m.settle()
	got := ask()
	if !m.o.exact() && time.Since(m.start)-m.oracle.now > stall {
		m.stalled = true
		return
	}
	m.script = append(m.script, call+" = "+got)
	if want := expect(); got != want {
		m.Fatalf("%s = %s, want %s. The script:\n  %s", call, got, want, strings.Join(m.script, "\n  "))
	}
}

// settle waits, in real time, until no entry is about to end.
func (m *model) settle() {
	if m.o.exact() {
		return
	}
	m.oracle.now = time.Since(m.start)
	for {
		end, near := m.oracle.nearestEnd()
		if !near {
			return
		}
		m.pass(end + settled - m.oracle.now)
		m.oracle.now = time.Since(m.start)
	}
}

// let lets d pass for the store and the oracle.
func (m *model) let(d time.Duration) {
	m.script = append(m.script, fmt.Sprintf("pass %v", d))
	m.pass(d)
	m.oracle.now += d
}

// finish compares all that is left.
func (m *model) finish() {
	for _, key := range modelKeys() {
		m.get(key)
	}
	if !m.stalled {
		m.consistent()
	}
}

func modelKeys() []string { return []string{"", "a", "b", "a*", "\x00\xff", "ab"} }

func (m *model) drawKey(t *rapid.T) string {
	key := rapid.SampledFrom(modelKeys()).Draw(t, "key")
	m.used[key] = true
	return key
}

func drawKeys(t *rapid.T) []string {
	return rapid.SliceOfN(rapid.SampledFrom(modelKeys()), 0, 4).Draw(t, "keys")
}

func drawValue(t *rapid.T) []byte {
	return []byte(rapid.SampledFrom([]string{"1", "", "-1", "9223372036854775807", "x"}).Draw(t, "value"))
}

// drawOld draws a value to swap, or nil.
func drawOld(t *rapid.T, label string) []byte {
	if rapid.Bool().Draw(t, label+" is nil") {
		return nil
	}
	return drawValue(t)
}

func (m *model) drawTTL(t *rapid.T) time.Duration {
	lifetimes := []time.Duration{ample, store.Forever, store.Keep, 0, brief}
	if m.o.exact() {
		lifetimes = append(lifetimes, time.Millisecond, time.Second, time.Minute)
	}
	return rapid.SampledFrom(lifetimes).Draw(t, "ttl")
}

// actions returns what a run may do.
func (m *model) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){
		"pass": func(t *rapid.T) {
			spans := []time.Duration{brief}
			if m.o.exact() {
				spans = append(spans, time.Millisecond, 999*time.Millisecond, time.Minute)
			}
			m.let(rapid.SampledFrom(spans).Draw(t, "span"))
		},
		"Get":    func(t *rapid.T) { m.get(m.drawKey(t)) },
		"Set":    func(t *rapid.T) { m.set(m.drawKey(t), drawValue(t), m.drawTTL(t)) },
		"Add":    func(t *rapid.T) { m.add(m.drawKey(t), drawValue(t), m.drawTTL(t)) },
		"Touch":  func(t *rapid.T) { m.touch(m.drawKey(t), m.drawTTL(t)) },
		"Delete": func(t *rapid.T) { m.delete(drawKeys(t)) },
	}
	if c, ok := store.As[store.Batcher](m.s); ok {
		actions["GetMany"] = func(t *rapid.T) { m.getMany(c, drawKeys(t)) }
		actions["SetMany"] = func(t *rapid.T) {
			var items []store.Item
			for _, key := range drawKeys(t) {
				m.used[key] = true
				items = append(items, store.Item{Key: key, Value: drawValue(t)})
			}
			m.setMany(c, items, m.drawTTL(t))
		}
	}
	if c, ok := store.As[store.Counter](m.s); ok {
		actions["Incr"] = func(t *rapid.T) {
			m.incr(c, m.drawKey(t), rapid.SampledFrom([]int64{1, 0, -1, 1 << 62, -1 << 63}).Draw(t, "delta"))
		}
	}
	if c, ok := store.As[store.Swapper](m.s); ok {
		actions["Swap"] = func(t *rapid.T) {
			m.swap(c, m.drawKey(t), drawOld(t, "old"), drawOld(t, "new"), m.drawTTL(t))
		}
	}
	if c, ok := store.As[store.Inspector](m.s); ok {
		actions["TTL"] = func(t *rapid.T) { m.ttl(c, m.drawKey(t)) }
		actions["Scan"] = func(t *rapid.T) {
			prefix := rapid.SampledFrom([]string{"", "a", "a*", "\x00"}).Draw(t, "prefix")
			m.scan(c, prefix, rapid.SampledFrom([]string{"*", "?", "", `\*`, "[^b]"}).Draw(t, "pattern"))
		}
	}
	if c, ok := store.As[store.Viewer](m.s); ok {
		actions["View"] = func(t *rapid.T) { m.view(c, m.drawKey(t)) }
	}
	if c, ok := store.As[store.Objects](m.s); ok {
		actions["Object"] = func(t *rapid.T) { m.object(c, m.drawKey(t)) }
		actions["Attach"] = func(t *rapid.T) { m.attach(c, m.drawKey(t), rapid.IntRange(1, 3).Draw(t, "object")) }
	}
	return actions
}

func (m *model) get(key string) {
	m.step(fmt.Sprintf("Get(%q)", key),
		func() string { return optional(m.s.Get(m.Context(), key)) },
		func() string { return m.oracle.get(key) })
}

func (m *model) set(key string, value []byte, ttl time.Duration) {
	m.step(fmt.Sprintf("Set(%q, %q, %s)", key, value, lifetime(ttl)),
		func() string { return failure(m.s.Set(m.Context(), key, bytes.Clone(value), ttl)) },
		func() string { return m.oracle.set([]store.Item{{Key: key, Value: value}}, ttl) })
}

func (m *model) add(key string, value []byte, ttl time.Duration) {
	m.step(fmt.Sprintf("Add(%q, %q, %s)", key, value, lifetime(ttl)),
		func() string { return boolean(m.s.Add(m.Context(), key, value, ttl)) },
		func() string { return m.oracle.add(key, value, ttl) })
}

func (m *model) touch(key string, ttl time.Duration) {
	m.step(fmt.Sprintf("Touch(%q, %s)", key, lifetime(ttl)),
		func() string { return boolean(m.s.Touch(m.Context(), key, ttl)) },
		func() string { return m.oracle.touch(key, ttl) })
}

func (m *model) delete(keys []string) {
	m.step(fmt.Sprintf("Delete(%q)", keys),
		func() string { return number(m.s.Delete(m.Context(), keys...)) },
		func() string { return m.oracle.delete(keys) })
}

func (m *model) getMany(c store.Batcher, keys []string) {
	m.step(fmt.Sprintf("GetMany(%q)", keys),
		func() string {
			values, err := c.GetMany(m.Context(), keys)
			if err != nil || len(values) != len(keys) {
				return fmt.Sprintf("%d values, %s", len(values), failure(err))
			}
			var answers []string
			for _, v := range values {
				answers = append(answers, optional(v, v != nil, nil))
			}
			return strings.Join(answers, ", ")
		},
		func() string { return m.oracle.getMany(keys) })
}

func (m *model) setMany(c store.Batcher, items []store.Item, ttl time.Duration) {
	m.step(fmt.Sprintf("SetMany(%q, %s)", items, lifetime(ttl)),
		func() string { return failure(c.SetMany(m.Context(), items, ttl)) },
		func() string { return m.oracle.set(items, ttl) })
}

func (m *model) incr(c store.Counter, key string, delta int64) {
	m.step(fmt.Sprintf("Incr(%q, %d)", key, delta),
		func() string {
			n, found, err := c.Incr(m.Context(), key, delta)
			if err != nil || !found {
				return boolean(found, err)
			}
			return number(n, nil)
		},
		func() string { return m.oracle.incr(key, delta) })
}

func (m *model) swap(c store.Swapper, key string, old, new []byte, ttl time.Duration) {
	m.step(fmt.Sprintf("Swap(%q, %s, %s, %s)", key, argument(old), argument(new), lifetime(ttl)),
		func() string { return boolean(c.Swap(m.Context(), key, old, new, ttl)) },
		func() string { return m.oracle.swap(key, old, new, ttl) })
}

func (m *model) ttl(c store.Inspector, key string) {
	var got time.Duration
	m.step(fmt.Sprintf("TTL(%q)", key),
		func() string {
			ttl, found, err := c.TTL(m.Context(), key)
			if err != nil || !found {
				return boolean(found, err)
			}
			got = ttl
			return m.about(ttl, m.oracle.remaining(key))
		},
		func() string {
			if _, found := m.oracle.live(key); !found {
				return boolean(false, nil)
			}
			return m.about(m.oracle.remaining(key), got)
		})
}

// about prints a lifetime that may differ, in real time, from what another clock says of it: the
// larger of both if they are close.
func (m *model) about(ttl, other time.Duration) string {
	if !m.o.exact() && (ttl-other).Abs() < 2*stall {
		ttl = max(ttl, other)
	}
	return lifetime(ttl)
}

func (m *model) scan(c store.Inspector, prefix, pattern string) {
	m.step(fmt.Sprintf("Scan(%q, %q)", prefix, pattern),
		func() string {
			keys := []string{}
			for key, err := range c.Scan(m.Context(), prefix, pattern) {
				if err != nil {
					return failure(err)
				}
				keys = append(keys, key)
			}
			slices.Sort(keys)
			return fmt.Sprintf("%q", keys)
		},
		func() string { return m.oracle.scan(prefix, pattern) })
}

func (m *model) view(c store.Viewer, key string) {
	m.step(fmt.Sprintf("View(%q)", key),
		func() string {
			var value []byte
			found, err := c.View(m.Context(), key, func(v []byte) error { value = bytes.Clone(v); return nil })
			return optional(value, found, err)
		},
		func() string { return m.oracle.get(key) })
}

func (m *model) object(c store.Objects, key string) {
	m.step(fmt.Sprintf("Object(%q)", key),
		func() string {
			value, object, found := c.Object("", key)
			return withObject(optional(value, found, nil), object)
		},
		func() string { return withObject(m.oracle.get(key), m.oracle.entries[key].object) })
}

func (m *model) attach(c store.Objects, key string, object int) {
	m.step(fmt.Sprintf("Attach(%q, %d)", key, object),
		func() string {
			if value, _, found := c.Object("", key); found {
				c.Attach(key, value, object)
			}
			return "done"
		},
		func() string { return m.oracle.attach(key, object) })
}

// argument prints a value that may be nil.
func argument(value []byte) string {
	if value == nil {
		return "nil"
	}
	return fmt.Sprintf("%q", value)
}

// The answers of a call, printed so that they compare.

func failure(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed):
		return err.Error()
	case errors.Is(err, store.ErrNotInteger):
		return store.ErrNotInteger.Error()
	case errors.Is(err, store.ErrOverflow):
		return store.ErrOverflow.Error()
	}
	return "refused"
}

func boolean(ok bool, err error) string {
	if err != nil {
		return failure(err)
	}
	return fmt.Sprint(ok)
}

func number[N int | int64](n N, err error) string {
	if err != nil {
		return failure(err)
	}
	return fmt.Sprint(n)
}

func optional(value []byte, found bool, err error) string {
	switch {
	case err != nil:
		return failure(err)
	case !found:
		return "nothing"
	}
	return fmt.Sprintf("%q", value)
}

func withObject(value string, object any) string {
	return fmt.Sprintf("%s with object %v", value, object)
}
