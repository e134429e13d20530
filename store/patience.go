package store

import (
	"context"
	"time"
)

// Patience returns a context for calls whose caller would rather go on without an answer than wait longer
// than d for it, though ctx ends later. A store that waits for a network heeds it.
func Patience(ctx context.Context, d time.Duration) context.Context {
	return &patience{ctx, d}
}

// PatienceOf returns how long the caller of a call with ctx is willing to wait, if it has said so.
func PatienceOf(ctx context.Context) (d time.Duration, ok bool) {
	p, ok := ctx.Value(patienceKey{}).(*patience)
	if !ok {
		return 0, false
	}
	return p.d, true
}

type patienceKey struct{}

// patience is a context and its own value, so that it costs one allocation.
type patience struct {
	context.Context
	d time.Duration
}

// Value implements context.Context.
func (p *patience) Value(key any) any {
	if _, ok := key.(patienceKey); ok {
		return p
	}
	return p.Context.Value(key)
}
