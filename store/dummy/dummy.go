// Package dummy is a store that keeps nothing and counts everything: caches that are switched off.
//
// It answers as an empty store does, with Django's one exception: Add says true, because the key was
// absent, although nothing is stored.
package dummy

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Store is the store. Use [New] to make one.
type Store struct {
	closed atomic.Bool

	mu    sync.Mutex // guards calls
	calls map[store.Op]int64
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Batcher   = (*Store)(nil)
	_ store.Counter   = (*Store)(nil)
	_ store.Swapper   = (*Store)(nil)
	_ store.Beside    = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
	_ store.Clock     = (*Store)(nil)
)

// New returns a store that keeps nothing.
func New() *Store { return &Store{calls: make(map[store.Op]int64)} }

// Calls returns how often each operation was called, refused calls included.
func (s *Store) Calls() map[store.Op]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// call counts op and checks what every operation checks.
func (s *Store) call(ctx context.Context, op store.Op) error {
	s.mu.Lock()
	s.calls[op]++
	s.mu.Unlock()
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) write(ctx context.Context, op store.Op, ttl time.Duration) error {
	if err := s.call(ctx, op); err != nil {
		return err
	}
	return store.CheckTTL(ttl)
}

// Get implements [store.Store]: it finds nothing.
func (s *Store) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	return nil, false, s.call(ctx, store.OpGet)
}

// Set implements [store.Store]: it forgets value.
func (s *Store) Set(ctx context.Context, _ string, _ []byte, ttl time.Duration) error {
	return s.write(ctx, store.OpSet, ttl)
}

// Add implements [store.Store]: it forgets value and says that the key was absent.
func (s *Store) Add(ctx context.Context, _ string, _ []byte, ttl time.Duration) (bool, error) {
	err := s.write(ctx, store.OpAdd, ttl)
	return err == nil, err
}

// Touch implements [store.Store]: it finds nothing.
func (s *Store) Touch(ctx context.Context, _ string, ttl time.Duration) (bool, error) {
	return false, s.write(ctx, store.OpTouch, ttl)
}

// Delete implements [store.Store]: it finds nothing.
func (s *Store) Delete(ctx context.Context, _ ...string) (int, error) {
	return 0, s.call(ctx, store.OpDelete)
}

// GetMany implements [store.Batcher]: it finds nothing.
func (s *Store) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	if err := s.call(ctx, store.OpGetMany); err != nil {
		return nil, err
	}
	return make([][]byte, len(keys)), nil
}

// SetMany implements [store.Batcher]: it forgets the values.
func (s *Store) SetMany(ctx context.Context, _ []store.Item, ttl time.Duration) error {
	return s.write(ctx, store.OpSetMany, ttl)
}

// Incr implements [store.Counter]: it finds nothing.
func (s *Store) Incr(ctx context.Context, _ string, _ int64) (int64, bool, error) {
	return 0, false, s.call(ctx, store.OpIncr)
}

// Swap implements [store.Swapper]: every key is absent, so it says true where old is, and stores
// nothing.
func (s *Store) Swap(ctx context.Context, _ string, old, new []byte, ttl time.Duration) (bool, error) {
	if old == nil && new == nil {
		return false, fmt.Errorf("dummy store: swap without an old and a new value")
	}
	if new == nil {
		ttl = store.Forever // ignored
	}
	err := s.write(ctx, store.OpSwap, ttl)
	return err == nil && old == nil, err
}

// Scan implements [store.Inspector]: it finds nothing.
func (s *Store) Scan(ctx context.Context, _, _ string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.call(ctx, store.OpScan); err != nil {
			yield("", err)
		}
	}
}

// TTL implements [store.Inspector]: it finds nothing.
func (s *Store) TTL(ctx context.Context, _ string) (time.Duration, bool, error) {
	return 0, false, s.call(ctx, store.OpTTL)
}

// Now implements [store.Clock]: it is the process' clock.
func (s *Store) Now() time.Time { return time.Now() }

// Close implements [store.Store].
func (s *Store) Close() error {
	s.closed.Store(true)
	return nil
}
