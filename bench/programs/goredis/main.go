// Command goredis sets a value by go-redis.
package main

import (
	"context"
	"os"

	"github.com/redis/go-redis/v9"
)

func main() {
	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	if err := client.Set(context.Background(), "k", "v", 0).Err(); err != nil {
		os.Exit(1)
	}
}
