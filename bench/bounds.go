package main

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/cachewright/cachewright/bench/report"
)

// profiled is for how long a path is profiled. At a hundred samples a second, shares are good to a few
// hundredths.
const profiled = 1500 * time.Millisecond

// Classes of what a processor does.
const (
	inKernel    = "kernel"
	inScheduler = "scheduler"
	inMemory    = "allocation, GC"
	inCopies    = "copies, maps, hashes"
	inLibrary   = "engine or client"
	inOurs      = "our code"
	inRest      = "standard library"
)

var classes = []string{inKernel, inScheduler, inMemory, inCopies, inLibrary, inOurs, inRest}

// profile runs each path with the profiler of the processor on, and says what it is made of.
func (r *run) profile(paths []path) error {
	t := report.Table{Title: "shares of the processor's time in this process", Columns: append([]string{"path", "CPU"}, classes...)}
	for _, p := range paths {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		shares, cost, err := profileOf(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		row := []string{p.name, report.Nanos(cost)}
		for _, class := range classes {
			row = append(row, fmt.Sprintf("%.0f %%", 100*shares[class]))
		}
		t.Rows = append(t.Rows, row)
	}
	return r.table(t)
}

func profileOf(p path) (shares map[string]float64, cost float64, err error) {
	measure := parallel(p.callers, func() error { return p.call(0) })
	if p.callers == 1 {
		measure = writing(p.call)
	}
	var raw bytes.Buffer
	if err := pprof.StartCPUProfile(&raw); err != nil {
		return nil, 0, err
	}
	s, err := measure(profiled)
	pprof.StopCPUProfile()
	if err != nil {
		return nil, 0, err
	}
	parsed, err := profile.Parse(&raw)
	if err != nil {
		return nil, 0, err
	}
	return sharesOf(parsed), s.cpu, nil
}

func sharesOf(p *profile.Profile) map[string]float64 {
	shares := make(map[string]float64)
	var total float64
	for _, s := range p.Sample {
		weight := float64(s.Value[len(s.Value)-1])
		shares[classOf(functions(s))] += weight
		total += weight
	}
	for class := range shares {
		shares[class] /= total
	}
	return shares
}

// functions returns the names on the stack of s, the innermost first.
func functions(s *profile.Sample) []string {
	var names []string
	for _, location := range s.Location {
		for _, line := range location.Line {
			if line.Function != nil {
				names = append(names, line.Function.Name)
			}
		}
	}
	return names
}

// Parts of names by which a class is told. The first that matches an inner frame decides.
var (
	kernelCalls = []string{"internal/runtime/syscall.", "syscall.", "golang.org/x/sys/unix.", "runtime.futex", "runtime.epoll",
		"runtime.netpoll", "runtime.usleep", "runtime.osyield", "runtime.write1", "runtime.madvise", "vdso", "runtime.nanotime", "time.now", "runtime.sysUsed"}
	schedulerCalls = []string{"runtime.schedule", "runtime.findRunnable", "runtime.park_m", "runtime.gopark", "runtime.goready", "runtime.ready",
		"runtime.mcall", "runtime.chansend", "runtime.chanrecv", "runtime.selectgo", "runtime.lock2", "runtime.unlock2", "runtime.semrelease",
		"runtime.semacquire", "runtime.runqgrab", "runtime.runqsteal", "runtime.wakep", "runtime.startm", "runtime.stopm", "sync.(*Cond)", "runtime.newproc"}
	memoryCalls = []string{"runtime.mallocgc", "runtime.gc", "runtime.bgsweep", "runtime.bgscavenge", "runtime.newobject", "runtime.makeslice",
		"runtime.growslice", "runtime.rawstring", "runtime.rawbyteslice", "runtime.wbBuf", "runtime.scan", "runtime.greyobject", "runtime.(*mspan)",
		"runtime.(*mcache)", "runtime.(*mcentral)", "runtime.(*mheap)", "runtime.(*gcWork)", "runtime.markroot", "runtime.sweepone", "runtime.deductAssist"}
	copyCalls = []string{"runtime.memmove", "runtime.memclr", "runtime.memequal", "runtime.memhash", "runtime.strhash", "runtime.typedmemmove", "runtime.duff",
		"internal/runtime/maps.", "runtime.map", "aeshash", "runtime.slicebytetostring", "runtime.stringtoslicebyte", "runtime.concatstring", "hash/", "internal/bytealg.", "memeqbody"}
	ours = "github.com/cachewright/cachewright"
)

// classOf says what the innermost frame that tells anything is busy with.
func classOf(stack []string) string {
	for _, name := range stack {
		switch {
		case begins(name, kernelCalls):
			return inKernel
		case begins(name, memoryCalls):
			return inMemory
		case begins(name, schedulerCalls):
			return inScheduler
		case begins(name, copyCalls):
			if slices.ContainsFunc(stack, func(s string) bool { return begins(s, []string{"runtime.mallocgc", "runtime.gc"}) }) {
				return inMemory
			}
			return inCopies
		case strings.HasPrefix(name, ours):
			return inOurs
		case strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") || strings.HasPrefix(name, "sync/atomic."):
			continue // a helper of whoever called it
		case strings.Contains(name, "github.com/") || strings.Contains(name, "golang.org/") || strings.Contains(name, "go.yaml.in/"):
			return inLibrary
		default:
			return inRest
		}
	}
	return inScheduler
}

func begins(name string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}
