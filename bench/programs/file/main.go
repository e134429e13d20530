// Command file caches in files, by the packages cache and store/file alone.
package main

import (
	"context"
	"os"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/file"
)

func main() {
	s, err := file.Open("cache", file.Options{})
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
