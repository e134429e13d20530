package main

import (
	"context"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// rateCache is what the map has become. Callers see no difference but what they no longer have to care about: it has
// a bound, it loads each rate once, and with a RedisURL all processes share it.
type rateCache struct {
	rates *cache.Cache[float64]
}

func newRateCache(caches *cachewright.Caches) (*rateCache, error) {
	rates, err := cachewright.Of[float64](caches, "default", cache.Namespace("rate"))
	if err != nil {
		return nil, err
	}
	return &rateCache{rates}, nil
}

// rate returns the rate of a currency, from the cache or from the bank.
func (c *rateCache) rate(ctx context.Context, currency string, ask func(context.Context) (float64, error)) (float64, error) {
	return c.rates.Fetch(ctx, currency, ask, cache.TTL(time.Minute))
}
