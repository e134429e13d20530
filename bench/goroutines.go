package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/bench/report"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// goroutineSteps are the numbers of callers at the same time.
var goroutineSteps = []int{1, 16, 64, 256}

// redisSizes are the sizes of the values, in bytes.
var redisSizes = []int{100, 4096}

// manyKeys is how many keys one call reads where it reads many.
const manyKeys = 100

// rivals are the ways to one Redis server. The bare client is the store's own: the same connections under
// the same profile.
type rivals struct {
	server *server
	caches *cachewright.Caches
	store  store.Store
	typed  *cache.Cache[[]byte]
	bare   rueidis.Client
	pool   *goredis.Client
}

func newRivals(ctx context.Context) (*rivals, error) {
	s, err := newServer(ctx)
	if err != nil {
		return nil, err
	}
	v := &rivals{server: s, pool: goredis.NewClient(&goredis.Options{Addr: s.addr, PoolSize: 50})}
	if err := v.open(ctx); err != nil {
		return nil, errors.Join(err, v.close())
	}
	return v, nil
}

func (v *rivals) open(ctx context.Context) (err error) {
	v.caches, err = cachewright.Open(ctx, cachewright.Config{
		Environment: "development", RedisURL: v.server.url(), Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {Require: true, Timeout: lifetime}},
	})
	if err != nil {
		return err
	}
	if v.store, err = v.caches.Store("default"); err != nil {
		return err
	}
	if v.typed, err = cachewright.Of[[]byte](v.caches, "default"); err != nil {
		return err
	}
	var ok bool
	if v.bare, ok = store.As[rueidis.Client](v.store); !ok {
		return errors.New("the Redis store does not hand out its client")
	}
	return nil
}

func (v *rivals) close() error {
	err := v.pool.Close()
	if v.caches != nil {
		err = errors.Join(err, v.caches.Close())
	}
	v.server.close()
	return err
}

