//go:build unix

package redis_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/redis/rueidis"
	"go.uber.org/goleak"
)

// closeTime is how long Close takes at most.
const closeTime = time.Second

// onServer breaks a server under a store that is in use.
func onServer(breakIt func(*testing.T, *testredis.Server)) func(*testing.T) (redis.Options, func()) {
	return func(t *testing.T) (redis.Options, func()) {
		server := testredis.Start(t)
		return redis.Options{Address: server.Addr}, func() { breakIt(t, server) }
	}
}

// onWire breaks the line to a server.
func onWire(direction, toxic string) func(*testing.T) (redis.Options, func()) {
	return func(t *testing.T) (redis.Options, func()) {
		w := newWire(t, testredis.Start(t))
		return redis.Options{Address: w.addr}, func() { w.spoil(direction, toxic) }
	}
}

// Whatever is going on, Close comes to an end, and leaves nothing behind. Time is not virtual here, so that what is
// left would be left in the real network too.
func TestF25CloseUnderEachFault(t *testing.T) {
	faults := []struct {
		name string
		make func(*testing.T) (o redis.Options, breakIt func())
	}{
		{"F01 killed", onServer(func(_ *testing.T, s *testredis.Server) { s.Kill() })},
		{"F03 stopped", onServer(func(_ *testing.T, s *testredis.Server) { s.Pause() })},
		{"F03 stopped and killed", onServer(func(_ *testing.T, s *testredis.Server) { s.Pause(); s.Kill() })},
		{"F04 slow", onWire("downstream", `"type": "latency", "attributes": {"latency": 2000}`)},
		{"F07 half open", onWire("downstream", `"type": "timeout", "attributes": {"timeout": 0}`)},
		{"F08 cut", onWire("downstream", `"type": "limit_data", "attributes": {"bytes": 100}`)},
		{"F08 reset", onWire("downstream", `"type": "reset_peer", "attributes": {"timeout": 0}`)},
		{"F09 failover behind Sentinels", func(t *testing.T) (redis.Options, func()) {
			g := group(t)
			o := throughSentinels(t, g)
			o.Pool.SocketTimeout = 0
			return o, func() { g.Failover() }
		}},
		{"F10 stopped master behind Sentinels", func(t *testing.T) (redis.Options, func()) {
			g := group(t)
			o := throughSentinels(t, g)
			o.Pool.SocketTimeout = 0
			return o, func() { g.Master().Pause() }
		}},
		{"F11 dead Sentinels", func(t *testing.T) (redis.Options, func()) {
			g := group(t)
			o := throughSentinels(t, g)
			o.Pool.SocketTimeout = 0
			return o, func() {
				for _, s := range g.Sentinels {
					s.Kill()
				}
				g.Nodes[0].Kill()
			}
		}},
		{"F12 dead and stopped masters of a cluster", func(t *testing.T) (redis.Options, func()) {
			c := testredis.StartCluster(t, testredis.ClusterOptions{Args: partial})
			o := inCluster(t, c)
			o.Pool.SocketTimeout = 0
			return o, func() {
				c.Nodes[0].Kill()
				c.Nodes[1].Pause()
			}
		}},
		{"F13 slot on its way", func(t *testing.T) (redis.Options, func()) {
			c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 2})
			return inCluster(t, c), func() {
				from := c.NodeFor("a")
				to := c.Nodes[0]
				if from == to {
					to = c.Nodes[1]
				}
				c.StartMove(c.Slot("a"), from, to)
			}
		}},
		{"F15 full", onServer(func(_ *testing.T, s *testredis.Server) { s.Do("CONFIG", "SET", "maxmemory", "1") })},
		{"F16 read-only", onServer(func(_ *testing.T, s *testredis.Server) { s.Do("REPLICAOF", "127.0.0.1", "1") })},
		{"F17 no room for clients", func(t *testing.T) (redis.Options, func()) {
			server := testredis.Start(t)
			run := control(t, server)
			return redis.Options{Address: server.Addr}, func() { run("CONFIG SET maxclients 1", "CLIENT KILL TYPE normal") }
		}},
		{"F18 no entry", onServer(func(_ *testing.T, s *testredis.Server) {
			s.Do("ACL", "SETUSER", "default", "-@all", "+client", "+config")
			s.Do("CLIENT", "KILL", "TYPE", "normal")
		})},
	}
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			o, breakIt := f.make(t)
			descriptors := openFiles(t)
			leaks := append(leftBehind(), goleak.IgnoreCurrent())
			s, err := redis.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			ready(t, s)
			ctx, cancel := context.WithCancel(context.Background())
			var calls sync.WaitGroup
			for _, key := range []string{"a", "b", "c", "d"} {
				calls.Go(func() {
					for ctx.Err() == nil {
						_ = s.Set(context.Background(), key, []byte(key), time.Hour)
					}
				})
			}
			breakIt()
			time.Sleep(100 * time.Millisecond)
			start := time.Now()
			err = s.Close()
			held(t, "F25", "Close under "+f.name, time.Since(start), closeTime)
			cancel()
			calls.Wait()
			if err != nil {
				t.Errorf("Close = %v", err)
			}
			if _, _, err := s.Get(t.Context(), "k"); err != store.ErrClosed {
				t.Errorf("Get = %v, want store.ErrClosed", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("the second Close = %v", err)
			}
			if err := goleak.Find(leaks...); err != nil {
				t.Error(err)
			}
			if !strings.HasPrefix(f.name, "F0") || strings.HasPrefix(f.name, "F01") || strings.HasPrefix(f.name, "F03") { // no proxy
				eventually(t, "no connection is open", func() bool { return openFiles(t) <= descriptors })
			}
		})
	}
}

