package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	rediscache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/bench/report"
)

const (
	fleetSize    = 8                     // processes
	loadTime     = 50 * time.Millisecond // of the source
	stampedeKey  = "k"
	fewCallers   = 4  // of a process
	manyCallers  = 50 // of a process
	stampedes    = 20 // expiries
	ourStampede  = "cachewright on Redis, Fetch"
	loadsPer     = "loads/expiry"
	commandsPer  = "commands/expiry"
	stampedeName = "a key that everybody wants has ended"
)

// member is one process of a fleet: what its callers call.
type member struct {
	fetch func(ctx context.Context, load func() string) (string, error)
	end   func(ctx context.Context) error // removes the key, as its expiry does
	close func() error
}

// herds are the contenders. Each makes one member of a fleet on a server.
var herds = []struct {
	name   string
	shared bool // the members share what they cache, by the server
	make   func(ctx context.Context, s *server) (member, error)
}{
	{"go-redis: get, load, set by hand", true, handMember},
	{"go-redis/cache v9, Once", true, onceMember},
	{ourStampede, true, ourMember},
	{"otter, Get with a loader, per process", false, otterMember},
	{"sturdyc, GetOrFetch, per process", false, sturdycMember},
	{"cachewright in memory, Fetch, per process", false, memoryMember},
}

// askStampede counts how often the source is asked when the value of a popular key has ended.
func askStampede(r *run) error {
	return errors.Join(askHerd(r, fewCallers), askHerd(r, manyCallers))
}

func askHerd(r *run, callers int) error {
	t := report.Table{
		Title:   herdName(callers),
		Columns: []string{"contender", "loads per expiry", "most", "slowest caller, median", "commands per expiry"},
	}
	for _, h := range herds {
		s, err := newServer(r.ctx)
		if err != nil {
			return err
		}
		seen, err := stampede(r.ctx, s, h.make, callers, h.shared)
		s.close()
		if err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		t.Rows = append(t.Rows, []string{
			h.name, report.Number(seen.loads), fmt.Sprint(seen.most),
			report.Nanos(seen.slowest), numberIfAny(seen.commands),
		})
		if err := errors.Join(
			r.note(figure{herdName(callers), h.name, loadsPer}, seen.loads),
			r.note(figure{herdName(callers), h.name, commandsPer}, seen.commands),
		); err != nil {
			return err
		}
	}
	return r.table(t)
}

func herdName(callers int) string {
	return fmt.Sprintf("%s: %d processes with %d callers each", stampedeName, fleetSize, callers)
}

// herd is what a source and its callers saw, per expiry.
type herd struct {
	loads, commands, slowest float64
	most                     int64
}

func stampede(ctx context.Context, s *server, make func(context.Context, *server) (member, error), callers int, shared bool) (seen herd, err error) {
	var fleet []member
	defer func() {
		for _, m := range fleet {
			err = errors.Join(err, m.close())
		}
	}()
	for range fleetSize {
		m, err := make(ctx, s)
		if err != nil {
			return seen, err
		}
		fleet = append(fleet, m)
	}
	var total int64
	var slowest []float64
	var commands int
	for range stampedes {
		loads, took, sent, err := expire(ctx, s, fleet, callers, shared)
		if err != nil {
			return seen, err
		}
		total, commands = total+loads, commands+sent
		seen.most = max(seen.most, loads)
		slowest = append(slowest, float64(took))
	}
	seen.loads, seen.commands = float64(total)/stampedes, float64(commands)/stampedes
	seen.slowest = quantileOf(slowest, 0.5)
	return seen, nil
}

