package cache

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"time"

	"github.com/cachewright/cachewright/store"
)

// FetchMany returns the values of keys and loads those that are missing with one call of load. Keys
// that another call is loading at this moment are waited for instead of loaded again.
//
// The load runs as in [Cache.Fetch]: once, on its own goroutine, detached from the caller's
// cancellation. A key that load leaves out of its result has no value in the source: it is left out
// here too, without an error. Keys that fail are named in a [KeyErrors]; the values beside it are
// valid.
func (c *Cache[V]) FetchMany(ctx context.Context, keys []string,
	load func(ctx context.Context, missing []string) (map[string]V, error), opts ...CallOption,
) (map[string]V, error) {
	values, gone, failed, err := c.readMany(ctx, keys)
	if err != nil {
		if err := c.proceed(ctx, "", err); err != nil {
			return nil, c.base.fail("fetch many", "", err)
		}
		values = make(map[string]V, len(keys))
	}
	trip, err := c.boardMany(ctx, c.stillMissing(keys, values, gone, failed), load, opts)
	if err != nil {
		return values, c.base.fail("fetch many", "", err)
	}
	// A key whose read failed was loaded after all, unless the key itself is at fault.
	for key := range trip {
		delete(failed, key)
	}
	for key, fl := range trip {
		value, err := fl.wait(ctx)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			failed = withKey(failed, key, err)
		default:
			values[key], _ = value.(V)
		}
	}
	return values, c.base.failMany("fetch", failed)
}

// stillMissing returns the keys, each once, that neither have a value nor a remembered absence and that
// are not refused themselves.
func (c *Cache[V]) stillMissing(keys []string, values map[string]V, gone []string, failed KeyErrors) []string {
	skip := make(map[string]struct{}, len(keys))
	for key := range values {
		skip[key] = struct{}{}
	}
	for _, key := range gone {
		skip[key] = struct{}{}
	}
	for key, err := range failed {
		var keyError *KeyError
		if errors.As(err, &keyError) {
			skip[key] = struct{}{}
		}
	}
	var missing []string
	for _, key := range keys {
		if _, ok := skip[key]; !ok {
			skip[key] = struct{}{}
			missing = append(missing, key)
		}
	}
	return missing
}

// boardMany returns a flight for each of missing, by the caller's key. Those that are new share one load.
func (c *Cache[V]) boardMany(ctx context.Context, missing []string,
	load func(context.Context, []string) (map[string]V, error), opts []CallOption,
) (map[string]*flight, error) {
	trip := make(map[string]*flight, len(missing))
	mine := make(map[string]*flight)
	var wanted []string
	for _, key := range missing {
		final, err := c.keys.final(key)
		if err == nil && c.base.loading(ctx, final) {
			err = errSelfLoad
		}
		var fl *flight
		var started bool
		if err == nil {
			fl, started, err = c.base.flights.join(final, reflect.TypeFor[V]())
		}
		if err != nil {
			c.abandon(mine, err)
			return nil, err
		}
		trip[key] = fl
		if started {
			mine[key] = fl
			wanted = append(wanted, key)
		} else {
			c.base.stats.joined.Add(1)
		}
	}
	if len(wanted) > 0 {
		go c.flyMany(ctx, mine, wanted, load, append([]CallOption(nil), opts...))
	}
	return trip, nil
}

// abandon ends flights that will not be loaded.
func (c *Cache[V]) abandon(mine map[string]*flight, err error) {
	for _, fl := range mine {
		c.base.flights.land(fl, nil, err)
	}
}

// flyMany runs one load for many flights to its end.
func (c *Cache[V]) flyMany(caller context.Context, mine map[string]*flight, wanted []string,
	load func(context.Context, []string) (map[string]V, error), opts []CallOption,
) {
	c.base.stats.loads.Add(1)
	ctx, end := c.base.flights.loadContext(caller, c.base.options.LoadTimeout, func(err error) {
		c.abandon(mine, loadFailed(err))
	})
	finals := make([]string, 0, len(mine))
	for _, fl := range mine {
		finals = append(finals, fl.key)
	}
	ctx, said := c.base.begin(ctx, finals...)

	var loaded map[string]V
	start := time.Now()
	err := errGoexit
	defer func() { // whatever load does
		end()
		if err != nil {
			c.base.stats.failures.Add(1)
			c.abandon(mine, loadFailed(err))
			return
		}
		c.landMany(ctx, mine, maps.Clone(loaded), time.Since(start), said, opts)
	}()
	err = protect(func() (err error) {
		loaded, err = load(ctx, append([]string(nil), wanted...))
		return err
	})
}

// landMany stores what was loaded, in one exchange per lifetime, and ends the flights.
func (c *Cache[V]) landMany(ctx context.Context, mine map[string]*flight, loaded map[string]V,
	cost time.Duration, said *Load, opts []CallOption,
) {
	storing := make(map[string]*flight, len(mine))
	for key, fl := range mine {
		if c.base.flights.beginStoring(fl) {
			storing[key] = fl
		}
	}
	c.commitMany(ctx, storing, loaded, cost, said, opts)
	for _, fl := range storing {
		c.base.flights.endStoring(fl)
	}
	for key, fl := range mine {
		if v, ok := loaded[key]; ok {
			c.base.flights.land(fl, v, nil)
		} else {
			c.base.flights.land(fl, nil, ErrNotFound)
		}
	}
}

func (c *Cache[V]) commitMany(ctx context.Context, storing map[string]*flight, loaded map[string]V,
	cost time.Duration, said *Load, opts []CallOption,
) {
	batches := make(map[time.Duration][]store.Item)
	for key, fl := range storing {
		v, ok := loaded[key]
		if !ok {
			c.commitAbsent(ctx, key, fl.key)
			continue
		}
		ttl, keep := said.ttlFor(key, opts)
		if !keep {
			continue
		}
		value, err := c.form.encode(nil, v, c.keyCheck(key), cost)
		if err != nil {
			c.base.swallow(ctx, "write", key, err)
			continue
		}
		batches[ttl] = append(batches[ttl], store.Item{Key: fl.key, Value: value})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	for ttl, items := range batches {
		if err := c.base.setMany(ctx, items, nil, []CallOption{TTL(ttl)}); err != nil {
			c.base.swallow(ctx, "write", "", err)
		}
	}
}
