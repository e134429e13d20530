// Package hazards plays the hazards of this project's kit with other libraries, and tells what they come to.
package hazards

import (
	"context"
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/Yiling-J/theine-go"
	gocache "github.com/go-redis/cache/v9"
	"github.com/maypok86/otter/v2"
	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/hazards"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

var times = flag.Int("times", 1, "how often each hazard is played")

// TestPeers judges nobody: it fails only if a library cannot be opened, or if nothing could be asked of it.
func TestPeers(t *testing.T) {
	for name, open := range map[string]func(*testing.T) hazards.Library{
		"ours, redis":                      ours,
		"go-redis/cache v9.0.0, redis":     goRedisCache,
		"go-redis and singleflight, redis": byHand,
		"otter v2.4.0, memory":             otterLoading,
		"theine v0.6.3, memory":            theineLoading,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lib := open(t)
			lib.Name, lib.Patience = name, time.Second
			var lines []string
			held, violated, notAsked := 0, 0, 0
			for _, h := range hazards.All() {
				r, err := hazards.Check(t.Context(), lib, h, *times)
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case r.NotAsked != "" || r.Unforced == r.Trials:
					notAsked++
				case len(r.Violations) > 0:
					violated++
					lines = append(lines, h.Name+"\n\t"+r.Violations[0])
				default:
					held++
				}
			}
			t.Logf("%s: %d hazards held, %d violated, %d not asked\n%s", name, held, violated, notAsked, strings.Join(lines, "\n"))
			if held+violated == 0 {
				t.Error("no hazard was played")
			}
		})
	}
}

const lifetime = 5 * time.Minute

func ours(t *testing.T) hazards.Library {
	server := testredis.Start(t)
	o := cache.Options{}
	o.Hooks.Trouble = func(context.Context, cache.Trouble) {}
	return hazards.Cachewright(o, func() (store.Store, error) { return redis.Open(redis.Options{Address: server.Addr}) })
}

// outside is somebody with redis-cli.
type outside struct {
	client *goredis.Client
	put    func(key, value string) error
}

func (o outside) Delete(key string) error { return o.client.Del(context.Background(), key).Err() }

func (o outside) Overwrite(key, value string) error { return o.put(key, value) }

func (o outside) Expire(key string) error {
	err := o.client.PExpire(context.Background(), key, time.Millisecond).Err()
	for n := int64(1); err == nil && n > 0; {
		n, err = o.client.Exists(context.Background(), key).Result()
	}
	return err
}

func (o outside) Flush() error { return o.client.FlushDB(context.Background()).Err() }

func (o outside) Evict(string) error { return errors.ErrUnsupported }

func dial(t *testing.T) *goredis.Client {
	client := goredis.NewClient(&goredis.Options{Addr: testredis.Start(t).Addr})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// goRedisCache is go-redis/cache, whose Once has one load per process and key.
func goRedisCache(t *testing.T) hazards.Library {
	client := dial(t)
	open := func() onceCache { return onceCache{gocache.New(&gocache.Options{Redis: client})} }
	return hazards.Library{
		Open: func(hazards.Process) (hazards.Cache, error) { return open(), nil }, Shared: true, Bare: true,
		Outside: outside{client, func(key, value string) error { return open().Set(context.Background(), key, value) }},
	}
}

type onceCache struct{ cache *gocache.Cache }

func (c onceCache) Get(ctx context.Context, key string) (value string, found bool, err error) {
	err = c.cache.Get(ctx, key, &value)
	if errors.Is(err, gocache.ErrCacheMiss) {
		return "", false, nil
	}
	return value, err == nil, err
}

func (c onceCache) Set(ctx context.Context, key, value string) error {
	return c.cache.Set(&gocache.Item{Ctx: ctx, Key: key, Value: value, TTL: lifetime})
}

func (c onceCache) Delete(ctx context.Context, key string) error { return c.cache.Delete(ctx, key) }

func (c onceCache) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (value string, err error) {
	err = c.cache.Once(&gocache.Item{Ctx: ctx, Key: key, Value: &value, TTL: lifetime,
		Do: func(i *gocache.Item) (any, error) { return load(i.Context()) }})
	return value, err
}

func (onceCache) Close() error { return nil }

// byHand is what programs do that have a client and golang.org/x/sync.
func byHand(t *testing.T) hazards.Library {
	client := dial(t)
	return hazards.Library{
		Open: func(hazards.Process) (hazards.Cache, error) { return &handmade{client: client}, nil }, Shared: true, Bare: true,
		Outside: outside{client, func(key, value string) error { return client.Set(context.Background(), key, value, lifetime).Err() }},
	}
}

type handmade struct {
	client *goredis.Client
	group  singleflight.Group
}

func (c *handmade) Get(ctx context.Context, key string) (string, bool, error) {
	value, err := c.client.Get(ctx, key).Result()
	if errors.Is(err, goredis.Nil) {
		return "", false, nil
	}
	return value, err == nil, err
}

func (c *handmade) Set(ctx context.Context, key, value string) error {
	return c.client.Set(ctx, key, value, lifetime).Err()
}

func (c *handmade) Delete(ctx context.Context, key string) error {
	return c.client.Del(ctx, key).Err()
}

func (c *handmade) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error) {
	if value, found, err := c.Get(ctx, key); found || err != nil {
		return value, err
	}
	value, err, _ := c.group.Do(key, func() (any, error) {
		value, err := load(ctx)
		if err != nil {
			return nil, err
		}
		return value, c.Set(ctx, key, value)
	})
	if err != nil {
		return "", err
	}
	return value.(string), nil
}

