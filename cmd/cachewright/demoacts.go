package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// choose asks the rules, for the circumstances that projects meet.
func (d *demo) choose(ctx context.Context) error {
	err := d.begin(ctx, "Where values live is decided by rules, and the plan says by which",
		"The same program, with nothing else changed:")
	if err != nil {
		return err
	}
	var rows [][]string
	for _, c := range []struct {
		when        string
		environment string
		redisURL    string
	}{
		{"on your desk", cachewright.Development, ""},
		{"under test", cachewright.Testing, ""},
		{"in production, without Redis", cachewright.Production, ""},
		{"in production, with redis_url", cachewright.Production, exampleURL},
	} {
		config := cachewright.Config{ProjectName: "Demo", Environment: c.environment, RedisURL: c.redisURL}
		plan, err := config.Resolve(cachewright.Env{})
		if err != nil {
			return err
		}
		chosen, _ := plan.Cache(defaultAlias)
		rows = append(rows, []string{c.when, good(chosen.Backend), fmt.Sprintf("rule %d: %s", chosen.Rule, firstClause(chosen.Reason))})
	}
	table(d.w, optionIndent, rows)
	return nil
}

// firstClause is a reason without what it means, which is a line of its own elsewhere.
func firstClause(reason string) string {
	if i := strings.IndexAny(reason, ";:"); i > 0 {
		return reason[:i]
	}
	return reason
}

// source stands for a database: it takes its time, counts its calls, and can be down.
type source struct {
	takes time.Duration
	calls atomic.Int64
	down  atomic.Bool
}

var errDown = errors.New("the database is down")

func (s *source) load(ctx context.Context) (string, error) {
	n := s.calls.Add(1)
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if s.down.Load() {
		return "", errDown
	}
	return fmt.Sprintf("answer %d of the database", n), nil
}

// callers is how many ask at once, queryTime how long the source takes.
const (
	callers   = 1000
	queryTime = 800 * time.Millisecond
)

// stampede has a thousand callers miss the same key: with a map, and with a cache.
func (d *demo) stampede(ctx context.Context) error {
	err := d.begin(ctx, "A thousand callers miss the same key at once",
		fmt.Sprintf("The source takes %v for an answer. First with a map behind a lock, as most programs begin:", queryTime))
	if err != nil {
		return err
	}
	if err := d.rush(ctx, "a map and a lock", lockedMap()); err != nil {
		return err
	}
	values, caches, err := openDemo(ctx, cachewright.CacheConfig{}, "")
	if err != nil {
		return err
	}
	defer caches.Close()
	err = d.rush(ctx, "values.Fetch", func(ctx context.Context, s *source) error {
		_, err := values.Fetch(ctx, "42", s.load)
		return err
	})
	if err != nil {
		return err
	}
	d.sayf("    %s", dim(fmt.Sprintf("%d of them waited for the load of another.", caches.Stats()[defaultAlias].Joined)))
	return nil
}

// lockedMap is the cache that most programs begin with: a map, behind a lock that is not held during a load.
func lockedMap() func(context.Context, *source) error {
	var lock sync.Mutex
	answers := map[string]string{}
	return func(ctx context.Context, s *source) error {
		lock.Lock()
		_, found := answers["42"]
		lock.Unlock()
		if found {
			return nil
		}
		answer, err := s.load(ctx)
		lock.Lock()
		answers["42"] = answer
		lock.Unlock()
		return err
	}
}

