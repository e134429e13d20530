package dummy

import (
	"context"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Claim implements [store.Leaser]: it gives every lease, because nothing is there.
func (s *Store) Claim(ctx context.Context, _ string, _ []byte, ttl time.Duration) ([]byte, error) {
	return nil, s.write(ctx, store.OpClaim, ttl)
}

// Extend implements [store.Leaser]: it says that every lease stands.
func (s *Store) Extend(ctx context.Context, _ string, _, _ []byte, ttl time.Duration) (bool, error) {
	err := s.write(ctx, store.OpExtend, ttl)
	return err == nil, err
}

// Commit implements [store.Leaser]: it forgets value and says that the lease stood.
func (s *Store) Commit(ctx context.Context, _ string, _, _ []byte, ttl time.Duration) (bool, error) {
	err := s.write(ctx, store.OpCommit, ttl)
	return err == nil, err
}

// Yield implements [store.Leaser]: it says that the lease stood.
func (s *Store) Yield(ctx context.Context, _ string, _, _ []byte, _ time.Duration) (bool, error) {
	err := s.call(ctx, store.OpYield)
	return err == nil, err
}

// Await implements [store.Leaser]: nobody ever waits here.
func (s *Store) Await(string) (<-chan struct{}, func()) { return nil, func() {} }

// Void implements [store.Beside].
func (s *Store) Void(ctx context.Context, _ ...string) error { return s.call(ctx, store.OpVoid) }

// VoidMatching implements [store.Beside].
func (s *Store) VoidMatching(ctx context.Context, _, _ string) error {
	return s.call(ctx, store.OpVoid)
}
