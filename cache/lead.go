package cache

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cachewright/cachewright/store"
)

// A flight, from its boarding to its landing:
//
//	claim -- there is a value by now ------------------------------> land with it
//	  |  \-- somebody else loads it -> await -> claim again
//	  |                                  \-- too long: load, store nothing
//	 held
//	  |
//	load --- value ----> commit, if no invalidation has passed ----> land with it
//	     \-- ErrNotFound -> remember, or remove -------------------> land with it
//	      \- error ------> fail: tell who waits, or pause the value -> land with it
//
// The claim puts a lease into the store where the value is to stand. Whatever removes or replaces it there
// ends the lease, and the commit then does nothing.

// lead takes fl to its end.
func (c *Cache[V]) lead(caller context.Context, fl *flight, key string, load func(context.Context) (V, error), opts []CallOption) {
	growStack()
	if h := c.secure(caller, fl, key); h != nil {
		c.fly(caller, fl, h, key, load, opts)
	}
}

// growStack gives the goroutine that calls it, which has just begun, the stack that a load needs: at once, while there
// is nothing on it. To grow it in steps, each of which moves all frames, is a third of a load in memory.
//
//go:noinline
func growStack() {
	var room [4 << 10]byte
	use(&room)
}

// use keeps room from being left out.
//
//go:noinline
func use(*[4 << 10]byte) {}

// secure returns the hold by which fl may load and store, or nil if it has landed without a load. It waits for
// the load of another process for as long as a load may take.
func (c *Cache[V]) secure(caller context.Context, fl *flight, key string) *hold {
	q := c.queue(caller, fl, key)
	defer q.leave()
	for {
		h, landed := q.claim()
		if h != nil || landed {
			return h
		}
		if !q.await() {
			if c.base.flights.ctx.Err() != nil {
				q.land(result{err: store.ErrClosed})
				return nil
			}
			c.base.flights.bereave(fl)
			return &hold{base: c.base, key: fl.key}
		}
	}
}

// queue is the way of a flight to its hold.
type queue[V any] struct {
	c     *Cache[V]
	fl    *flight
	key   string
	token uint64
	ctx   context.Context // ends, once it waits, when waiting has no point any more
	end   func()

	woken  <-chan struct{} // by the end of the lease that is in the way
	stop   func()
	ahead  pause     // the lease that is in the way
	since  time.Time // when it was first seen to stand there, unchanged
	asOf   int64     // the mark of the latest look
	rounds int
}

func (c *Cache[V]) queue(caller context.Context, fl *flight, key string) queue[V] {
	nothing := func() {}
	return queue[V]{
		c: c, fl: fl, key: key, token: newToken(), ctx: context.WithoutCancel(caller), end: nothing, stop: nothing,
	}
}

// begin starts the time that waiting may take.
func (q *queue[V]) begin() {
	ctx, cancel := context.WithTimeout(q.ctx, q.c.base.options.LoadTimeout)
	closes := context.AfterFunc(q.c.base.flights.ctx, cancel)
	q.ctx, q.end = ctx, func() { closes(); cancel() }
}

// asking returns a context for a step in the store, unless that is one that never waits: with a deadline of its own, and
// no longer than the alias is open.
func (q *queue[V]) asking() (context.Context, context.CancelFunc) {
	b := q.c.base
	if b.objects != nil {
		return q.ctx, func() {}
	}
	ctx, cancel := context.WithTimeout(q.ctx, commitTimeout)
	closes := context.AfterFunc(b.flights.ctx, cancel)
	return ctx, func() { closes(); cancel() }
}

func (q *queue[V]) leave() {
	q.stop()
	q.end()
}

// claim tries to get the hold. Without one, and without a landing, somebody else has it.
func (q *queue[V]) claim() (h *hold, landed bool) {
	b, fl := q.c.base, q.fl
	h = &hold{base: b, key: fl.key, token: q.token, keyCheck: q.c.keyCheck(q.key)}
	switch {
	case fl.passing:
		return h, false
	case fl.degraded:
		h.degraded = true
		return h, false
	case b.leaser == nil:
		h.way = bySet
		return h, false
	}
	q.stop()
	q.woken, q.stop = b.leaser.Await(fl.key) // before the look, so that nothing is missed
	h.there = b.lease(h.token, h.keyCheck)
	q.asOf = b.flights.marks.Add(1)
	ctx, cancel := q.asking()
	there, err := b.leaser.Claim(ctx, fl.key, h.there, leaseTTL)
	cancel()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		b.flights.proceed(fl)
		h.way = byAdd
		return h, false
	case err != nil:
		return q.without(h, err)
	case there == nil:
		return q.granted(h)
	}
	return q.consider(h, there)
}

