package hazards_test

import (
	"flag"
	"testing"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/hazards"
)

var times = flag.Int("times", 200, "how often each hazard is played")

func TestMemory(t *testing.T) { t.Parallel(); survive(t, inMemory(t, "memory", cache.Options{})) }

func TestMemoryServingStale(t *testing.T) {
	t.Parallel()
	survive(t, inMemory(t, "memory, stale values", serving))
}

func TestFile(t *testing.T) { t.Parallel(); survive(t, inFolder(t, "file", serving)) }

func TestRedis(t *testing.T) { t.Parallel(); survive(t, onServer(t, "redis", cache.Options{})) }

func TestRedisServingStale(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, "redis, stale values", serving))
}

func TestSentinel(t *testing.T) { t.Parallel(); survive(t, behindSentinels(t, "sentinel", serving)) }

func TestCluster(t *testing.T) { t.Parallel(); survive(t, inCluster(t, "cluster", serving)) }

func TestBareRedis(t *testing.T) { t.Parallel(); survive(t, onServer(t, "redis, bare values", bare)) }

func TestBareSentinel(t *testing.T) {
	t.Parallel()
	survive(t, behindSentinels(t, "sentinel, bare values", bare))
}

func TestBareCluster(t *testing.T) {
	t.Parallel()
	survive(t, inCluster(t, "cluster, bare values", bare))
}

// survive plays every hazard with lib.
func survive(t *testing.T, lib hazards.Library) {
	for _, h := range hazards.All() {
		t.Run(h.Name, func(t *testing.T) {
			r, err := hazards.Check(t.Context(), lib, h, *times)
			must(t, err)
			switch {
			case r.NotAsked != "":
				t.Log(r)
			case len(r.Violations) > 0 || r.Unforced > 0 || r.Trials < *times:
				t.Error(r)
			case r.Longest > 0:
				t.Log(r)
			}
		})
	}
}
