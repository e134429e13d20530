package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
)

// askRedis compares our Redis store with the client below it, and with another client that takes a connection of a
// pool for each call, on a server that it starts on a free loopback port.
func askRedis(r *run) error {
	addr, stop, err := startServer()
	if err != nil {
		return err
	}
	defer stop()
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{
		Environment: "development", RedisURL: "redis://" + addr + "/0", Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {
			Require: true, Pool: cachewright.PoolOptions{SocketTimeout: time.Minute}, // so that deadlines of rounds come first
		}},
	})
	if err != nil {
		return err
	}
	defer caches.Close()
	s, err := caches.Store("default")
	if err != nil {
		return err
	}
	// The store hands out its own client: the same connections under the same profile.
	client, ok := store.As[rueidis.Client](s)
	if !ok {
		return errors.New("the Redis store does not hand out its client")
	}
	value := make([]byte, 100)
	if err := s.Set(ctx, "k", value, time.Hour); err != nil {
		return err
	}
	pool := goredis.NewClient(&goredis.Options{Addr: addr, PoolSize: 50})
	defer pool.Close()
	for _, callers := range []int{1, 16, 64, 256} {
		gets := question{fmt.Sprintf("Redis GET of 100 B, %d goroutines", callers), []contender{
			{"bare rueidis", together(callers, func() error {
				_, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes()
				return err
			})},
			{"store/redis", together(callers, func() error {
				_, _, err := s.Get(ctx, "k")
				return err
			})},
			{"bare rueidis, context with a deadline", underDeadline(callers, func(ctx context.Context) error {
				_, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes()
				return err
			})},
			{"store/redis, context with a deadline", underDeadline(callers, func(ctx context.Context) error {
				_, _, err := s.Get(ctx, "k")
				return err
			})},
			{"go-redis, pool of 50", together(callers, func() error { return pool.Get(ctx, "k").Err() })},
		}}
		sets := question{fmt.Sprintf("Redis SET of 100 B, %d goroutines", callers), []contender{
			{"bare rueidis", together(callers, func() error {
				return client.Do(ctx, client.B().Set().Key("k").Value(string(value)).PxMilliseconds(3_600_000).Build()).Error()
			})},
			{"store/redis", together(callers, func() error { return s.Set(ctx, "k", value, time.Hour) })},
			{"go-redis, pool of 50", together(callers, func() error { return pool.Set(ctx, "k", value, time.Hour).Err() })},
		}}
		if err := errors.Join(r.ask(gets), r.ask(sets)); err != nil {
			return err
		}
	}
	return nil
}

// underDeadline is together with a context that has a deadline.
func underDeadline(callers int, call func(context.Context) error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return together(callers, func() error { return call(ctx) })(d)
	}
}

// together measures call on so many goroutines, which all begin and stop at the same time: calls of many take so
// long that each of them counting its own would measure the last ones alone.
func together(callers int, call func() error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		var (
			running sync.WaitGroup
			stop    atomic.Bool
			ops     = make([]int, callers)
			errs    = make([]error, callers)
		)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start, worked := time.Now(), cpuTime()
		for i := range callers {
			running.Go(func() {
				for !stop.Load() && errs[i] == nil {
					errs[i] = call()
					ops[i]++
				}
			})
		}
		time.Sleep(d)
		stop.Store(true)
		running.Wait()
		took, cost := time.Since(start), cpuTime()-worked
		runtime.ReadMemStats(&after)
		total := 0
		for _, n := range ops {
			total += n
		}
		return sample{
			nanos: float64(took) / float64(total), cpu: float64(cost) / float64(total),
			allocs: float64(after.Mallocs-before.Mallocs) / float64(total),
		}, errors.Join(errs...)
	}
}

// startServer starts a redis-server without persistence and waits until it listens.
func startServer() (addr string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "cachewright-bench-")
	if err != nil {
		return "", nil, err
	}
	server := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", dir)
	if err := server.Start(); err != nil {
		return "", nil, fmt.Errorf("start redis-server (make deps installs it): %w", err)
	}
	stop = func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = os.RemoveAll(dir)
	}
	for range 100 {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return addr, stop, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("redis-server does not listen on %s", addr)
}