// granted notes that the store has given h.
func (q *queue[V]) granted(h *hold) (*hold, bool) {
	h.way = byLease
	q.c.base.flights.grant(q.fl, h.token)
	return h, false
}

// without goes on although the store gives no hold because of err: what is loaded will not be stored.
func (q *queue[V]) without(h *hold, err error) (*hold, bool) {
	if q.c.base.flights.ctx.Err() != nil {
		return nil, q.land(result{err: store.ErrClosed})
	}
	q.c.base.swallow(q.ctx, "lease", q.key, err)
	q.c.base.flights.bereave(q.fl)
	h.degraded = true
	return h, false
}

func (q *queue[V]) land(r result) bool {
	q.c.base.flights.land(q.fl, r)
	return true
}

// consider decides what to do about what is there already.
func (q *queue[V]) consider(h *hold, there []byte) (*hold, bool) {
	b := q.c.base
	var r seen[V]
	if err := protect(func() (err error) { // the type's own unmarshaler may panic, and others wait for fl
		r.v, r.s, err = q.c.form.decode(q.c.keyCheck(q.key), there, lent)
		return err
	}); err != nil {
		if q.c.form.bare != nil {
			b.flights.bereave(q.fl)
			return h, false // somebody's bytes: what is loaded passes by
		}
		return q.take(h, there) // a record that cannot be read
	}
	now := b.now()
	switch s := r.s; s.state {
	case present, stale:
		if s.state == stale && b.options.StaleFor == 0 {
			break
		}
		h.cost, h.backoff, h.value, h.until = s.cost, s.backoff, s.soft != 0, max(s.soft, s.hard)
		wanted := s.state == stale || q.fl.behind && s.created == q.fl.seen // and not what has come since
		if h.value && wanted && !s.pause.holds(now) {
			return q.take(h, there)
		}
		return nil, q.land(result{value: r.v, elsewhere: true, asOf: q.asOf, sight: s})
	case absent:
		return nil, q.land(result{err: ErrNotFound, elsewhere: true, asOf: q.asOf, sight: s})
	case failed:
		if now < s.soft || s.pause.token == q.ahead.token {
			return nil, q.land(result{err: &LoadError{s.failure}, elsewhere: true, asOf: q.asOf})
		}
	case leased:
		if s.pause != q.ahead {
			q.ahead, q.since = s.pause, time.Now()
		}
		if time.Since(q.since) < leaseTTL { // whatever the clocks say; the store ends most of them by itself
			return nil, false
		}
	case missing: // a record that is void
	}
	return q.take(h, there)
}

// take puts the hold in the place of there. If that has changed meanwhile, the next round will tell.
func (q *queue[V]) take(h *hold, there []byte) (*hold, bool) {
	ctx, cancel := q.asking()
	taken, err := h.take(ctx, there)
	cancel()
	switch {
	case err != nil:
		return q.without(h, err)
	case taken:
		return q.granted(h)
	}
	q.ahead = pause{}
	return nil, false
}

// How long to wait between two looks at a lease: from the first to the second, twice as long each time. Where
// the store tells of its end they are only for what goes wrong.
const (
	leastLook, mostLook   = 10 * time.Millisecond, 200 * time.Millisecond
	leastCheck, mostCheck = 150 * time.Millisecond, 500 * time.Millisecond
)

// await waits until the lease ahead may have ended, and reports whether it is worth a look.
func (q *queue[V]) await() bool {
	if q.rounds == 0 {
		q.c.base.stats.awaited.Add(1)
		q.begin()
	}
	least, most := leastLook, mostLook
	if q.woken != nil {
		least, most = leastCheck, mostCheck
	}
	pause := min(least<<min(q.rounds, 10), most)
	pause = pause/2 + rand.N(pause)
	if left := leaseTTL - time.Since(q.since); left < pause {
		pause = max(left, 0) + rand.N(leastLook) // not all who wait at once
	}
	q.rounds++
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-q.woken:
	case <-timer.C:
	case <-q.ctx.Done():
		return false
	}
	return true
}

// fly runs the load of one flight to its end.
func (c *Cache[V]) fly(caller context.Context, fl *flight, h *hold, key string, load func(context.Context) (V, error), opts []CallOption) {
	c.base.stats.loads.Add(1)
	ctx, said, end := c.base.begin(caller, func(err error) { c.overdue(caller, fl, h, key, err) }, fl.key)
	h.keep(ctx, func() { c.base.flights.unlist(fl) })

	var v V
	start := time.Now()
	err := errGoexit
	defer func() { // whatever load does
		end()
		if err != nil && !errors.Is(err, ErrNotFound) {
			c.base.stats.failures.Add(1)
		}
		if !c.arrive(ctx, fl, h, key, v, err, time.Since(start), said, opts) {
			c.unheard(ctx, key, err)
		}
	}()
	err = c.base.inTurn(ctx, h.degraded, func() error {
		return protect(func() (err error) {
			v, err = load(ctx)
			return err
		})
	})
}

