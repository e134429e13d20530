//go:build unix

package redis_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// TestManyCallsAtOnceGetTheirOwnAnswers has calls wait in the queue and be sent together.
func TestManyCallsAtOnceGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
	var callers sync.WaitGroup
	for i := range 500 {
		callers.Go(func() {
			key := "k" + strconv.Itoa(i)
			for round := range 10 {
				want := key + "/" + strconv.Itoa(round)
				if err := s.Set(t.Context(), key, []byte(want), time.Hour); err != nil {
					t.Errorf("Set: %v", err)
					return
				}
				if got, found, err := s.Get(t.Context(), key); string(got) != want || !found || err != nil {
					t.Errorf("Get of %s = %q, %v, %v; want %q", key, got, found, err, want)
					return
				}
			}
		})
	}
	callers.Wait()
}

// gated is a server that does not answer GET before the gate opens.
func gated(gate <-chan struct{}) answers {
	return func(args []string) string {
		if args[0] == "GET" {
			<-gate
		}
		return well(args)
	}
}

// TestCallsThatLeaveTheQueueAreNotSent has a few calls keep the client busy, and many more give up before it is
// their turn.
func TestCallsThatLeaveTheQueueAreNotSent(t *testing.T) {
	const (
		busy    = 16
		waiting = 200
	)
	bubble(t, map[string]answers{}, func(t *testing.T, n *internet) {
		gate := make(chan struct{})
		n.set(somewhere, gated(gate))
		s := n.open(t, redis.Options{Address: somewhere})
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		var callers sync.WaitGroup
		call := func(number int, limit time.Duration) {
			for range number {
				callers.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					start := time.Now()
					if _, _, err := s.Get(ctx, "k"); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Get = %v, want the end of its time", err)
					}
					if took := time.Since(start); took != limit {
						t.Errorf("Get took %v, want %v", took, limit)
					}
				})
			}
			synctest.Wait()
		}
		call(busy, 400*time.Millisecond)
		call(waiting, 100*time.Millisecond)
		callers.Wait()
		close(gate)
		if _, _, err := s.Get(t.Context(), "k"); err != nil {
			t.Error(err)
		}
		if got := n.count("GET"); got != busy+1 {
			t.Errorf("%d GETs were sent, want those of the %d that kept the client busy and the last", got, busy)
		}
	})
}

// TestQueuedCallsOfAConnectionThatBreaks has all of them try once more, each for itself.
func TestQueuedCallsOfAConnectionThatBreaks(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	proxy := newCutter(t, server)
	s := open(t, redis.Options{Address: proxy.addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
	ready(t, s)
	var callers sync.WaitGroup
	for i := range 300 {
		callers.Go(func() {
			for round := range 20 {
				key := "k" + strconv.Itoa(i)
				if i == 299 && round == 10 {
					proxy.word.Store(new("k298"))
				}
				if _, _, err := s.Get(t.Context(), key); err != nil {
					t.Errorf("Get: %v", err)
					return
				}
			}
		})
	}
	callers.Wait()
	if got := proxy.cuts.Load(); got != 1 {
		t.Errorf("%d connections were cut, want one", got)
	}
}

// TestCloseWaitsForThoseAtTheClient closes a store whose server has stopped to answer, with calls at the client and in the queue.
func TestCloseWaitsForThoseAtTheClient(t *testing.T) {
	t.Parallel()
	for range 10 {
		server := testredis.Start(t)
		s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
		if err != nil {
			t.Fatal(err)
		}
		ready(t, s)
		server.Pause()
		var callers sync.WaitGroup
		for range 200 {
			callers.Go(func() { _, _, _ = s.Get(context.Background(), "k") })
		}
		eventually(t, "the client has all it takes", func() bool { return redis.AtTheClient(s) == 16 })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left := redis.AtTheClient(s); left != 0 {
			t.Errorf("%d are at the client after Close", left)
		}
		callers.Wait()
		server.Continue()
	}
}

// TestOneSilentConnectionOfSeveral has a server say nothing any more on one of four connections. The client takes one by
// chance for each call, and for all calls that are sent together, so a call in four waits in vain, and others wait for
// their turn meanwhile: none of them longer than its time, and when the connection is given up none at all.
func TestOneSilentConnectionOfSeveral(t *testing.T) {
	const (
		callers     = 64
		connections = 4
		silence     = 2 * time.Second
	)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16)) // by which the store decides how many connections it makes
	bubble(t, map[string]answers{}, func(t *testing.T, n *internet) {
		n.set(somewhere, func(args []string) string {
			if args[0] == "GET" && args[1] == "last" {
				return ""
			}
			return well(args)
		})
		s := n.open(t, redis.Options{Address: somewhere})
		for range 50 * connections {
			if _, _, err := s.Get(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		if got := n.dialled(somewhere); got != connections {
			t.Fatalf("%d connections, want %d", got, connections)
		}
		if _, _, err := s.Get(t.Context(), "last"); !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("Get of what is not answered = %v", err)
		}
		work := func() (w *watch) {
			w = &watch{}
			start := time.Now()
			var working sync.WaitGroup
			for range callers {
				working.Go(func() {
					for time.Since(start) < silence {
						_ = w.time(getting(s, "k"))
						time.Sleep(time.Millisecond)
					}
				})
			}
			working.Wait()
			return w
		}
		meanwhile := work()
		t.Logf("while one is silent %d calls worked and %d failed", meanwhile.ok, len(meanwhile.errs))
		if meanwhile.ok == 0 {
			t.Error("no call worked on the other connections")
		}
		meanwhile.wantErrors(t, store.ErrUnavailable)
		heldExactly(t, "F07", "one connection of four: slowest call", meanwhile.worst(), patience)
		time.Sleep(detection)
		if after := work(); len(after.errs) > 0 {
			t.Errorf("%d calls failed after that connection was given up, first: %v", len(after.errs), after.errs[0])
		}
	})
}
