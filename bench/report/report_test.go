package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"
)

func TestBarsSayWhenTheyAreMissedOrNotMeasured(t *testing.T) {
	for _, c := range []struct {
		name string
		bar  Bar
		want string
	}{
		{"below the most", Bar{Limit: 2, Got: 1.9, Known: true}, "holds"},
		{"above the most", Bar{Limit: 2, Got: 2.1, Known: true}, "**missed**"},
		{"above the least", Bar{Limit: 2, Got: 2.1, Known: true, AtLeast: true}, "holds"},
		{"below the least", Bar{Limit: 2, Got: 1.9, Known: true, AtLeast: true}, "**missed**"},
		{"not measured", Bar{Limit: 2}, "not measured"},
	} {
		if got := c.bar.Verdict(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestThePageSaysHowManyBarsAreMissed(t *testing.T) {
	r := Report{
		Command: "make bench", Began: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC), Rounds: 7, Each: time.Second,
		Bars: []Bar{
			{Promise: "one", Limit: 1, Got: 2, Known: true, Unit: "×", Spread: "1.90-2.10"},
			{Promise: "two", Limit: 1, Got: 0.5, Known: true},
			{Promise: "three", Limit: 1},
		},
		Parts: []Part{{
			Name: "memory", Title: "what memory costs", Bound: "The engine.",
			Tables: []Table{{Title: "get", Columns: []string{"contender", "time", "missed"}, Rows: [][]string{{"a|b", "1 ns", ""}}}},
			Plots:  []Plot{{Title: "a plot", File: "a.svg"}},
		}},
	}
	var b bytes.Buffer
	if err := r.Markdown(&b, "benchmarks"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 of the 3 bars are **not** reached", "| one | at most 1.00 × | 2.00 × | 1.90-2.10 | **missed** |",
		"| three | at most 1.00 |  |  | not measured |", "[`memory`](#memory-what-memory-costs)", "## memory: what memory costs",
		`| a\|b | 1 ns |`, "![a plot](benchmarks/a.svg)", "**What bounds it.** The engine.", "2026-01-02 03:04 UTC",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "| contender | time | missed |") {
		t.Error("a column that says nothing is shown")
	}
}

func TestPlotsAreXMLAndStayInsideTheirFrame(t *testing.T) {
	p := Plot{Title: "calls < 1 & more", X: "goroutines", Y: "calls per second", Lines: []Line{
		{"ours", []Point{{1, 100}, {16, 1e6}}}, {"theirs", []Point{{1, 50}, {16, 2e5}}},
	}}
	var b bytes.Buffer
	if err := p.SVG(&b); err != nil {
		t.Fatal(err)
	}
	circles := 0
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 4 {
		t.Errorf("%d points are drawn, want 4", circles)
	}
	xs, ys := p.scales()
	for _, line := range p.Lines {
		for _, point := range line.Points {
			x, y := xs.place(point.X), ys.place(point.Y)
			if x < plotLeft || x > plotRight || y < plotTop || y > plotBottom {
				t.Errorf("%s: %v is drawn at %.0f, %.0f", line.Name, point, x, y)
			}
		}
	}
}

func TestBenchstatReadsTheLines(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLines(&b, "example.com/bench", "some processor")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(Result{
		Question: "get of 1 KiB from memory, 1000 entries", Contender: "cache.Cache[string], Shared", Ops: 64,
		Metrics: []Metric{{123.5, "ns/op"}, {7, "allocs/op"}},
	}); err != nil {
		t.Fatal(err)
	}
	read := 0
	for r := benchfmt.NewReader(&b, "out"); r.Scan(); {
		switch record := r.Result().(type) {
		case *benchfmt.Result:
			read++
			if got := string(record.Name.Full()); !strings.HasPrefix(got, "GetOf1KiBFromMemory1000Entries/cache.Cache[string]_Shared-") {
				t.Errorf("the benchmark is called %q", got)
			}
			if v, ok := record.Value("allocs/op"); !ok || v != 7 || record.Iters != 64 {
				t.Errorf("allocs/op %v %v, %d iterations", v, ok, record.Iters)
			}
		case *benchfmt.SyntaxError:
			t.Error(record)
		}
	}
	if read != 1 {
		t.Errorf("%d results, want 1", read)
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for ns, want := range map[float64]string{0: "0 ns", 1.234: "1.23 ns", 45.67: "45.7 ns", 999.4: "999 ns", 1234: "1.23 µs", 5e6: "5.00 ms", 2.5e9: "2.50 s"} {
		if got := Nanos(ns); got != want {
			t.Errorf("%v nanoseconds: %q, want %q", ns, got, want)
		}
	}
}
