// Command bench measures our caches beside the engines they stand on and beside their peers, in one run.
//
// Rounds are interleaved, contender after contender, so that a neighbour's noise meets all of them, and
// only ratios within one run are worth reporting: medians over the rounds, with the spread between the
// first and the third quartile.
//
//	go run .                          everything, some minutes
//	go run . -parts typed,file        two parts
//	go run . -sizes 1000 -rounds 3    a quick look
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	parts  string
	sizes  string
	rounds int
	each   time.Duration
	dir    string
	python string
}

// part is a group of questions. ask puts them one after the other, so that only one is in memory.
type part struct {
	name string
	what string
	ask  func(r *run) error
}

var parts = []part{
	{"typed", "a typed memory hit beside the bare engine", askTyped},
	{"memory", "the memory store and a typed cache beside other engines", askMemory},
	{"footprint", "memory per entry", askFootprint},
	{"file", "the file store beside Django's, diskcache and bbolt", askFile},
	{"startup", "opening a file store of a million entries (takes minutes)", askStartup},
	{"redis", "the Redis store beside its client", askRedis},
}

// usual are the parts that run if none are named.
const usual = "typed,memory,footprint,redis,file"

func main() {
	var s settings
	flag.StringVar(&s.parts, "parts", usual, "comma-separated `parts`:\n"+describeParts())
	flag.StringVar(&s.sizes, "sizes", "1000,100000", "comma-separated `numbers` of entries for the memory and file parts")
	flag.IntVar(&s.rounds, "rounds", 7, "interleaved rounds per question")
	flag.DurationVar(&s.each, "time", 200*time.Millisecond, "time per contender and round")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "`directory` of the file part, on the disk to be measured")
	flag.StringVar(&s.python, "python", "/usr/bin/python3", "`interpreter` that has django and diskcache")
	flag.Parse()
	// A reader that has seen enough, as head, is an error then, which ends the servers that were started.
	signal.Ignore(syscall.SIGPIPE)
	if err := measure(s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func describeParts() string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "  %-10s %s\n", p.name, p.what)
	}
	return strings.TrimRight(b.String(), "\n")
}

func measure(s settings) error {
	r := &run{rounds: s.rounds, each: s.each, dir: s.dir, python: s.python}
	for size := range strings.SplitSeq(s.sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return fmt.Errorf("-sizes: %q is no positive number", size)
		}
		r.sizes = append(r.sizes, n)
	}
	fmt.Printf("%s %s/%s, %d CPUs, %d rounds of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), s.rounds, s.each)
	for name := range strings.SplitSeq(s.parts, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("-parts: there is no part %q; the parts are:\n%s", name, describeParts())
		}
		if err := parts[i].ask(r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
