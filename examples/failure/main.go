// Command failure kills Redis while a service answers requests, and starts it again:
//
//	go run ./examples/failure
//
// It starts a redis-server of its own, which must be on the PATH, on a free port of the loopback address and in a
// temporary folder. Nobody who asks the service notices: while there is no Redis the source answers.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if _, err := run(ctx, os.Stdout, 2*time.Second); err != nil {
		log.Fatal(err)
	}
}

// run serves for three times as long as phase: with Redis, without, and with Redis again.
func run(ctx context.Context, out io.Writer, phase time.Duration) (phases []served, err error) {
	redis, err := newServer()
	if err != nil {
		return nil, err
	}
	defer redis.remove()
	if err := redis.start(ctx); err != nil {
		return nil, err
	}
	caches, err := cachewright.Open(ctx, cachewright.Config{
		ProjectName: "Shop", Environment: cachewright.Development, RedisURL: "redis://" + redis.address,
		Logger: slog.New(slog.DiscardHandler), // it would say every second that Redis is gone
	})
	if err != nil {
		return nil, err
	}
	defer caches.Close()
	names, err := cachewright.Of[string](caches, "default", cache.Namespace("name"))
	if err != nil {
		return nil, err
	}
	s := &service{caches: caches, names: names}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"Redis runs", func() error { return nil }},
		{"Redis is killed", func() error { redis.kill(); return nil }},
		{"Redis is back", func() error { return redis.start(ctx) }},
	} {
		if err := step.do(); err != nil {
			return nil, err
		}
		phases = append(phases, s.serve(ctx, phase))
		fmt.Fprintf(out, "%-16s %v\n", step.name, phases[len(phases)-1])
	}
	return phases, ctx.Err()
}

// service answers requests for names.
type service struct {
	caches *cachewright.Caches
	names  *cache.Cache[string]
}

// served is what a phase came to.
type served struct {
	requests, errors int
	hits, loads      int64
	slowest          time.Duration
}

// String returns the counts as one line.
func (s served) String() string {
	return fmt.Sprintf("%4d requests, %d errors; %4d from Redis, %4d from the source; slowest %v",
		s.requests, s.errors, s.hits, s.loads, s.slowest.Round(100*time.Microsecond))
}

// serve answers requests for twenty names, one after the other, for as long as phase.
func (s *service) serve(ctx context.Context, phase time.Duration) served {
	ctx, cancel := context.WithTimeout(ctx, phase)
	defer cancel()
	before := s.caches.Stats()["default"]
	var total served
	for i := 0; ctx.Err() == nil; i++ {
		start := time.Now()
		_, err := s.names.Fetch(context.WithoutCancel(ctx), strconv.Itoa(i%20), source)
		total.slowest = max(total.slowest, time.Since(start))
		total.requests++
		if err != nil {
			total.errors++
		}
		time.Sleep(time.Millisecond)
	}
	after := s.caches.Stats()["default"]
	total.hits, total.loads = after.Hits-before.Hits, after.Loads-before.Loads
	return total
}

// source stands for a database, which takes its time.
func source(context.Context) (string, error) {
	time.Sleep(5 * time.Millisecond)
	return "Ada", nil
}
