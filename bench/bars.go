package main

import (
	"fmt"
	"strings"

	"github.com/cachewright/cachewright/bench/report"
)

// bar is a promise, and where in the book its figure is.
type bar struct {
	promise string
	limit   float64
	atLeast bool
	unit    string
	got     func(b *book) (value float64, spread string, known bool)
}

// bars are all promises about speed, in the order of the page. What one goroutine does in memory is compared by the
// time of the processor, which neighbours disturb less; what waits for a disk or a server by the clock.
func bars() []bar {
	var all []bar
	for _, some := range [][]bar{memoryBars(), fileBars(), redisBars(), fetchBars(), openingBars()} {
		all = append(all, some...)
	}
	return all
}

func memoryBars() []bar {
	const hot, many = "typed memory hit, 250 keys of 21 bytes in random order, scalar struct",
		"typed memory hit, 100000 keys of 21 bytes in random order, scalar struct"
	const get, bare, local = "cache.Get", "bare otter", "go-redis/cache v9, local"
	return []bar{
		{promise: "a typed memory hit, 250 hot keys, over the bare engine", limit: 2.2, unit: "×", got: times(hot, get, bare, cpu)},
		{promise: "a typed memory hit, 100 000 keys, over the bare engine", limit: 1.6, unit: "×", got: times(many, get, bare, cpu)},
		{promise: "a typed memory hit", limit: 0, unit: "allocations", got: wholly(hot, get)},
		{
			promise: "a typed memory hit of a struct of ten fields, faster than go-redis/cache's local hit with its decoding",
			limit:   10, atLeast: true, unit: "×", got: times("hit in memory: "+one.name, local, "cache.Cache", cpu),
		},
		{
			promise: "the same of a struct of four scalars, which leaves least to decode",
			limit:   10, atLeast: true, unit: "×", got: times("hit in memory: "+scalars.name, local, "cache.Cache", cpu),
		},
		{promise: "memory per entry of 64 bytes, over the bare engine", limit: 1.5, unit: "×", got: overBase("store/memory")},
	}
}

func fileBars() []bar {
	const ours, django, diskcache = "store/file", "Django", "diskcache"
	gets := func(entries int) string { return fmt.Sprintf("get of 1 KiB from disk, %d entries", entries) }
	sets := func(entries int) string { return fmt.Sprintf("set of 1 KiB on disk, overwriting, %d entries", entries) }
	bars := []bar{
		{promise: "a file get, 1000 entries, faster than Django's", limit: 3, atLeast: true, unit: "×", got: times(gets(1000), django, ours, wall)},
		{promise: "a file set, 1000 entries, faster than Django's", limit: 30, atLeast: true, unit: "×", got: times(sets(1000), django, ours, wall)},
	}
	for _, n := range []int{1000, 100_000} {
		bars = append(bars,
			bar{promise: fmt.Sprintf("a file get, %d entries, faster than diskcache", n), limit: 1.3, atLeast: true, unit: "×", got: times(gets(n), diskcache, ours, wall)},
			bar{promise: fmt.Sprintf("a file set, %d entries, faster than diskcache", n), limit: 5, atLeast: true, unit: "×", got: times(sets(n), diskcache, ours, wall)},
		)
	}
	return bars
}

func redisBars() []bar {
	const bare, ours, typed, pool = "bare rueidis", "store/redis", "cache.Cache[[]byte]", "go-redis, pool of 50"
	var bars []bar
	for _, op := range []string{"GET", "SET"} {
		for _, n := range goroutineSteps {
			question := stepName(stepsName(op, 100), n)
			bars = append(bars, bar{
				promise: fmt.Sprintf("store %s, %d goroutines, throughput of the bare client's", op, n),
				limit:   0.85, atLeast: true, unit: "×", got: times(question, bare, ours, wall),
			})
			if n >= 64 {
				bars = append(bars, bar{
					promise: fmt.Sprintf("store %s, %d goroutines, throughput of go-redis' pool of 50", op, n),
					limit:   2, atLeast: true, unit: "×", got: times(question, pool, ours, wall),
				})
			}
		}
	}
	return append(bars,
		bar{
			promise: "typed Get from Redis, 64 goroutines, throughput of the bare client's",
			limit:   0.85, atLeast: true, unit: "×", got: times(stepName(stepsName("GET", 100), 64), bare, typed, wall),
		},
		bar{
			promise: "a Get with a deadline of 100 ms while Redis hangs returns within",
			limit:   150, unit: "ms", got: noted(figure{troubles[3].title, troubledGet, slowestMillis}),
		})
}

