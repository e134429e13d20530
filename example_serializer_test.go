package cachewright_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/memory"
)

// With a serializer the store holds what django-redis writes; without one, records of Go's own.
func ExampleCacheConfig_serializer() {
	ctx := context.Background()
	for _, serializer := range []string{"json", "native"} {
		kept, err := memory.New(memory.Options{})
		if err != nil {
			log.Fatal(err)
		}
		defer kept.Close()
		caches, err := cachewright.Open(ctx, cachewright.Config{
			Environment: "development",
			Caches:      map[string]cachewright.CacheConfig{"default": {KeyPrefix: "shop", Serializer: serializer}},
		}, cachewright.WithStore("default", kept))
		if err != nil {
			log.Fatal(err)
		}
		defer caches.Close()
		users, err := cachewright.Of[User](caches, "default")
		if err != nil {
			log.Fatal(err)
		}
		if err := users.Set(ctx, "42", User{Name: "Ada"}); err != nil {
			log.Fatal(err)
		}
		value, _, err := kept.Get(ctx, "shop:1:42")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: Django can read it: %v\n", serializer, string(value) == `{"Name": "Ada"}`)
	}
	// Output:
	// json: Django can read it: true
	// native: Django can read it: false
}
