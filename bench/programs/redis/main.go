// Command redis caches in Redis, by the packages cache and store/redis alone.
package main

import (
	"context"
	"os"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/redis"
)

func main() {
	s, err := redis.Open(redis.Options{Address: "localhost:6379"})
	if err != nil {
		os.Exit(1)
	}
	c, err := cache.New[string](s, cache.Options{})
	if err != nil {
		os.Exit(1)
	}
	if err := c.Set(context.Background(), "k", "v"); err != nil {
		os.Exit(1)
	}
}
