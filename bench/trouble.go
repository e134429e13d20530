package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	rediscache "github.com/go-redis/cache/v9"
	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"
	"github.com/rs/zerolog"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/bench/report"
	"github.com/cachewright/cachewright/cache"
)

const (
	troubleCallers = 16
	troublePause   = time.Millisecond // of a caller between two calls, so that refusals do not become a busy loop
	troubleWindow  = 4 * time.Second
	troubleKey     = "k"
)

// trouble is a state of the link to Redis.
type trouble struct {
	title    string
	toxic    string        // what toxiproxy does, as its API has it; empty for nothing
	window   time.Duration // how long it is watched
	deadline time.Duration // of every call; zero means none
}

var troubles = []trouble{
	{"Redis is well", "", time.Second, 0},
	{"every answer comes 20 ms late", `{"name":"t","type":"latency","stream":"downstream","attributes":{"latency":20}}`, 2 * time.Second, 0},
	{"nothing is answered any more", `{"name":"t","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`, troubleWindow, 0},
	{"nothing is answered any more, and every call has a deadline of 100 ms", `{"name":"t","type":"timeout","stream":"downstream","attributes":{"timeout":0}}`, troubleWindow, 100 * time.Millisecond},
}

// The contenders that bars ask for, and the unit.
const (
	troubledGet   = "cachewright, Get"
	troubledFetch = "cachewright, Fetch"
	slowestMillis = "slowest-ms"
)

// client is one contender, with connections of its own.
type client struct {
	call  func(ctx context.Context) error
	close func()
}

// dialled are the contenders, each with the options that it has by itself.
var dialled = []struct {
	name string
	dial func(ctx context.Context, addr string) (client, error)
}{
	{"bare rueidis, its defaults", dialRueidis},
	{"go-redis, its defaults", dialGoRedis},
	{"go-redis/cache v9, Once", dialOnce},
	{troubledGet, dialOurs((*caller).get)},
	{troubledFetch, dialOurs((*caller).fetch)},
}

// askTrouble measures how long callers wait while Redis is slow or hangs.
func askTrouble(r *run) error {
	s, err := newServer(r.ctx)
	if err != nil {
		return err
	}
	defer s.close()
	// Its log is for people who run it as a server.
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for _, t := range troubles {
		table := report.Table{
			Title:   t.title,
			Columns: []string{"contender", "calls", "per second", "p50", "p99", "slowest", "errors", "still waiting at the end"},
		}
		for i, d := range dialled {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			p := toxiproxy.NewProxy(api, fmt.Sprint(d.name, i), "127.0.0.1:0", s.addr)
			if err := p.Start(); err != nil {
				return err
			}
			seen, err := watchTrouble(r.ctx, p, t, d.dial)
			p.Stop()
			if err != nil {
				return fmt.Errorf("%s: %s: %w", t.title, d.name, err)
			}
			table.Rows = append(table.Rows, seen.row(d.name, t.window))
			slowest := float64(seen.slowest(t.window)) / float64(time.Millisecond)
			if err := r.note(figure{t.title, d.name, slowestMillis}, slowest); err != nil {
				return err
			}
		}
		if err := r.table(table); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what callers saw in one window.
type outcome struct {
	mu      sync.Mutex // guards the rest
	over    bool       // the window has ended: what returns later counts as waiting
	times   latencies
	errors  int
	waiting int // calls that had not returned at the end
}

// slowest is the longest that a caller waited, as far as the window shows.
func (o *outcome) slowest(window time.Duration) time.Duration {
	if o.waiting > 0 {
		return max(window, o.times.most)
	}
	return o.times.most
}

func (o *outcome) row(name string, window time.Duration) []string {
	calls := o.times.total
	slowest := report.Nanos(float64(o.slowest(window)))
	if o.waiting > 0 {
		slowest = "more than " + slowest
	}
	share := ""
	if calls > 0 {
		share = percent(float64(o.errors) / float64(calls))
	}
	waiting := ""
	if o.waiting > 0 {
		waiting = fmt.Sprintf("%d of %d", o.waiting, troubleCallers)
	}
	return []string{
		name, fmt.Sprint(calls), fmt.Sprintf("%.0f", float64(calls)/window.Seconds()),
		nanosIfAny(float64(o.times.quantile(0.5))), nanosIfAny(float64(o.times.quantile(0.99))), slowest, share, waiting,
	}
}

func (o *outcome) add(d time.Duration, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return
	}
	o.times.add(d)
	if err != nil {
		o.errors++
	}
}

// watchTrouble connects, lets the trouble begin, and has callers call for its window.
func watchTrouble(ctx context.Context, p *toxiproxy.Proxy, t trouble, dial func(context.Context, string) (client, error)) (*outcome, error) {
	c, err := dial(ctx, p.Listen)
	if err != nil {
		return nil, err
	}
	if err := c.call(ctx); err != nil { // while all is well
		c.close()
		return nil, err
	}
	if t.toxic != "" {
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(t.toxic)); err != nil {
			c.close()
			return nil, err
		}
	}
	o := new(outcome)
	var callers sync.WaitGroup
	inCall := make([]bool, troubleCallers) // guarded by o.mu
	end := time.Now().Add(t.window)
	for i := range troubleCallers {
		callers.Go(func() {
			for time.Now().Before(end) {
				o.enter(inCall, i, true)
				began := time.Now()
				err := t.bounded(ctx, c.call)
				o.add(time.Since(began), err)
				o.enter(inCall, i, false)
				time.Sleep(troublePause)
			}
		})
	}
	time.Sleep(t.window)
	o.finish(inCall)
	// Whoever still waits gets an answer when the trouble ends, or an error when the connection does.
	if t.toxic != "" {
		if err := p.Toxics.RemoveToxic(ctx, "t"); err != nil {
			return nil, err
		}
	}
	p.Stop()
	c.close()
	callers.Wait()
	return o, nil
}

