//go:build unix

package hazards_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store/redis"
)

var expiries = flag.Int("expiries", 10, "how often a key becomes cold, and how often one expires, under many callers")

const (
	callers  = 500 // of each process
	loadTime = 50 * time.Millisecond
)

// atMost is how many loads there may be, of n that are needed.
func atMost(n int) int { return int(math.Ceil(1.05 * float64(n))) }

func TestStampedeOnAColdKey(t *testing.T) {
	onEachKind(t, func(t *testing.T, p place, f *fleet) {
		loads, longest := 0, time.Duration(0)
		for i := range *expiries {
			o := f.run(rush{Key: fmt.Sprintf("cold-%d", i), Value: "v", Callers: callers, Load: loadTime})
			if n := o.Values["v"]; n != fleetSize*callers {
				t.Errorf("%d of %d calls got the value", n, fleetSize*callers)
			}
			loads, longest = loads+len(o.Loads), max(longest, o.Longest)
		}
		t.Logf("%s: %d processes with %d callers each, %d cold keys: %d loads, longest call %v (a load takes %v)",
			p.Name, fleetSize, callers, *expiries, loads, longest.Round(time.Millisecond), loadTime)
		if loads > atMost(*expiries) {
			t.Errorf("%d loads of %d cold keys, want %d at most", loads, *expiries, atMost(*expiries))
		}
	})
}

func TestStampedeOnAnExpiredKey(t *testing.T) {
	onEachKind(t, func(t *testing.T, p place, f *fleet) {
		c, err := p.asLibrary().Open(processOfItsOwn)
		must(t, err)
		defer c.Close()
		loads, longest := 0, time.Duration(0)
		for i := range *expiries {
			must(t, p.outside.Expire("hot")) // the value of the round before
			o := f.run(rush{Key: "hot", Value: strconv.Itoa(i), Callers: callers, Load: loadTime})
			if n := o.Values[strconv.Itoa(i)]; n != fleetSize*callers {
				t.Errorf("%d of %d calls got the new value", n, fleetSize*callers)
			}
			loads, longest = loads+len(o.Loads), max(longest, o.Longest)
		}
		t.Logf("%s: %d processes with %d callers each, %d expiries: %d loads, longest call %v (a load takes %v)",
			p.Name, fleetSize, callers, *expiries, loads, longest.Round(time.Millisecond), loadTime)
		if loads > atMost(*expiries) {
			t.Errorf("%d loads for %d expiries, want %d at most", loads, *expiries, atMost(*expiries))
		}
	})
}

// onEachKind runs test with a fleet on a server that keeps records, and on one that keeps bare values.
func onEachKind(t *testing.T, test func(*testing.T, place, *fleet)) {
	t.Run("records", func(t *testing.T) {
		p := onServer(t, site{Name: "redis"})
		test(t, p, startFleet(t, p.site))
	})
	t.Run("bare", func(t *testing.T) {
		p := onServer(t, site{Name: "redis, bare values", Bare: true})
		test(t, p, startFleet(t, p.site))
	})
}

// TestStaleValueKeepsNobodyWaiting has the load hang until all callers have returned.
func TestStaleValueKeepsNobodyWaiting(t *testing.T) {
	p := onServer(t, site{Name: "redis, stale values", StaleFor: hour})
	f := startFleet(t, p.site)
	c, err := p.asLibrary().Open(processOfItsOwn)
	must(t, err)
	defer c.Close()
	loads, longest, p99 := 0, time.Duration(0), time.Duration(0)
	for i := range *expiries {
		key := fmt.Sprintf("stale-%d", i)
		must(t, c.(aging).SetStale(t.Context(), key, "old"))
		o := f.run(rush{Key: key, Value: "new", Callers: callers, Hang: true})
		longest, p99 = max(longest, o.Longest), max(p99, o.P99)
		if n := o.Values["old"]; n != fleetSize*callers {
			t.Fatalf("%d of %d calls got the stale value while it was loaded", n, fleetSize*callers)
		}
		if n := len(o.Loads); n > 0 {
			t.Errorf("%d loads ended by themselves", n)
		}
		loads += len(f.run(rush{Release: true}).Loads)
		awaitValue(t, c, key, "new")
		loads += len(f.run(rush{}).Loads)
	}
	t.Logf("%d processes with %d callers each, %d stale values: %d loads, nobody waited for one; longest call %v, slowest percentile %v",
		fleetSize, callers, *expiries, loads, longest.Round(time.Millisecond), p99.Round(time.Millisecond))
	if loads > atMost(*expiries) {
		t.Errorf("%d loads for %d stale values, want %d at most", loads, *expiries, atMost(*expiries))
	}
}

// TestRefreshesFollowOneAnother has callers ask all the time for a value that lives shortly.
func TestRefreshesFollowOneAnother(t *testing.T) {
	const ttl, lasting = 250 * time.Millisecond, 3 * time.Second
	p := onServer(t, site{Name: "redis, stale values", StaleFor: hour})
	f := startFleet(t, p.site)
	o := f.run(rush{Key: "k", Value: "v", Callers: 4, TTL: ttl, Load: loadTime, Lasting: lasting})
	o.Loads = append(o.Loads, f.settle()...)
	slices.SortFunc(o.Loads, func(a, b [2]int64) int { return int(a[0] - b[0]) })
	overlaps := 0
	for i := 1; i < len(o.Loads); i++ {
		if o.Loads[i][0] < o.Loads[i-1][1] {
			overlaps++
		}
	}
	if overlaps > 0 {
		t.Errorf("%d of %d loads began before the one before them had ended", overlaps, len(o.Loads))
	}
	t.Logf("%d calls in %v, lifetime %v: %d loads of %v, longest call %v, slowest percentile %v", o.Calls, lasting, ttl, len(o.Loads), loadTime,
		o.Longest.Round(time.Millisecond), o.P99.Round(time.Microsecond))
	if needed := int(lasting / (ttl + loadTime)); len(o.Loads) < needed/2 || len(o.Loads) > 2*needed {
		t.Errorf("%d loads, want about %d", len(o.Loads), needed)
	}
}

