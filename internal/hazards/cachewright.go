package hazards

import (
	"context"
	"fmt"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// Cachewright returns this project's cache as a library. Each process gets a store from open and closes it.
// The place, the name, and what is known of it, are the caller's to fill in.
func Cachewright(o cache.Options, open func() (store.Store, error)) Library {
	return Library{
		Open:   func(p Process) (Cache, error) { return openOurs(o, open, p) },
		Shared: true, Single: true, Taps: true, Clocks: true,
		Bare:     o.Codec != nil,
		Takeover: 3 * time.Second,
	}
}

// ours is a Cache.
type ours struct {
	base  *cache.Base
	cache *cache.Cache[string]
	store store.Store
}

func openOurs(o cache.Options, open func() (store.Store, error), p Process) (Cache, error) {
	s, err := open()
	if err != nil {
		return nil, err
	}
	if p.Ahead != 0 {
		s = ahead{store.Intercept(s, tap(nil)), p.Ahead}
	}
	if p.Tap != nil {
		s = store.Intercept(s, tap(p.Tap))
	}
	c := &ours{store: s}
	if c.base, err = cache.NewBase(s, o); err == nil {
		c.cache, err = cache.On[string](c.base)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	if o.StaleFor > 0 {
		return &serving{c}, nil
	}
	return c, nil
}

func (c *ours) Get(ctx context.Context, key string) (string, bool, error) {
	return c.cache.Get(ctx, key)
}

func (c *ours) Set(ctx context.Context, key, value string) error { return c.cache.Set(ctx, key, value) }

func (c *ours) Delete(ctx context.Context, key string) error {
	_, err := c.cache.Delete(ctx, key)
	return err
}

func (c *ours) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error) {
	return c.cache.Fetch(ctx, key, load)
}

// Clear makes it a Clearer.
func (c *ours) Clear(ctx context.Context) error { return c.cache.Clear(ctx) }

// Joined makes it Joining.
func (c *ours) Joined() int64 { return c.base.Stats().Joined }

func (c *ours) Close() error {
	if err := c.base.Close(); err != nil {
		return err
	}
	return c.store.Close()
}

// serving is ours where stale values are served.
type serving struct{ *ours }

// SetStale makes it Aging.
func (c *serving) SetStale(ctx context.Context, key, value string) error {
	if err := c.cache.Set(ctx, key, value, cache.TTL(time.Millisecond)); err != nil {
		return err
	}
	for {
		if _, found, err := c.cache.Get(ctx, key); err != nil || !found {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// tap tells of every step of a store.
type tap func(context.Context, Step) error

// Before asks the tap, if there is one.
func (f tap) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if f == nil || c.Op == store.OpClose {
		return ctx, nil
	}
	if err := f(ctx, stepOf(c)); err != nil {
		return ctx, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return ctx, nil
}

// After tells the tap that the answer is there.
func (f tap) After(ctx context.Context, c *store.Call) {
	if f == nil || c.Op == store.OpClose {
		return
	}
	step := stepOf(c)
	step.Answered = true
	_ = f(ctx, step)
}

func stepOf(c *store.Call) Step {
	keys := append([]string{c.Key}, c.Keys...)
	for _, item := range c.Items {
		keys = append(keys, item.Key)
	}
	return Step{Op: string(c.Op), Keys: keys, Write: writes(c.Op)}
}

func writes(op store.Op) bool {
	switch op {
	case store.OpGet, store.OpGetMany, store.OpScan, store.OpTTL:
		return false
	}
	return true
}

// ahead is a store whose clock is ahead of the others'.
type ahead struct {
	store.Store // intercepted, so that it answers for all that stands behind
	by          time.Duration
}

func (s ahead) As(target any) bool {
	if clock, ok := target.(*store.Clock); ok {
		*clock = s
		return true
	}
	return s.Store.(interface{ As(target any) bool }).As(target)
}

// Now is the wrong time.
func (s ahead) Now() time.Time {
	clock, ok := store.As[store.Clock](s.Store)
	if !ok {
		return time.Now().Add(s.by)
	}
	return clock.Now().Add(s.by)
}
