//go:build unix

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// downAfter is how long a master is silent until the others of its group take it for down.
const downAfter = time.Second

// guarded starts a group of servers with Sentinels, and a store that follows it within the default timeout.
func guarded(t *testing.T) (*testredis.Sentinel, *redis.Store) {
	t.Helper()
	g := testredis.StartSentinel(t, testredis.SentinelOptions{
		Password: dataPassword, SentinelPassword: sentinelPassword, DownAfter: downAfter,
	})
	o := throughSentinels(t, g)
	o.Pool.SocketTimeout = 0 // the default
	s := open(t, o)
	ready(t, s)
	return g, s
}

// followed fails the test unless s has followed its group to another master than before.
func followed(t *testing.T, fault string, g *testredis.Sentinel, s *redis.Store, before *testredis.Server) {
	t.Helper()
	eventually(t, "the Sentinels name another", func() bool { return g.Master() != before })
	held(t, fault, "time until the next master is used, after all Sentinels have named it", until(t, "it is used", setting(s, "after")), time.Second)
	info, err := s.Info(t.Context())
	if want := g.Master().Addr; info.Address != want || info.Role != "master" || err != nil {
		t.Errorf("Info = %q, %s, %v, want the master at %s", info.Address, info.Role, err, want)
	}
	if got := g.Master().Do("GET", "after"); got != "after" {
		t.Errorf("the master has %q, want what was written", got)
	}
}

// Not beside the other faults: what they cost the machine would count as failures of this one.
func TestF09FailoverBehindSentinelsInGoodOrder(t *testing.T) {
	g, s := guarded(t)
	before := g.Master()
	load := underLoad(t, s, "a", "b", "c")
	load.resumes(t)
	g.Failover()
	followed(t, "F09", g, s, before)
	load.resumes(t)
	load.wantOnly(t, store.ErrUnavailable)
	heldCount(t, "F09", fmt.Sprintf("calls that failed, of %d", load.ok), load.failed(), load.ok/20)
	held(t, "F09", "longest time without a call that worked", load.outage(), downAfter+time.Second)
	held(t, "F09", "slowest call", load.worst(), redis.DefaultSocketTimeout+late)
}

func TestF10MasterBehindSentinelsIsLost(t *testing.T) {
	t.Parallel()
	for name, breakIt := range map[string]func(*testredis.Server){
		"killed":  (*testredis.Server).Kill,
		"stopped": (*testredis.Server).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := guarded(t)
			before := g.Master()
			load := underLoad(t, s, "a", "b", "c")
			load.resumes(t)
			breakIt(before)
			followed(t, "F10", g, s, before)
			load.resumes(t)
			load.wantOnly(t, store.ErrUnavailable)
			held(t, "F10", name+": longest time without a call that worked", load.outage(), downAfter+2*time.Second)
			held(t, "F10", name+": slowest call", load.worst(), redis.DefaultSocketTimeout+late)
		})
	}
}

// Who knows the way does not need those who have shown it.
func TestF11SentinelsAreLostAndTheMasterGoesOn(t *testing.T) {
	t.Parallel()
	g, s := guarded(t)
	load := underLoad(t, s, "a")
	master := g.Master()
	connections := statistic(t, master, "stats", "total_connections_received")
	for _, sentinel := range g.Sentinels {
		sentinel.Kill()
	}
	time.Sleep(detection)
	load.stop()
	load.wantOnly(t)
	heldCount(t, "F11", "calls that failed", load.failed(), 0)
	heldCount(t, "F11", "new connections to the master", statistic(t, master, "stats", "total_connections_received")-connections-1, 0)
	held(t, "F11", "slowest call", load.worst(), redis.DefaultSocketTimeout)
}

func TestF12MasterOfAClusterIsLost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		breakIt func(*testredis.Cluster, *testredis.Server)
		lossy   bool // calls may fail for a while
	}{
		{"in good order", func(c *testredis.Cluster, master *testredis.Server) { c.Failover(master) }, false},
		{"killed", func(_ *testredis.Cluster, master *testredis.Server) { master.Kill() }, true},
		{"stopped", func(_ *testredis.Cluster, master *testredis.Server) { master.Pause() }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testredis.StartCluster(t, testredis.ClusterOptions{Replicas: 1, NodeTimeout: downAfter, Args: partial})
			o := inCluster(t, c)
			o.Pool.SocketTimeout = 0 // the default
			s := open(t, o)
			ready(t, s)
			here, there := c.Nodes[0], c.Nodes[1]
			key, other := keyOn(t, c, here), keyOn(t, c, there)
			calls, others := underLoad(t, s, key), underLoad(t, open(t, inCluster(t, c)), other) // these have time enough on a busy machine
			calls.resumes(t)
			tt.breakIt(c, here)
			if tt.lossy {
				eventually(t, "calls for the lost node are refused", func() bool {
					return errors.Is(getting(s, key)(), store.ErrUnavailable)
				})
			}
			eventually(t, "another node is the master", func() bool { return strings.HasPrefix(c.Nodes[3].Do("ROLE"), "master") })
			held(t, "F12", tt.name+": time until the next master is used, after it has become one", until(t, "it is used", setting(s, key)), 2*time.Second)
			calls.resumes(t)
			others.wantOnly(t)
			heldCount(t, "F12", tt.name+": calls of other shards that failed", others.failed(), 0)
			held(t, "F12", tt.name+": slowest call of other shards", others.worst(), redis.DefaultSocketTimeout)
			if tt.lossy {
				calls.wantOnly(t, store.ErrUnavailable)
				held(t, "F12", tt.name+": longest time without a call that worked", calls.outage(), downAfter+2500*time.Millisecond)
			} else {
				calls.wantOnly(t)
				heldCount(t, "F12", tt.name+": calls that failed", calls.failed(), 0)
			}
			held(t, "F12", tt.name+": slowest call", calls.worst(), redis.DefaultSocketTimeout+late)
			if got := c.Nodes[3].Do("GET", key); got != key {
				t.Errorf("the new master has %q, want what was written", got)
			}
		})
	}
}

func TestF13SlotsMoveUnderLoad(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 2})
	s := open(t, inCluster(t, c))
	const prefix = "moved:"
	var keys []string
	var items []store.Item
	for i := range 2000 {
		keys = append(keys, prefix+strconv.Itoa(i))
		items = append(items, store.Item{Key: keys[i], Value: []byte(keys[i])})
	}
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatal(err)
	}
	calls := underLoad(t, s, "a", "b", "c", "d")
	var many watch
	wrong := 0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			_ = many.time(func() error {
				values, err := s.GetMany(context.Background(), keys)
				for i, v := range values {
					if err == nil && string(v) != keys[i] {
						wrong++
					}
				}
				return err
			})
			if n := len(scanned(t, s, prefix)); n != len(keys) {
				t.Errorf("Scan yields %d keys, want %d", n, len(keys))
			}
			_ = many.time(func() error { return s.SetMany(context.Background(), items[:100], time.Hour) })
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	from, to := c.Nodes[0], c.Nodes[1]
	c.Move(c.SlotsOf(from)[:100], from, to)
	c.Move(c.SlotsOf(to)[:50], to, from)
	close(stop)
	<-stopped
	calls.wantOnly(t)
	many.wantOnly(t)
	heldCount(t, "F13", "calls that failed", calls.failed()+many.failed(), 0)
	heldCount(t, "F13", "values that were wrong or missing", wrong, 0)
}