// rush lets all callers ask at once and prints what that cost.
func (d *demo) rush(ctx context.Context, name string, ask func(context.Context, *source) error) error {
	s := &source{takes: queryTime}
	var answered, failed atomic.Int64
	start := time.Now()
	d.during(func() string {
		return fmt.Sprintf("%-18s %4d of %d callers answered, %s so far", name, answered.Load(), callers, count(int(s.calls.Load()), "load"))
	}, func() {
		var all sync.WaitGroup
		gate := make(chan struct{})
		for range callers {
			all.Go(func() {
				<-gate
				if ask(ctx, s) != nil {
					failed.Add(1)
				}
				answered.Add(1)
			})
		}
		close(gate)
		all.Wait()
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	if failed.Load() > 0 {
		return fmt.Errorf("%d of %d callers got no answer", failed.Load(), callers)
	}
	d.sayf("    %-18s %d callers   %-11s all answered after %v", name, callers, count(int(s.calls.Load()), "load"),
		time.Since(start).Round(10*time.Millisecond))
	return nil
}

// sourceDown shows what callers get while the source does not answer.
func (d *demo) sourceDown(ctx context.Context) error {
	const lifetime = 300 * time.Millisecond
	err := d.begin(ctx, "The database is down and the value has ended",
		fmt.Sprintf("timeout: %v, stale_for: 1h. What has ended stays behind for that long, for this moment:", lifetime))
	if err != nil {
		return err
	}
	values, caches, err := openDemo(ctx, cachewright.CacheConfig{Timeout: lifetime, StaleFor: time.Hour}, "")
	if err != nil {
		return err
	}
	defer caches.Close()
	s := &source{}
	first := ""
	show := func(when string) error {
		value, err := values.Fetch(ctx, "42", s.load)
		if first == "" {
			first = value
		}
		answer := good(fmt.Sprintf("%q", value))
		if err != nil {
			answer = bad(err.Error())
		}
		d.sayf("    %-32s Fetch  %s", when, answer)
		return ctx.Err()
	}
	if err := show("the database answers"); err != nil {
		return err
	}
	s.down.Store(true)
	if err := d.wait(ctx, 2*lifetime); err != nil {
		return err
	}
	if err := show("it is down, the value has ended"); err != nil {
		return err
	}
	s.down.Store(false)
	err = until(ctx, func() error { // what is stale is loaded behind the call that returns it, a moment after a failure
		if value, err := values.Fetch(ctx, "42", s.load); err != nil || value == first {
			return errors.New("the old value is still there")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return show("it is back, a moment later")
}

// versions shows two versions of a program on one cache.
func (d *demo) versions(ctx context.Context) error {
	err := d.begin(ctx, "Two versions of a program on one cache",
		"A release that writes values in another form raises version: 2. Both run side by side for a while:")
	if err != nil {
		return err
	}
	old, caches, err := openDemo(ctx, cachewright.CacheConfig{}, "")
	if err != nil {
		return err
	}
	defer caches.Close()
	next := old.AtVersion(2)
	show := func(who string, c *cache.Cache[string]) error {
		value, found, err := c.Get(ctx, "price")
		answer := dim("nothing, so it loads")
		if found {
			answer = good(fmt.Sprintf("%q", value))
		}
		d.sayf("    %-14s reads   :%d:price   %s", who, c.Version(), answer)
		return err
	}
	for _, step := range []func() error{
		func() error { return old.Set(ctx, "price", "9.99") },
		func() error { return show("the old one", old) },
		func() error { return show("the new one", next) },
		func() error { return next.Set(ctx, "price", "999 cents") },
		func() error { return show("the new one", next) },
		func() error { return show("the old one", old) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// openDemo opens one cache of texts, on the Redis of url or, without one, in memory. The caller closes the caches.
func openDemo(ctx context.Context, c cachewright.CacheConfig, url string) (*cache.Cache[string], *cachewright.Caches, error) {
	caches, err := cachewright.Open(ctx, cachewright.Config{
		ProjectName: "Demo", Environment: cachewright.Development, RedisURL: url,
		Caches: map[string]cachewright.CacheConfig{defaultAlias: c},
		Logger: slog.New(slog.DiscardHandler), // what a library would log, the demo says
	})
	if err != nil {
		return nil, nil, err
	}
	values, err := cachewright.Of[string](caches, defaultAlias)
	if err != nil {
		return nil, nil, errors.Join(err, caches.Close())
	}
	return values, caches, nil
}
