package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/redis"
)

const (
	defaultAlias     = "default"
	serializerNative = "native" // values that only Go reads

	// levelWarning is the level of findings that count; the others are notes.
	levelWarning = "warning"
	levelInfo    = "info"

	// ruleFallback is the rule that leaves a cache without a backend.
	ruleFallback = 7

	// headStop is where the right part of a cache's first line begins.
	headStop = 58
)

// card prints what one cache is.
type card struct {
	w     io.Writer
	width int // of the alias column
	plan  *cachewright.Plan
}

func newCard(w io.Writer, p *cachewright.Plan) card {
	c := card{w: w, plan: p}
	for _, cache := range p.Caches {
		c.width = max(c.width, len(cache.Alias))
	}
	return c
}

// head prints the first line: mark, alias, backend, for a server its URL, and what is to be said at
// the right.
func (c card) head(mark string, cache cachewright.CachePlan, right string) {
	backendStop := 2 + c.width + 3
	at := stops{0, backendStop, backendStop + len(cachewright.BackendRedis) + 3, headStop}
	location := ""
	if cache.Backend == cachewright.BackendRedis {
		location = cache.Location
	}
	fmt.Fprintln(c.w, at.line(mark+" "+bold(cache.Alias), cache.Backend, location, right))
}

// body prints why the cache is what it is, and its options that matter most.
func (c card) body(cache cachewright.CachePlan) {
	row(c.w, "why", fmt.Sprintf("rule %d: %s", cache.Rule, cache.Reason), "", dim(written(cache.ReasonOrigin)))
	if cache.Backend != cachewright.BackendRedis {
		row(c.w, "where", where(cache))
	}
	row(c.w, "keys", fmt.Sprintf("%s:%d:<key>", cache.KeyPrefix, cache.Version), dim(c.prefixNote(cache)))
	row(c.w, "timeout", describeTimeout(cache.Timeout), dim(cache.Values["timeout"].Origin))
}

// where says where the values of a cache without a server live.
func where(c cachewright.CachePlan) string {
	var notes []string
	switch c.Backend {
	case cachewright.BackendMemory:
		notes = append(notes, "at most "+describeBytes(c.MaxBytes), "gone when it ends")
	case cachewright.BackendFile:
		notes = append(notes, "at most "+describeBytes(c.MaxBytes))
		if c.Automatic {
			notes = append(notes, "made at the first write")
		}
	}
	return strings.Join(append([]string{c.Location}, notes...), ", ")
}

// written is an origin, unless it only says that nobody wrote anything.
func written(origin string) string {
	if origin == "default" {
		return ""
	}
	return origin
}

// prefixNote says where the key prefix came from, or why there is none.
func (c card) prefixNote(cache cachewright.CachePlan) string {
	prefix := cache.Values["key_prefix"]
	switch {
	case cache.KeyPrefix != "" || prefix.Written:
		return prefix.Origin
	case c.plan.ProjectName == "":
		return "no project_name, no prefix"
	}
	return "no prefix"
}

// redisRows prints what is to be known of a cache that has a server. info is nil if it was not asked.
func (c card) redisRows(cache cachewright.CachePlan, info *redis.Info) {
	if cache.Backend != cachewright.BackendRedis {
		return
	}
	row(c.w, "pool", "at most "+count(cache.MaxConnections, "connection"), dim(cache.Values["max_connections"].Origin))
	c.valuesRow(cache)
	if info != nil {
		row(c.w, "server", describeServer(*info))
		row(c.w, "link", describeLink(*info, time.Now()))
	}
}

// valuesRow says who can read the values.
func (c card) valuesRow(cache cachewright.CachePlan) {
	if cache.Serializer == serializerNative {
		row(c.w, "values", "native (Go only)", "serializer: json shares them with Django")
		return
	}
	values := cache.Serializer + " (shared with Django)"
	if cache.Compress {
		values = cache.Serializer + " and zlib (shared with Django)"
	}
	row(c.w, "values", values, dim(cache.Values["serializer"].Origin))
}

// printFindings prints advice, in the order given.
func (v *invocation) printFindings(findings []cachewright.Finding) {
	for _, f := range findings {
		mark := warn("!")
		if f.Level != levelWarning {
			mark = dim("·")
		}
		fmt.Fprintln(v.report, findingStops.line(fmt.Sprintf("%s %s  %s", mark, f.Code, f.Message), dim(f.Origin)))
		if f.Fix != "" {
			row(v.report, "fix", f.Fix)
		}
		row(v.report, "more", v.calledAs()+" explain "+f.Code)
		fmt.Fprintln(v.report)
	}
}

// printTitle prints what was looked at: the version, the environment, the folder and its files.
func (v *invocation) printTitle(p *cachewright.Plan) {
	files := ", no config.yaml"
	if len(p.Files) > 0 {
		files = ": " + strings.Join(p.Files, ", ")
	}
	fmt.Fprintf(v.report, "%s %s · %s (%s) · %s%s\n\n",
		bold("cachewright"), version(), p.Environment, p.EnvironmentOrigin, v.tilde(p.Dir), files)
}

// count is a number with its noun: "1 cache", "2 caches".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// countFindings is how many warnings and notes there are: "0 findings", "1 warning, 2 notes".
func countFindings(findings []cachewright.Finding) string {
	warnings := 0
	for _, f := range findings {
		if f.Level == levelWarning {
			warnings++
		}
	}
	var parts []string
	if warnings > 0 {
		parts = append(parts, count(warnings, "warning"))
	}
	if notes := len(findings) - warnings; notes > 0 {
		parts = append(parts, count(notes, "note"))
	}
	if len(parts) == 0 {
		return "0 findings"
	}
	return strings.Join(parts, ", ")
}

// describeBytes is a size for people, in the largest unit that divides it.
func describeBytes(n int64) string {
	units := []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
	for _, u := range units {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
