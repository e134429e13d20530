package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

// buffers hold encoded values on their way into a store, which copies what it keeps.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// maxPooled is the largest buffer that is worth keeping.
const maxPooled = 1 << 20

// encoded is a value in a buffer that is used again.
type encoded struct {
	value  []byte
	buffer *[]byte
}

// release gives the buffer back, and with it the value.
func (e encoded) release() {
	if cap(e.value) <= maxPooled {
		*e.buffer = e.value
		buffers.Put(e.buffer)
	}
}

// encode encodes v for key. The caller releases the outcome.
func (c *Cache[V]) encode(key string, v V, l life) (encoded, error) {
	buffer := buffers.Get().(*[]byte)
	value, err := c.form.encode((*buffer)[:0], v, c.keyCheck(key), l)
	if err != nil {
		buffers.Put(buffer)
		return encoded{}, &encodeError{fmt.Sprintf("%T", v), err}
	}
	return encoded{value, buffer}, nil
}

// Set stores v under key. With a lifetime of zero or less nothing is stored and what was there is
// deleted.
func (c *Cache[V]) Set(ctx context.Context, key string, v V, opts ...CallOption) error {
	final, err := c.keys.final(key)
	if err != nil {
		return err
	}
	ttl, keep := c.base.ttlOf(opts)
	l := c.base.lifeOf(ttl, 0)
	e, err := c.encode(key, v, l)
	if err != nil {
		return c.base.answer(ctx, "set", key, err)
	}
	defer e.release()
	if err := c.base.invalidate(ctx, ttl, final); err != nil {
		return c.base.answer(ctx, "set", key, err)
	}
	defer c.base.flights.invalidated(final)
	if !keep {
		_, err := c.base.store.Delete(ctx, final)
		return c.base.answer(ctx, "set", key, err)
	}
	return c.base.answer(ctx, "set", key, c.base.store.Set(ctx, final, e.value, l.storeTTL(e.value)))
}

// Add stores v under key only if key has no value, and reports whether it had none. Of several
// concurrent Adds exactly one is told true. With a lifetime of zero or less the answer is the same and
// nothing is stored.
func (c *Cache[V]) Add(ctx context.Context, key string, v V, opts ...CallOption) (stored bool, err error) {
	final, err := c.keys.final(key)
	if err != nil {
		return false, err
	}
	ttl, keep := c.base.ttlOf(opts)
	l := c.base.lifeOf(ttl, 0)
	e, err := c.encode(key, v, l)
	if err != nil {
		return false, c.base.answer(ctx, "add", key, err)
	}
	defer e.release()
	if !keep {
		_, s, err := c.readFinal(ctx, key, final)
		if s.state.taken() {
			return false, nil
		}
		return err == nil, c.base.answer(ctx, "add", key, err)
	}
	stored, err = c.add(ctx, key, final, e.value, l.storeTTL(e.value))
	return stored, c.base.answer(ctx, "add", key, err)
}

// addAttempts is how often Add gives way to others that write and delete the key at the same time.
const addAttempts = 16

func (c *Cache[V]) add(ctx context.Context, key, final string, value []byte, ttl time.Duration) (bool, error) {
	if err := c.base.invalidate(ctx, ttl, final); err != nil {
		return false, err
	}
	defer c.base.flights.invalidated(final)
	for range addAttempts {
		stored, err := c.base.store.Add(ctx, final, value, ttl)
		if err != nil {
			return false, err
		}
		if stored {
			return true, nil
		}
		// Something is there. If it is no value, it gives way, unless it changes meanwhile.
		there, found, err := c.base.store.Get(ctx, final)
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		if _, s, _ := c.judge(ctx, key, there, lent); s.state.taken() {
			return false, nil
		}
		if err := c.displace(ctx, final, there); err != nil {
			return false, err
		}
	}
	return false, nil // somebody else was there first, every time
}

