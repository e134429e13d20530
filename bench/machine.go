package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/bench/report"
)

// machine says what the figures were measured on.
func machine() []report.Fact {
	facts := []report.Fact{
		{Name: "processor", Value: fmt.Sprintf("%d × %s", runtime.NumCPU(), processor())},
		{Name: "memory", Value: ram()},
		{Name: "system", Value: kernel()},
		{Name: "Go", Value: fmt.Sprintf("%s %s/%s", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOOS, runtime.GOARCH)},
	}
	if load := firstLine("/proc/loadavg"); load != "" {
		facts = append(facts, report.Fact{Name: "load average before the run", Value: strings.Join(strings.Fields(load)[:3], ", ")})
	}
	return facts
}

// processor is its name, as far as the system tells.
func processor() string { return orUnknown(field("/proc/cpuinfo", "model name")) }

func ram() string {
	var kib int64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kib); err != nil {
		return orUnknown("")
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

func kernel() string {
	return strings.TrimSpace(runtime.GOOS + " " + firstLine("/proc/sys/kernel/osrelease"))
}

// field returns the value of the first "name : value" of a file, empty if there is none.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if before, after, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(before) == name {
			return strings.TrimSpace(after)
		}
	}
	return ""
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// measured are the modules whose versions belong to the figures.
var measured = []string{
	"github.com/redis/rueidis", "github.com/redis/go-redis/v9", "github.com/go-redis/cache/v9",
	"github.com/maypok86/otter/v2", "github.com/dgraph-io/ristretto/v2", "github.com/Yiling-J/theine-go",
	"github.com/coocood/freecache", "github.com/allegro/bigcache/v3", "github.com/patrickmn/go-cache",
	"github.com/jellydator/ttlcache/v3", "github.com/hashicorp/golang-lru/v2", "github.com/viccon/sturdyc",
	"go.etcd.io/bbolt", "github.com/vmihailenco/msgpack/v5", "github.com/Shopify/toxiproxy/v2",
}

// versions says what was measured: modules of this binary, the Redis server, and Python's packages.
func versions(ctx context.Context, python string) []report.Fact {
	var facts []report.Fact
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if slices.Contains(measured, m.Path) {
				facts = append(facts, report.Fact{Name: m.Path, Value: m.Version})
			}
		}
	}
	facts = append(facts, report.Fact{Name: "redis-server", Value: orUnknown(serverVersion(ctx))})
	const script = "import sys,django,django_redis,redis,diskcache,msgpack\n" +
		"print('%s, Django %s, django-redis %s on redis-py %s, diskcache %s, msgpack %s' % (sys.version.split()[0], " +
		"django.get_version(), django_redis.__version__, redis.__version__, diskcache.__version__, '.'.join(map(str, msgpack.version))))"
	out, err := exec.CommandContext(ctx, python, "-c", script).Output()
	if err != nil {
		out = nil
	}
	return append(facts, report.Fact{Name: "Python", Value: orUnknown(strings.TrimSpace(string(out)))})
}

func serverVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "redis-server", "--version").Output()
	if err != nil {
		return ""
	}
	for word := range bytes.FieldsSeq(out) {
		if v, ok := bytes.CutPrefix(word, []byte("v=")); ok {
			return string(v)
		}
	}
	return ""
}
