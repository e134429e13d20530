package main

import (
	"context"
	"sync"
	"time"
)

// mapCache is how caches begin: a map, a lock and a time.
type mapCache struct {
	mu      sync.Mutex
	entries map[string]entry
}

type entry struct {
	rate float64
	ends time.Time
}

func newMapCache() *mapCache { return &mapCache{entries: map[string]entry{}} }

// rate returns the rate of a currency, from the map or from the bank.
func (c *mapCache) rate(ctx context.Context, currency string, ask func(context.Context) (float64, error)) (float64, error) {
	c.mu.Lock()
	e, ok := c.entries[currency]
	c.mu.Unlock()
	if ok && time.Now().Before(e.ends) {
		return e.rate, nil
	}
	rate, err := ask(ctx)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	c.entries[currency] = entry{rate: rate, ends: time.Now().Add(time.Minute)}
	c.mu.Unlock()
	return rate, nil
}
