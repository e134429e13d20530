// Command versions keeps values of two versions of a program apart. A new version that reads values
// otherwise raises Version in its configuration: it does not see what the old one wrote, and the old one, which
// may still run for a while, does not see the new values.
//
//	go run ./examples/versions
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	caches, err := cachewright.Open(ctx, cachewright.Config{
		Environment: "development",
		Caches:      map[string]cachewright.CacheConfig{"default": {KeyPrefix: "shop", Version: 2}},
	})
	if err != nil {
		return err
	}
	defer caches.Close()
	names, err := cachewright.Of[string](caches, "default")
	if err != nil {
		return err
	}
	if err := names.Set(ctx, "greeting", "hello"); err != nil {
		return err
	}
	if err := show(ctx, names); err != nil {
		return err
	}

	version, _, err := names.IncrVersion(ctx, "greeting", 1)
	if err != nil {
		return err
	}
	fmt.Println("moved to version", version)
	return show(ctx, names)
}

// show asks every version for the value.
func show(ctx context.Context, names *cache.Cache[string]) error {
	for version := 1; version <= 3; version++ {
		value, found, err := names.AtVersion(version).Get(ctx, "greeting")
		if err != nil {
			return err
		}
		fmt.Printf("version %d: %q %v\n", version, value, found)
	}
	return nil
}
