package cachewright_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// Handles of one alias have types and namespaces of their own: their keys never meet.
func ExampleOf() {
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{Environment: "development"})
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()

	users, err := cachewright.Of[User](caches, "default", cache.Namespace("user"))
	if err != nil {
		log.Fatal(err)
	}
	visits, err := cachewright.Of[int](caches, "default", cache.Namespace("visits"))
	if err != nil {
		log.Fatal(err)
	}
	if err := users.Set(ctx, "42", User{Name: "Ada"}); err != nil {
		log.Fatal(err)
	}
	if _, err := visits.Add(ctx, "42", 0); err != nil {
		log.Fatal(err)
	}
	n, _, err := visits.Incr(ctx, "42", 1)
	fmt.Println(n, err)
	user, found, err := users.Get(ctx, "42")
	fmt.Println(user.Name, found, err)
	_, found, err = users.Get(ctx, "43")
	fmt.Println(found, err)
	// Output:
	// 1 <nil>
	// Ada true <nil>
	// false <nil>
}
