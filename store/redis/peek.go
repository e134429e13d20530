package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// Peek implements [store.Peeker]. A key that holds another type of Redis looks absent.
func (s *Store) Peek(ctx context.Context, keys []string, n int) ([][]byte, error) {
	if n <= 0 {
		return nil, fmt.Errorf("peek: %d bytes of each value: want at least 1", n)
	}
	if len(keys) == 0 {
		return nil, s.link.idle(ctx)
	}
	heads := make([][]byte, len(keys))
	peek := batch{link: s.link, keys: keys, size: func(int) int { return n }}
	peek.serve = func(c *call, at []int, failed store.KeyErrors) error {
		return c.peek(keys, at, n, heads, failed)
	}
	err := peek.run(ctx)
	if some := (store.KeyErrors)(nil); err != nil && !errors.As(err, &some) {
		return nil, err
	}
	return heads, err
}

// peek looks at the keys at some indices. GETRANGE answers the same for an absent key and for an empty value,
// which a second question tells apart.
func (c *call) peek(keys []string, at []int, n int, heads [][]byte, failed store.KeyErrors) error {
	var empty []int
	head := func(key string) rueidis.Completed {
		return c.build().Getrange().Key(key).Start(0).End(int64(n) - 1).Build()
	}
	err := c.readEach(head, keys, at, failed, func(k int, m rueidis.RedisMessage) error {
		head, err := content(m)
		switch {
		case err != nil:
			return err
		case len(head) == 0:
			empty = append(empty, k)
		default:
			heads[k] = head
		}
		return nil
	})
	if err != nil || len(empty) == 0 {
		return err
	}
	exists := func(key string) rueidis.Completed { return c.build().Exists().Key(key).Build() }
	return c.readEach(exists, keys, empty, failed, func(k int, m rueidis.RedisMessage) error {
		there, err := m.AsInt64()
		if there == 1 {
			heads[k] = []byte{}
		}
		return err
	})
}
