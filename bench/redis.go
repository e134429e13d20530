package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// askRedis compares our Redis store with the client below it, on a server that it starts on a free
// loopback port.
func askRedis(r *run) error {
	addr, stop, err := startServer()
	if err != nil {
		return err
	}
	defer stop()
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{
		Environment: "development", RedisURL: "redis://" + addr + "/0", Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {Require: true}},
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
	for _, callers := range []int{1, 64} {
		gets := question{fmt.Sprintf("Redis GET of 100 B, %d goroutines", callers), []contender{
			{"bare rueidis", parallel(callers, func() error {
				_, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes()
				return err
			})},
			{"store/redis", parallel(callers, func() error {
				_, _, err := s.Get(ctx, "k")
				return err
			})},
		}}
		sets := question{fmt.Sprintf("Redis SET of 100 B, %d goroutines", callers), []contender{
			{"bare rueidis", parallel(callers, func() error {
				return client.Do(ctx, client.B().Set().Key("k").Value(string(value)).PxMilliseconds(3_600_000).Build()).Error()
			})},
			{"store/redis", parallel(callers, func() error { return s.Set(ctx, "k", value, time.Hour) })},
		}}
		if err := errors.Join(r.ask(gets), r.ask(sets)); err != nil {
			return err
		}
	}
	return nil
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
