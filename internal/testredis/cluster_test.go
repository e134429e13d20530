//go:build unix

package testredis_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/google/go-cmp/cmp"
)

func TestClusterLivesThroughFailovers(t *testing.T) {
	t.Parallel()
	var processes []int
	t.Run("while the test runs", func(t *testing.T) {
		c := testredis.StartCluster(t, testredis.ClusterOptions{
			Replicas: 1, Password: "data", Users: []string{"alice on >wonder ~* +@all"},
		})
		processes = pids(c.Nodes...)
		if got, want := len(c.Addresses()), 6; got != want {
			t.Fatalf("%d addresses, want %d", got, want)
		}
		var owned []int
		for i, master := range c.Nodes[:3] {
			owned = append(owned, c.SlotsOf(master)...)
			if got, want := c.ReplicasOf(master), []*testredis.Server{c.Nodes[3+i]}; !cmp.Equal(names(got), names(want)) {
				t.Errorf("replicas of %s: %v, want %v", master.Addr, names(got), names(want))
			}
		}
		if got, want := len(owned), 16384; got != want {
			t.Errorf("the masters own %d slots, want %d", got, want)
		}
		for i, slot := range owned {
			if i != slot {
				t.Fatalf("slot %d is owned in the place of %d", slot, i)
			}
		}
		for _, n := range c.Nodes {
			if got, want := n.Do("CLUSTER", "INFO"), "cluster_state:ok"; !strings.Contains(got, want) {
				t.Errorf("CLUSTER INFO at %s = %q, want %q in it", n.Addr, got, want)
			}
		}

		// CRC-16 of foo, modulo 16384: no client is asked.
		if got, want := c.Slot("foo"), 12182; got != want {
			t.Errorf("Slot(foo) = %d, want %d", got, want)
		}
		first := c.NodeFor("foo")
		if first != c.Nodes[2] {
			t.Errorf("NodeFor(foo) = %s, want the last master, %s", first.Addr, c.Nodes[2].Addr)
		}
		first.Do("SET", "foo", "bar")

		second := c.Failover(first)
		if got := c.NodeFor("foo"); got != second || second == first {
			t.Errorf("after Failover to %s, foo is on %s, before it was on %s", second.Addr, got.Addr, first.Addr)
		}
		if got, want := second.Do("GET", "foo"), "bar"; got != want {
			t.Errorf("on the new master, GET foo = %q, want %q", got, want)
		}

		second.Kill()
		if got := c.NodeFor("foo"); got != first && got != second {
			t.Errorf("while its master is down, foo is on %s, want %s or %s", got.Addr, second.Addr, first.Addr)
		}
		c.Settle()
		if got := c.NodeFor("foo"); got != first {
			t.Errorf("after the crash of %s, foo is on %s, want %s", second.Addr, got.Addr, first.Addr)
		}
		second.Restart()
		c.Settle()
		if got, want := names(c.ReplicasOf(first)), names([]*testredis.Server{second}); !cmp.Equal(got, want) {
			t.Errorf("after its return the old master is not a replica: they are %v, want %v", got, want)
		}
		processes = append(processes, second.Pid())
	})
	gone(t, processes)
}

func names(servers []*testredis.Server) []string {
	var list []string
	for _, s := range servers {
		list = append(list, s.Addr)
	}
	return list
}

func TestSlotsMoveWithTheirKeys(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{
		Masters: 2, Password: "data", Authority: testredis.NewAuthority(t),
	})
	from, to := c.Nodes[0], c.Nodes[1]

	// More keys than one MIGRATE takes, all in the slot of x.
	slot := c.Slot("{x}")
	if c.MasterOf(slot) != from {
		from, to = to, from
	}
	for i := range 250 {
		from.Do("SET", "{x}\n"+strconv.Itoa(i), strconv.Itoa(i))
	}
	before := len(c.SlotsOf(to))
	first := c.SlotsOf(from)[0]
	c.Move([]int{slot, first}, from, to)

	if got, want := len(c.SlotsOf(to)), before+2; got != want {
		t.Errorf("after Move the new owner has %d slots, want %d", got, want)
	}
	for _, s := range []int{slot, first} {
		if got := c.MasterOf(s); got != to {
			t.Errorf("after Move slot %d belongs to %s, want %s", s, got.Addr, to.Addr)
		}
	}
	if got, want := to.Do("CLUSTER", "COUNTKEYSINSLOT", strconv.Itoa(slot)), "250"; got != want {
		t.Errorf("the new owner has %s keys in the slot, want %s", got, want)
	}
	if got, want := to.Do("GET", "{x}\n249"), "249"; got != want {
		t.Errorf("on the new owner, GET = %q, want %q", got, want)
	}
}
