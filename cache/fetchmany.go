package cache

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"
)

// FetchMany returns the values of keys and loads those that are missing with one call of load. Keys
// that another call is loading at this moment, in this process or another, are waited for instead of loaded
// again.
//
// The load runs as in [Cache.Fetch]: once, on its own goroutine, detached from the caller's
// cancellation, behind the call for values that are near their end or stale. A key that load leaves out of its
// result has no value in the source: it is left out here too, without an error; so is every key if load
// answers [ErrNotFound]. Keys that fail are named in a [KeyErrors]; the values beside it are valid.
//
// load must be safe for concurrent use: it may run behind the call for what is stale, and once more, for a key
// alone, if another process that was loading that key gives up.
func (c *Cache[V]) FetchMany(ctx context.Context, keys []string,
	load func(ctx context.Context, missing []string) (map[string]V, error), opts ...CallOption,
) (map[string]V, error) {
	began := c.base.flights.marks.Load()
	read, failed, err := c.readMany(c.patient(ctx), keys)
	if err := c.proceed(ctx, "", err); err != nil {
		return nil, c.base.fail("fetch many", "", err)
	}
	t := &trip[V]{c: c, load: load, opts: append([]CallOption(nil), opts...), values: make(map[string]V, len(keys)), failed: failed}
	t.sort(ctx, &read, miss{err: err, began: began})
	if load == nil {
		for _, s := range t.wanted {
			t.failed = withKey(t.failed, s.key, errNoLoader)
		}
		return t.values, c.base.failMany("fetch", t.failed)
	}
	t.refresh(ctx)
	if err := t.board(ctx); err != nil {
		return t.values, c.base.fail("fetch many", "", err)
	}
	t.wait(ctx)
	return t.values, c.base.failMany("fetch", t.failed)
}

// trip is one FetchMany.
type trip[V any] struct {
	c    *Cache[V]
	load func(ctx context.Context, missing []string) (map[string]V, error)
	opts []CallOption

	values map[string]V
	failed KeyErrors

	wanted []stop[V] // keys to load before the call returns
	aging  []stop[V] // keys to load behind it
}

// stop is one key of a trip.
type stop[V any] struct {
	key     string
	m       miss
	instead V       // the stale value, if there is one
	fl      *flight // once it has boarded
}

// sort decides about each key by what was read, or not read if all have an error.
func (t *trip[V]) sort(ctx context.Context, read *manyRead, all miss) {
	for i, key := range read.keys {
		m := all
		var v V
		if all.err == nil {
			if v, m.sight, m.err = t.c.judgeOf(ctx, read, i); m.err != nil {
				t.c.missRead(ctx, key, m.err)
			}
			m.proof = m.err == nil && t.c.base.leaser != nil
		}
		t.decide(key, v, m)
	}
}

// decide decides about one key.
func (t *trip[V]) decide(key string, v V, m miss) {
	b, s := t.c.base, &m.sight
	b.stats.read(m.err == nil && s.state == present)
	switch {
	case m.err != nil:
	case s.state == present:
		t.values[key] = v
		if b.aging(s) {
			t.aging = append(t.aging, stop[V]{key: key, m: m})
		}
		return
	case s.state == stale && b.options.StaleFor > 0 && b.options.SoftTimeout == 0:
		b.stats.stale.Add(1)
		t.values[key] = v
		if !s.pause.holds(b.now()) {
			t.aging = append(t.aging, stop[V]{key: key, m: m})
		}
		return
	case s.state == absent:
		b.stats.absent.Add(1)
		return
	case s.state == failed && b.now() < s.soft:
		t.failed = withKey(t.failed, key, &LoadError{s.failure})
		return
	}
	t.wanted = append(t.wanted, stop[V]{key: key, m: m, instead: v})
}

// refresh starts one load behind the call for all keys that need one.
func (t *trip[V]) refresh(ctx context.Context) {
	if len(t.aging) == 0 {
		return
	}
	select {
	case t.c.base.refreshing <- struct{}{}:
	default:
		return
	}
	mine, err := t.join(ctx, t.aging, true)
	if err != nil {
		t.c.abandon(mine, err)
		mine = nil
	}
	if len(mine) == 0 {
		<-t.c.base.refreshing
		return
	}
	go func() {
		defer func() { <-t.c.base.refreshing }()
		t.lead(ctx, mine)
	}()
}

// board has all wanted keys loaded.
func (t *trip[V]) board(ctx context.Context) error {
	mine, err := t.join(ctx, t.wanted, false)
	if err != nil { // closed, for all keys
		t.c.abandon(mine, err)
		return err
	}
	if len(mine) > 0 {
		go t.lead(ctx, mine)
	}
	return nil
}

// join gives each stop a flight, and returns those that have begun with it.
func (t *trip[V]) join(ctx context.Context, stops []stop[V], behind bool) (mine []stop[V], err error) {
	b := t.c.base
	for i := range stops {
		s := &stops[i]
		final, err := t.c.keys.final(s.key)
		if err == nil && b.loading(ctx, final) {
			err = errSelfLoad
		}
		if err != nil {
			if !behind {
				t.failed = withKey(t.failed, s.key, err)
			}
			continue
		}
		s.m.behind = behind
		fl, started, err := b.flights.join(final, reflect.TypeFor[V](), s.m)
		if err != nil {
			return mine, err
		}
		s.fl = fl
		switch {
		case started:
			mine = append(mine, *s)
		case !behind:
			b.stats.joined.Add(1)
		}
	}
	return mine, nil
}

