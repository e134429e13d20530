//go:build unix

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// late is what a call may take beyond its deadline.
const late = 50 * time.Millisecond

func TestF01ServerThatCrashesAndReturnsEmptyIsFound(t *testing.T) {
	server := testredis.Start(t)
	var lines journal
	s := open(t, redis.Options{Address: server.Addr, Logger: lines.logger()})
	ready(t, s)
	if _, _, err := s.Incr(t.Context(), "n", 1); err != nil { // the server knows the script now
		t.Fatal(err)
	}
	load := underLoad(t, s, "a", "b", "c", "d")
	load.resumes(t)
	server.Kill()
	eventually(t, "calls fail", func() bool { return load.failed() > 1000 })
	eventually(t, "the loss is logged", func() bool { return lines.has(lostLine) })
	start := time.Now()
	server.Restart()
	until(t, "the server is used again", getting(s, "a"))
	held(t, "F01", "time until it is used, from its start on", time.Since(start), time.Second)
	if err := s.Set(t.Context(), "n", []byte("41"), time.Hour); err != nil {
		t.Error(err)
	}
	if n, _, err := s.Incr(t.Context(), "n", 1); n != 42 || err != nil {
		t.Errorf("Incr on a server that has forgotten the scripts = %d, %v", n, err)
	}
	load.wantOnly(t, store.ErrUnavailable)
	held(t, "F01", "slowest call", load.worst(), redis.DefaultSocketTimeout)
	eventually(t, "the return is logged", func() bool { return lines.has(backLine) })
	if _, found, err := s.Get(t.Context(), "never"); found || err != nil {
		t.Errorf("Get = %v, %v, want a miss", found, err)
	}
}

// A server that returns with its data reads them first. In this time it answers LOADING, which the store takes for
// what it is: nobody waits.
func TestF02ServerThatReturnsWithItsData(t *testing.T) {
	server := testredis.StartWith(t, testredis.Options{Args: []string{
		"--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024",
	}})
	s := open(t, redis.Options{Address: server.Addr})
	var items []store.Item
	for i := range 500 { // half a second
		items = append(items, store.Item{Key: strconv.Itoa(i), Value: []byte(strings.Repeat("x", 100))})
	}
	ready(t, s)
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Do("SAVE")
	server.Kill()

	var w watch
	seen, returned := false, make(chan struct{})
	var calls sync.WaitGroup
	calls.Go(func() {
		for over := false; !over; time.Sleep(time.Millisecond) {
			select {
			case <-returned:
				over = true
			default:
			}
			var answer *redis.ServerError
			err := w.time(func() error { _, _, err := s.Get(context.Background(), "7"); return err })
			seen = seen || errors.As(err, &answer) && answer.Code == "LOADING"
		}
	})
	server.Restart()
	start := time.Now()
	until(t, "the data are there", func() error {
		v, found, err := s.Get(t.Context(), "7")
		if err == nil && (!found || len(v) != 100) {
			t.Errorf("Get = %q, %v on a server that has loaded", v, found)
		}
		return err
	})
	held(t, "F02", "time until a loaded server is used", time.Since(start), longestPause)
	close(returned)
	calls.Wait()
	if !seen {
		t.Error("no call met the server while it was loading")
	}
	w.wantErrors(t, store.ErrUnavailable)
	held(t, "F02", "slowest call at a real server that loads", w.worst(), redis.DefaultSocketTimeout+late)
}

func TestF03StoppedServerCostsNoMoreThanTheDeadline(t *testing.T) {
	const deadline = 100 * time.Millisecond
	server := testredis.Start(t)
	var lines journal
	s := open(t, redis.Options{
		Address: server.Addr, Logger: lines.logger(), Pool: redis.PoolOptions{SocketTimeout: deadline},
	})
	ready(t, s)
	load := underLoad(t, s, "a", "b", "c", "d")
	load.resumes(t)
	server.Pause()
	_, _, err := s.Get(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get = %v, want store.ErrUnavailable and context.DeadlineExceeded", err)
	}
	start := time.Now()
	eventually(t, "the breaker opens", func() bool { return lines.has(lostLine) })
	held(t, "F03", "time until calls are refused at once", time.Since(start), 3*deadline)
	for range 10_000 { // were each of them to wait for the deadline, they would take a quarter of an hour
		if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Get = %v, want store.ErrUnavailable", err)
		}
	}
	time.Sleep(detectionOfStopped) // the connection is given up meanwhile
	server.Continue()
	held(t, "F03", "time until the server that goes on is used", until(t, "it is used", getting(s, "k")), time.Second)
	load.wantOnly(t, store.ErrUnavailable)
	held(t, "F03", "slowest call", load.worst(), deadline+late)
	eventually(t, "the return is logged", func() bool { return lines.has(backLine) })
}

// detectionOfStopped is longer than it takes to give up a connection that is silent, see detection.
const detectionOfStopped = detection + 200*time.Millisecond

