package cachewright_test

import (
	"context"
	"fmt"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

type User struct{ Name string }

type database struct{}

func (database) User(context.Context, int) (User, error) { return User{Name: "Ada"}, nil }

var db database

func ExampleOpen() {
	if err := shop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: Ada <nil>
}

// shop is the README's snippet: TestReadmeSnippetRuns cuts it from here.
func shop(ctx context.Context) error {
	// snippet
	caches, err := cachewright.Open(ctx, cachewright.Config{ProjectName: "Shop"})
	if err != nil {
		return err
	}
	defer caches.Close()
	users, err := cachewright.Of[User](caches, "default", cache.Namespace("user"))
	if err != nil {
		return err
	}
	u, err := users.Fetch(ctx, "42", func(ctx context.Context) (User, error) { return db.User(ctx, 42) })
	// end
	fmt.Println(u.Name, err)
	return nil
}