func TestFewCommandsForAColdKey(t *testing.T) {
	onEachKind(t, func(t *testing.T, p place, f *fleet) {
		const callers = 4
		mostCommands := 30
		if p.Bare { // the claims look at two keys, in a script whose commands count too
			mostCommands = 60
		}
		server := p.outside.(client).servers[0]
		total := func() (n int) {
			for _, calls := range commands(server) {
				n += calls
			}
			return n
		}
		before, perKey := commands(server), []int(nil)
		for i := range *expiries {
			already := total()
			o := f.run(rush{Key: fmt.Sprintf("cold-%d", i), Value: "v", Callers: callers, Load: loadTime})
			if o.Values["v"] != fleetSize*callers {
				t.Errorf("got %v", o.Values)
			}
			perKey = append(perKey, total()-already)
		}
		slices.Sort(perKey) // the median: callers that a busy machine delays look for themselves
		median := perKey[len(perKey)/2]
		sum, parts := 0, []string(nil)
		for name, n := range commands(server) {
			if n -= before[name]; n > 0 {
				sum += n
				parts = append(parts, fmt.Sprintf("%s %.1f", name, float64(n)/float64(*expiries)))
			}
		}
		slices.Sort(parts)
		each := float64(sum) / float64(*expiries)
		t.Logf("%s: %d processes with %d callers each, load of %v: %.1f commands per cold key, median %d (%s)",
			p.Name, fleetSize, callers, loadTime, each, median, strings.Join(parts, ", "))
		if median > mostCommands {
			t.Errorf("%d commands per cold key, want %d at most", median, mostCommands)
		}
	})
}

// commands counts the calls of each command but those that connections are kept alive and told about with.
func commands(server *testredis.Server) map[string]int {
	counts := make(map[string]int)
	for line := range strings.Lines(server.Do("INFO", "commandstats")) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), ":calls=")
		if !ok {
			continue
		}
		name = strings.TrimPrefix(name, "cmdstat_")
		switch strings.Split(name, "|")[0] {
		case "info", "ping", "hello", "client", "time", "config", "script":
			continue
		}
		text, _, _ := strings.Cut(rest, ",")
		counts[name], _ = strconv.Atoi(text)
	}
	return counts
}

// TestSourceIsSparedWhenRedisIsGone kills the server, and freezes it, under two processes.
func TestSourceIsSparedWhenRedisIsGone(t *testing.T) {
	const bound, keys, each = 8, 100, 10
	for name, lose := range map[string]func(*testredis.Server){"killed": (*testredis.Server).Kill, "frozen": (*testredis.Server).Pause} {
		t.Run(name, func(t *testing.T) {
			server := testredis.Start(t)
			var wg sync.WaitGroup
			var peaks [2]atomic.Int64
			var loads [2]atomic.Int64
			var longest atomic.Int64
			ready := make(chan struct{})
			for i := range peaks {
				s, err := redis.Open(redis.Options{Address: server.Addr})
				must(t, err)
				defer s.Close()
				o := cache.Options{DegradedLoads: bound}
				o.Hooks.Trouble = func(context.Context, cache.Trouble) {}
				base, err := cache.NewBase(s, o)
				must(t, err)
				defer base.Close()
				c, err := cache.On[string](base)
				must(t, err)
				must(t, c.Set(t.Context(), "there", "v"))
				var now atomic.Int64
				load := func(context.Context) (string, error) {
					n := now.Add(1)
					defer now.Add(-1)
					loads[i].Add(1)
					for peak := peaks[i].Load(); n > peak && !peaks[i].CompareAndSwap(peak, n); peak = peaks[i].Load() {
					}
					time.Sleep(5 * time.Millisecond)
					return "v", nil
				}
				for caller := range keys * each {
					wg.Go(func() {
						<-ready
						begin := time.Now()
						v, err := c.Fetch(context.Background(), fmt.Sprintf("key-%d", caller%keys), load)
						for d := int64(time.Since(begin)); ; {
							old := longest.Load()
							if d <= old || longest.CompareAndSwap(old, d) {
								break
							}
						}
						if v != "v" || err != nil {
							t.Errorf("Fetch = %q, %v", v, err)
						}
					})
				}
			}
			lose(server)
			close(ready)
			wg.Wait()
			if name == "frozen" {
				server.Continue()
			}
			for i := range peaks {
				t.Logf("process %d: %d callers of %d keys: %d loads, %d at the same time, longest call %v",
					i, keys*each, keys, loads[i].Load(), peaks[i].Load(), time.Duration(longest.Load()).Round(time.Millisecond))
				if p := peaks[i].Load(); p > bound {
					t.Errorf("%d loads at the same time, want %d at most", p, bound)
				}
				if n := loads[i].Load(); n < keys {
					t.Errorf("%d loads of %d keys", n, keys)
				}
			}
		})
	}
}
