package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// redisBench compares our Redis store with the client below it, on a server that it starts on a free
// loopback port. end stops the server.
func redisBench() (questions []question, end func(), err error) {
	addr, stop, err := startServer()
	if err != nil {
		return nil, nil, err
	}
	caches, err := cachewright.Open(context.Background(), cachewright.Config{
		Environment: "development", RedisURL: "redis://" + addr + "/0", Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {Require: true}},
	})
	if err != nil {
		stop()
		return nil, nil, err
	}
	end = func() {
		_ = caches.Close()
		stop()
	}
	s, err := caches.Store("default")
	if err != nil {
		end()
		return nil, nil, err
	}
	// The store hands out its own client: the same connections under the same profile.
	client, ok := store.As[rueidis.Client](s)
	if !ok {
		end()
		return nil, nil, errors.New("the Redis store does not hand out its client")
	}
	value := make([]byte, 100)
	if err := s.Set(context.Background(), "k", value, time.Hour); err != nil {
		end()
		return nil, nil, err
	}
	for _, callers := range []int{1, 64} {
		questions = append(questions,
			question{fmt.Sprintf("Redis GET of 100 B, %d goroutines", callers), []contender{
				{"bare rueidis", parallel(callers, func(ctx context.Context) error {
					_, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes()
					return err
				})},
				{"store/redis", parallel(callers, func(ctx context.Context) error {
					_, _, err := s.Get(ctx, "k")
					return err
				})},
			}},
			question{fmt.Sprintf("Redis SET of 100 B, %d goroutines", callers), []contender{
				{"bare rueidis", parallel(callers, func(ctx context.Context) error {
					return client.Do(ctx, client.B().Set().Key("k").Value(string(value)).PxMilliseconds(3_600_000).Build()).Error()
				})},
				{"store/redis", parallel(callers, func(ctx context.Context) error {
					return s.Set(ctx, "k", value, time.Hour)
				})},
			}},
		)
	}
	return questions, end, nil
}

// parallel runs call on as many goroutines as callers says.
func parallel(callers int, call func(context.Context) error) func(b *testing.B) {
	return func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism((callers + 1) / 2) // times GOMAXPROCS, which is 2 where this is meant to run
		if callers == 1 {
			for range b.N {
				if err := call(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			return
		}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := call(context.Background()); err != nil {
					b.Error(err)
					return
				}
			}
		})
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
