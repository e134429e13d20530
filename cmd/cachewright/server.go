package main

import (
	"fmt"
	"strings"

	"github.com/cachewright/cachewright/store/redis"
)

// describeServer is what a server says about itself, in the order in which people ask.
func describeServer(i redis.Info) string {
	parts := []string{strings.TrimSpace(productName(i.Server) + " " + i.Version)}
	for _, part := range []string{modeName(i.Mode), roleName(i.Role), protocolName(i.Protocol), describeMemory(i), i.EvictionPolicy} {
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

func modeName(mode string) string {
	if mode == "standalone" {
		return "single"
	}
	return mode
}

// roleName speaks of replicas, as Redis itself does by now, except on the wire.
func roleName(role string) string {
	if role == "slave" {
		return "replica"
	}
	return role
}

func protocolName(version int) string {
	if version == 0 {
		return ""
	}
	return fmt.Sprintf("RESP%d", version)
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
