package redis

import (
	"context"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// GetTouch implements [store.Renewer]. It needs a server of version 6.2 (GETEX).
func (s *Store) GetTouch(ctx context.Context, key string, ttl time.Duration) ([]byte, bool, error) {
	if err := store.CheckTTL(ttl); err != nil {
		return nil, false, err
	}
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return nil, false, err
	}
	defer c.end()
	m, err := c.do(c.getTouch(key, ttl), again)
	if err != nil || m.IsNil() {
		return nil, false, err
	}
	value, err := content(m)
	return value, err == nil, err
}

func (c *call) getTouch(key string, ttl time.Duration) rueidis.Completed {
	switch ttl {
	case store.Keep:
		return c.build().Get().Key(key).Build()
	case store.Forever:
		return c.build().Getex().Key(key).Persist().Build()
	}
	return c.build().Getex().Key(key).PxMilliseconds(milliseconds(ttl)).Build()
}