// expire ends the key and lets all callers of all members ask for it at the same moment.
func expire(ctx context.Context, s *server, fleet []member, callers int, shared bool) (loads int64, took time.Duration, commands int, err error) {
	for _, m := range fleet {
		if err := m.end(ctx); err != nil {
			return 0, 0, 0, err
		}
		if shared {
			break
		}
	}
	before, err := s.work(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	var count atomic.Int64
	load := func() string {
		count.Add(1)
		time.Sleep(loadTime)
		return "value"
	}
	start := make(chan struct{})
	errs := make([]error, len(fleet)*callers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			<-start
			v, err := fleet[i%len(fleet)].fetch(ctx, load)
			if err == nil && v != "value" {
				err = fmt.Errorf("the value is %q", v)
			}
			errs[i] = err
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	took = time.Since(began)
	after, err := s.work(ctx)
	return count.Load(), took, after.commands - before.commands - 1, errors.Join(append(errs, err)...)
}

func handMember(_ context.Context, s *server) (member, error) {
	c := goredis.NewClient(&goredis.Options{Addr: s.addr, PoolSize: 50})
	return member{
		fetch: func(ctx context.Context, load func() string) (string, error) {
			v, err := c.Get(ctx, stampedeKey).Result()
			if !errors.Is(err, goredis.Nil) {
				return v, err
			}
			v = load()
			return v, c.Set(ctx, stampedeKey, v, lifetime).Err()
		},
		end:   func(ctx context.Context) error { return c.Del(ctx, stampedeKey).Err() },
		close: c.Close,
	}, nil
}

func onceMember(_ context.Context, s *server) (member, error) {
	c := goredis.NewClient(&goredis.Options{Addr: s.addr, PoolSize: 50})
	remote := rediscache.New(&rediscache.Options{Redis: c})
	return member{
		fetch: func(ctx context.Context, load func() string) (v string, err error) {
			err = remote.Once(&rediscache.Item{Ctx: ctx, Key: stampedeKey, Value: &v, TTL: lifetime, Do: func(*rediscache.Item) (any, error) {
				return load(), nil
			}})
			return v, err
		},
		end:   func(ctx context.Context) error { return c.Del(ctx, stampedeKey).Err() },
		close: c.Close,
	}, nil
}

func ourMember(ctx context.Context, s *server) (member, error) {
	return cachesMember(ctx, s, cachewright.Config{
		Environment: "development", RedisURL: s.url(), Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {Require: true, Timeout: lifetime}},
	})
}

func memoryMember(ctx context.Context, s *server) (member, error) {
	return cachesMember(ctx, s, cachewright.Config{Environment: "development", Logger: quiet})
}

func cachesMember(ctx context.Context, s *server, config cachewright.Config) (member, error) {
	caches, err := cachewright.Open(ctx, config)
	if err != nil {
		return member{}, err
	}
	c, err := cachewright.Of[string](caches, "default")
	if err != nil {
		return member{}, errors.Join(err, caches.Close())
	}
	end := func(ctx context.Context) error { _, err := c.Delete(ctx, stampedeKey); return err }
	if config.RedisURL != "" {
		// Nobody tells the members: an expiry or an eviction does not either.
		end = func(ctx context.Context) error { return s.eye.FlushDB(ctx).Err() }
	}
	return member{
		fetch: func(ctx context.Context, load func() string) (string, error) {
			return c.Fetch(ctx, stampedeKey, func(context.Context) (string, error) { return load(), nil })
		},
		end: end, close: caches.Close,
	}, nil
}

func otterMember(context.Context, *server) (member, error) {
	c := otter.Must(&otter.Options[string, string]{MaximumSize: 100, ExpiryCalculator: otter.ExpiryWriting[string, string](lifetime)})
	return member{
		fetch: func(ctx context.Context, load func() string) (string, error) {
			return c.Get(ctx, stampedeKey, otter.LoaderFunc[string, string](func(context.Context, string) (string, error) {
				return load(), nil
			}))
		},
		end:   func(context.Context) error { c.Invalidate(stampedeKey); return nil },
		close: func() error { c.StopAllGoroutines(); return nil },
	}, nil
}

func sturdycMember(context.Context, *server) (member, error) {
	c := newSturdycOf[string](100)
	return member{
		fetch: func(ctx context.Context, load func() string) (string, error) {
			return c.GetOrFetch(ctx, stampedeKey, func(context.Context) (string, error) { return load(), nil })
		},
		end:   func(context.Context) error { c.Delete(stampedeKey); return nil },
		close: func() error { return nil },
	}, nil
}
