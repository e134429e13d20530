package main

import (
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

func TestServersAreDescribed(t *testing.T) {
	tests := []struct {
		name string
		info redis.Info
		want string
	}{
		{"a single Redis with a limit",
			redis.Info{Server: "redis", Version: "7.0.15", Role: "master", Mode: "standalone", Protocol: 3,
				UsedMemory: 14 << 20, MaxMemory: 256 << 20, EvictionPolicy: "allkeys-lru"},
			"Redis 7.0.15 · single · master · RESP3 · 14 of 256 MiB · allkeys-lru"},
		{"a replica in a cluster of Valkey without a limit",
			redis.Info{Server: "valkey", Version: "8.1.0", Role: "slave", Mode: "cluster", Protocol: 2,
				UsedMemory: 1, EvictionPolicy: "noeviction"},
			"Valkey 8.1.0 · cluster · replica · RESP2 · 1 MiB, no limit · noeviction"},
		{"something that tells little",
			redis.Info{Server: "kvrocks", UsedMemory: 1},
			"kvrocks · 1 MiB, no limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := describeServer(tt.info); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestLinksAreDescribed(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for want, info := range map[string]redis.Info{
		"ping p50 0.10 ms p99 0.20 ms · clock the same": {LatencyP50: 100 * time.Microsecond, LatencyP99: 200 * time.Microsecond, ClockOffset: -time.Millisecond},
		"ping p50 0.10 ms p99 5.0 ms · 2 open here · 7 of 100 clients · clock 12 ms ahead · TLS redis.internal, 12 days left": {
			LatencyP50: 100 * time.Microsecond, LatencyP99: 5 * time.Millisecond, ClockOffset: 12 * time.Millisecond, Connections: 2, Clients: 7, MaxClients: 100,
			TLSName: "redis.internal", TLSExpires: now.Add(12*24*time.Hour + time.Hour)},
	} {
		if got := describeLink(info, now); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestAServerGivesAdvice(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	full := redis.Info{Address: "h:1", MaxMemory: 1 << 30, EvictionPolicy: "noeviction", Persistence: "none"}
	evicting := redis.Info{Address: "h:1", MaxMemory: 1 << 30, EvictionPolicy: "allkeys-lfu", Persistence: "aof"}
	worn := redis.Info{Address: "h:1", TLSName: "h", TLSExpires: now.Add(24 * time.Hour), ClockOffset: -time.Minute, Clients: 91, MaxClients: 100}
	for _, tt := range []struct {
		alias string
		info  redis.Info
		want  string
	}{
		{"default", full, "CW331"},
		{"default", evicting, ""},
		{"default", redis.Info{EvictionPolicy: "noeviction"}, ""},
		{"sessions", full, "CW333"},
		{"sessions", evicting, "CW332"},
		{"default", worn, "CW334 CW335 CW336"},
	} {
		var codes []string
		for _, f := range adviseServer(cachewright.CachePlan{Alias: tt.alias}, tt.info, now) {
			codes = append(codes, f.Code)
			if f.Alias != tt.alias || f.Message == "" {
				t.Errorf("%+v", f)
			}
			if _, ok := cachewright.Explain(f.Code); !ok {
				t.Errorf("%s is not explained", f.Code)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(codes, " ")); diff != "" {
			t.Errorf("%s on %+v (-want +got):\n%s", tt.alias, tt.info, diff)
		}
	}
}
