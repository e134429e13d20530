package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

// The lifetimes of most rules. brief is short enough to wait for in real time; nothing ends within
// ample.
const (
	brief = 30 * time.Millisecond
	ample = time.Hour
)

// bench is what a rule works at: a store, the time, and somebody to tell about failures.
type bench struct {
	T
	s    store.Store
	o    Options
	used map[string]bool // keys that the rule has written, for consistent
}

func newBench(t T, s store.Store, o Options) *bench {
	return &bench{T: t, s: s, o: o, used: make(map[string]bool)}
}

// need returns the capability C of the bench's store. Rules that call it name C as their need.
func need[C any](b *bench) C {
	b.Helper()
	c, ok := store.As[C](b.s)
	if !ok {
		b.Fatalf("store.As does not find %T", &c)
	}
	return c
}

// pass lets d pass.
func (b *bench) pass(d time.Duration) {
	if b.o.Sleep != nil {
		b.o.Sleep(d)
		return
	}
	time.Sleep(d)
}

// outlive lets a lifetime of d pass that has begun already. In real time it waits a little longer, for
// clocks that tick in milliseconds.
func (b *bench) outlive(d time.Duration) {
	if !b.o.exact() {
		d += 5 * time.Millisecond
	}
	b.pass(d)
}

// hurry runs steps, which must be done before a lifetime of d that begins in them has passed. In real
// time the machine may have been busy with something else: what is found then means nothing, and the
// steps are run again from the start.
func (b *bench) hurry(d time.Duration, steps func(*bench)) {
	b.Helper()
	if b.o.exact() {
		steps(b)
		return
	}
	for range 20 {
		start := time.Now()
		a := &attempt{T: b.T}
		inner := &bench{T: a, s: b.s, o: b.o, used: b.used}
		a.run(func() { steps(inner) })
		if time.Since(start) < d {
			a.report()
			return
		}
	}
	b.Fatalf("this machine is too busy: 20 times, a few operations took longer than %v", d)
}

// attempt is a T that keeps failures back until they are known to mean something.
type attempt struct {
	T
	mu       sync.Mutex // guards failures
	failures []string
	fatal    bool
}

// abandoned unwinds a rule after Fatalf.
type abandoned struct{}

func (a *attempt) Errorf(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failures = append(a.failures, fmt.Sprintf(format, args...))
}

func (a *attempt) Fatalf(format string, args ...any) {
	a.Errorf(format, args...)
	a.fatal = true
	panic(abandoned{})
}

// run calls f until its end or until Fatalf.
func (a *attempt) run(f func()) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(abandoned); !ok {
				panic(r)
			}
		}
	}()
	f()
}

// report hands the failures on.
func (a *attempt) report() {
	a.T.Helper()
	for _, f := range a.failures {
		a.T.Errorf("%s", f)
	}
	if a.fatal {
		a.T.Fatalf("cannot go on")
	}
}

func (b *bench) set(key, value string, ttl time.Duration) {
	b.Helper()
	b.used[key] = true
	if err := b.s.Set(b.Context(), key, []byte(value), ttl); err != nil {
		b.Fatalf("Set(%s, %s, %s): %v", quote(key), quote(value), lifetime(ttl), err)
	}
}

func (b *bench) get(key string) (value []byte, found bool) {
	b.Helper()
	value, found, err := b.s.Get(b.Context(), key)
	if err != nil {
		b.Fatalf("Get(%s): %v", quote(key), err)
	}
	return value, found
}

func (b *bench) add(key, value string, ttl time.Duration, want bool) {
	b.Helper()
	b.used[key] = true
	got, err := b.s.Add(b.Context(), key, []byte(value), ttl)
	if err != nil {
		b.Fatalf("Add(%s, %s, %s): %v", quote(key), quote(value), lifetime(ttl), err)
	}
	if got != want {
		b.Fatalf("Add(%s, %s, %s) = %v, want %v", quote(key), quote(value), lifetime(ttl), got, want)
	}
}

func (b *bench) touch(key string, ttl time.Duration, want bool) {
	b.Helper()
	got, err := b.s.Touch(b.Context(), key, ttl)
	if err != nil {
		b.Fatalf("Touch(%s, %s): %v", quote(key), lifetime(ttl), err)
	}
	if got != want {
		b.Fatalf("Touch(%s, %s) = %v, want %v", quote(key), lifetime(ttl), got, want)
	}
}