func (o *outcome) enter(inCall []bool, i int, in bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	inCall[i] = in
}

// finish counts who still waits. Whoever has only just called does not count.
func (o *outcome) finish(inCall []bool) {
	time.Sleep(2 * time.Second / 10)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = true
	for _, in := range inCall {
		if in {
			o.waiting++
		}
	}
}

func (t trouble) bounded(ctx context.Context, call func(context.Context) error) error {
	if t.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.deadline)
		defer cancel()
	}
	return call(ctx)
}

func dialRueidis(ctx context.Context, addr string) (client, error) {
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
	if err != nil {
		return client{}, err
	}
	err = c.Do(ctx, c.B().Set().Key(troubleKey).Value("v").Build()).Error()
	return client{
		call:  func(ctx context.Context) error { return c.Do(ctx, c.B().Get().Key(troubleKey).Build()).Error() },
		close: c.Close,
	}, err
}

func dialGoRedis(ctx context.Context, addr string) (client, error) {
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	return client{
		call:  func(ctx context.Context) error { return c.Get(ctx, troubleKey).Err() },
		close: func() { _ = c.Close() },
	}, c.Set(ctx, troubleKey, "v", 0).Err()
}

func dialOnce(_ context.Context, addr string) (client, error) {
	c := goredis.NewClient(&goredis.Options{Addr: addr})
	remote := rediscache.New(&rediscache.Options{Redis: c})
	return client{
		call: func(ctx context.Context) error {
			var v string
			return remote.Once(&rediscache.Item{Ctx: ctx, Key: "once", Value: &v, TTL: lifetime, Do: func(*rediscache.Item) (any, error) {
				return "v", nil
			}})
		},
		close: func() { _ = c.Close() },
	}, nil
}

// caller is a typed cache of ours.
type caller struct{ *cache.Cache[string] }

func (c *caller) get(ctx context.Context) error {
	_, _, err := c.Get(ctx, troubleKey)
	return err
}

func (c *caller) fetch(ctx context.Context) error {
	_, err := c.Fetch(ctx, troubleKey, func(context.Context) (string, error) { return "v", nil })
	return err
}

func dialOurs(call func(*caller, context.Context) error) func(context.Context, string) (client, error) {
	return func(ctx context.Context, addr string) (client, error) {
		caches, err := cachewright.Open(ctx, cachewright.Config{
			Environment: "development", RedisURL: "redis://" + addr + "/0", Logger: quiet,
			Caches: map[string]cachewright.CacheConfig{"default": {Require: true, Timeout: lifetime}},
		})
		if err != nil {
			return client{}, err
		}
		typed, err := cachewright.Of[string](caches, "default")
		if err != nil {
			return client{}, errors.Join(err, caches.Close())
		}
		c := &caller{typed}
		return client{
			call:  func(ctx context.Context) error { return call(c, ctx) },
			close: func() { _ = caches.Close() },
		}, typed.Set(ctx, troubleKey, "v")
	}
}
