package cache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Fetch returns the value of key, or loads it. Callers that miss the same key at the same time share
// one load, which runs once.
//
// The load runs on its own goroutine, with the values of the context of the call that started it but
// without that call's cancellation, for at most Options.LoadTimeout. Each caller waits as long as its
// own context allows; the load goes on, and is stored, also when all have left. A caller that comes
// after a Delete, Set or Clear of the key never gets a load that began before, and such a load does not
// store its value any more.
//
// What load returns is stored for the lifetime that the loader chose ([LoadFrom]), or that opts name, or
// the default. An error of load is returned to all who wait and nothing is stored; [ErrNotFound] may be
// remembered (Options.AbsentFor). A panic of load goes on in all callers, as a *[PanicError].
//
// Fetch prefers an answer: a store that fails counts as a miss and, after the load, as a write that did
// not happen; both go to Hooks.Trouble. Only a key that the cache does not take, the load's error and
// the end of ctx are returned. Bare bytes (Options.Codec) that do not decode count as a miss too, but what
// was loaded does not replace them.
func (c *Cache[V]) Fetch(ctx context.Context, key string, load func(context.Context) (V, error), opts ...CallOption) (V, error) {
	landings := c.base.flights.landings.Load()
	v, s, err := c.read(ctx, key)
	if err == nil && s == present {
		c.base.stats.read(true)
		return v, nil
	}
	return c.fetchMissed(ctx, key, miss{landings, s, err}, load, opts)
}

// miss is a read that found no value.
type miss struct {
	landings int64 // of the alias, before the read
	state    state
	err      error
}

// fetchMissed is the way of a Fetch that found no value.
func (c *Cache[V]) fetchMissed(ctx context.Context, key string, m miss,
	load func(context.Context) (V, error), opts []CallOption,
) (v V, err error) {
	if err := c.proceed(ctx, key, m.err); err != nil {
		return v, c.base.fail("fetch", key, err)
	}
	if load == nil {
		return v, c.base.fail("fetch", key, errNoLoader)
	}
	c.base.stats.read(false)
	if m.state == absent {
		return v, c.base.fail("fetch", key, ErrNotFound)
	}
	fl, err := c.board(ctx, key, m, load, opts)
	if err != nil {
		return v, c.base.fail("fetch", key, err)
	}
	value, err := fl.wait(ctx)
	if err != nil {
		return v, c.base.fail("fetch", key, err)
	}
	v, _ = value.(V) // a nil interface value of V arrives as nil
	return v, nil
}