func (b *bench) delete(want int, keys ...string) {
	b.Helper()
	got, err := b.s.Delete(b.Context(), keys...)
	if err != nil {
		b.Fatalf("Delete of %d keys: %v", len(keys), err)
	}
	if got != want {
		b.Fatalf("Delete of %d keys = %d, want %d", len(keys), got, want)
	}
}

// clear makes key absent, whether it was there or not.
func (b *bench) clear(key string) {
	b.Helper()
	if _, err := b.s.Delete(b.Context(), key); err != nil {
		b.Fatalf("Delete(%s): %v", quote(key), err)
	}
}

// wantValue fails the rule unless key holds want.
func (b *bench) wantValue(key, want string) {
	b.Helper()
	got, found := b.get(key)
	if !found {
		b.Fatalf("Get(%s) found nothing, want %s", quote(key), quote(want))
	}
	if string(got) != want {
		b.Fatalf("Get(%s) = %s, want %s", quote(key), quote(string(got)), quote(want))
	}
}

// wantAbsent fails the rule if key is there.
func (b *bench) wantAbsent(key string) {
	b.Helper()
	if got, found := b.get(key); found {
		b.Fatalf("Get(%s) = %s, want nothing", quote(key), quote(string(got)))
	}
}

// wantRefused fails the rule unless err says that an argument was refused: an error that is none of
// the store's states.
func (b *bench) wantRefused(call string, err error) {
	b.Helper()
	switch {
	case err == nil:
		b.Errorf("%s returned no error, want a refusal", call)
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed):
		b.Errorf("%s: got %v, want an error about the argument", call, err)
	}
}

// consistent fails the rule if two ways to look at the store disagree. A closed store has none.
func (b *bench) consistent() {
	b.Helper()
	if _, _, err := b.s.Get(b.Context(), "key"); errors.Is(err, store.ErrClosed) {
		return
	}
	var problems []string
	for range 3 {
		// An entry may end between two looks at it. It does so only once.
		if problems = b.disagreements(); len(problems) == 0 {
			return
		}
		b.pass(10 * time.Millisecond)
	}
	for _, p := range problems {
		b.Errorf("the store disagrees with itself at the end of the rule: %s", p)
	}
}

func (b *bench) disagreements() (problems []string) {
	note := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	present := make(map[string][]byte)
	for key := range b.used {
		value, found, err := b.s.Get(b.Context(), key)
		switch {
		case err != nil:
			note("Get(%s): %v", quote(key), err)
		case found:
			present[key] = value
		}
	}
	if inspector, ok := store.As[store.Inspector](b.s); ok {
		b.compareScan(inspector, present, note)
	}
	if batcher, ok := store.As[store.Batcher](b.s); ok {
		b.compareBatch(batcher, present, note)
	}
	return problems
}

func (b *bench) compareScan(inspector store.Inspector, present map[string][]byte, note func(string, ...any)) {
	seen := make(map[string]int)
	for key, err := range inspector.Scan(b.Context(), "", "*") {
		if err != nil {
			note("Scan: %v", err)
			return
		}
		seen[key]++
		if _, ok := present[key]; !ok {
			note("Scan yields %s, Get does not find it", quote(key))
		}
	}
	for key := range present {
		if seen[key] != 1 {
			note("Get finds %s, Scan yields it %d times", quote(key), seen[key])
		}
		if ttl, found, err := inspector.TTL(b.Context(), key); err != nil || !found || ttl <= 0 {
			note("Get finds %s, TTL says %v, %v, %v", quote(key), ttl, found, err)
		}
	}
}

func (b *bench) compareBatch(batcher store.Batcher, present map[string][]byte, note func(string, ...any)) {
	keys := make([]string, 0, len(b.used))
	for key := range b.used {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	values, err := batcher.GetMany(b.Context(), keys)
	if err != nil || len(values) != len(keys) {
		note("GetMany of %d keys returned %d values, %v", len(keys), len(values), err)
		return
	}
	for i, key := range keys {
		want, found := present[key]
		if found != (values[i] != nil) || !bytes.Equal(values[i], want) {
			note("Get(%s) = %s, %v; GetMany has %s, nil is %v",
				quote(key), quote(string(want)), found, quote(string(values[i])), values[i] == nil)
		}
	}
}

// quote prints s, shortened if it is long.
func quote(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%q... (%d bytes)", s[:40], len(s))
	}
	return fmt.Sprintf("%q", s)
}

// lifetime prints ttl as a program would write it.
func lifetime(ttl time.Duration) string {
	switch ttl {
	case store.Forever:
		return "Forever"
	case store.Keep:
		return "Keep"
	case store.DoNotKeep:
		return "DoNotKeep"
	}
	return ttl.String()
}