func fetchBars() []bar {
	return []bar{
		{promise: "a Fetch hit in memory, over Get", limit: 1.3, unit: "×", got: times(fetchHitInMemory, "cache.Fetch", "cache.Get", cpu)},
		{promise: "a Fetch hit in memory", limit: 0, unit: "allocations", got: wholly(fetchHitInMemory, "cache.Fetch")},
		{
			promise: "a Fetch hit in Redis, commands", limit: 1, unit: "",
			got: median(fetchHitInRedis, "cache.Fetch", func(s sample) float64 { return s.commands }, 1),
		},
		{
			promise: "a Fetch hit in Redis, our processor time over the store's Get, 64 goroutines", limit: 2, unit: "µs",
			got: more(busyHitInRedis, "cache.Fetch", "store/redis, Get", cpu, 1000),
		},
		{
			promise: fmt.Sprintf("loads per expiry, %d processes with %d callers on Redis", fleetSize, manyCallers), limit: 1.05, unit: "",
			got: noted(figure{herdName(manyCallers), ourStampede, loadsPer}),
		},
		{
			promise: fmt.Sprintf("commands per cold key, %d processes with %d callers on Redis", fleetSize, fewCallers), limit: 30, unit: "",
			got: noted(figure{herdName(fewCallers), ourStampede, commandsPer}),
		},
	}
}

func openingBars() []bar {
	return []bar{
		{promise: "Open of a memory cache, its first answer and Close", limit: 1, unit: "ms", got: median(openInProcess, openMemory, wall, 1e6)},
		{promise: "the command `cachewright plan`, from the start of the process to its end", limit: 30, unit: "ms", got: median(openProcess, planCommand, wall, 1e6)},
	}
}

// overBase is the memory per entry of contender over the base's.
func overBase(contender string) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, known := b.figures[figure{footprint, contender, bytesPerEntry}]
		base, also := b.figures[figure{footprint, engines[0].name, bytesPerEntry}]
		return own / base, "", known && also
	}
}

// wholly is the number of allocations, less what the measurement itself adds: below one half in ten there is none.
func wholly(question, contender string) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		value, _, known := median(question, contender, func(s sample) float64 { return s.allocs }, 1)(b)
		if value < 0.05 {
			value = 0
		}
		return value, "", known
	}
}

// times is the ratio of contender to base, of what each costs in one round.
func times(question, contender, base string, what func(sample) float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		other, known := b.samplesOf(question, base)
		if !ok || !known {
			return 0, "", false
		}
		spread := ratio(quantile(own, other, what, 0.25)) + "-" + ratio(quantile(own, other, what, 0.75))
		return quantile(own, other, what, 0.5), spread, true
	}
}

// median is what contender costs by itself, divided by scale.
func median(question, contender string, what func(sample) float64, scale float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		if !ok {
			return 0, "", false
		}
		at := func(q float64) float64 { return quantile(own, nil, what, q) / scale }
		return at(0.5), report.Number(at(0.25)) + "-" + report.Number(at(0.75)), true
	}
}

// more is the difference of contender to base, divided by scale.
func more(question, contender, base string, what func(sample) float64, scale float64) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		own, ok := b.samplesOf(question, contender)
		other, known := b.samplesOf(question, base)
		if !ok || !known {
			return 0, "", false
		}
		differences := make([]float64, len(own))
		for i := range own {
			differences[i] = (what(own[i]) - what(other[i])) / scale
		}
		at := func(q float64) float64 { return quantileOf(differences, q) }
		return at(0.5), report.Number(at(0.25)) + "-" + report.Number(at(0.75)), true
	}
}

// noted is a number that is not measured by rounds.
func noted(f figure) func(*book) (float64, string, bool) {
	return func(b *book) (float64, string, bool) {
		value, known := b.figures[f]
		return value, "", known
	}
}

func (b *book) samplesOf(question, contender string) ([]sample, bool) {
	a, ok := b.answers[question]
	if !ok {
		return nil, false
	}
	for i, name := range a.contenders {
		if name == contender || strings.HasPrefix(name, contender+" ") { // with a version
			return a.samples[i], true
		}
	}
	return nil, false
}

// judge compares the book with the bars. After a run of some parts only, the others' bars are left out.
func (b *book) judge(complete bool) {
	for _, bar := range bars() {
		got, spread, known := bar.got(b)
		if known || complete {
			b.report.Bars = append(b.report.Bars, report.Bar{
				Promise: bar.promise, Limit: bar.limit, AtLeast: bar.atLeast, Unit: bar.unit, Got: got, Known: known, Spread: spread,
			})
		}
	}
}
