package cache

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/cachewright/cachewright/store"
)

// FetchMany returns the values of keys and loads those that are missing with one call of load. Keys
// that another call is loading at this moment are waited for instead of loaded again.
//
// The load runs as in [Cache.Fetch]: once, on its own goroutine, detached from the caller's
// cancellation. A key that load leaves out of its result has no value in the source: it is left out
// here too, without an error; so is every key if load answers [ErrNotFound]. Keys that fail are named in a
// [KeyErrors]; the values beside it are valid.
func (c *Cache[V]) FetchMany(ctx context.Context, keys []string,
	load func(ctx context.Context, missing []string) (map[string]V, error), opts ...CallOption,
) (map[string]V, error) {
	landings := c.base.flights.landings.Load()
	values, gone, failed, err := c.readMany(ctx, keys)
	if err := c.proceed(ctx, "", err); err != nil {
		return nil, c.base.fail("fetch many", "", err)
	}
	if load == nil {
		return nil, c.base.fail("fetch many", "", errNoLoader)
	}
	missed := misses{keys: c.stillMissing(keys, values, gone, failed), landings: landings, failed: failed, degraded: err != nil}
	trip, failed, err := c.boardMany(ctx, missed, load, opts)
	if err != nil {
		return values, c.base.fail("fetch many", "", err)
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

// misses are reads of many keys that found no value.
type misses struct {
	keys     []string
	landings int64     // of the alias, before the reads
	failed   KeyErrors // why, where a read has failed; also of keys that are refused
	degraded bool      // the store could not be read at all
}

// boardMany returns a flight for each key of m, by the caller's key. Those that are new share one load.
// A read that has failed is made good by a load; what remains in failed is the caller's.
func (c *Cache[V]) boardMany(ctx context.Context, m misses,
	load func(context.Context, []string) (map[string]V, error), opts []CallOption,
) (trip map[string]*flight, failed KeyErrors, err error) {
	trip, failed = make(map[string]*flight, len(m.keys)), m.failed
	mine := make(map[string]*flight)
	for _, key := range m.keys {
		final, err := c.keys.final(key)
		if err == nil && c.base.loading(ctx, final) {
			err = errSelfLoad
		}
		if err != nil {
			failed = withKey(failed, key, err)
			continue
		}
		readErr, readFailed := failed[key]
		if readFailed {
			c.missRead(ctx, key, readErr)
			delete(failed, key)
		}
		fl, started, err := c.base.flights.join(final, reflect.TypeFor[V]())
		if err != nil { // closed, for all keys
			c.abandon(mine, err)
			return nil, nil, err
		}
		trip[key] = fl
		if started {
			fl.passing = isUnreadable(readErr)
			mine[key] = fl
		} else {
			c.base.stats.joined.Add(1)
		}
	}
	c.lookAgain(ctx, mine, m.landings)
	if len(mine) > 0 {
		wanted := slices.DeleteFunc(slices.Clone(m.keys), func(key string) bool { return mine[key] == nil })
		go c.flyMany(ctx, mine, wanted, m.degraded, load, append([]CallOption(nil), opts...))
	}
	return trip, failed, nil
}

// lookAgain ends those of mine whose values were stored by flights that landed since the first read, as
// overtaken does for one, and takes them out of mine.
func (c *Cache[V]) lookAgain(ctx context.Context, mine map[string]*flight, landings int64) {
	var keys, finals []string
	for key, fl := range mine {
		if c.base.flights.landedSince(fl.key, landings) {
			keys, finals = append(keys, key), append(finals, fl.key)
		}
	}
	if len(keys) == 0 {
		return
	}
	found := make(map[string]V, len(keys))
	err := protect(func() error {
		raw, err := c.base.getMany(ctx, finals)
		for i, value := range raw {
			if value == nil {
				continue
			}
			if v, s, _ := c.judge(ctx, keys[i], value); s == present {
				found[keys[i]] = v
			}
		}
		return err
	})
	if err != nil {
		return // the load will tell
	}
	for key, v := range found {
		c.base.flights.land(mine[key], v, nil)
		delete(mine, key)
	}
}

// abandon ends flights that will not be loaded, and returns how many of them had not ended before.
func (c *Cache[V]) abandon(mine map[string]*flight, err error) (ended int) {
	for _, fl := range mine {
		if c.base.flights.land(fl, nil, err) {
			ended++
		}
	}
	return ended
}

// flyMany runs one load for many flights to its end.
func (c *Cache[V]) flyMany(caller context.Context, mine map[string]*flight, wanted []string, degraded bool,
	load func(context.Context, []string) (map[string]V, error), opts []CallOption,
) {
	c.base.stats.loads.Add(1)
	ctx, end := c.base.flights.loadContext(caller, c.base.options.LoadTimeout, func(err error) {
		for _, fl := range mine {
			c.base.flights.expire(fl, loadFailed(err))
		}
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
			if c.abandon(mine, loadFailed(err)) == 0 {
				c.latePanic(ctx, "", err)
			}
			return
		}
		c.landMany(ctx, mine, maps.Clone(loaded), time.Since(start), said, opts)
	}()
	err = c.base.inTurn(ctx, degraded, func() error {
		return protect(func() (err error) {
			if loaded, err = load(ctx, wanted); errors.Is(err, ErrNotFound) {
				return nil // the source has none of them
			}
			return err
		})
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
			if ttl, keep := wholeMillis(c.base.options.AbsentFor); keep {
				batches[ttl] = append(batches[ttl], store.Item{Key: fl.key, Value: c.absence(key)})
			}
			continue
		}
		ttl, keep := said.ttlFor(key, opts)
		if !keep {
			continue
		}
		var value []byte
		err := protect(func() (err error) { // see commit
			value, err = c.form.encode(nil, v, c.keyCheck(key), cost)
			return err
		})
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
