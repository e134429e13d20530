package cache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Fetch returns the value of key, or loads it. Callers that miss the same key at the same time share
// one load, which runs once: in all processes that share the store, if it can compare and swap.
//
// The load runs on its own goroutine, with the values of the context of the call that started it but
// without that call's cancellation, for at most Options.LoadTimeout. Each caller waits as long as its
// own context allows; the load goes on, and is stored, also when all have left. A caller that comes
// after a Delete, Set or Clear of the key never gets a load that began before, and such a load does not
// store its value any more.
//
// What load returns is stored for the lifetime that the loader chose ([LoadFrom]), or that opts name, or
// the default, of which up to a twentieth is left out at random, so that what was loaded together does not
// end together. A value that is used often is loaded anew shortly before its end, behind the call that
// returns it. With Options.StaleFor a value past its end is returned too, while it is loaded anew behind the
// call, or when that fails.
//
// An error of load is returned to all who wait and nothing is stored; [ErrNotFound] may be remembered
// (Options.AbsentFor), other errors as well (Options.ErrorFor). A panic of load goes on in all callers, as a
// *[PanicError]. The error of a load in another process is a *[LoadError].
//
// Fetch prefers an answer: a store that fails counts as a miss; what is loaded then is not stored. It goes
// to Hooks.Trouble. Only a key that the cache does not take, the load's error and the end of ctx are
// returned. Bare bytes (Options.Codec) that do not decode count as a miss too, but what was loaded does not
// replace them.
func (c *Cache[V]) Fetch(ctx context.Context, key string, load func(context.Context) (V, error), opts ...CallOption) (V, error) {
	began := c.base.flights.marks.Load()
	var v V
	var s sight
	var err error
	if c.keeps() { // as in Get
		at := c.locate(ctx, key)
		if at.kept != nil && at.kept.isYoung(c.base) {
			c.base.stats.read(true)
			return c.form.lend(at.kept), nil
		}
		v, s, err = c.readObject(ctx, key, at)
	} else {
		v, s, err = c.look(ctx, key, began)
	}
	if err == nil && s.state == present && !c.base.aging(&s) {
		c.base.stats.read(true)
		return v, nil
	}
	v, _, err = c.fetch(ctx, key, v, miss{sight: s, err: err, began: began}, load, opts)
	return v, err
}

// look is the read of a Fetch that began at a mark. It leaves some of the caller's time for the load, and may
// share the answer of another caller; where a load is about to begin it is left out.
func (c *Cache[V]) look(ctx context.Context, key string, began int64) (v V, s sight, err error) {
	if !c.base.distant {
		return c.read(ctx, key)
	}
	ctx = c.patient(ctx)
	final, err := c.keys.final(key)
	if err != nil {
		return v, s, err
	}
	return c.gated(ctx, key, final, began)
}

// patient leaves half of the time of ctx for a load.
func (c *Cache[V]) patient(ctx context.Context) context.Context {
	if end, ok := ctx.Deadline(); ok && c.base.distant {
		return store.Patience(ctx, time.Until(end)/2)
	}
	return ctx
}

// forgetMiss says that the load of a key that was missed has begun, or will not begin.
func (c *Cache[V]) forgetMiss(key string) {
	if !c.base.distant {
		return
	}
	if final, err := c.keys.final(key); err == nil {
		c.base.gate.forget(final)
	}
}

// miss is what the read of a Fetch has seen that did not settle it.
type miss struct {
	sight  sight
	err    error
	began  int64 // the mark of the flights when the call began
	proof  bool  // sight tells which lease stood in the store after that: none, if they stand beside the values
	behind bool  // the call has a value to return
}

// fetch is the way of a Fetch that has not found a value which is fresh and stays so for a while.
func (c *Cache[V]) fetch(ctx context.Context, key string, v V, m miss,
	load func(context.Context) (V, error), opts []CallOption,
) (V, Info, error) {
	var none V
	if err := c.proceed(ctx, key, m.err); err != nil {
		return none, Info{}, c.base.fail("fetch", key, err)
	}
	m.proof = m.err == nil && c.base.leaser != nil
	hit := m.err == nil && m.sight.state == present
	c.base.stats.read(hit)
	if load == nil && !hit {
		c.forgetMiss(key)
		return none, Info{}, c.base.fail("fetch", key, errNoLoader)
	}
	switch state := m.sight.state; {
	case hit:
		if load != nil {
			c.refresh(ctx, key, m, load, opts)
		}
		return v, c.base.infoOf(Hit, m.sight), nil
	case m.err == nil && state == stale && c.base.options.StaleFor > 0:
		return c.fetchStale(ctx, key, v, m, load, opts)
	case state == absent:
		c.base.stats.absent.Add(1)
		return none, c.base.infoOf(Absent, m.sight), c.base.fail("fetch", key, ErrNotFound)
	case state == failed && c.base.now() < m.sight.soft:
		return none, c.base.infoOf(Failed, m.sight), c.base.fail("fetch", key, &LoadError{m.sight.failure})
	}
	fl, started, err := c.board(ctx, key, m, load, opts)
	c.forgetMiss(key)
	if err != nil {
		return none, Info{}, c.base.fail("fetch", key, err)
	}
	r := c.base.wait(ctx, fl)
	if r.outdated(m) {
		return c.FetchInfo(ctx, key, load, opts...)
	}
	return c.disembark(key, r, started)
}