// overdue ends a flight whose load has not returned in time, or not before the alias was closed.
func (c *Cache[V]) overdue(ctx context.Context, fl *flight, h *hold, key string, err error) {
	c.base.flights.expire(fl, c.base.loadFailed(err), func() {
		c.settled(ctx, key, h.fail(ctx, err.Error()))
		if !fl.heard && c.base.flights.ctx.Err() == nil {
			c.unheard(ctx, key, err)
		}
	})
}

// arrive stores what a load came to, ends its flight, and reports whether somebody has heard of it: of a load that
// is too late, that it was.
func (c *Cache[V]) arrive(ctx context.Context, fl *flight, h *hold, key string, v V, err error,
	cost time.Duration, said *Load, opts []CallOption,
) (heard bool) {
	flights := c.base.flights
	r := result{value: v}
	stores := flights.beginStoring(fl)
	switch {
	case err == nil:
		if stores {
			r.sight = c.commit(ctx, h, key, v, cost, said, opts)
		}
	case errors.Is(err, ErrNotFound):
		r = result{err: err}
		if stores {
			c.settled(ctx, key, c.commitAbsent(ctx, h))
		}
	default:
		r = result{err: c.base.loadFailed(err)}
		if stores {
			c.settled(ctx, key, h.fail(ctx, textOf(err)))
		}
	}
	if stores {
		flights.endStoring(fl)
	} else {
		c.settled(ctx, key, h.release(ctx))
	}
	if flights.land(fl, r) {
		return fl.heard
	}
	_, panicked := err.(*PanicError)
	return !panicked
}

// unheard reports the error of a load for which nobody waits, or not any more.
func (c *Cache[V]) unheard(ctx context.Context, key string, err error) {
	if err != nil && !errors.Is(err, ErrNotFound) {
		c.base.swallow(ctx, "load", key, err)
	}
}

// settled reports that the end of a hold did not reach the store.
func (c *Cache[V]) settled(ctx context.Context, key string, err error) {
	if err != nil && !errors.Is(err, ErrClosed) {
		c.base.swallow(ctx, "write", key, err)
	}
}

// textOf is what others are told of an error: of a panic, not the stack.
func textOf(err error) string {
	if p, ok := err.(*PanicError); ok {
		return p.brief()
	}
	return err.Error()
}

// commit stores what was loaded. The load's own deadline may be near or past; the write has its own.
func (c *Cache[V]) commit(ctx context.Context, h *hold, key string, v V, cost time.Duration, said *Load, opts []CallOption) sight {
	ttl, keep := c.base.loadedTTL(said, key, opts)
	if !keep {
		c.settled(ctx, key, h.remove(ctx))
		return sight{}
	}
	l := c.base.lifeOf(ttl, h.smooth(cost))
	var e encoded
	err := protect(func() (err error) { // on this goroutine nobody else recovers from a type's own marshaler
		e, err = c.encode(key, v, l)
		return err
	})
	if err != nil {
		c.base.swallow(ctx, "write", key, err)
		c.settled(ctx, key, h.remove(ctx))
		return sight{}
	}
	defer e.release()
	c.settled(ctx, key, h.commit(ctx, e.value, l.storeTTL(e.value)))
	s := sight{created: l.created, soft: l.created + l.ttl.Microseconds(), cost: uint32(cost.Milliseconds())}
	if l.ttl == Forever {
		s.soft = endless
	}
	return s
}

// smooth returns what a load costs by this and earlier loads of the same value.
func (h *hold) smooth(cost time.Duration) time.Duration {
	cost = max(cost, time.Nanosecond)
	if h.cost == 0 {
		return cost
	}
	return (cost + time.Duration(h.cost)*time.Millisecond) / 2
}

// commitAbsent remembers that the source has no value, if the alias remembers that at all.
func (c *Cache[V]) commitAbsent(ctx context.Context, h *hold) error {
	ttl, keep := wholeMillis(c.base.options.AbsentFor)
	if !keep {
		return h.remove(ctx)
	}
	now := c.base.now()
	return h.commit(ctx, placeholder(header{
		kind: kindAbsent, created: now, hard: now + ttl.Microseconds(), keyCheck: h.keyCheck, schema: c.form.schema,
	}, ""), ttl)
}
