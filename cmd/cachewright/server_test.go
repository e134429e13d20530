package main

import (
	"testing"

	"github.com/cachewright/cachewright/store/redis"
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
