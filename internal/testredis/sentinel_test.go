//go:build unix

package testredis_test

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/google/go-cmp/cmp"
)

// pids returns the processes of servers.
func pids(servers ...*testredis.Server) []int {
	var list []int
	for _, s := range servers {
		list = append(list, s.Pid())
	}
	return list
}

// gone fails the test if one of the processes is still there.
func gone(t *testing.T, pids []int) {
	t.Helper()
	if len(pids) == 0 {
		t.Error("there were no processes")
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("after the test, signalling process %d = %v, want %v", pid, err, syscall.ESRCH)
		}
	}
}

func TestSentinelGroupLivesThroughFailovers(t *testing.T) {
	t.Parallel()
	var processes []int
	t.Run("while the test runs", func(t *testing.T) {
		g := testredis.StartSentinel(t, testredis.SentinelOptions{
			Service: "orders", Password: `da "ta\`, SentinelPassword: "watch",
			Users: []string{"alice on >wonder ~* +@all"}, SentinelUsers: []string{"bob on >builder +@all"},
		})
		processes = append(pids(g.Nodes...), pids(g.Sentinels...)...)

		first := g.Master()
		if first != g.Nodes[0] {
			t.Errorf("the first master is %s, want %s", first.Addr, g.Nodes[0].Addr)
		}
		if got, want := g.Service(), "orders"; got != want {
			t.Errorf("Service() = %q, want %q", got, want)
		}
		if diff := cmp.Diff(names(g.Sentinels), g.Addresses()); diff != "" {
			t.Errorf("Addresses() (-want +got):\n%s", diff)
		}
		if got, want := first.Do("AUTH", "alice", "wonder"), "OK"; got != want {
			t.Errorf("on a node, AUTH alice = %q, want %q", got, want)
		}
		if got, want := g.Sentinels[0].Do("AUTH", "bob", "builder"), "OK"; got != want {
			t.Errorf("on a sentinel, AUTH bob = %q, want %q", got, want)
		}
		if got, want := first.Do("WAIT", "2", "10000"), "2"; got != want {
			t.Errorf("WAIT = %q replicas, want %q", got, want)
		}

		second := g.Failover()
		if second == first {
			t.Errorf("after Failover the master is still %s", first.Addr)
		}
		if got, want := g.Sentinels[2].Do("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "orders"), hostLine(second); got != want {
			t.Errorf("the last sentinel names %q, want %q", got, want)
		}
		if got, want := first.Do("ROLE"), "slave\n127.0.0.1\n"; !strings.HasPrefix(got, want) {
			t.Errorf("the old master's role is %q, want %q", got, want)
		}

		second.Kill()
		third := g.Settle()
		if third == second {
			t.Errorf("after the crash of %s it is still the master", second.Addr)
		}
		third.Do("SET", "k", "v")
		second.Restart()
		if got := g.Settle(); got != third {
			t.Errorf("after the return of the old master the new one is %s, want %s", got.Addr, third.Addr)
		}
		third.Do("WAIT", "2", "10000")
		if got, want := second.Do("GET", "k"), "v"; got != want {
			t.Errorf("on the node that came back, GET k = %q, want %q", got, want)
		}
		processes = append(processes, second.Pid())
	})
	gone(t, processes)
}

// hostLine is how a sentinel names a server.
func hostLine(s *testredis.Server) string {
	host, port, _ := net.SplitHostPort(s.Addr)
	return host + "\n" + port
}

func TestSentinelsComeBack(t *testing.T) {
	t.Parallel()
	var processes []int
	t.Run("while the test runs", func(t *testing.T) {
		g := testredis.StartSentinel(t, testredis.SentinelOptions{
			Replicas: 1, Password: "data", SentinelPassword: "watch", Authority: testredis.NewAuthority(t),
		})
		processes = append(pids(g.Nodes...), pids(g.Sentinels...)...)
		frozen, dead := g.Sentinels[0], g.Sentinels[1]
		frozen.Pause()
		dead.Kill()
		if frozen.Running() || dead.Running() || !g.Sentinels[2].Running() {
			t.Errorf("running: %v, %v, %v, want only the last", frozen.Running(), dead.Running(), g.Sentinels[2].Running())
		}
		if got := g.Master(); got != g.Nodes[0] {
			t.Errorf("the last sentinel names %s, want %s", got.Addr, g.Nodes[0].Addr)
		}
		frozen.Continue()
		dead.Restart()
		if got := g.Settle(); got != g.Nodes[0] {
			t.Errorf("with all sentinels back the master is %s, want %s", got.Addr, g.Nodes[0].Addr)
		}
		processes = append(processes, dead.Pid())
	})
	gone(t, processes)
}
