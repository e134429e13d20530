package main

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"
)

// quiet keeps the caches' start-up lines out of the tables.
var quiet = slog.New(slog.DiscardHandler)

// run is how questions are measured.
type run struct {
	rounds int
	each   time.Duration
	sizes  []int
	dir    string
	python string
}

// question is one comparison: what does each contender cost over the base?
type question struct {
	name       string
	contenders []contender // the first one is the base
}

// contender is one way to do the job.
type contender struct {
	name    string
	measure func(d time.Duration) (sample, error)
}

// sample is what one round measured for one contender.
type sample struct {
	nanos  float64 // per operation
	cpu    float64 // nanoseconds of all processors per operation, garbage collection included
	allocs float64 // per operation
	missed float64 // share of the reads that found nothing
}

// ask measures q and prints its table.
func (r *run) ask(q question) error {
	samples := make([][]sample, len(q.contenders))
	for range r.rounds {
		for i, c := range q.contenders {
			runtime.GC()
			s, err := c.measure(r.each)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", q.name, c.name, err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	return q.print(samples)
}

func (q question) print(samples [][]sample) error {
	fmt.Printf("\n%s\n", q.name)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  contender\tns/op\tratio\tquartiles\tcpu ns/op\tratio\tallocs/op\tmissed")
	for i, c := range q.contenders {
		own, base := samples[i], samples[0]
		wall := func(s sample) float64 { return s.nanos }
		cpu := func(s sample) float64 { return s.cpu }
		last := own[len(own)-1]
		fmt.Fprintf(w, "  %s\t%.0f\t%.2f\t%.2f-%.2f\t%.0f\t%.2f\t%s\t%s\n", c.name,
			quantile(own, nil, wall, 0.5), quantile(own, base, wall, 0.5),
			quantile(own, base, wall, 0.25), quantile(own, base, wall, 0.75),
			quantile(own, nil, cpu, 0.5), quantile(own, base, cpu, 0.5),
			allocations(last.allocs), percent(last.missed))
	}
	return w.Flush()
}

// quantile returns the quantile q, over the rounds, of what: or of its ratio to base, if there is one.
func quantile(samples, base []sample, what func(sample) float64, q float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = what(s)
		if base != nil {
			values[i] /= what(base[i])
		}
	}
	slices.Sort(values)
	return values[int(q*float64(len(values)-1)+0.5)]
}

func allocations(n float64) string {
	if n < 0 {
		return "" // in another process
	}
	return fmt.Sprintf("%.1f", n)
}

func percent(share float64) string {
	if share == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// chunk is how many operations pass between two looks at the clock.
const chunk = 64

// reading measures get, which reports whether it found the key of index i. Errors end the measurement.
func reading(get func(i int) (found bool, err error)) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		missed := 0
		s, err := timed(d, func(i int) error {
			found, err := get(i)
			if !found {
				missed++
			}
			return err
		})
		s.missed = float64(missed) / float64(s.ops)
		return s.sample, err
	}
}

// writing measures set.
func writing(set func(i int) error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		s, err := timed(d, set)
		return s.sample, err
	}
}

type timing struct {
	sample
	ops int
}

// timed calls op with 0, 1, 2, ... for d.
func timed(d time.Duration, op func(i int) error) (t timing, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, worked := time.Now(), cpuTime()
	for time.Since(start) < d {
		for range chunk {
			if err := op(t.ops); err != nil {
				return t, err
			}
			t.ops++
		}
	}
	t.nanos = float64(time.Since(start)) / float64(t.ops)
	t.cpu = float64(cpuTime()-worked) / float64(t.ops)
	runtime.ReadMemStats(&after)
	t.allocs = float64(after.Mallocs-before.Mallocs) / float64(t.ops)
	return t, nil
}

// parallel measures call on so many goroutines.
func parallel(callers int, call func() error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		var wg sync.WaitGroup
		var ops atomic.Int64
		errs := make([]error, callers)
		start, worked := time.Now(), cpuTime()
		for i := range callers {
			wg.Go(func() {
				var t timing
				t, errs[i] = timed(d, func(int) error { return call() })
				ops.Add(int64(t.ops))
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return sample{}, err
			}
		}
		return sample{
			nanos: float64(time.Since(start)) / float64(ops.Load()),
			cpu:   float64(cpuTime()-worked) / float64(ops.Load()), allocs: -1,
		}, nil
	}
}

// cpuTime is what this process has used of all processors. On a machine with other work it says more than
// the time that has passed.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
