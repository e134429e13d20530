// Command environments reads config.yaml and the file of an environment beside it, and says what would
// run in each. It opens nothing until it is in development, so it needs no Redis.
//
//	go -C examples/environments run .
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	for _, environment := range []string{"production", "development"} {
		plan, err := resolve(environment)
		if err != nil {
			return err
		}
		c, _ := plan.Cache("default")
		fmt.Printf("%s: %s, %s\n  %s\n  timeout %v (%s)\n", environment, c.Backend, c.Location, c.Reason,
			c.Timeout, c.Values["timeout"].Origin)
	}

	plan, err := resolve("development")
	if err != nil {
		return err
	}
	caches, err := plan.Open(ctx)
	if err != nil {
		return err
	}
	defer caches.Close()
	return caches.Ping(ctx)
}

// resolve reads the files of the working directory. A program that takes what it finds calls
// [cachewright.Auto] instead, which does all of this.
func resolve(environment string) (*cachewright.Plan, error) {
	config, err := cachewright.Load(cachewright.LoadOptions{Environment: environment})
	if err != nil {
		return nil, err
	}
	return config.Resolve(cachewright.Env{})
}
