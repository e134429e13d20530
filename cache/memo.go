package cache

import "context"

// Memo returns load with c in front of it: a function that answers from the cache and calls load for what
// is missing, as [Cache.Fetch] does, with opts for every call.
//
//	user := cache.Memo(users, db.User)
//	u, err := user(ctx, "42")
func Memo[V any](c *Cache[V], load func(ctx context.Context, key string) (V, error), opts ...CallOption,
) func(ctx context.Context, key string) (V, error) {
	opts = append([]CallOption(nil), opts...)
	return func(ctx context.Context, key string) (V, error) {
		if load == nil {
			return c.Fetch(ctx, key, nil, opts...)
		}
		return c.Fetch(ctx, key, func(ctx context.Context) (V, error) { return load(ctx, key) }, opts...)
	}
}
