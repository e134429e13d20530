package cache

import (
	"context"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Set, Add, Delete, Incr, Clear and their like are invalidations: they end what loads of their keys may
// still do, so that a value that was read from the source before an invalidation returned is never
// stored after it. Three rules see to that.
//
//   - Before it touches the store an invalidation detaches the flights of its keys: nobody joins them any
//     more, and they do not store what they loaded.
//   - It waits for a flight that is storing at this moment, so that its own effect is the later one.
//   - Until it has returned no flight of its keys stores, and those that began meanwhile are detached at
//     its end: they may have read the source before it returned.
//
// Across processes the lease does the same: it stands where the value stands, so that whatever an
// invalidation does to the value ends it. Leases beside bare values are ended first.

// invalidate begins an invalidation of keys, whose values will live for ttl: 0 if they are deleted. Without an
// error, flights.invalidated ends it.
func (b *Base) invalidate(ctx context.Context, ttl time.Duration, finals ...string) error {
	if err := b.flights.invalidate(ctx, finals...); err != nil {
		return err
	}
	if b.beside == nil || b.outlivesLoads(ttl) {
		return nil // a commit does not replace a value
	}
	err := b.beside.Void(ctx, finals...)
	if err != nil {
		b.flights.invalidated(finals...)
	}
	return err
}

// outlivesLoads reports whether a value that lives for ttl from now on is there longer than any load that has begun.
func (b *Base) outlivesLoads(ttl time.Duration) bool {
	return ttl == Forever || ttl > addTTL(b.options.LoadTimeout, commitTimeout)
}

// clearing is an invalidation of all keys that begin with lead and whose remainder matches pattern.
type clearing struct{ lead, pattern string }

func (c *clearing) covers(key string) bool {
	rest, ok := strings.CutPrefix(key, c.lead)
	return ok && store.Match(c.pattern, rest)
}

// invalidate begins an invalidation of keys, which invalidated ends. It returns when none of their
// flights is storing, or with the error of ctx; then there is nothing to end.
func (f *flights) invalidate(ctx context.Context, keys ...string) error {
	f.mu.Lock()
	var storing []*flight
	for _, key := range keys {
		f.changes[key]++
		f.detachKey(key)
		storing = append(storing, f.storing[key]...)
	}
	f.mu.Unlock()
	err := await(ctx, storing)
	if err != nil {
		f.invalidated(keys...)
	}
	return err
}

// invalidated ends an invalidation of keys.
func (f *flights) invalidated(keys ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range keys {
		if f.changes[key]--; f.changes[key] == 0 {
			delete(f.changes, key)
		}
		f.detachKey(key)
	}
}

// clear begins an invalidation of the keys that c covers, which cleared ends; like invalidate.
func (f *flights) clear(ctx context.Context, c *clearing) error {
	f.mu.Lock()
	f.clears[c] = struct{}{}
	f.detachCovered(c)
	var storing []*flight
	for key, same := range f.storing {
		if c.covers(key) {
			storing = append(storing, same...)
		}
	}
	f.mu.Unlock()
	err := await(ctx, storing)
	if err != nil {
		f.cleared(c)
	}
	return err
}

// cleared ends the invalidation c.
func (f *flights) cleared(c *clearing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.clears, c)
	f.detachCovered(c)
}

// changing reports whether an invalidation of key is under way. The caller holds mu.
func (f *flights) changing(key string) bool {
	if f.changes[key] > 0 {
		return true
	}
	for c := range f.clears {
		if c.covers(key) {
			return true
		}
	}
	return false
}

// detachKey takes the flights of key out of reach of later calls. The caller holds mu.
func (f *flights) detachKey(key string) {
	for _, fl := range f.byKey[key] {
		fl.detached = true
	}
	delete(f.byKey, key)
}

// detachCovered is detachKey for all keys that c covers.
func (f *flights) detachCovered(c *clearing) {
	for key := range f.byKey {
		if c.covers(key) {
			f.detachKey(key)
		}
	}
}

// await waits until every one of storing has stored.
func await(ctx context.Context, storing []*flight) error {
	for _, fl := range storing {
		select {
		case <-fl.stored:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
