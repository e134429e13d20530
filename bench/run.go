package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// quiet keeps the caches' start-up lines out of the tables.
var quiet = slog.New(slog.DiscardHandler)

// run is how questions are measured, and where the answers go.
type run struct {
	ctx     context.Context // ends the run between two measurements
	rounds  int
	each    time.Duration
	sizes   []int
	dir     string
	startup int // entries of the startup part
	python  string
	quick   bool // leaves out Python, which takes longer to start than we to measure
	*book
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

// sample is what one round measured for one contender. Zero means not measured, but for allocs and bytes,
// where that is less than zero.
type sample struct {
	ops    int
	nanos  float64 // per operation
	cpu    float64 // nanoseconds of all processors per operation, garbage collection included
	allocs float64 // per operation
	bytes  float64 // allocated per operation
	missed float64 // share of the reads that found nothing

	p50, p99 float64 // nanoseconds from call to return
	server   float64 // nanoseconds of a server's processor per operation
	commands float64 // that a server ran, per operation
}

// ask measures q and records the answer.
func (r *run) ask(q question) error {
	samples := make([][]sample, len(q.contenders))
	for range r.rounds {
		collects := true
		for i, c := range q.contenders {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			if collects {
				collects = collect() < r.each/2
			}
			s, err := c.measure(r.each)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", q.name, c.name, err)
			}
			samples[i] = append(samples[i], s)
		}
	}
	return r.record(q, samples)
}

// collect runs the garbage collector, so that a contender does not pay for the one before it, and returns how
// long that took. Where all contenders hold so much that it takes long, it is rare by itself, and once a
// round will do.
func collect() time.Duration {
	began := time.Now()
	runtime.GC()
	return time.Since(began)
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
	return quantileOf(values, q)
}

// quantileOf returns the quantile q of values, which it sorts: on the line between the two values beside it, so that
// an even number of rounds leans to neither side.
func quantileOf(values []float64, q float64) float64 {
	slices.Sort(values)
	at := q * float64(len(values)-1)
	below := int(at)
	part := at - float64(below)
	if part == 0 || values[below] == values[below+1] { // also where the next is infinite, or both are
		return values[below]
	}
	return values[below] + part*(values[below+1]-values[below])
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
		return s, err
	}
}

// writing measures set.
func writing(set func(i int) error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) { return timed(d, set) }
}

// slowly measures what takes so long that the clock can be read every time.
func slowly(op func(i int) error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) { return timedBy(1, d, op) }
}

// timed calls op with 0, 1, 2, ... for d.
func timed(d time.Duration, op func(i int) error) (sample, error) { return timedBy(chunk, d, op) }

// timedBy looks at the clock once in so many operations.
func timedBy(chunk int, d time.Duration, op func(i int) error) (s sample, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, worked := time.Now(), cpuTime()
	for time.Since(start) < d {
		for range chunk {
			if err := op(s.ops); err != nil {
				return s, err
			}
			s.ops++
		}
	}
	s.nanos = float64(time.Since(start)) / float64(s.ops)
	s.cpu = float64(cpuTime()-worked) / float64(s.ops)
	runtime.ReadMemStats(&after)
	s.allocs = float64(after.Mallocs-before.Mallocs) / float64(s.ops)
	s.bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(s.ops)
	return s, nil
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
				var s sample
				s, errs[i] = timed(d, func(int) error { return call() })
				ops.Add(int64(s.ops))
			})
		}
		wg.Wait()
		for _, err := range errs {
			if err != nil {
				return sample{}, err
			}
		}
		return sample{
			ops:   int(ops.Load()),
			nanos: float64(time.Since(start)) / float64(ops.Load()),
			cpu:   float64(cpuTime()-worked) / float64(ops.Load()), allocs: -1, bytes: -1,
		}, nil
	}
}

// cpuTime is what this process has used of all processors. On a machine with other work it says more than
// the time that has passed.
func cpuTime() time.Duration { return cpuOf(syscall.RUSAGE_SELF) }

// cpuOf is what a process, or its children that have ended, has used of all processors.
func cpuOf(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
