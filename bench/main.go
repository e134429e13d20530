// Command bench measures our caches beside the engines they stand on, in one run.
//
// Rounds are interleaved, contender after contender, so that a neighbour's noise meets all of them, and
// only ratios within one run are reported: medians over the rounds, with the spread between the first
// and the third quartile.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

// question is one comparison: what does ours cost over the base?
type question struct {
	name       string
	contenders []contender // the first one is the base
}

// contender is one way to do the job.
type contender struct {
	name string
	run  func(b *testing.B)
}

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 10, "interleaved rounds per question")
	each := flag.Duration("time", 300*time.Millisecond, "time per contender and round")
	flag.Parse()
	if err := flag.Set("test.benchtime", each.String()); err != nil {
		fail(err)
	}
	redisQuestions, stop, err := redisBench()
	if err != nil {
		fail(err)
	}
	defer stop()

	fmt.Printf("%s %s/%s, %d CPUs, %d rounds of %v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds, *each)
	for _, q := range append(memoryBench(), redisQuestions...) {
		report(q, measure(q, *rounds))
	}
}

// sample is what one round measured for one contender.
type sample struct {
	nanos  float64
	allocs int64
	bytes  int64
}

func measure(q question, rounds int) [][]sample {
	samples := make([][]sample, len(q.contenders))
	for range rounds {
		for i, c := range q.contenders {
			r := testing.Benchmark(c.run)
			if r.N == 0 {
				fail(fmt.Errorf("%s: %s failed", q.name, c.name))
			}
			samples[i] = append(samples[i], sample{
				nanos:  float64(r.T.Nanoseconds()) / float64(r.N),
				allocs: r.AllocsPerOp(), bytes: r.AllocedBytesPerOp(),
			})
		}
	}
	return samples
}

func report(q question, samples [][]sample) {
	fmt.Printf("\n%s\n", q.name)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  contender\tns/op\tratio\tquartiles\tB/op\tallocs/op")
	for i, c := range q.contenders {
		ratios := make([]float64, len(samples[i]))
		nanos := make([]float64, len(samples[i]))
		for r, s := range samples[i] {
			ratios[r] = s.nanos / samples[0][r].nanos
			nanos[r] = s.nanos
		}
		slices.Sort(ratios)
		slices.Sort(nanos)
		last := samples[i][len(samples[i])-1]
		fmt.Fprintf(w, "  %s\t%.1f\t%.2f\t%.2f-%.2f\t%d\t%d\n", c.name, at(nanos, 0.5), at(ratios, 0.5),
			at(ratios, 0.25), at(ratios, 0.75), last.bytes, last.allocs)
	}
	if err := w.Flush(); err != nil {
		fail(err)
	}
}

// at returns the quantile q of sorted.
func at(sorted []float64, q float64) float64 { return sorted[int(q*float64(len(sorted)-1)+0.5)] }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench:", err)
	os.Exit(1)
}