// displace deletes what is no value, if it still is there.
func (c *Cache[V]) displace(ctx context.Context, final string, there []byte) error {
	if c.base.swapper == nil {
		_, err := c.base.store.Delete(ctx, final)
		return err
	}
	_, err := c.base.swapper.Swap(ctx, final, there, nil, 0)
	return err
}

// Touch gives key a new lifetime from now on and reports whether key has a value. It creates nothing.
// With a lifetime of zero or less the value is deleted.
func (c *Cache[V]) Touch(ctx context.Context, key string, opts ...CallOption) (found bool, err error) {
	final, err := c.keys.final(key)
	if err != nil {
		return false, err
	}
	found, err = c.touch(ctx, key, final, opts)
	return found, c.base.answer(ctx, "touch", key, err)
}

func (c *Cache[V]) touch(ctx context.Context, key, final string, opts []CallOption) (bool, error) {
	ttl, keep := c.base.ttlOf(opts)
	switch {
	case !keep:
		return c.touchAway(ctx, key, final)
	case c.base.keepsRecords():
		return c.touchRecord(ctx, key, final, ttl)
	case c.base.beside != nil && !c.base.outlivesLoads(ttl):
		// A Set for longer has left leases alone, because its value would outlive them.
		if err := c.base.beside.Void(ctx, final); err != nil {
			return false, err
		}
	}
	return c.base.store.Touch(ctx, final, ttl)
}

// touchAway is a Touch with no lifetime. It ends loads also if there is no value yet.
func (c *Cache[V]) touchAway(ctx context.Context, key, final string) (found bool, err error) {
	if c.base.keepsRecords() {
		_, s, err := c.readFinal(ctx, key, final)
		if err != nil && s.state != unreadable {
			return false, err
		}
		found = s.state.taken()
	}
	if err := c.base.invalidate(ctx, 0, final); err != nil {
		return false, err
	}
	defer c.base.flights.invalidated(final)
	removed, err := c.base.store.Delete(ctx, final)
	if !c.base.keepsRecords() {
		found = removed > 0
	}
	return found, err
}

// touchRecord touches what may be no value, and whose record may say when it ends. What is no value may
// get a longer life in the store by it; its record still says when it is void.
func (c *Cache[V]) touchRecord(ctx context.Context, key, final string, ttl time.Duration) (bool, error) {
	for range addAttempts {
		record, found, err := c.getTouch(ctx, final, ttl)
		if err != nil || !found {
			return false, err
		}
		_, s, err := c.judge(ctx, key, record, lent)
		switch {
		case s.state == unreadable: // whose end is the store's business alone
			return c.base.store.Touch(ctx, final, ttl)
		case err != nil || s.state != present:
			return false, err
		case s.soft == 0 && c.base.renewer != nil:
			return true, nil
		case s.soft == 0:
			return c.base.store.Touch(ctx, final, ttl)
		}
		l := c.base.lifeOf(ttl, time.Duration(s.cost)*time.Millisecond)
		swapped, err := c.base.swapper.Swap(ctx, final, record, restampRecord(record, l.soft, l.hard), l.keep)
		if swapped || err != nil {
			return swapped, err
		}
	}
	return false, fmt.Errorf("the value changes faster than it can be touched: %w", ErrUnavailable)
}

// getTouch reads a record, and moves its end in the same exchange where the store can.
func (c *Cache[V]) getTouch(ctx context.Context, final string, ttl time.Duration) ([]byte, bool, error) {
	if c.base.renewer != nil {
		return c.base.renewer.GetTouch(ctx, final, ttl)
	}
	return c.base.store.Get(ctx, final)
}

