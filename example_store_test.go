package cachewright_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/memory"
)

// A test gives the program's caches a store that it can look into.
func ExampleWithStore() {
	ctx := context.Background()
	kept, err := memory.New(memory.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer kept.Close()
	config := cachewright.Config{
		Environment: "production",
		Caches:      map[string]cachewright.CacheConfig{"default": {RedisURL: "redis://cache.internal:6379/0", KeyPrefix: "shop"}},
	}
	caches, err := cachewright.Open(ctx, config, cachewright.WithStore("default", kept))
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()

	stock, err := cachewright.Of[int](caches, "default")
	if err != nil {
		log.Fatal(err)
	}
	if err := stock.Set(ctx, "tea", 7); err != nil {
		log.Fatal(err)
	}
	value, found, err := kept.Get(ctx, "shop:1:tea")
	fmt.Printf("%s %v %v\n", value, found, err)
	// Output: 7 true <nil>
}
