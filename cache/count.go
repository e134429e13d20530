package cache

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"

	"github.com/cachewright/cachewright/store"
)

// Incr adds delta to the integer under key, keeps its lifetime, and returns the sum. found is false, and
// nothing is created, if key has no value. V must be an integer type or any; a value that is no integer
// is [ErrNotInteger], a sum that does not fit V or an int64 is [ErrOverflow], and both leave the value as
// it is. Types narrower than int64, and unsigned ones, need a store that can compare and swap, the others a
// [store.Counter]; on one that is not it is errors.ErrUnsupported. A [TTL] among opts has no effect.
func (c *Cache[V]) Incr(ctx context.Context, key string, delta int64, opts ...CallOption) (n int64, found bool, err error) {
	final, err := c.keys.final(key)
	if err != nil {
		return 0, false, err
	}
	n, found, err = c.incr(ctx, key, final, delta)
	return n, found, c.base.answer(ctx, "incr", key, err)
}

func (c *Cache[V]) incr(ctx context.Context, key, final string, delta int64) (n int64, found bool, err error) {
	if !c.form.counts {
		var v V
		return 0, false, fmt.Errorf("values of type %T: %w", v, ErrNotInteger)
	}
	if c.base.counter == nil {
		return 0, false, unsupported("Counter")
	}
	if err := c.base.invalidate(ctx, Forever, final); err != nil {
		return 0, false, err
	}
	defer c.base.flights.invalidated(final)
	if !c.form.any && !isInt64(reflect.TypeFor[V]()) {
		return c.incrWithin(ctx, key, final, delta)
	}
	n, found, err = c.base.counter.Incr(ctx, final, delta)
	if !errors.Is(err, ErrNotInteger) {
		return n, found, err
	}
	v, s, readErr := c.readFinal(ctx, key, final)
	switch {
	case readErr == nil && s.state != present:
		return 0, false, nil // a record that is no value, or a damaged one, is there for the store alone
	case readErr == nil && reflect.ValueOf(v).Kind() == reflect.Uint64:
		return 0, false, ErrOverflow // an integer, but beyond what counts
	}
	return 0, false, err
}

// isInt64 reports whether t holds exactly what a store counts with.
func isInt64(t reflect.Type) bool {
	return t.Kind() == reflect.Int64 || t.Kind() == reflect.Int && strconv.IntSize == 64
}

// incrWithin counts in a type that does not hold all that the store would count to. The sum is checked
// before it is written, so that no value is there afterwards that V cannot be.
func (c *Cache[V]) incrWithin(ctx context.Context, key, final string, delta int64) (n int64, found bool, err error) {
	if c.base.swapper == nil {
		return 0, false, unsupported("Swapper")
	}
	for ctx.Err() == nil {
		stored, found, err := c.base.store.Get(ctx, final)
		if err != nil || !found {
			return 0, false, err
		}
		v, s, err := c.judge(ctx, key, stored, lent)
		if s.state != present {
			return 0, false, err
		}
		sum, ok := sumWithin(reflect.ValueOf(v), delta)
		if !ok {
			return 0, false, ErrOverflow
		}
		swapped, err := c.base.swapper.Swap(ctx, final, stored, strconv.AppendInt(nil, sum, 10), store.Keep)
		switch {
		case err != nil:
			return 0, false, err
		case swapped:
			return sum, true, nil
		}
	}
	return 0, false, ctx.Err()
}

// sumWithin returns v and delta added, if the sum fits an int64 and the type of v.
func sumWithin(v reflect.Value, delta int64) (int64, bool) {
	sum := new(big.Int)
	if v.CanInt() {
		sum.SetInt64(v.Int())
	} else {
		sum.SetUint64(v.Uint())
	}
	sum.Add(sum, big.NewInt(delta))
	if !sum.IsInt64() {
		return 0, false
	}
	n := sum.Int64()
	if v.CanInt() {
		return n, !v.OverflowInt(n)
	}
	return n, n >= 0 && !v.OverflowUint(uint64(n))
}