// disembark is the answer to a caller that has waited for a flight.
func (c *Cache[V]) disembark(key string, r result, started bool) (v V, info Info, err error) {
	if p, ok := r.err.(*PanicError); ok {
		panic(p)
	}
	v, _ = r.value.(V) // a nil interface value of V arrives as nil
	info = c.base.infoOf(Loaded, r.sight)
	switch {
	case errors.Is(r.err, ErrNotFound):
		info.Outcome = Absent
	case r.err != nil:
		info.Outcome = Failed
	case r.sight.state == stale:
		info.Outcome = Stale
		c.base.stats.stale.Add(1)
	case !started || r.elsewhere:
		info.Outcome = Joined
	}
	return v, info, c.base.fail("fetch", key, r.err)
}

// fetchStale is the way of a Fetch that has a stale value: it may wait for a better one, but not long.
func (c *Cache[V]) fetchStale(ctx context.Context, key string, v V, m miss,
	load func(context.Context) (V, error), opts []CallOption,
) (V, Info, error) {
	info := c.base.infoOf(Stale, m.sight)
	soft := c.base.options.SoftTimeout
	switch {
	case m.sight.pause.holds(c.base.now()) && soft == 0: // somebody loads it, or has in vain
	case soft == 0:
		c.refresh(ctx, key, m, load, opts)
	default:
		fl, started, err := c.board(ctx, key, m, load, opts)
		if err != nil {
			info.Err = err
			break
		}
		soon, cancel := context.WithTimeout(ctx, soft)
		r, ended := c.base.waitSoon(ctx, soon, fl, m.sight.hard)
		cancel()
		if r.outdated(m) {
			return c.FetchInfo(ctx, key, load, opts...)
		}
		if ended || r.err == nil && r.sight.state != stale || errors.Is(r.err, ErrNotFound) {
			return c.disembark(key, r, started)
		}
		info.Err = r.err
		c.rescued(ctx, key, r)
	}
	c.base.stats.stale.Add(1)
	return v, info, nil
}

// rescued reports the error of a load in whose place a stale value is served. That it takes long is none, and
// neither is that the alias is closed.
func (c *Cache[V]) rescued(ctx context.Context, key string, r result) {
	if r.err != nil && !r.left && c.base.flights.ctx.Err() == nil {
		c.base.swallow(ctx, "load", key, r.err)
	}
}

// refresh starts a load behind a call that returns a value, unless one is under way or too many are.
func (c *Cache[V]) refresh(ctx context.Context, key string, m miss, load func(context.Context) (V, error), opts []CallOption) {
	final, err := c.keys.final(key)
	if err != nil || c.base.loading(ctx, final) {
		return
	}
	select {
	case c.base.refreshing <- struct{}{}:
	default:
		return
	}
	done := func() { <-c.base.refreshing }
	m.behind = true
	fl, started, err := c.base.flights.join(final, reflect.TypeFor[V](), m)
	if err != nil || !started {
		done()
		return
	}
	opts = append([]CallOption(nil), opts...)
	go func() {
		defer done()
		c.lead(ctx, fl, key, load, opts)
	}()
}

// proceed decides whether a Fetch goes on after a failed read: with the source instead, unless the key
// is at fault or the caller has gone.
func (c *Cache[V]) proceed(ctx context.Context, key string, readErr error) error {
	if readErr == nil {
		return nil
	}
	if _, refused := readErr.(*KeyError); refused || errors.Is(readErr, ErrClosed) {
		return readErr
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.missRead(ctx, key, readErr)
	return nil
}

// missRead reports a read that failed and counts as a miss.
func (c *Cache[V]) missRead(ctx context.Context, key string, err error) {
	op := "read"
	if isUnreadable(err) {
		op = "decode"
	}
	c.base.swallow(ctx, op, key, err)
}

// isUnreadable reports whether err comes from bare bytes that do not decode.
func isUnreadable(err error) bool {
	_, ok := errors.AsType[*DecodeError](err)
	return ok
}

// board returns the flight that loads key: the one under way, or a new one.
func (c *Cache[V]) board(ctx context.Context, key string, m miss,
	load func(context.Context) (V, error), opts []CallOption,
) (fl *flight, started bool, err error) {
	final, err := c.keys.final(key)
	if err != nil {
		return nil, false, err
	}
	if c.base.loading(ctx, final) {
		return nil, false, errSelfLoad
	}
	fl, started, err = c.base.flights.join(final, reflect.TypeFor[V](), m)
	switch {
	case err != nil:
		return nil, false, err
	case started:
		go c.lead(ctx, fl, key, load, append([]CallOption(nil), opts...))
	default:
		c.base.stats.joined.Add(1)
	}
	return fl, started, nil
}

// errNoLoader is returned for a miss of a call whose loader is nil.
var errNoLoader = errors.New("the loader is nil; use Get to read without loading")

// errSelfLoad is returned to a loader that fetches the key it is loading: it would wait for itself.
var errSelfLoad = errors.New("the loader of this key fetches the same key")

// loadFailed says that err came from the loader; a panic stays what it is. A load that was cancelled because the alias
// is closed is ErrClosed too: the caller's own context may be well.
func (b *Base) loadFailed(err error) error {
	if _, ok := err.(*PanicError); ok {
		return err
	}
	if errors.Is(err, context.Canceled) && b.flights.ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrClosed, err)
	}
	return fmt.Errorf("load: %w", err)
}
