package cache

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/cachewright/cachewright/store"
)

// scanBatch is how many keys of a scan are looked at or deleted together.
const scanBatch = 256

// Keys yields the keys that have a value and match the Redis glob pattern (see [store.Match]), as the
// caller would write them: without prefix, version and namespace. The order is undefined; a key that
// comes or goes meanwhile may or may not be among them. Hashed keys appear in their shortened form. The
// first error ends the sequence: errors.ErrUnsupported on a store that is no [store.Inspector]. The loop may use the
// cache.
func (c *Cache[V]) Keys(ctx context.Context, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for batch, err := range c.scan(ctx, pattern) {
			if err == nil {
				batch, err = c.withValue(ctx, batch)
			}
			if err != nil {
				yield("", c.base.answer(ctx, "scan "+pattern, "", err))
				return
			}
			for _, final := range batch {
				if !yield(strings.TrimPrefix(final, c.keys.lead), nil) {
					return
				}
			}
		}
	}
}

// scan yields the matching final keys in batches.
func (c *Cache[V]) scan(ctx context.Context, pattern string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if c.base.inspector == nil {
			yield(nil, unsupported("Inspector"))
			return
		}
		batch := make([]string, 0, scanBatch)
		for final, err := range c.base.inspector.Scan(ctx, c.keys.lead, pattern) {
			if err != nil {
				yield(nil, err)
				return
			}
			if batch = append(batch, final); len(batch) == scanBatch {
				if !yield(batch, nil) {
					return
				}
				batch = make([]string, 0, scanBatch)
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// headBytes is more than the longest header of a record.
const headBytes = 256

// withValue drops the keys of records that are no values, where there can be any. What cannot be read is a
// value.
func (c *Cache[V]) withValue(ctx context.Context, finals []string) ([]string, error) {
	if !c.base.keepsRecords() {
		return finals, nil
	}
	heads, err := c.base.heads(ctx, finals)
	if err != nil {
		return nil, err
	}
	kept := finals[:0]
	for i, final := range finals {
		if heads[i] == nil {
			continue
		}
		if h, _, err := openHeader(heads[i]); err == nil && sightOf(h, c.base.now).state != present {
			continue
		}
		kept = append(kept, final)
	}
	return kept, nil
}

// heads returns the beginnings of many values, or all of them where the store has no other way.
func (b *Base) heads(ctx context.Context, finals []string) ([][]byte, error) {
	if b.peeker != nil {
		return b.peeker.Peek(ctx, finals, headBytes)
	}
	return b.getMany(ctx, finals)
}

// DeletePattern removes the keys that match the Redis glob pattern and returns how many the store held.
// Keys that are written while it runs may or may not be removed. It needs a [store.Inspector], as Keys does.
func (c *Cache[V]) DeletePattern(ctx context.Context, pattern string) (removed int, err error) {
	removed, err = c.deletePattern(ctx, pattern)
	return removed, c.base.answer(ctx, "delete pattern "+pattern, "", err)
}

func (c *Cache[V]) deletePattern(ctx context.Context, pattern string) (removed int, err error) {
	clearing := &clearing{c.keys.lead, pattern}
	if err := c.base.flights.clear(ctx, clearing); err != nil {
		return 0, err
	}
	defer c.base.flights.cleared(clearing)
	if c.base.beside != nil {
		if err := c.base.beside.VoidMatching(ctx, clearing.lead, pattern); err != nil {
			return 0, err
		}
	}
	for batch, err := range c.scan(ctx, pattern) {
		if err != nil {
			return removed, err
		}
		n, err := c.base.store.Delete(ctx, batch...)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// Clear removes everything under the handle's prefix, version and namespace, and nothing else: other
// versions, other caches and foreign keys in the same store stay. It costs a scan of the store, which must be a
// [store.Inspector].
func (c *Cache[V]) Clear(ctx context.Context) error {
	_, err := c.deletePattern(ctx, "*")
	return c.base.answer(ctx, "clear", "", err)
}

// IncrVersion moves the value of key from the handle's version to that version plus delta, with its
// remaining lifetime, and returns the new version. found is false if key has no value. As in Django it
// is several steps, not one: a concurrent write of the key may be lost or survive under both versions.
func (c *Cache[V]) IncrVersion(ctx context.Context, key string, delta int) (version int, found bool, err error) {
	version = c.keys.version + delta
	found, err = c.move(ctx, key, c.AtVersion(version))
	if err != nil || !found {
		return 0, false, c.base.answer(ctx, "incr version of", key, err)
	}
	return version, true, nil
}

func (c *Cache[V]) move(ctx context.Context, key string, to *Cache[V]) (found bool, err error) {
	from, err := c.keys.final(key)
	if err != nil {
		return false, err
	}
	target, err := to.keys.final(key)
	if err != nil {
		return false, err
	}
	value, found, err := c.base.store.Get(ctx, from)
	if err != nil || !found {
		return false, err
	}
	if _, s, _ := c.judge(ctx, key, value, lent); !s.state.taken() {
		return false, nil
	}
	if from == target {
		return true, nil
	}
	if c.base.inspector == nil {
		return false, unsupported("Inspector")
	}
	ttl, found, err := c.base.inspector.TTL(ctx, from)
	if err != nil || !found {
		return false, err
	}
	if c.form.bare == nil && strings.HasPrefix(string(value[:min(len(value), len(recordMagic))]), recordMagic) {
		value = rekeyRecord(value, to.keyCheck(key))
	}
	if err := c.base.invalidate(ctx, 0, from, target); err != nil {
		return false, err
	}
	defer c.base.flights.invalidated(from, target)
	if err := c.base.store.Set(ctx, target, value, ttl); err != nil {
		return false, fmt.Errorf("write version %d: %w", to.keys.version, err)
	}
	if _, err := c.base.store.Delete(ctx, from); err != nil {
		return false, fmt.Errorf("remove version %d: %w", c.keys.version, err)
	}
	return true, nil
}

// Store returns the store of the alias, for what a cache does not offer.
func (b *Base) Store() store.Store { return b.store }
