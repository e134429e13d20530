package cachewright_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// Token is what an issuer hands out for a while.
type Token struct {
	Text    string
	Expires time.Time
}

func login(context.Context) (Token, error) {
	return Token{Text: "secret", Expires: time.Now().Add(time.Hour)}, nil
}

// A loader that knows how long its value lives says so.
func ExampleCaches_loadersLifetime() {
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{Environment: "development", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()
	tokens, err := cachewright.Of[Token](caches, "default")
	if err != nil {
		log.Fatal(err)
	}
	token, err := tokens.Fetch(ctx, "api", func(ctx context.Context) (Token, error) {
		t, err := login(ctx)
		cache.LoadFrom(ctx).TTL(time.Until(t.Expires) - time.Minute)
		return t, err
	})
	ttl, _, _ := tokens.TTL(ctx, "api")
	fmt.Println(token.Text, err, ttl > 50*time.Minute, ttl < time.Hour)
	// Output: secret <nil> true true
}
