// Command caches opens what the configuration says: every backend, every serializer, YAML.
package main

import (
	"context"
	"os"

	"github.com/cachewright/cachewright"
)

func main() {
	ctx := context.Background()
	caches, err := cachewright.Auto(ctx)
	if err != nil {
		os.Exit(1)
	}
	c, err := cachewright.Of[string](caches, "default")
	if err != nil {
		os.Exit(1)
	}
	if err := c.Set(ctx, "k", "v"); err != nil {
		os.Exit(1)
	}
}