// proceed decides whether a Fetch goes on after a failed read: with the source instead, unless the key
// is at fault or the caller has gone.
func (c *Cache[V]) proceed(ctx context.Context, key string, readErr error) error {
	if readErr == nil {
		return nil
	}
	var keyError *KeyError
	if errors.As(readErr, &keyError) || errors.Is(readErr, ErrClosed) {
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
	var failed *DecodeError
	return errors.As(err, &failed)
}

// board returns the flight that loads key: the one under way, or a new one.
func (c *Cache[V]) board(ctx context.Context, key string, m miss, load func(context.Context) (V, error), opts []CallOption) (*flight, error) {
	final, err := c.keys.final(key)
	if err != nil {
		return nil, err
	}
	if c.base.loading(ctx, final) {
		return nil, errSelfLoad
	}
	fl, started, err := c.base.flights.join(final, reflect.TypeFor[V]())
	switch {
	case err != nil:
		return nil, err
	case started:
		if c.overtaken(ctx, key, fl, m) {
			break
		}
		fl.passing = m.state == unreadable
		fl.degraded = m.err != nil && !fl.passing
		go c.fly(ctx, fl, key, load, append([]CallOption(nil), opts...))
	default:
		c.base.stats.joined.Add(1)
	}
	return fl, nil
}

// overtaken reports whether a flight that landed after the read of m has stored the value of key, and
// ends fl with it. Without this second look a caller that is slow between its miss and its boarding
// would load again what has just been loaded.
func (c *Cache[V]) overtaken(ctx context.Context, key string, fl *flight, m miss) bool {
	if m.err != nil || !c.base.flights.landedSince(fl.key, m.landings) {
		return false
	}
	var v V
	var s state
	err := protect(func() (err error) { // others may wait for fl already: it must land, whatever happens
		v, s, err = c.read(ctx, key)
		return err
	})
	switch {
	case err != nil || s == missing:
		return false // the load will tell
	case s == absent:
		c.base.flights.land(fl, nil, ErrNotFound)
	default:
		c.base.flights.land(fl, v, nil)
	}
	return true
}

// errNoLoader is returned for a miss of a call whose loader is nil.
var errNoLoader = errors.New("the loader is nil; use Get to read without loading")

// errSelfLoad is returned to a loader that fetches the key it is loading: it would wait for itself.
var errSelfLoad = errors.New("the loader of this key fetches the same key")

// fly runs the load of one flight to its end.
func (c *Cache[V]) fly(caller context.Context, fl *flight, key string, load func(context.Context) (V, error), opts []CallOption) {
	c.base.stats.loads.Add(1)
	ctx, end := c.base.flights.loadContext(caller, c.base.options.LoadTimeout, func(err error) {
		c.base.flights.expire(fl, loadFailed(err))
	})
	ctx, said := c.base.begin(ctx, fl.key)

	var v V
	start := time.Now()
	err := errGoexit
	defer func() { // whatever load does
		end()
		c.arrive(ctx, fl, key, v, err, time.Since(start), said, opts)
	}()
	err = c.base.inTurn(ctx, fl.degraded, func() error {
		return protect(func() (err error) {
			v, err = load(ctx)
			return err
		})
	})
}

// arrive stores what a load came to and ends its flight.
func (c *Cache[V]) arrive(ctx context.Context, fl *flight, key string, v V, err error, cost time.Duration, said *Load, opts []CallOption) {
	flights := c.base.flights
	switch {
	case err == nil:
		flights.store(fl, func() { c.commit(ctx, key, fl.key, v, cost, said, opts) })
		flights.land(fl, v, nil)
	case errors.Is(err, ErrNotFound):
		flights.store(fl, func() { c.commitAbsent(ctx, key, fl.key) })
		flights.land(fl, nil, err)
	default:
		c.base.stats.failures.Add(1)
		if !flights.land(fl, nil, loadFailed(err)) {
			c.latePanic(ctx, key, err)
		}
	}
}

// latePanic reports a panic of a load that nobody waits for any more.
func (c *Cache[V]) latePanic(ctx context.Context, key string, err error) {
	if _, ok := err.(*PanicError); ok {
		c.base.swallow(ctx, "load", key, err)
	}
}

// loadFailed says that err came from the loader; a panic stays what it is.
func loadFailed(err error) error {
	if _, ok := err.(*PanicError); ok {
		return err
	}
	return fmt.Errorf("load: %w", err)
}

// commitTimeout bounds the write behind a load, for stores that have no deadline of their own.
const commitTimeout = 5 * time.Second

// commit stores what was loaded. The load's own deadline may be near or past; the write has its own.
func (c *Cache[V]) commit(ctx context.Context, key, final string, v V, cost time.Duration, said *Load, opts []CallOption) {
	ttl, keep := said.ttlFor(key, opts)
	if !keep {
		return
	}
	var value []byte
	var release func()
	err := protect(func() (err error) { // on this goroutine nobody else recovers from a type's own marshaler
		value, release, err = c.encode(key, v, cost)
		return err
	})
	if err != nil {
		c.base.swallow(ctx, "write", key, err)
		return
	}
	defer release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := c.base.store.Set(ctx, final, value, ttl); err != nil {
		c.base.swallow(ctx, "write", key, err)
	}
}

// commitAbsent remembers that the source has no value for key, if the alias remembers that at all.
func (c *Cache[V]) commitAbsent(ctx context.Context, key, final string) {
	ttl, keep := wholeMillis(c.base.options.AbsentFor)
	if !keep {
		return
	}
	record := c.absence(key)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := c.base.store.Set(ctx, final, record, ttl); err != nil {
		c.base.swallow(ctx, "write", key, err)
	}
}

// absence is the record that remembers that the source has no value for key.
func (c *Cache[V]) absence(key string) []byte {
	record := make([]byte, headerSize)
	sealRecord(record, header{kind: kindAbsent, created: c.base.now(), schema: c.form.schema, keyCheck: c.keyCheck(key)})
	return record
}
