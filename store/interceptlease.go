package store

import (
	"context"
	"time"
)

// interceptedLeaser shows the interceptors each step of a lease; Await, which asks nobody, passes by.
type interceptedLeaser struct {
	s     *intercepted
	inner Leaser
}

func (l interceptedLeaser) Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) ([]byte, error) {
	c := Call{Op: OpClaim, Key: key, Old: lease, TTL: ttl}
	l.s.run(ctx, 0, &c, func(ctx context.Context) {
		c.Value, c.Err = l.inner.Claim(ctx, c.Key, c.Old, c.TTL)
		c.Found = c.Err == nil && c.Value == nil
	})
	return c.Value, c.Err
}

func (l interceptedLeaser) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	return l.step(ctx, Call{Op: OpExtend, Key: key, Old: old, Value: next, TTL: ttl}, l.inner.Extend)
}

func (l interceptedLeaser) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	return l.step(ctx, Call{Op: OpCommit, Key: key, Old: lease, Value: value, TTL: ttl}, l.inner.Commit)
}

func (l interceptedLeaser) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	return l.step(ctx, Call{Op: OpYield, Key: key, Old: lease, Value: note, TTL: ttl}, l.inner.Yield)
}

// step sends c through the interceptors to do, which replaces one slice of bytes by another.
func (l interceptedLeaser) step(ctx context.Context, c Call,
	do func(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error),
) (bool, error) {
	l.s.run(ctx, 0, &c, func(ctx context.Context) { c.Found, c.Err = do(ctx, c.Key, c.Old, c.Value, c.TTL) })
	return c.Found, c.Err
}

func (l interceptedLeaser) Await(key string) (<-chan struct{}, func()) { return l.inner.Await(key) }

type interceptedBeside struct {
	interceptedLeaser
	inner Beside
}

func (b interceptedBeside) Void(ctx context.Context, keys ...string) error {
	c := Call{Op: OpVoid, Keys: keys}
	b.s.run(ctx, 0, &c, func(ctx context.Context) { c.Err = b.inner.Void(ctx, c.Keys...) })
	return c.Err
}

func (b interceptedBeside) VoidMatching(ctx context.Context, prefix, pattern string) error {
	c := Call{Op: OpVoid, Key: prefix, Pattern: pattern}
	b.s.run(ctx, 0, &c, func(ctx context.Context) { c.Err = b.inner.VoidMatching(ctx, c.Key, c.Pattern) })
	return c.Err
}