// askGoroutines compares the ways to Redis by the number of goroutines and the size of the values.
func askGoroutines(r *run) (err error) {
	v, err := newRivals(r.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	for _, size := range redisSizes {
		for _, ways := range []struct {
			op   string
			ways []way
		}{{"GET", v.gets(r.ctx, size)}, {"SET", v.sets(r.ctx, size)}} {
			if err := askSteps(r, v, stepsName(ways.op, size), ways.ways); err != nil {
				return err
			}
		}
	}
	return askMany(r, v)
}

// way is one contender of a question that is asked for several numbers of goroutines.
type way struct {
	name string
	call func(i int) error
}

func askSteps(r *run, v *rivals, what string, ways []way) error {
	for _, w := range ways { // connections, and the values that the others read
		if err := w.call(0); err != nil {
			return fmt.Errorf("%s: %s: %w", what, w.name, err)
		}
	}
	for _, n := range goroutineSteps {
		q := question{name: stepName(what, n)}
		for _, w := range ways {
			q.contenders = append(q.contenders, contender{w.name, v.server.watched(r.ctx, callers(n, w.call))})
		}
		if err := r.ask(q); err != nil {
			return err
		}
	}
	r.plotSteps(what)
	return nil
}

// stepsName is what is asked for several numbers of goroutines.
func stepsName(op string, size int) string {
	return fmt.Sprintf("%s of %d B, Redis on loopback", op, size)
}

func stepName(what string, goroutines int) string {
	if goroutines == 1 {
		return what + ", 1 goroutine"
	}
	return fmt.Sprintf("%s, %d goroutines", what, goroutines)
}

func (v *rivals) gets(ctx context.Context, size int) []way {
	value := make([]byte, size)
	key := fmt.Sprintf("get:%d", size)
	return []way{
		{"bare rueidis", func(i int) error {
			if i == 0 { // the first call finds a value
				if err := errors.Join(v.store.Set(ctx, key, value, lifetime), v.typed.Set(ctx, key, value)); err != nil {
					return err
				}
			}
			_, err := v.bare.Do(ctx, v.bare.B().Get().Key(key).Build()).AsBytes()
			return err
		}},
		{"store/redis", func(int) error {
			_, found, err := v.store.Get(ctx, key)
			return here(found, err)
		}},
		{"cache.Cache[[]byte]", func(int) error {
			_, found, err := v.typed.Get(ctx, key)
			return here(found, err)
		}},
		{"go-redis, pool of 50", func(int) error { return v.pool.Get(ctx, key).Err() }},
	}
}

// here turns a miss into an error.
func here(found bool, err error) error {
	if err == nil && !found {
		return errors.New("a miss, where the value was set before")
	}
	return err
}

func (v *rivals) sets(ctx context.Context, size int) []way {
	value := make([]byte, size)
	key := fmt.Sprintf("set:%d", size)
	return []way{
		{"bare rueidis", func(int) error {
			set := v.bare.B().Set().Key(key).Value(rueidis.BinaryString(value)).PxMilliseconds(lifetime.Milliseconds()).Build()
			return v.bare.Do(ctx, set).Error()
		}},
		{"store/redis", func(int) error { return v.store.Set(ctx, key, value, lifetime) }},
		{"cache.Cache[[]byte]", func(int) error { return v.typed.Set(ctx, key, value) }},
		{"go-redis, pool of 50", func(int) error { return v.pool.Set(ctx, key, value, lifetime).Err() }},
	}
}

// askMany compares reads of many keys in one call.
func askMany(r *run, v *rivals) error {
	keys := keysOf(manyKeys)
	value := make([]byte, 100)
	for _, key := range keys {
		if err := errors.Join(v.store.Set(r.ctx, key, value, lifetime), v.typed.Set(r.ctx, key, value)); err != nil {
			return err
		}
	}
	var p *peer
	if !r.quick {
		var err error
		if p, err = startPeerOf(r.python, "redis", v.server.url(), manyKeys, "100"); err != nil {
			return err
		}
		defer p.close()
	}
	batcher, ok := store.As[store.Batcher](v.store)
	if !ok {
		return errors.New("the Redis store does not read many keys at once")
	}
	ways := []way{
		{"bare rueidis, MGET", func(int) error {
			values, err := v.bare.Do(r.ctx, v.bare.B().Mget().Key(keys...).Build()).ToArray()
			return all(len(values), err)
		}},
		{"store/redis", func(int) error {
			values, err := batcher.GetMany(r.ctx, keys)
			return all(len(values), err)
		}},
		{"cache.Cache[[]byte]", func(int) error {
			values, err := v.typed.GetMany(r.ctx, keys)
			return all(len(values), err)
		}},
		{"go-redis, MGET", func(int) error {
			values, err := v.pool.MGet(r.ctx, keys...).Result()
			return all(len(values), err)
		}},
	}
	for _, n := range []int{1, 16} {
		q := question{name: stepName(fmt.Sprintf("GET of %d values of 100 B in one call, Redis on loopback", manyKeys), n)}
		for _, w := range ways {
			q.contenders = append(q.contenders, contender{w.name, v.server.watched(r.ctx, callers(n, w.call))})
		}
		if n == 1 && p != nil {
			q.contenders = append(q.contenders, contender{p.title + ", get_many", v.server.watched(r.ctx, p.measure("many"))})
		}
		if err := r.ask(q); err != nil {
			return err
		}
	}
	return nil
}

func all(n int, err error) error {
	if err == nil && n != manyKeys {
		return fmt.Errorf("%d values, want %d", n, manyKeys)
	}
	return err
}

// plotSteps draws throughput and latency of one operation by the number of goroutines.
func (r *run) plotSteps(what string) {
	name := fileName(what)
	r.plot(r.stepPlot(what, what+": calls per second (median)", name+"-throughput.svg", "calls per second",
		func(s sample) float64 { return 1e9 / s.nanos }))
	r.plot(r.stepPlot(what, what+": 99th percentile of the latency (median)", name+"-p99.svg", "µs",
		func(s sample) float64 { return s.p99 / float64(time.Microsecond) }))
}

func (r *run) stepPlot(what, title, file, unit string, of func(sample) float64) report.Plot {
	p := report.Plot{Title: title, File: file, X: "goroutines", Y: unit}
	for _, n := range goroutineSteps {
		a := r.answers[stepName(what, n)]
		for i, name := range a.contenders {
			if len(p.Lines) <= i {
				p.Lines = append(p.Lines, report.Line{Name: name})
			}
			p.Lines[i].Points = append(p.Lines[i].Points, report.Point{X: float64(n), Y: quantile(a.samples[i], nil, of, 0.5)})
		}
	}
	return p
}