// Delete removes keys and returns how many of them the store held. Loads of these keys that are under
// way answer those who wait for them and store nothing.
//
// A key that the cache does not take is a *[KeyError], among others it is named in a [KeyErrors] and the others are
// removed; so are, where the store can tell, those that it could not remove.
func (c *Cache[V]) Delete(ctx context.Context, keys ...string) (removed int, err error) {
	alone := ""
	if len(keys) == 1 {
		alone = keys[0]
	}
	_, finals, failed := c.finals(keys)
	if len(finals) > 0 {
		if err := c.base.invalidate(ctx, 0, finals...); err != nil {
			return 0, c.base.answer(ctx, "delete", alone, err)
		}
		defer c.base.flights.invalidated(finals...)
		removed, err = c.base.store.Delete(ctx, finals...)
	}
	switch {
	case err != nil:
		return removed, c.base.answer(ctx, "delete", alone, err)
	case len(failed) == 1 && len(keys) == 1:
		return 0, failed[keys[0]]
	case failed != nil:
		return removed, failed
	}
	return removed, nil
}

// SetMany stores values under their keys, all for the same lifetime, in one exchange with stores that
// can. With a lifetime of zero or less the keys are deleted. If some keys fail the error is a
// [KeyErrors] and the others are stored. It is not atomic.
func (c *Cache[V]) SetMany(ctx context.Context, values map[string]V, opts ...CallOption) error {
	var failed KeyErrors
	users := make(map[string]string, len(values)) // final key -> caller's key
	finals := make([]string, 0, len(values))
	items := make([]store.Item, 0, len(values))
	ttl, keep := c.base.ttlOf(opts)
	l := c.base.lifeOf(ttl, 0)
	for key, v := range values {
		final, err := c.keys.final(key)
		var value []byte
		if err == nil {
			if value, err = c.form.encode(nil, v, c.keyCheck(key), l); err != nil {
				err = &encodeError{fmt.Sprintf("%T", v), err}
			}
		}
		if err != nil {
			failed = withKey(failed, key, err)
			continue
		}
		users[final] = key
		finals = append(finals, final)
		items = append(items, store.Item{Key: final, Value: value})
	}
	if len(finals) > 0 {
		if err := c.base.invalidate(ctx, ttl, finals...); err != nil {
			return c.base.answer(ctx, "set many", "", err)
		}
		defer c.base.flights.invalidated(finals...)
		var err error
		if keep {
			err = c.base.setMany(ctx, items, l)
		} else {
			_, err = c.base.store.Delete(ctx, finals...)
		}
		var each KeyErrors
		if err != nil && !errors.As(err, &each) {
			return c.base.answer(ctx, "set many", "", err)
		}
		for final, err := range each {
			failed = withKey(failed, users[final], err)
		}
	}
	return c.base.answerMany(ctx, "set", failed)
}

// setMany stores items of life l: decimals for its lifetime, records for as long as they are kept.
func (b *Base) setMany(ctx context.Context, items []store.Item, l life) error {
	if l.keep == l.ttl {
		return b.setEach(ctx, items, l.ttl)
	}
	records := slices.DeleteFunc(slices.Clone(items), func(i store.Item) bool { return l.storeTTL(i.Value) == l.ttl })
	decimals := slices.DeleteFunc(items, func(i store.Item) bool { return l.storeTTL(i.Value) != l.ttl })
	var failed KeyErrors
	for _, err := range []error{b.setEach(ctx, records, l.keep), b.setEach(ctx, decimals, l.ttl)} {
		var each KeyErrors
		if err != nil && !errors.As(err, &each) {
			return err
		}
		for key, err := range each {
			failed = withKey(failed, key, err)
		}
	}
	if failed != nil {
		return failed
	}
	return nil
}

// setEach stores items for ttl, in one exchange with stores that can.
func (b *Base) setEach(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if len(items) == 0 {
		return nil
	}
	if b.batcher != nil {
		return b.batcher.SetMany(ctx, items, ttl)
	}
	var failed KeyErrors
	for _, item := range items {
		if err := b.store.Set(ctx, item.Key, item.Value, ttl); err != nil {
			failed = withKey(failed, item.Key, err)
		}
	}
	if failed != nil {
		return failed
	}
	return nil
}
