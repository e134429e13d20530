//go:build unix

package hazards_test

import (
	"flag"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/hazards"
)

var times = flag.Int("times", 20, "how often each hazard is played")

// hour is a StaleFor that is longer than the clocks of two processes are apart.
const hour = time.Hour

func TestMemory(t *testing.T) {
	t.Parallel()
	survive(t, inMemory(t, site{Name: "memory"}).asLibrary(), *times)
}

func TestMemoryServingStale(t *testing.T) {
	t.Parallel()
	survive(t, inMemory(t, site{Name: "memory, stale values", StaleFor: hour}).asLibrary(), *times)
}

func TestFile(t *testing.T) {
	t.Parallel()
	survive(t, inFolder(t, site{Name: "file, stale values", StaleFor: hour}).asLibrary(), *times)
}

func TestRedis(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, site{Name: "redis"}).asLibrary(), *times)
}

func TestRedisServingStale(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, site{Name: "redis, stale values", StaleFor: hour}).asLibrary(), *times)
}

func TestSentinel(t *testing.T) {
	t.Parallel()
	survive(t, behindSentinels(t, site{Name: "sentinel, stale values", StaleFor: hour}).asLibrary(), *times)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	survive(t, inCluster(t, site{Name: "cluster, stale values", StaleFor: hour}).asLibrary(), *times)
}

func TestBareRedis(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, site{Name: "redis, bare values", Bare: true}).asLibrary(), *times)
}

func TestBareCluster(t *testing.T) {
	t.Parallel()
	survive(t, inCluster(t, site{Name: "cluster, bare values", Bare: true}).asLibrary(), *times)
}

// survive plays every hazard with lib.
func survive(t *testing.T, lib hazards.Library, times int) {
	for _, h := range hazards.All() {
		t.Run(h.Name, func(t *testing.T) {
			must(t, lib.Outside.Flush())
			r, err := hazards.Check(t.Context(), lib, h, times)
			must(t, err)
			switch {
			case r.NotAsked != "":
				t.Log(r)
			case len(r.Violations) > 0 || r.Unforced > 0 || r.Trials < times:
				t.Error(r)
			case r.Longest > 0:
				t.Log(r)
			}
		})
	}
}

// rounds is how often a hazard is played by real processes, which take longer: a tenth of times.
func rounds() int { return (*times + 9) / 10 }

func TestProcessesOnFile(t *testing.T) {
	t.Parallel()
	survive(t, inFolder(t, site{Name: "file, stale values", StaleFor: hour}).processes(t), rounds())
}

func TestProcessesOnRedis(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, site{Name: "redis, stale values", StaleFor: hour}).processes(t), rounds())
}

func TestProcessesOnBareRedis(t *testing.T) {
	t.Parallel()
	survive(t, onServer(t, site{Name: "redis, bare values", Bare: true}).processes(t), rounds())
}
