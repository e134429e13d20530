package cache

import (
	"context"
	"errors"
	"time"
)

// Get returns the value of key. found is false if there is none; v is then the zero value. An
// unreachable store is an error that wraps [ErrUnavailable]; bare bytes (Options.Codec) that do not decode
// are a *[DecodeError]. Get takes no lifetime: a [TTL] among opts has no effect.
func (c *Cache[V]) Get(ctx context.Context, key string, opts ...CallOption) (v V, found bool, err error) {
	var s sight
	if c.keeps() { // the shortest way to a value, which may be large, with one copy
		at := c.locate(ctx, key)
		if at.kept != nil && at.kept.isYoung(c.base) {
			c.base.stats.read(true)
			return c.form.lend(at.kept), true, nil
		}
		v, s, err = c.readObject(ctx, key, at)
	} else {
		v, s, err = c.read(ctx, key)
	}
	if err != nil {
		return v, false, c.base.answer(ctx, "get", key, err)
	}
	c.base.stats.read(s.state == present)
	if s.state != present {
		var none V
		return none, false, nil
	}
	return v, true, nil
}

// read is the whole hit path: a decoded copy beside the bytes if there is one, or the bytes, judged and
// decoded in place.
func (c *Cache[V]) read(ctx context.Context, key string) (v V, s sight, err error) {
	if c.keeps() {
		return c.readObject(ctx, key, c.locate(ctx, key))
	}
	final, err := c.keys.final(key)
	if err != nil {
		return v, s, err
	}
	return c.readFinal(ctx, key, final)
}

// seen is what a read of one key comes to.
type seen[V any] struct {
	v   V
	s   sight
	err error
}

// readFinal reads through a view where the store offers one.
func (c *Cache[V]) readFinal(ctx context.Context, key, final string) (v V, s sight, err error) {
	if c.base.viewer == nil {
		value, found, err := c.base.store.Get(ctx, final)
		if err != nil || !found {
			return v, s, err
		}
		return c.judge(ctx, key, value, c.base.origin)
	}
	var r seen[V]
	_, err = c.base.viewer.View(ctx, final, func(value []byte) error {
		r.v, r.s, r.err = c.judge(ctx, key, value, lent)
		return nil
	})
	if err == nil {
		err = r.err
	}
	return r.v, r.s, err
}

// keeps reports whether decoded copies are kept beside the bytes.
func (c *Cache[V]) keeps() bool { return c.base.objects != nil && c.form.shares }

// located is what the store has under a key.
type located[V any] struct {
	rest   string   // of the final key
	record []byte   // nil if there is none
	kept   *kept[V] // what is kept decoded beside it, or nil
	err    error
}

// locate looks the bytes of key and the decoded copy beside them up.
func (c *Cache[V]) locate(ctx context.Context, key string) (at located[V]) {
	if at.err = ctx.Err(); at.err != nil {
		return at
	}
	if at.rest, at.err = c.keys.rest(key); at.err == nil {
		var object any
		at.record, object, _ = c.base.objects.Object(c.keys.lead, at.rest)
		at.kept, _ = object.(*kept[V])
	}
	return at
}

// readObject reads a decoded copy, without an allocation when there is one, and leaves one otherwise.
func (c *Cache[V]) readObject(ctx context.Context, key string, at located[V]) (v V, s sight, err error) {
	if at.err != nil {
		return v, s, at.err
	}
	if at.kept != nil {
		return c.form.lend(at.kept), c.base.glance(at.record), nil
	}
	if at.record == nil {
		// A closed store answers the same way as an absent key: let Get tell them apart.
		return c.readFinal(ctx, key, c.keys.lead+at.rest)
	}
	v, s, err = c.judge(ctx, key, at.record, lent)
	if s.state == present {
		c.base.objects.Attach(c.keys.lead+at.rest, at.record, c.form.keep(v, s, at.record))
	}
	return v, s, err
}

// judge decides what value is to the caller. A record that cannot be read is reported and counts as
// missing; bare bytes that cannot are the caller's error.
func (c *Cache[V]) judge(ctx context.Context, key string, value []byte, o origin) (v V, s sight, err error) {
	v, s, err = c.form.decode(c.keyCheck(key), value, o)
	if err == nil {
		return v, s, nil
	}
	var zero V
	failed := &DecodeError{Key: key, Err: err}
	if c.form.bare != nil {
		return zero, sight{state: unreadable}, failed
	}
	c.base.swallow(ctx, "decode", key, failed)
	return zero, sight{}, nil
}

// keyCheck is the check that a record under key carries.
func (c *Cache[V]) keyCheck(key string) uint64 { return fnv64(c.keys.lead, key) }

// Has reports whether key has a value: one that Get would return or, where values are bare, any. As with Get, a
// [TTL] among opts has no effect.
func (c *Cache[V]) Has(ctx context.Context, key string, opts ...CallOption) (bool, error) {
	_, s, err := c.read(ctx, key)
	if s.state.taken() {
		return true, nil
	}
	return false, c.base.answer(ctx, "has", key, err)
}

