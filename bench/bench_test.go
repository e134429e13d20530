package main

import (
	"context"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/cachewright/cachewright/bench/report"
)

func TestLatenciesAreExactToA32nd(t *testing.T) {
	var l latencies
	for i := range 10_000 {
		l.add(time.Duration(i+1) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{0: time.Microsecond, 0.5: 5 * time.Millisecond, 0.99: 9900 * time.Microsecond, 1: 10 * time.Millisecond} {
		if got := l.quantile(q); got < want || got > want+want/32+1 {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	var none latencies
	if got := none.quantile(0.5); got != 0 {
		t.Errorf("nothing has the median %v", got)
	}
}

func TestSlotsFollowEachOther(t *testing.T) {
	for ns := uint64(1); ns < 1<<40; ns += 1 + ns/97 {
		if i := slot(ns); most(i) < ns || i > 0 && most(i-1) >= ns {
			t.Fatalf("%d is in class %d, which ends at %d", ns, i, most(i))
		}
	}
}

func TestEveryRatioIsOfOneRound(t *testing.T) {
	own := []sample{{nanos: 20}, {nanos: 400}, {nanos: 30}}
	base := []sample{{nanos: 10}, {nanos: 200}, {nanos: 10}}
	if got := quantile(own, base, wall, 0.5); got != 2 {
		t.Errorf("the median of 2, 2 and 3 is %v", got)
	}
}

func TestQuantilesOfAnEvenNumberLeanToNeitherSide(t *testing.T) {
	for q, want := range map[float64]float64{0: 1, 0.25: 1.75, 0.5: 2.5, 0.75: 3.25, 1: 4} {
		if got := quantileOf([]float64{4, 2, 3, 1}, q); got != want {
			t.Errorf("quantile %v of 1 to 4 is %v, want %v", q, got, want)
		}
	}
	if got := quantileOf([]float64{7}, 0.75); got != 7 {
		t.Errorf("the one value is 7, its quantile %v", got)
	}
	none := math.Inf(1) // a ratio to what took no time
	if got := quantileOf([]float64{1, 2, 3, none, none}, 0.5); got != 3 {
		t.Errorf("the median of 1, 2, 3 and more is %v", got)
	}
	if got := quantileOf([]float64{1, none, none, none}, 0.5); got != none {
		t.Errorf("the median of 1 and much more is %v", got)
	}
}

// newTestRun measures shortly and shows nothing.
func newTestRun(t *testing.T) *run {
	r := &run{ctx: t.Context(), rounds: 2, each: time.Millisecond, sizes: []int{100}, dir: t.TempDir(), startup: 100, quick: true, book: newBook(io.Discard)}
	r.begin(part{name: "test"})
	return r
}

func TestBarsAreJudgedByWhatWasMeasured(t *testing.T) {
	r := newTestRun(t)
	if err := askTyped(r); err != nil {
		t.Fatal(err)
	}
	r.judge(false)
	if got := len(r.report.Bars); got != 3 {
		t.Errorf("after the typed part %d bars can be judged, want 3", got)
	}
	r.report.Bars = nil
	r.judge(true)
	if got, want := len(r.report.Bars), len(bars()); got != want {
		t.Errorf("a complete run judges %d bars of %d", got, want)
	}
	if r.report.Bars[len(r.report.Bars)-1].Holds() {
		t.Error("what was not measured holds")
	}
}

// TestPartsRun runs the parts that need neither Python nor minutes: what they measure in so short a time is of
// no interest, but that nobody misses, fails or is asked twice is.
func TestPartsRun(t *testing.T) {
	for _, name := range []string{"goroutines", "fetch", "codecs", "loading", "startup"} {
		for _, p := range parts {
			if p.name != name {
				continue
			}
			t.Run(name, func(t *testing.T) {
				r := newTestRun(t)
				if err := p.ask(r); err != nil {
					t.Fatal(err)
				}
				if len(r.part().Tables) == 0 {
					t.Error("it says nothing")
				}
				for _, plot := range r.part().Plots {
					for _, line := range plot.Lines {
						if len(line.Points) != len(goroutineSteps) {
							t.Errorf("%s: %s has %d points", plot.Title, line.Name, len(line.Points))
						}
					}
				}
			})
		}
	}
}

func TestTheSourceIsAskedOncePerProcessAtMost(t *testing.T) {
	s, err := newServer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	seen, err := stampede(t.Context(), s, ourMember, fewCallers, true)
	if err != nil {
		t.Fatal(err)
	}
	if seen.most < 1 || seen.most > fleetSize {
		t.Errorf("%d processes have loaded a key %d times", fleetSize, seen.most)
	}
}

func TestThePageIsWrittenFromAllPartsOnly(t *testing.T) {
	s := settings{parts: "typed,memory", sizes: "10", docs: t.TempDir()}
	if err := measure(context.Background(), s); err == nil {
		t.Error("two parts have written the page")
	}
	if entries, err := os.ReadDir(s.docs); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestWhatIsWritten(t *testing.T) {
	dir := t.TempDir()
	r := report.Report{Parts: []report.Part{{Name: "p", Plots: []report.Plot{{Title: "t", File: fileName("GET of 100 B, p99") + ".svg", Lines: []report.Line{
		{Name: "l", Points: []report.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}},
	}}}}}}
	if err := write(&r, dir); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/benchmarks.md", "/benchmarks/get-of-100-b-p99.svg"} {
		if _, err := os.Stat(dir + path); err != nil {
			t.Error(err)
		}
	}
}
