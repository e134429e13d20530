// Command memory caches in memory, by the packages cache and store/memory alone.
package main

import (
	"context"
	"os"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

func main() {
	s, err := memory.New(memory.Options{})
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