// wait waits for the flights of the wanted keys; for those with a stale value, not long.
func (t *trip[V]) wait(ctx context.Context) {
	b := t.c.base
	soon, cancel := context.WithTimeout(ctx, b.options.SoftTimeout)
	defer cancel()
	for _, s := range t.wanted {
		if s.fl == nil {
			continue
		}
		var r result
		rescue := s.m.err == nil && s.m.sight.state == stale && b.options.StaleFor > 0
		if rescue {
			var ended bool
			r, ended = b.waitSoon(ctx, soon, s.fl, s.m.sight.hard)
			rescue = !ended
		} else {
			r = b.wait(ctx, s.fl)
		}
		if r.outdated(s.m) {
			r = t.again(ctx, s.key)
		}
		switch p, panicked := r.err.(*PanicError); {
		case errors.Is(r.err, ErrNotFound):
		case r.err != nil && rescue:
			t.c.rescued(ctx, s.key, r)
			b.stats.stale.Add(1)
			t.values[s.key] = s.instead
		case panicked:
			panic(p)
		case r.err != nil:
			t.failed = withKey(t.failed, s.key, r.err)
		default:
			if r.sight.state == stale {
				b.stats.stale.Add(1)
			}
			t.values[s.key], _ = r.value.(V)
		}
	}
}

// again fetches one key anew.
func (t *trip[V]) again(ctx context.Context, key string) (r result) {
	v, err := t.c.Fetch(ctx, key, t.single(key), t.opts...)
	if failed := (*callError)(nil); errors.As(err, &failed) {
		err = failed.err
	}
	return result{value: v, err: err}
}

// abandon ends flights that will not be loaded.
func (c *Cache[V]) abandon(mine []stop[V], err error) {
	for _, s := range mine {
		c.base.flights.land(s.fl, result{err: err})
	}
}

// lead takes the flights of mine to their ends: with one load for all that this process may load, and one for
// each that it has to wait for and that is not loaded then.
func (t *trip[V]) lead(caller context.Context, mine []stop[V]) {
	growStack()
	holds := make([]*hold, len(mine))
	t.c.base.each(len(mine), func(i int) {
		q := t.c.queue(caller, mine[i].fl, mine[i].key)
		defer q.leave()
		h, landed := q.claim()
		if h == nil && !landed {
			go t.c.lead(caller, mine[i].fl, mine[i].key, t.single(mine[i].key), t.opts)
		}
		holds[i] = h
	})
	var held []stop[V]
	var taken []*hold
	for i, h := range holds {
		if h != nil {
			held, taken = append(held, mine[i]), append(taken, h)
		}
	}
	if len(held) > 0 {
		t.fly(caller, held, taken)
	}
}

// single is the load of one key.
func (t *trip[V]) single(key string) func(context.Context) (V, error) {
	return func(ctx context.Context) (v V, err error) {
		loaded, err := t.load(ctx, []string{key})
		if err != nil {
			return v, err
		}
		v, ok := loaded[key]
		if !ok {
			return v, ErrNotFound
		}
		return v, nil
	}
}

// fly runs one load for many flights to its end.
func (t *trip[V]) fly(caller context.Context, mine []stop[V], holds []*hold) {
	b := t.c.base
	b.stats.loads.Add(1)
	finals, wanted := make([]string, len(mine)), make([]string, len(mine))
	degraded := false
	for i, s := range mine {
		finals[i], wanted[i] = s.fl.key, s.key
		degraded = degraded || holds[i].degraded
	}
	ctx, said, end := b.begin(caller, func(err error) {
		b.each(len(mine), func(i int) { t.c.overdue(caller, mine[i].fl, holds[i], mine[i].key, err) })
	}, finals...)
	for i, s := range mine {
		holds[i].keep(ctx, func() { b.flights.unlist(s.fl) })
	}

	var loaded map[string]V
	start := time.Now()
	err := errGoexit
	defer func() { // whatever load does
		end()
		t.arrive(ctx, mine, holds, maps.Clone(loaded), err, time.Since(start), said)
	}()
	err = b.inTurn(ctx, degraded, func() error {
		return protect(func() (err error) {
			if loaded, err = t.load(ctx, wanted); errors.Is(err, ErrNotFound) {
				loaded, err = nil, nil // the source has none of them
			}
			return err
		})
	})
}

// arrive stores what was loaded and ends the flights.
func (t *trip[V]) arrive(ctx context.Context, mine []stop[V], holds []*hold, loaded map[string]V, err error,
	cost time.Duration, said *Load,
) {
	if err != nil {
		t.c.base.stats.failures.Add(1)
	}
	heard := make([]bool, len(mine))
	t.c.base.each(len(mine), func(i int) {
		v, ok := loaded[mine[i].key]
		each := err
		if each == nil && !ok {
			each = ErrNotFound
		}
		heard[i] = t.c.arrive(ctx, mine[i].fl, holds[i], mine[i].key, v, each, cost, said, t.opts)
	})
	if !slices.Contains(heard, true) {
		t.c.unheard(ctx, "", err)
	}
}

// each calls do for 0 to n-1: side by side where each call is an exchange over a network.
func (b *Base) each(n int, do func(i int)) {
	if !b.distant || n == 1 {
		for i := range n {
			do(i)
		}
		return
	}
	const abreast = 64
	var working sync.WaitGroup
	turns := make(chan struct{}, abreast)
	for i := range n {
		turns <- struct{}{}
		working.Go(func() {
			defer func() { <-turns }()
			do(i)
		})
	}
	working.Wait()
}
