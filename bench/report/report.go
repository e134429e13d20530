// Package report keeps what a run of the benchmarks has measured and writes it for people (Markdown, plots)
// and for benchstat.
package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is everything that one run has found.
type Report struct {
	Command string    // that repeats it
	Began   time.Time // with a time zone
	Took    time.Duration
	Rounds  int
	Each    time.Duration // per contender and round
	Machine []Fact
	Peers   []Fact // what was measured, with its version
	Bars    []Bar
	Parts   []Part
}

// Fact is a name with its value.
type Fact struct{ Name, Value string }

// Part is a group of questions.
type Part struct {
	Name   string // as the flag of the command has it
	Title  string // one line
	About  string // Markdown: how it was measured
	Bound  string // Markdown: what bounds the result
	Tables []Table
	Plots  []Plot
}

// Table is the answer to one question.
type Table struct {
	Title   string
	Columns []string // the first one names the rows
	Rows    [][]string
	Notes   []string // Markdown, below the table
}

// Text writes t for a terminal.
func (t Table) Text(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.Title)
	t = t.withoutEmptyColumns()
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "  "+strings.Join(t.Columns, "\t"))
	for _, row := range t.Rows {
		fmt.Fprintln(tab, "  "+strings.Join(row, "\t"))
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, note := range t.Notes {
		fmt.Fprintf(w, "  %s\n", note)
	}
	return nil
}

// withoutEmptyColumns returns t without the columns that say nothing in any row.
func (t Table) withoutEmptyColumns() Table {
	if len(t.Rows) == 0 {
		return t
	}
	var keep []int
	for i := range t.Columns {
		for _, row := range t.Rows {
			if i == 0 || i < len(row) && row[i] != "" {
				keep = append(keep, i)
				break
			}
		}
	}
	pick := func(row []string) []string {
		picked := make([]string, len(keep))
		for to, from := range keep {
			if from < len(row) {
				picked[to] = row[from]
			}
		}
		return picked
	}
	slim := Table{Title: t.Title, Columns: pick(t.Columns), Notes: t.Notes}
	for _, row := range t.Rows {
		slim.Rows = append(slim.Rows, pick(row))
	}
	return slim
}

// Bar is a figure that the project promises.
type Bar struct {
	Promise string  // what is promised, with its bound
	Limit   float64 // the bound
	AtLeast bool    // the bound is the least; otherwise the most
	Got     float64
	Known   bool   // Got was measured
	Unit    string // of Limit and Got
	Spread  string // of Got, empty if there is none
}

// Holds reports whether the promise was kept in this run. What was not measured was not kept.
func (b Bar) Holds() bool {
	switch {
	case !b.Known:
		return false
	case b.AtLeast:
		return b.Got >= b.Limit
	}
	return b.Got <= b.Limit
}

// Verdict is one word, or two, for people.
func (b Bar) Verdict() string {
	switch {
	case !b.Known:
		return "not measured"
	case b.Holds():
		return "holds"
	}
	return "**missed**"
}

// measured is Got with its unit.
func (b Bar) measured() string {
	if !b.Known {
		return ""
	}
	return strings.TrimSpace(Number(b.Got) + " " + b.Unit)
}

// bound is Limit with its unit and its direction.
func (b Bar) bound() string {
	direction := "at most "
	if b.AtLeast {
		direction = "at least "
	}
	return strings.TrimSpace(direction + Number(b.Limit) + " " + b.Unit)
}

// BarTable returns all bars as a table.
func (r *Report) BarTable() Table {
	t := Table{Title: "Bars", Columns: []string{"promise", "bound", "measured", "quartiles", ""}}
	for _, b := range r.Bars {
		t.Rows = append(t.Rows, []string{b.Promise, b.bound(), b.measured(), b.Spread, b.Verdict()})
	}
	return t
}

// Number writes f with three significant digits and no exponent.
func Number(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f >= 100 || f <= -100:
		return fmt.Sprintf("%.0f", f)
	case f >= 10 || f <= -10:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// Nanos writes a time in nanoseconds in the unit that suits it.
func Nanos(ns float64) string {
	switch {
	case ns >= 1e9:
		return Number(ns/1e9) + " s"
	case ns >= 1e6:
		return Number(ns/1e6) + " ms"
	case ns >= 1e3:
		return Number(ns/1e3) + " µs"
	}
	return Number(ns) + " ns"
}
