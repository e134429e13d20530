package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/cachewright/cachewright/cache"
)

// Product is what the service serves.
type Product struct {
	Name  string `json:"name"`
	Price int    `json:"price"`
}

// catalogue stands for a database: it takes its time, and counts how often it is asked.
type catalogue struct {
	takes time.Duration

	mu       sync.Mutex // guards the rest
	products map[string]Product
	queries  int
}

// newCatalogue returns a source of ten products that takes so long for each question.
func newCatalogue(takes time.Duration) *catalogue {
	c := &catalogue{takes: takes, products: map[string]Product{}}
	for i := range 10 {
		id := strconv.Itoa(i)
		c.products[id] = Product{Name: "product " + id, Price: 10 + i}
	}
	return c
}

func (c *catalogue) product(ctx context.Context, id string) (Product, error) {
	select {
	case <-time.After(c.takes):
	case <-ctx.Done():
		return Product{}, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queries++
	p, ok := c.products[id]
	if !ok {
		return Product{}, cache.ErrNotFound
	}
	return p, nil
}

func (c *catalogue) setPrice(_ context.Context, id string, price int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.products[id]
	if !ok {
		return fmt.Errorf("no product %q", id)
	}
	p.Price = price
	c.products[id] = p
	return nil
}
