package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/testredis"
)

// Every case whose Redis is one plain server, as is at hand here, is opened: a value goes in and comes out,
// under Django's key, and a version further there is none.
func TestCasesLive(t *testing.T) {
	server := testredis.Start(t)
	addresses := strings.NewReplacer("localhost:6379", server.Addr, "prod-cache.example.com:6379", server.Addr)
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := s.write(t, addresses)
			environ := strings.Fields(addresses.Replace(s.file("environ")))
			for _, environment := range s.environments() {
				plan, err := resolve(dir, environment, environ)
				if err != nil {
					t.Fatal(err)
				}
				if wantsOtherServers(plan) {
					continue
				}
				server.Do("FLUSHALL")
				caches, err := plan.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, alias := range caches.Aliases() {
					if err := prove(t.Context(), caches, alias); err != nil {
						t.Errorf("%s: cache %s: %v", environment, alias, err)
					}
				}
				if err := caches.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// wantsOtherServers says that a cache of the plan is on Redis over TLS, behind Sentinels or in a cluster.
func wantsOtherServers(p *cachewright.Plan) bool {
	return slices.ContainsFunc(p.Caches, func(c cachewright.CachePlan) bool {
		return c.Backend == cachewright.BackendRedis && !strings.HasPrefix(c.Location, "redis://")
	})
}

func prove(ctx context.Context, caches *cachewright.Caches, alias string) error {
	names, err := cachewright.Of[string](caches, alias)
	if err != nil {
		return err
	}
	if err := names.Set(ctx, "my_key", "value"); err != nil {
		return err
	}
	plan, _ := caches.Plan().Cache(alias)
	keeps := plan.Backend != cachewright.BackendDummy
	if got, found, err := names.Get(ctx, "my_key"); err != nil || found != keeps || found && got != "value" {
		return fmt.Errorf("get after set: got %q, %v, %v; want found %v", got, found, err, keeps)
	}
	if _, found, err := names.AtVersion(plan.Version+1).Get(ctx, "my_key"); err != nil || found {
		return fmt.Errorf("get of another version: found %v, %v; want a miss", found, err)
	}
	s, err := caches.Store(alias)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%s:%d:my_key", plan.KeyPrefix, plan.Version)
	if _, found, err := s.Get(ctx, key); err != nil || found != keeps {
		return fmt.Errorf("the store has %q: %v, %v; want %v", key, found, err, keeps)
	}
	return nil
}
