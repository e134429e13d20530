//go:build unix

package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

// settled returns i without what no test can know, after checking that it is there.
func settled(t *testing.T, i redis.Info) redis.Info {
	t.Helper()
	if i.UsedMemory <= 0 || i.Clients < 1 || i.MaxClients < 1 {
		t.Errorf("Info = %+v, want the memory in use and the number of clients", i)
	}
	if i.LatencyP50 <= 0 || i.LatencyP99 < i.LatencyP50 || i.LatencyP99 > 10*time.Second {
		t.Errorf("latency p50 = %v, p99 = %v", i.LatencyP50, i.LatencyP99)
	}
	if i.ClockOffset.Abs() > time.Minute {
		t.Errorf("the clock of this machine is %v ahead of itself", i.ClockOffset)
	}
	i.UsedMemory, i.Clients, i.MaxClients, i.LatencyP50, i.LatencyP99, i.ClockOffset = 0, 0, 0, 0, 0, 0
	return i
}

func TestInfo(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprintf("protocol %d", protocol), func(t *testing.T) {
			t.Parallel()
			server := testredis.StartWith(t, testredis.Options{
				Args: []string{"--maxmemory", "8mb", "--maxmemory-policy", "allkeys-lru"},
			})
			o := at(server)
			o.Pool.Protocol = protocol
			got, err := open(t, o).Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(server.Do("INFO", "server"), "redis_version:"+got.Version+"\r") {
				t.Errorf("version = %q", got.Version)
			}
			got.Version = ""
			want := redis.Info{
				Address: server.Addr, Topology: "single", Server: "redis", Role: "master", Mode: "standalone",
				Protocol: protocol, Tracking: protocol == 3, MaxMemory: 8 << 20, EvictionPolicy: "allkeys-lru",
				Persistence: "none", Connections: 1,
			}
			if diff := cmp.Diff(want, settled(t, got)); diff != "" {
				t.Errorf("Info differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInfoTellsWhatSurvivesARestart(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	for _, c := range []struct{ save, log, want string }{
		{"", "no", "none"}, {"900 1", "no", "rdb"}, {"", "yes", "aof"}, {"900 1", "yes", "rdb+aof"},
	} {
		server.Do("CONFIG", "SET", "save", c.save)
		server.Do("CONFIG", "SET", "appendonly", c.log)
		if got, err := s.Info(t.Context()); got.Persistence != c.want || err != nil {
			t.Errorf("save %q, appendonly %s: persistence = %q, %v, want %q", c.save, c.log, got.Persistence, err, c.want)
		}
	}
}

func TestInfoOfAServerThatTellsLittle(t *testing.T) {
	info := "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nredis_mode:standalone\r\nrole:master\r\n"
	o := script{"PING": "+PONG", "INFO": fmt.Sprintf("$%d\r\n%s", len(info), info)}.serve(t)
	got, err := open(t, o).Info(t.Context())
	got.LatencyP50, got.LatencyP99 = 0, 0
	want := redis.Info{
		Address: o.Address, Topology: "single", Server: "valkey", Version: "8.1.0", Role: "master", Mode: "standalone",
		Protocol: 2, Connections: 1,
	}
	if got != want || err != nil {
		t.Errorf("Info = %+v, %v, want %+v", got, err, want)
	}
}
