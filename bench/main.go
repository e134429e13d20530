// Command bench measures our caches beside the engines they stand on and beside their peers, in one run.
//
// Rounds are interleaved, contender after contender, so that a neighbour's noise meets all of them, and
// only ratios within one run are worth reporting: medians over the rounds, with the spread between the
// first and the third quartile.
//
//	go run .                          everything, some twenty minutes
//	go run . -docs ../docs            the same, and write benchmarks.md and its plots there
//	go run . -parts typed,file        two parts
//	go run . -quick                   the daily look, in the format of Go's benchmarks, for benchstat
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cachewright/cachewright/bench/report"
)

// settings are the flags.
type settings struct {
	parts  string
	sizes  string
	rounds int
	start  int
	each   time.Duration
	dir    string
	python string
	docs   string
	quick  bool
}

// What -quick sets, where the flags do not say otherwise.
const (
	quickParts  = "typed,memory,values,goroutines,fetch,codecs,file"
	quickSizes  = "1000"
	quickRounds = 6 // the fewest from which benchstat tells a spread
	quickEach   = 10 * time.Millisecond
)

func main() {
	var s settings
	flag.StringVar(&s.parts, "parts", usual(), "comma-separated `parts`:\n"+describeParts())
	flag.StringVar(&s.sizes, "sizes", "1000,100000", "comma-separated `numbers` of entries for the memory and file parts")
	flag.IntVar(&s.rounds, "rounds", 7, "interleaved rounds per question")
	flag.DurationVar(&s.each, "time", 100*time.Millisecond, "time per contender and round")
	flag.IntVar(&s.start, "startup", 200_000, "`number` of entries of the startup part; a million takes minutes")
	flag.StringVar(&s.dir, "dir", os.TempDir(), "`directory` of the file part, on the disk to be measured")
	flag.StringVar(&s.python, "python", "/usr/bin/python3", "`interpreter` that has django, django_redis, diskcache and msgpack")
	flag.StringVar(&s.docs, "docs", "", "write benchmarks.md and its plots into this `directory`, after all parts")
	flag.BoolVar(&s.quick, "quick", false, "few parts and short rounds, printed in the format of Go's benchmarks, for benchstat")
	flag.Parse()
	s.shorten()
	// A reader that has seen enough, as head, is an error then, which ends the servers that were started.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// command is what repeats this run.
func command() string {
	given := ""
	flag.Visit(func(f *flag.Flag) {
		if f.Name != "docs" {
			given += fmt.Sprintf(" -%s %s", f.Name, f.Value)
		}
	})
	if given == "" {
		return "make bench"
	}
	return "cd bench && go run . -docs ../docs" + given
}

// usual are the parts that run if none are named: all.
func usual() string {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

// shorten applies -quick to the flags that were not given.
func (s *settings) shorten() {
	if !s.quick {
		return
	}
	given := make(map[string]bool)
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["parts"] {
		s.parts = quickParts
	}
	if !given["sizes"] {
		s.sizes = quickSizes
	}
	if !given["rounds"] {
		s.rounds = quickRounds
	}
	if !given["time"] {
		s.each = quickEach
	}
}

func describeParts() string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "  %-10s %s\n", p.name, p.what)
	}
	return strings.TrimRight(b.String(), "\n")
}

func measure(ctx context.Context, s settings) error {
	chosen, err := s.chosen()
	if err != nil {
		return err
	}
	r := &run{ctx: ctx, rounds: s.rounds, each: s.each, dir: s.dir, startup: s.start, python: s.python, quick: s.quick, book: newBook(os.Stdout)}
	for size := range strings.SplitSeq(s.sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return fmt.Errorf("-sizes: %q is no positive number", size)
		}
		r.sizes = append(r.sizes, n)
	}
	r.report.Command, r.report.Began = command(), time.Now()
	r.report.Rounds, r.report.Each = s.rounds, s.each
	r.report.Machine, r.report.Peers = machine(), versions(ctx, s.python)
	if s.quick {
		r.out = io.Discard
		if r.lines, err = report.NewLines(os.Stdout, "github.com/cachewright/cachewright/bench", processor()); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.out, "%s %s/%s, %d CPUs, %d rounds of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), s.rounds, s.each)
	for _, p := range chosen {
		began := time.Now()
		r.begin(p)
		if err := p.ask(r); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %v\n", p.name, time.Since(began).Round(time.Second/10))
	}
	r.report.Took = time.Since(r.report.Began)
	r.judge(len(chosen) == len(parts))
	if len(r.report.Bars) > 0 {
		if err := r.report.BarTable().Text(r.out); err != nil {
			return err
		}
	}
	if s.docs == "" {
		return nil
	}
	return write(&r.report, s.docs)
}

// chosen are the parts that are to run. The page is written from one run of all parts, or not at all.
func (s settings) chosen() ([]part, error) {
	var chosen []part
	for name := range strings.SplitSeq(s.parts, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-parts: there is no part %q; the parts are:\n%s", name, describeParts())
		}
		chosen = append(chosen, parts[i])
	}
	if s.docs != "" && len(chosen) != len(parts) {
		return nil, errors.New("-docs: the page compares figures of one run, so it takes all parts; leave out -parts and -quick")
	}
	return chosen, nil
}
