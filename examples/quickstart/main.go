// Command quickstart is the shortest useful program: one cache, and a load that happens once. It needs
// no server and no file; with a RedisURL in the Config the same cache is shared by all processes.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
)

// User is what the program keeps.
type User struct{ Name string }

func main() {
	ctx := context.Background()
	caches, err := cachewright.Open(ctx, cachewright.Config{ProjectName: "Quick Start", Environment: "development"})
	if err != nil {
		log.Fatal(err)
	}
	defer caches.Close()
	users, err := cachewright.Of[User](caches, "default")
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		user, err := users.Fetch(ctx, "42", load)
		fmt.Println(user.Name, err)
	}
}

// load stands for a query to a database.
func load(context.Context) (User, error) {
	fmt.Println("loading")
	return User{Name: "Ada"}, nil
}
