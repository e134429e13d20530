package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/redis"
)

// describeServer is what a server says about itself, in the order in which people ask.
func describeServer(i redis.Info) string {
	parts := []string{strings.TrimSpace(productName(i.Server) + " " + i.Version)}
	for _, part := range []string{topologyName(i), roleName(i.Role), protocolName(i), describeMemory(i), i.EvictionPolicy, describePersistence(i)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

func productName(server string) string {
	switch server {
	case "redis":
		return "Redis"
	case "valkey":
		return "Valkey"
	}
	return server
}

// topologyName is how the servers are run. A store that was not asked leaves it to the server.
func topologyName(i redis.Info) string {
	switch {
	case i.Topology != "":
		return i.Topology
	case i.Mode == "standalone":
		return "single"
	}
	return i.Mode
}

// roleName speaks of replicas, as Redis itself does by now, except on the wire.
func roleName(role string) string {
	if role == "slave" {
		return "replica"
	}
	return role
}

func protocolName(i redis.Info) string {
	switch {
	case i.Protocol == 0:
		return ""
	case i.Tracking:
		return fmt.Sprintf("RESP%d with tracking", i.Protocol)
	}
	return fmt.Sprintf("RESP%d", i.Protocol)
}

func describePersistence(i redis.Info) string {
	switch i.Persistence {
	case "":
		return ""
	case "none":
		return "nothing on disk"
	}
	return i.Persistence + " on disk"
}

// describeLink is the way to the server.
func describeLink(i redis.Info, now time.Time) string {
	parts := []string{fmt.Sprintf("ping p50 %s p99 %s", describeLatency(i.LatencyP50), describeLatency(i.LatencyP99))}
	if i.Connections > 0 {
		parts = append(parts, fmt.Sprintf("%d open here", i.Connections))
	}
	if i.MaxClients > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d clients", i.Clients, i.MaxClients))
	}
	parts = append(parts, "clock "+describeOffset(i))
	if i.TLSName != "" {
		parts = append(parts, fmt.Sprintf("TLS %s, %s left", i.TLSName, count(daysUntil(i.TLSExpires, now), "day")))
	}
	return strings.Join(parts, " · ")
}

// describeOffset is how far the clocks are apart, as far as that can be told.
func describeOffset(i redis.Info) string {
	switch {
	case i.ClockOffset.Abs() <= max(i.LatencyP99, time.Millisecond):
		return "the same"
	case i.ClockOffset > 0:
		return describeLatency(i.ClockOffset) + " ahead"
	}
	return describeLatency(-i.ClockOffset) + " behind"
}

func daysUntil(t, now time.Time) int { return int(t.Sub(now) / (24 * time.Hour)) }

// Of these findings a check tells.
const (
	certificateDays = 30              // left
	clockDifference = 2 * time.Second // between server and machine
)

// adviseServer is what a server gives reason to say about cache c, which lives there.
func adviseServer(c cachewright.CachePlan, i redis.Info, now time.Time) []cachewright.Finding {
	var found []cachewright.Finding
	tell := func(code, level, fix, format string, args ...any) {
		found = append(found, cachewright.Finding{Code: code, Level: level, Alias: c.Alias, Fix: fix, Message: fmt.Sprintf(format, args...)})
	}
	sessions := c.Alias == "sessions"
	if !sessions && i.MaxMemory > 0 && i.EvictionPolicy == "noeviction" {
		tell("CW331", levelWarning, "redis-cli CONFIG SET maxmemory-policy allkeys-lfu", "%s refuses writes when its %d MiB are full (noeviction)", i.Address, i.MaxMemory>>20)
	}
	if sessions && strings.HasPrefix(i.EvictionPolicy, "allkeys-") {
		tell("CW332", levelWarning, "redis-cli CONFIG SET maxmemory-policy noeviction", "%s drops sessions when it is short of memory (%s)", i.Address, i.EvictionPolicy)
	}
	if sessions && i.Persistence == "none" {
		tell("CW333", levelInfo, "redis-cli CONFIG SET appendonly yes", "%s keeps nothing on disk: a restart logs everybody out", i.Address)
	}
	if days := daysUntil(i.TLSExpires, now); !i.TLSExpires.IsZero() && days < certificateDays {
		tell("CW334", levelWarning, "", "the certificate of %s expires in %s", i.Address, count(days, "day"))
	}
	if i.ClockOffset.Abs() > clockDifference {
		tell("CW335", levelWarning, "", "the clock of %s is %s", i.Address, describeOffset(i))
	}
	if i.MaxClients > 0 && i.Clients*10 > i.MaxClients*9 {
		tell("CW336", levelWarning, "", "%d of the %d connections that %s allows are in use", i.Clients, i.MaxClients, i.Address)
	}
	return found
}

// describeMemory is the memory in use, and how much of it there is.
func describeMemory(i redis.Info) string {
	const mebibyte = 1 << 20
	used := (i.UsedMemory + mebibyte - 1) / mebibyte
	if i.MaxMemory == 0 {
		return fmt.Sprintf("%d MiB, no limit", used)
	}
	return fmt.Sprintf("%d of %d MiB", used, i.MaxMemory/mebibyte)
}
