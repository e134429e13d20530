//go:build unix

package redis_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
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
	heldWith(t, fault, what, worst, bound, max(time.Second, bound/2))
}

// heldWith is held with what a time may be beyond its bound.
func heldWith(t testing.TB, fault, what string, worst, bound, slack time.Duration) {
	t.Helper()
	t.Logf("%s worst %.3f s (bound %.3f s): %s", fault, worst.Seconds(), bound.Seconds(), what)
	if worst > bound+slack {
		t.Errorf("%s: %s: %v, want at most %v", fault, what, worst, bound)
	}
}

// heldExactly is held where time is virtual and every millisecond is meant.
func heldExactly(t testing.TB, fault, what string, worst, bound time.Duration) {
	t.Helper()
	heldWith(t, fault, what, worst, bound, 0)
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
	gap     time.Duration // the longest time in which no call worked
	last    time.Time     // when one last did
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
	if err != nil {
		w.errs = append(w.errs, err)
		return err
	}
	w.ok++
	if now := time.Now(); !w.last.IsZero() {
		w.gap, w.last = max(w.gap, now.Sub(w.last)), now
	} else {
		w.last = now
	}
	return nil
}

// worst returns how long the slowest call took so far.
func (w *watch) worst() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.longest
}

// outage returns the longest time between two calls that worked.
func (w *watch) outage() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gap
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
	w.wantErrors(t, what...)
	if w.ok == 0 {
		t.Error("not a single call worked")
	}
}

// wantErrors fails the test for an error that is none of what.
func (w *watch) wantErrors(t *testing.T, what ...error) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, err := range w.errs {
		if !slices.ContainsFunc(what, func(w error) bool { return errors.Is(err, w) }) {
			t.Fatalf("a call = %v, want one of %v", err, what)
		}
	}
	t.Logf("%d calls worked, %d failed", w.ok, len(w.errs))
}

// load writes and reads keys until it is stopped, and watches that each holds its own name.
type load struct {
	watch
	keys []string
	stop func()
}

// underLoad puts load on s, one goroutine for each key.
func underLoad(t *testing.T, s *redis.Store, keys ...string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{keys: keys}
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

// resumes waits until the load works again, which ends the outage.
func (l *load) resumes(t *testing.T) {
	t.Helper()
	worked := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.ok
	}
	before := worked()
	eventually(t, "the load is at work", func() bool { return worked() > before+len(l.keys)*2 })
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

// percentile returns the part q of times.
func percentile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[int(q*float64(len(times)-1))]
}

// statistic returns a number from a section of INFO. Asking counts as a connection.
func statistic(t *testing.T, server *testredis.Server, section, name string) int {
	t.Helper()
	_, rest, found := strings.Cut(server.Do("INFO", section), name+":")
	line, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.Atoi(strings.TrimSpace(line))
	if !found || err != nil {
		t.Fatalf("INFO %s: %s = %q, %v", section, name, line, err)
	}
	return n
}

// control runs commands over one connection that stays until the test ends, because the server may not let another
// one in afterwards. It returns a way to run more of them. Their words have no spaces.
func control(t *testing.T, server *testredis.Server, commands ...string) func(commands ...string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	replies := bufio.NewReader(conn)
	run := func(commands ...string) {
		t.Helper()
		for _, c := range commands {
			if _, err := fmt.Fprintf(conn, "%s\r\n", c); err != nil {
				t.Fatalf("%s: %v", c, err)
			}
			if reply, err := replies.ReadString('\n'); err != nil || strings.HasPrefix(reply, "-") {
				t.Fatalf("%s: %q, %v", c, reply, err)
			}
		}
	}
	run(commands...)
	return run
}