// TTL returns the remaining lifetime of key, [Forever] if it has no end. On a store that is no [store.Inspector] it is
// errors.ErrUnsupported.
func (c *Cache[V]) TTL(ctx context.Context, key string) (ttl time.Duration, found bool, err error) {
	final, err := c.keys.final(key)
	if err != nil {
		return 0, false, err
	}
	ttl, found, err = c.ttl(ctx, key, final)
	return ttl, found, c.base.answer(ctx, "ttl of", key, err)
}

func (c *Cache[V]) ttl(ctx context.Context, key, final string) (ttl time.Duration, found bool, err error) {
	if c.base.inspector == nil {
		return 0, false, unsupported("Inspector")
	}
	if c.base.keepsRecords() {
		_, s, err := c.readFinal(ctx, key, final)
		switch {
		case err != nil && s.state != unreadable, !s.state.taken():
			return 0, false, err
		case s.hard != 0: // the store keeps it beyond its lifetime
			return time.Duration(max(1, s.soft-c.base.now())) * time.Microsecond, true, nil
		}
	}
	return c.base.inspector.TTL(ctx, final)
}

// GetMany returns the values of those keys that have one, under the caller's keys, in one exchange with
// stores that can. If some keys fail the error is a [KeyErrors] and the values beside it are valid. As with Get,
// a [TTL] among opts has no effect.
func (c *Cache[V]) GetMany(ctx context.Context, keys []string, opts ...CallOption) (map[string]V, error) {
	read, failed, err := c.readMany(ctx, keys)
	if err != nil {
		return nil, c.base.answer(ctx, "get many", "", err)
	}
	values := make(map[string]V, len(read.keys))
	for i, key := range read.keys {
		v, s, err := c.judgeOf(ctx, &read, i)
		if err != nil {
			failed = withKey(failed, key, err)
			continue
		}
		c.base.stats.read(s.state == present)
		if s.state == present {
			values[key] = v
		}
	}
	return values, c.base.answerMany(ctx, "get", failed)
}

// failMany wraps the failures of a call on many keys.
func (b *Base) failMany(op string, failed KeyErrors) error {
	if len(failed) == 0 {
		return nil
	}
	for key, err := range failed {
		failed[key] = b.fail(op, key, err)
	}
	return failed
}

// withKey adds one failure to failed, which may be nil.
func withKey(failed KeyErrors, key string, err error) KeyErrors {
	if failed == nil {
		failed = make(KeyErrors)
	}
	failed[key] = err
	return failed
}

// finals returns the final keys of keys, each once, with the keys that they stand for.
func (c *Cache[V]) finals(keys []string) (unique, finals []string, failed KeyErrors) {
	seen := make(map[string]struct{}, len(keys))
	unique, finals = make([]string, 0, len(keys)), make([]string, 0, len(keys))
	for _, key := range keys {
		if _, ok := seen[key]; ok {
			continue
		}
		seen[key] = struct{}{}
		final, err := c.keys.final(key)
		if err != nil {
			failed = withKey(failed, key, err)
			continue
		}
		unique, finals = append(unique, key), append(finals, final)
	}
	return unique, finals, failed
}

// manyRead is what a store has said to many keys.
type manyRead struct {
	keys, finals []string
	values       [][]byte  // each at the place of its key; nil where there is none
	failed       KeyErrors // of finals
}

// readMany asks for keys, each once. failed has the keys that are at fault themselves. With an error nothing was read.
func (c *Cache[V]) readMany(ctx context.Context, keys []string) (read manyRead, failed KeyErrors, err error) {
	read.keys, read.finals, failed = c.finals(keys)
	if len(read.keys) == 0 {
		return read, failed, nil
	}
	read.values, err = c.base.getMany(ctx, read.finals)
	if err != nil && errors.As(err, &read.failed) {
		err = nil
	}
	return read, failed, err
}

// judgeOf is judge of the key at i.
func (c *Cache[V]) judgeOf(ctx context.Context, read *manyRead, i int) (v V, s sight, err error) {
	if err := read.failed[read.finals[i]]; err != nil || read.values[i] == nil {
		return v, s, err
	}
	return c.judge(ctx, read.keys[i], read.values[i], c.base.origin)
}

// getMany asks for finals in one exchange, or one by one where the store has no other way.
func (b *Base) getMany(ctx context.Context, finals []string) ([][]byte, error) {
	if b.batcher != nil {
		return b.batcher.GetMany(ctx, finals)
	}
	values := make([][]byte, len(finals))
	var failed KeyErrors
	for i, final := range finals {
		value, found, err := b.store.Get(ctx, final)
		switch {
		case err != nil:
			failed = withKey(failed, final, err)
		case found && value == nil:
			values[i] = []byte{}
		case found:
			values[i] = value
		}
	}
	if failed != nil {
		return values, failed
	}
	return values, nil
}
