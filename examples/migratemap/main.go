// Command migratemap turns a map with a lock (before.go) into a cache (after.go) behind the same function, and asks both
// the same from a hundred goroutines:
//
//	go run ./examples/migratemap
package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	caches, err := cachewright.Open(ctx, cachewright.Config{ProjectName: "Rates", Environment: cachewright.Development})
	if err != nil {
		return err
	}
	defer caches.Close()
	after, err := newRateCache(caches)
	if err != nil {
		return err
	}
	fmt.Println("questions to the bank, before:", askAtOnce(ctx, newMapCache()))
	fmt.Println("questions to the bank, after:", askAtOnce(ctx, after))
	return nil
}

// rates is what both have in common.
type rates interface {
	rate(ctx context.Context, currency string, ask func(context.Context) (float64, error)) (float64, error)
}

// askAtOnce asks r for one rate from a hundred goroutines and returns how often the bank was asked.
func askAtOnce(ctx context.Context, r rates) int64 {
	var asked atomic.Int64
	bank := func(context.Context) (float64, error) {
		asked.Add(1)
		time.Sleep(200 * time.Millisecond) // a bank takes its time
		return 1.08, nil
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if rate, err := r.rate(ctx, "EUR", bank); err != nil || rate != 1.08 {
				log.Print("a caller got ", rate, " ", err)
			}
		})
	}
	all.Wait()
	return asked.Load()
}
