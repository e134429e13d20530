package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
)

func Example() {
	type User struct{ Name string }

	s, err := memory.New(memory.Options{MaxBytes: 16 << 20})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	users, err := cache.New[User](s, cache.Options{Prefix: "shop", TTL: time.Hour})
	if err != nil {
		panic(err)
	}
	load := func(context.Context) (User, error) {
		fmt.Println("asking the database")
		return User{Name: "Ada"}, nil
	}
	for range 2 {
		u, err := users.Fetch(context.Background(), "42", load)
		fmt.Println(u.Name, err)
	}
	// Output:
	// asking the database
	// Ada <nil>
	// Ada <nil>
}

func ExampleCache_AtVersion() {
	s, err := memory.New(memory.Options{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	prices, err := cache.New[int](s, cache.Options{Version: 2})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_ = prices.Set(ctx, "apple", 120)
	_, found, _ := prices.AtVersion(1).Get(ctx, "apple")
	fmt.Println("version 1:", found)
	price, found, _ := prices.Get(ctx, "apple")
	fmt.Println("version 2:", price, found)
	// Output:
	// version 1: false
	// version 2: 120 true
}

func ExampleLoadFrom() {
	s, err := memory.New(memory.Options{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	tokens, err := cache.New[string](s, cache.Options{})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	_, _ = tokens.Fetch(ctx, "api", func(ctx context.Context) (string, error) {
		cache.LoadFrom(ctx).TTL(90 * time.Second) // what the issuer said
		return "token", nil
	})
	ttl, _, _ := tokens.TTL(ctx, "api")
	fmt.Println(ttl <= 90*time.Second && ttl > 80*time.Second)
	// Output: true
}