// openFiles returns how many files this process has open, where it can know.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}

func TestF25CloseUnderACallOfAMinute(t *testing.T) {
	server := testredis.Start(t)
	s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	ready(t, s)
	server.Pause()
	called := make(chan error, 1)
	go func() { called <- third(s.Get(context.Background(), "k")) }()
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	held(t, "F25", "Close under a call of a minute to a stopped server", time.Since(start), closeTime)
	if err := <-called; err != store.ErrClosed {
		t.Errorf("Get = %v, want store.ErrClosed", err)
	}
}

func TestF25CloseOfAStoreThatIsGreetedByNobody(t *testing.T) {
	server := testredis.Start(t)
	server.Pause()
	s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketConnectTimeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	held(t, "F25", "Close before the first greeting", time.Since(start), closeTime)
	if _, ok := store.As[rueidis.Client](s); ok {
		t.Error("a closed store hands out a client")
	}
	for name, err := range map[string]error{
		"GetMany": second(s.GetMany(t.Context(), nil)),
		"SetMany": s.SetMany(t.Context(), nil, time.Hour),
		"Delete":  second(s.Delete(t.Context())),
		"Ping":    s.Ping(t.Context()),
		"Info":    second(s.Info(t.Context())),
	} {
		if err != store.ErrClosed {
			t.Errorf("%s without keys = %v, want store.ErrClosed", name, err)
		}
	}
}

func TestF25CloseUnderACallOfAMinuteToANode(t *testing.T) {
	t.Parallel()
	close := func(t *testing.T, what string, o redis.Options, hang *testredis.Server) {
		t.Helper()
		o.Pool.SocketTimeout = time.Minute
		s, err := redis.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ready(t, s)
		hang.Pause()
		called := make(chan error, 1)
		go func() { called <- s.Set(t.Context(), "k", nil, time.Hour) }()
		start := time.Now()
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
		held(t, "F25", "Close under a call of a minute to "+what, time.Since(start), closeTime)
		if err := <-called; err != nil && err != store.ErrClosed {
			t.Errorf("a call under Close = %v", err)
		}
		if err := s.Set(t.Context(), "k", nil, time.Hour); err != store.ErrClosed {
			t.Errorf("Set = %v, want store.ErrClosed", err)
		}
	}
	t.Run("a node of a cluster", func(t *testing.T) {
		t.Parallel()
		c := testredis.StartCluster(t, testredis.ClusterOptions{})
		close(t, "a stopped node", inCluster(t, c), c.NodeFor("k"))
	})
	t.Run("the master behind Sentinels", func(t *testing.T) {
		t.Parallel()
		g := group(t)
		close(t, "a stopped master", throughSentinels(t, g), g.Master())
	})
	t.Run("a Sentinel", func(t *testing.T) {
		t.Parallel()
		g := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1, Password: dataPassword, SentinelPassword: sentinelPassword})
		close(t, "the master of a stopped Sentinel", throughSentinels(t, g), g.Sentinels[0])
	})
}
