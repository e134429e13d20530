// Command goredis-cache caches by go-redis/cache.
package main

import (
	"context"
	"os"

	"github.com/go-redis/cache/v9"
	"github.com/redis/go-redis/v9"
)

func main() {
	c := cache.New(&cache.Options{Redis: redis.NewClient(&redis.Options{Addr: "localhost:6379"})})
	if err := c.Set(&cache.Item{Ctx: context.Background(), Key: "k", Value: "v"}); err != nil {
		os.Exit(1)
	}
}