// Ten thousand callers at once, whose commands fill every buffer on the way to a server that does not read.
func TestF05TenThousandCallersOfAStoppedServer(t *testing.T) {
	const (
		crowd    = 10_000
		deadline = 100 * time.Millisecond
	)
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr})
	ready(t, s)
	before := runtime.NumGoroutine()
	server.Pause()
	var w watch
	var calls sync.WaitGroup
	for i := range crowd {
		calls.Go(func() {
			_ = w.time(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				defer cancel()
				if i%2 == 0 {
					return s.Set(ctx, "k", nil, time.Hour)
				}
				_, _, err := s.Get(ctx, "k")
				return err
			})
		})
	}
	calls.Wait()
	w.wantErrors(t, store.ErrUnavailable)
	if len(w.errs) != crowd {
		t.Errorf("%d of %d calls failed", len(w.errs), crowd)
	}
	start := time.Now()
	eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before+10 })
	gone := time.Since(start)
	machine := crowdOfWaiters(crowd, deadline)
	t.Logf("the slowest of 10000 goroutines that only wait for their contexts: %.3f s", machine.Seconds())
	heldWith(t, "F05", "slowest of 10000 calls at once, of 100 ms each", w.worst(), deadline+late, time.Second+machine-deadline-late)
	held(t, "F05", "time until the goroutines are gone", gone, detection)
	server.Continue()
	held(t, "F05", "time until the server that goes on is used", until(t, "it is used", getting(s, "other")), time.Second)
}

// crowdOfWaiters returns how long the slowest of n goroutines takes to wait for the end of a context. This is what
// the machine costs without any store.
func crowdOfWaiters(n int, deadline time.Duration) time.Duration {
	var w watch
	var waiting sync.WaitGroup
	for range n {
		waiting.Go(func() {
			_ = w.time(func() error {
				ctx, cancel := context.WithTimeout(context.Background(), deadline)
				defer cancel()
				<-ctx.Done()
				return nil
			})
		})
	}
	waiting.Wait()
	return w.worst()
}

// A value of 64 MiB is refused before anything is sent, and a million keys travel in pieces.
func TestF22LargeValuesAndManyKeys(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}})
	ready(t, s)
	sent := func() int { return statistic(t, server, "stats", "total_net_input_bytes") }
	before := sent()
	if err := s.Set(t.Context(), "k", make([]byte, 64<<20), time.Hour); !errors.Is(err, redis.ErrTooLarge) {
		t.Errorf("Set of 64 MiB = %v, want redis.ErrTooLarge", err)
	}
	heldCount(t, "F22", "bytes sent of a value of 64 MiB", max(0, sent()-before-1000), 0)

	const million = 1_000_000
	keys := make([]string, million)
	for i := range keys {
		keys[i] = "k" + strconv.Itoa(i)
	}
	median := func(stop <-chan struct{}) time.Duration { // of calls by somebody else
		var took []time.Duration
		for {
			start := time.Now()
			if err := setting(s, "somebody")(); err != nil {
				t.Errorf("Set = %v", err)
			}
			took = append(took, time.Since(start))
			select {
			case <-stop:
				return percentile(took, 0.99)
			case <-time.After(time.Millisecond):
			}
		}
	}
	done := make(chan struct{})
	time.AfterFunc(time.Second, func() { close(done) })
	alone := median(done)
	done = make(chan struct{})
	var all error
	go func() {
		defer close(done)
		var values [][]byte
		if values, all = s.GetMany(context.Background(), keys); len(values) != million {
			t.Errorf("GetMany returns %d values", len(values))
		}
	}()
	held(t, "F22", fmt.Sprintf("p99 of other callers under a GetMany of a million keys (alone: %.4f s)", alone.Seconds()),
		median(done), 50*time.Millisecond)
	if all != nil {
		t.Errorf("GetMany = %v", all)
	}
}

// The server removes what it was told to keep: all at once, for want of memory, or because it is over. This store
// keeps nothing of its own, so there is nothing to be late with.
func TestF23WhatTheServerRemovesIsGone(t *testing.T) {
	server := testredis.StartWith(t, testredis.Options{Args: []string{"--enable-debug-command", "yes"}})
	s := open(t, at(server))
	ready(t, s)
	gone := func(what, key string) {
		t.Helper()
		start := time.Now()
		eventually(t, what, func() bool { _, found, err := s.Get(t.Context(), key); return !found && err == nil })
		held(t, "F23", what, time.Since(start), 10*time.Millisecond)
	}
	must := func(key string, ttl time.Duration) {
		t.Helper()
		if err := s.Set(t.Context(), key, []byte(key), ttl); err != nil {
			t.Fatal(err)
		}
	}
	must("a", time.Hour)
	server.Do("FLUSHALL")
	gone("time until a miss, after FLUSHALL", "a")
	must("b", time.Hour)
	server.Do("SWAPDB", "0", "1")
	gone("time until a miss, after SWAPDB", "b")
	server.Do("DEBUG", "SET-ACTIVE-EXPIRE", "0")
	must("c", 30*time.Millisecond)
	time.Sleep(30 * time.Millisecond)
	gone("time until a miss, after the lifetime, where the server does not look for what is over", "c")
	must("d", time.Hour)
	server.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
	server.Do("CONFIG", "SET", "maxmemory", "1")
	gone("time until a miss, after eviction", "d")
}
