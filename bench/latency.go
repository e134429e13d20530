package main

import (
	"math/bits"
	"sync"
	"time"
)

// latencies counts how long calls took, exact to a 32nd. The zero value is ready.
type latencies struct {
	counts [64 * stepsPerOctave]int
	total  int
	most   time.Duration
}

const stepsPerOctave = 32

func (l *latencies) add(d time.Duration) {
	l.counts[slot(uint64(max(d, 1)))]++
	l.total++
	l.most = max(l.most, d)
}

func (l *latencies) merge(other *latencies) {
	for i, n := range other.counts {
		l.counts[i] += n
	}
	l.total += other.total
	l.most = max(l.most, other.most)
}

// quantile returns the time within which the share q of all calls returned, zero if there were none.
func (l *latencies) quantile(q float64) time.Duration {
	if l.total == 0 {
		return 0
	}
	rank := int(q * float64(l.total-1))
	for i, n := range l.counts {
		if rank -= n; rank < 0 {
			return min(time.Duration(most(i)), l.most)
		}
	}
	return l.most
}

// slot is the number of the class of ns: its highest bit, and the five below that.
func slot(ns uint64) int {
	octave := bits.Len64(ns) - 1
	if octave < 5 {
		return int(ns)
	}
	return (octave-4)*stepsPerOctave + int(ns>>(octave-5))&(stepsPerOctave-1)
}

// most is the largest number of class i.
func most(i int) uint64 {
	if i < stepsPerOctave {
		return uint64(i)
	}
	octave := i/stepsPerOctave + 4
	return (uint64(stepsPerOctave+i%stepsPerOctave)+1)<<(octave-5) - 1
}

// callers measures call on n goroutines, with the latency of every call. Only for calls that take so long
// that two looks at the clock do not matter.
func callers(n int, call func(i int) error) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		seen := make([]latencies, n)
		errs := make([]error, n)
		var wg sync.WaitGroup
		start, worked := time.Now(), cpuTime()
		for g := range n {
			wg.Go(func() {
				for i := g; errs[g] == nil; i += n {
					began := time.Now()
					if began.Sub(start) >= d {
						return
					}
					errs[g] = call(i)
					seen[g].add(time.Since(began))
				}
			})
		}
		wg.Wait()
		passed, worked := time.Since(start), cpuTime()-worked
		for g := range n {
			if errs[g] != nil {
				return sample{}, errs[g]
			}
			if g > 0 {
				seen[0].merge(&seen[g])
			}
		}
		all := &seen[0]
		return sample{
			ops:   all.total,
			nanos: float64(passed) / float64(all.total), cpu: float64(worked) / float64(all.total),
			p50: float64(all.quantile(0.5)), p99: float64(all.quantile(0.99)), allocs: -1, bytes: -1,
		}, nil
	}
}