func (*handmade) Close() error { return nil }

// otterLoading is otter's Get with a loader.
func otterLoading(*testing.T) hazards.Library {
	return hazards.Library{Open: func(hazards.Process) (hazards.Cache, error) {
		c, err := otter.New(&otter.Options[string, string]{MaximumSize: 10_000})
		return otterCache{c}, err
	}}
}

type otterCache struct{ cache *otter.Cache[string, string] }

func (c otterCache) Get(_ context.Context, key string) (string, bool, error) {
	value, found := c.cache.GetIfPresent(key)
	return value, found, nil
}

func (c otterCache) Set(_ context.Context, key, value string) error {
	c.cache.Set(key, value)
	return nil
}

func (c otterCache) Delete(_ context.Context, key string) error {
	c.cache.Invalidate(key)
	return nil
}

func (c otterCache) Clear(context.Context) error {
	c.cache.InvalidateAll()
	return nil
}

func (c otterCache) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error) {
	return c.cache.Get(ctx, key, otter.LoaderFunc[string, string](func(ctx context.Context, _ string) (string, error) { return load(ctx) }))
}

func (c otterCache) Close() error {
	c.cache.StopAllGoroutines()
	return nil
}

// theineLoading is theine's loading cache, which has one loader: it takes the caller's out of the context.
func theineLoading(*testing.T) hazards.Library {
	return hazards.Library{Open: func(hazards.Process) (hazards.Cache, error) {
		c, err := theine.NewBuilder[string, string](10_000).Loading(func(ctx context.Context, _ string) (theine.Loaded[string], error) {
			value, err := ctx.Value(loaderKey{}).(func(context.Context) (string, error))(ctx)
			return theine.Loaded[string]{Value: value, Cost: 1, TTL: lifetime}, err
		}).Build()
		return theineCache{c}, err
	}}
}

type loaderKey struct{}

type theineCache struct {
	cache *theine.LoadingCache[string, string]
}

// Get asks with a loader that has nothing: this cache has no other way to look.
func (c theineCache) Get(ctx context.Context, key string) (string, bool, error) {
	value, err := c.Fetch(ctx, key, func(context.Context) (string, error) { return "", errNothing })
	if errors.Is(err, errNothing) {
		return "", false, nil
	}
	return value, err == nil, err
}

var errNothing = errors.New("nothing there")

func (c theineCache) Set(_ context.Context, key, value string) error {
	c.cache.SetWithTTL(key, value, 1, lifetime)
	return nil
}

func (c theineCache) Delete(_ context.Context, key string) error {
	c.cache.Delete(key)
	return nil
}

func (c theineCache) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error) {
	return c.cache.Get(context.WithValue(ctx, loaderKey{}, load), key)
}

func (c theineCache) Close() error {
	c.cache.Close()
	return nil
}
