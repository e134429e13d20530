// Command severalcaches has two caches: one for data and one, under the alias sessions, for the state of
// visitors. Each has its own lifetime and its own keys, and clearing one leaves the other alone.
//
//	go run ./examples/severalcaches
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/cachewright/cachewright"
)

// State is what the program remembers of a visitor.
type State struct {
	UserID int
	Cart   []string
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	caches, err := cachewright.Open(ctx, cachewright.Config{
		ProjectName: "Shop",
		Environment: "development",
		Caches: map[string]cachewright.CacheConfig{
			// With RedisURL: "redis://localhost:6379/0" here and database 1 below, both live in Redis.
			"default":  {Timeout: 5 * time.Minute, KeyPrefix: "shop"},
			"sessions": {Timeout: 24 * time.Hour, KeyPrefix: "shop_sessions"},
		},
	})
	if err != nil {
		return err
	}
	defer caches.Close()
	prices, err := cachewright.Of[float64](caches, "default")
	if err != nil {
		return err
	}
	states, err := cachewright.Of[State](caches, "sessions")
	if err != nil {
		return err
	}
	if err := prices.Set(ctx, "tea", 4.20); err != nil {
		return err
	}
	if err := states.Set(ctx, "5f3a", State{UserID: 42, Cart: []string{"tea"}}); err != nil {
		return err
	}
	if err := prices.Clear(ctx); err != nil {
		return err
	}
	_, priceFound, err := prices.Get(ctx, "tea")
	if err != nil {
		return err
	}
	state, found, err := states.Get(ctx, "5f3a")
	if err != nil {
		return err
	}
	ttl, _, err := states.TTL(ctx, "5f3a")
	fmt.Println("caches:", caches.Aliases())
	fmt.Println("price after Clear:", priceFound)
	fmt.Println("session after Clear:", found, state)
	fmt.Println("session lives for", ttl.Round(time.Minute))
	return err
}
