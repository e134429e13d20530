package report

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"unicode"
)

// Result is one round of one contender, for [Lines].
type Result struct {
	Question, Contender string
	Ops                 int
	Metrics             []Metric
}

// Metric is a figure per operation with a unit that benchstat knows or prints as it is.
type Metric struct {
	Value float64
	Unit  string
}

// Lines writes results in the format of Go's benchmarks.
type Lines struct{ w io.Writer }

// NewLines writes the lines that go before the results.
func NewLines(w io.Writer, pkg, cpu string) (*Lines, error) {
	_, err := fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: %s\ncpu: %s\n", runtime.GOOS, runtime.GOARCH, pkg, cpu)
	return &Lines{w}, err
}

// Add writes the line of one result.
func (l *Lines) Add(r Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s/%s-%d\t%d", camel(r.Question), dashed(r.Contender), runtime.GOMAXPROCS(0), max(r.Ops, 1))
	for _, m := range r.Metrics {
		fmt.Fprintf(&b, "\t%.6g %s", m.Value, m.Unit)
	}
	b.WriteString("\n")
	_, err := io.WriteString(l.w, b.String())
	return err
}

// camel turns a question into the name of a benchmark: "get of 1 KiB, 1000 entries" to GetOf1KiB1000Entries.
func camel(s string) string {
	words := strings.FieldsFunc(s, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for i, w := range words {
		runes := []rune(w)
		runes[0] = unicode.ToUpper(runes[0])
		words[i] = string(runes)
	}
	return strings.Join(words, "")
}

// dashed turns a contender into a part of such a name.
func dashed(s string) string {
	fields := strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || c == ',' })
	for i, f := range fields {
		fields[i] = strings.Map(func(c rune) rune {
			if slices.Contains([]rune("/:=*"), c) {
				return '_'
			}
			return c
		}, f)
	}
	return strings.Join(fields, "_")
}
