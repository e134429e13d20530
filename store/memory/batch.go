package memory

import (
	"context"
	"time"

	"github.com/cachewright/cachewright/store"
)

// GetMany returns one value per key, nil for an absent one. The slices are the store's own and
// read-only.
func (s *Store) GetMany(ctx context.Context, keys []string) (values [][]byte, err error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	values = make([][]byte, len(keys))
	for i, key := range keys {
		if e, found := s.live(key); found {
			values[i] = e.value()
		}
	}
	return values, nil
}

// SetMany stores a copy of each item's value for ttl. Items that are too large are named by a
// [store.KeyErrors]; the others are stored.
func (s *Store) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	if err := store.CheckTTL(ttl); err != nil {
		return err
	}
	failed := make(store.KeyErrors)
	for _, item := range items {
		if err := s.set(item.Key, item.Value, ttl); err != nil {
			failed[item.Key] = err
		}
	}
	if len(failed) > 0 {
		return failed
	}
	return nil
}
