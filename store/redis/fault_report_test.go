//go:build unix

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store/redis"
)

// The tests whose names begin with TestF and a number break something and look at what it costs. Each says
// what it promises, its bound, and logs what it measured, so that
//
//	go test -v -run 'TestF[0-9]' ./store/redis
//
// gives the table in docs/redis.md. Bounds of time are for a machine with nothing else to do and without the
// race detector; a test fails only if one is missed by more than a second and by more than half of it.
//
// They come in three layers: in virtual time with a scripted server (fault_virtual_test.go), a real server
// behind a bad line (fault_link_test.go), and real servers that are killed, stopped, promoted or turned hostile.

// held logs a time that was measured and fails the test if it is far beyond its bound.
func held(t testing.TB, fault, what string, worst, bound time.Duration) {
	t.Helper()
	t.Logf("%s worst %.3f s (bound %.3f s): %s", fault, worst.Seconds(), bound.Seconds(), what)
	if worst > bound+max(time.Second, bound/2) {
		t.Errorf("%s: %s: %v, want at most %v", fault, what, worst, bound)
	}
}

// heldExactly is held where time is virtual and every millisecond is meant.
func heldExactly(t testing.TB, fault, what string, worst, bound time.Duration) {
	t.Helper()
	held(t, fault, what, worst, bound)
	if worst > bound {
		t.Errorf("%s: %s: %v, want at most %v", fault, what, worst, bound)
	}
}

// heldCount logs a number that was measured and fails the test if it is beyond its bound.
func heldCount(t testing.TB, fault, what string, worst, bound int) {
	t.Helper()
	t.Logf("%s worst %d (bound %d): %s", fault, worst, bound, what)
	if worst > bound {
		t.Errorf("%s: %s: %d, want at most %d", fault, what, worst, bound)
	}
}

// watch times calls and counts their errors. It is safe for concurrent use.
type watch struct {
	mu      sync.Mutex // guards the rest
	longest time.Duration
	ok      int
	errs    []error
}

// time makes a call and returns its error.
func (w *watch) time(call func() error) error {
	start := time.Now()
	err := call()
	took := time.Since(start)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.longest = max(w.longest, took)
	if err == nil {
		w.ok++
	} else {
		w.errs = append(w.errs, err)
	}
	return err
}

// worst returns how long the slowest call took so far.
func (w *watch) worst() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.longest
}

// failed returns how many calls have failed so far.
func (w *watch) failed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.errs)
}

// wantOnly fails the test for an error that is none of what, and if not a single call worked.
func (w *watch) wantOnly(t *testing.T, what ...error) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ok == 0 {
		t.Error("not a single call worked")
	}
	for _, err := range w.errs {
		if !slices.ContainsFunc(what, func(w error) bool { return errors.Is(err, w) }) {
			t.Errorf("a call under load: %v", err)
			return
		}
	}
	t.Logf("%d calls worked, %d failed", w.ok, len(w.errs))
}

// load writes and reads keys until it is stopped, and watches that each holds its own name.
type load struct {
	watch
	stop func()
}

// underLoad puts load on s, one goroutine for each key.
func underLoad(t *testing.T, s *redis.Store, keys ...string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{}
	var running sync.WaitGroup
	for _, key := range keys {
		running.Go(func() {
			for ctx.Err() == nil {
				_ = l.time(setting(s, key))
				_ = l.time(getting(s, key))
				time.Sleep(time.Millisecond)
			}
		})
	}
	l.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(l.stop)
	return l
}

// wantOnly stops the load and fails the test for each error that is none of what.
func (l *load) wantOnly(t *testing.T, what ...error) {
	t.Helper()
	l.stop()
	l.watch.wantOnly(t, what...)
}

// setting returns a call that writes key, whose value is its name.
func setting(s *redis.Store, key string) func() error {
	return func() error { return s.Set(context.Background(), key, []byte(key), time.Hour) }
}

// getting returns a call that reads what setting has written. Another value is an error.
func getting(s *redis.Store, key string) func() error {
	return func() error {
		v, found, err := s.Get(context.Background(), key)
		if err == nil && found && string(v) != key {
			return fmt.Errorf("the value of %s is %q", key, v)
		}
		return err
	}
}

// until returns how long it takes until a call works.
func until(t *testing.T, what string, call func() error) time.Duration {
	t.Helper()
	start := time.Now()
	eventually(t, what, func() bool { return call() == nil })
	return time.Since(start)
}
