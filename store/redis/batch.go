package redis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

const (
	// exchangeKeys is how many keys one call carries. Each such call has its own deadline.
	exchangeKeys = 1000

	// exchangeBytes is how many bytes of values one call carries, unless a single value is larger.
	exchangeBytes = 1 << 20

	// commandKeys is how many keys one command carries: other clients get their turn in between.
	commandKeys = 100
)

// GetMany implements [store.Batcher]. A key that holds another type of Redis looks absent.
func (s *Store) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, s.link.idle(ctx)
	}
	values := make([][]byte, 0, len(keys))
	failed := store.KeyErrors{}
	for part := range slices.Chunk(keys, exchangeKeys) {
		got, err := s.getPart(ctx, part, failed)
		if err == nil {
			values = append(values, got...)
			continue
		}
		if len(values) == 0 || ctx.Err() != nil {
			return nil, err
		}
		blame(failed, keys[len(values):], err)
		return append(values, make([][]byte, len(keys)-len(values))...), failed
	}
	return values, outcome(failed)
}

// outcome returns failed as an error, if there is anything in it.
func outcome(failed store.KeyErrors) error {
	if len(failed) == 0 {
		return nil
	}
	return failed
}

// blame gives err to each of keys.
func blame(failed store.KeyErrors, keys []string, err error) {
	for _, k := range keys {
		failed[k] = err
	}
}

// getPart gets keys in one exchange. What the server says about some of them goes to failed.
func (s *Store) getPart(ctx context.Context, keys []string, failed store.KeyErrors) ([][]byte, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer c.end()
	groups := slices.Collect(slices.Chunk(keys, commandKeys))
	cmds := make([]rueidis.Completed, len(groups))
	for i, group := range groups {
		cmds[i] = c.build().Mget().Key(group...).Build()
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return nil, err
	}
	values := make([][]byte, 0, len(keys))
	for i, group := range groups {
		got, err := s.link.values(results[i], len(group))
		if err != nil {
			blame(failed, group, err)
		}
		values = append(values, got...)
	}
	return values, nil
}

// values reads the reply to an MGET of n keys. With an error, all of them are nil.
func (l *link) values(result rueidis.RedisResult, n int) ([][]byte, error) {
	values := make([][]byte, n)
	m, err := l.answer(result)
	if err != nil {
		return values, err
	}
	messages, err := m.ToArray()
	if err != nil || len(messages) != n {
		return values, errors.Join(errors.New("redis: a reply to MGET that does not fit"), err)
	}
	for i, m := range messages {
		if m.IsNil() {
			continue
		}
		if values[i], err = content(m); err != nil {
			return make([][]byte, n), err
		}
	}
	return values, nil
}

// SetMany implements [store.Batcher].
func (s *Store) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if err := store.CheckTTL(ttl); err != nil {
		return err
	}
	if len(items) == 0 {
		return s.link.idle(ctx)
	}
	failed := store.KeyErrors{}
	for done := 0; done < len(items); {
		part := items[done : done+exchange(items[done:])]
		if err := s.setPart(ctx, part, ttl, failed); err != nil {
			if done == 0 || ctx.Err() != nil {
				return err
			}
			for _, item := range items[done:] {
				failed[item.Key] = err
			}
			return failed
		}
		done += len(part)
	}
	return outcome(failed)
}

// exchange returns how many of items go into one call: at least one.
func exchange(items []store.Item) int {
	bytes := 0
	for i, item := range items {
		bytes += len(item.Value)
		if i > 0 && (i == exchangeKeys || bytes > exchangeBytes) {
			return i
		}
	}
	return len(items)
}

// setPart sets items in one exchange. What the server says about some of them goes to failed.
func (s *Store) setPart(ctx context.Context, items []store.Item, ttl time.Duration, failed store.KeyErrors) error {
	c, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer c.end()
	cmds := make([]rueidis.Completed, len(items))
	for i, item := range items {
		cmds[i] = c.set(item.Key, item.Value, ttl)
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return err
	}
	for i, r := range results {
		if _, err := s.link.answer(r); err != nil {
			failed[items[i].Key] = err
		}
	}
	return nil
}

// Delete implements [store.Store]. If the connection fails under way and the command is sent again, the
// count misses what the first attempt had removed.
func (s *Store) Delete(ctx context.Context, keys ...string) (int, error) {
	if len(keys) == 0 {
		return 0, s.link.idle(ctx)
	}
	removed := 0
	for part := range slices.Chunk(keys, exchangeKeys) {
		n, err := s.deletePart(ctx, part)
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) deletePart(ctx context.Context, keys []string) (int, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer c.end()
	m, err := c.do(c.build().Unlink().Key(keys...).Build(), again)
	if err != nil {
		return 0, err
	}
	n, err := m.AsInt64()
	return int(n), err
}
