package cachewright_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// A Redis that is out of reach, under the default and under on_error: ignore.
func ExampleCacheConfig_onError() {
	ctx := context.Background()
	for _, mode := range []string{"raise", "ignore"} {
		caches, err := cachewright.Open(ctx, cachewright.Config{
			ProjectName: "Shop", Environment: "development",
			RedisURL: "redis://127.0.0.1:1", // where nobody listens
			Caches:   map[string]cachewright.CacheConfig{"default": {OnError: mode}},
			Logger:   slog.New(slog.DiscardHandler),
		})
		if err != nil {
			log.Fatal(err)
		}
		defer caches.Close()
		users, err := cachewright.Of[User](caches, "default", cache.Namespace("user"))
		if err != nil {
			log.Fatal(err)
		}

		_, found, err := users.Get(ctx, "42")
		fmt.Printf("%s: Get found %v, unavailable %v\n", mode, found, errors.Is(err, cache.ErrUnavailable))
		user, err := users.Fetch(ctx, "42", func(ctx context.Context) (User, error) { return db.User(ctx, 42) })
		fmt.Printf("%s: Fetch %s %v\n", mode, user.Name, err)
	}
	// Output:
	// raise: Get found false, unavailable true
	// raise: Fetch Ada <nil>
	// ignore: Get found false, unavailable false
	// ignore: Fetch Ada <nil>
}
