package main

import (
	"fmt"
	"io"

	"github.com/cachewright/cachewright/bench/report"
)

// book keeps the answers of a run and shows each as soon as it is there.
type book struct {
	out     io.Writer     // for people; io.Discard with lines
	lines   *report.Lines // for benchstat, instead; or nil
	report  report.Report
	answers map[string]answer  // by question
	figures map[figure]float64 // what is not timed by rounds
}

// answer is what was measured for one question.
type answer struct {
	contenders []string
	samples    [][]sample // by contender, then by round
}

// figure names a single number.
type figure struct{ question, contender, unit string }

func newBook(out io.Writer) *book {
	return &book{out: out, answers: make(map[string]answer), figures: make(map[figure]float64)}
}

// begin starts a part. The tables that follow belong to it.
func (b *book) begin(p part) {
	b.report.Parts = append(b.report.Parts, report.Part{Name: p.name, Title: p.what, About: p.about, Bound: p.bound})
}

func (b *book) part() *report.Part { return &b.report.Parts[len(b.report.Parts)-1] }

// table shows t and keeps it for the page.
func (b *book) table(t report.Table) error {
	b.part().Tables = append(b.part().Tables, t)
	return t.Text(b.out)
}

// plot keeps p for the page.
func (b *book) plot(p report.Plot) { b.part().Plots = append(b.part().Plots, p) }

// note keeps a number that bars may ask for, and that benchstat may compare.
func (b *book) note(f figure, value float64) error {
	b.figures[f] = value
	if b.lines == nil {
		return nil
	}
	return b.lines.Add(report.Result{
		Question: f.question, Contender: f.contender, Metrics: []report.Metric{{Value: value, Unit: f.unit}},
	})
}

// record shows the answer to q and keeps it.
func (b *book) record(q question, samples [][]sample) error {
	a := answer{samples: samples}
	for _, c := range q.contenders {
		a.contenders = append(a.contenders, c.name)
	}
	if _, twice := b.answers[q.name]; twice {
		return fmt.Errorf("two questions are called %q", q.name)
	}
	b.answers[q.name] = a
	if b.lines != nil {
		if err := b.benchstat(q.name, a); err != nil {
			return err
		}
	}
	return b.table(a.table(q.name))
}

// benchstat writes one line per contender and round.
func (b *book) benchstat(name string, a answer) error {
	for i, contender := range a.contenders {
		for _, s := range a.samples[i] {
			if err := b.lines.Add(report.Result{Question: name, Contender: contender, Ops: s.ops, Metrics: s.metrics()}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s sample) metrics() []report.Metric {
	m := []report.Metric{{Value: s.nanos, Unit: "ns/op"}, {Value: s.cpu, Unit: "cpu-ns/op"}}
	if s.allocs >= 0 {
		m = append(m, report.Metric{Value: s.bytes, Unit: "B/op"}, report.Metric{Value: s.allocs, Unit: "allocs/op"})
	}
	for _, more := range []report.Metric{
		{Value: s.p50, Unit: "p50-ns"}, {Value: s.p99, Unit: "p99-ns"},
		{Value: s.server, Unit: "server-ns/op"}, {Value: s.commands, Unit: "commands/op"},
	} {
		if more.Value > 0 {
			m = append(m, more)
		}
	}
	return m
}

func wall(s sample) float64 { return s.nanos }
func cpu(s sample) float64  { return s.cpu }

func (a answer) table(title string) report.Table {
	t := report.Table{Title: title, Columns: []string{
		"contender", "time", "ratio", "quartiles", "CPU", "ratio", "CPU of the server", "p50", "p99",
		"commands", "allocations", "missed",
	}}
	for i, name := range a.contenders {
		own, base := a.samples[i], a.samples[0]
		median := func(what func(sample) float64) float64 { return quantile(own, nil, what, 0.5) }
		t.Rows = append(t.Rows, []string{
			name,
			report.Nanos(median(wall)), ratio(quantile(own, base, wall, 0.5)),
			ratio(quantile(own, base, wall, 0.25)) + "-" + ratio(quantile(own, base, wall, 0.75)),
			report.Nanos(median(cpu)), ratio(quantile(own, base, cpu, 0.5)),
			nanosIfAny(median(func(s sample) float64 { return s.server })),
			nanosIfAny(median(func(s sample) float64 { return s.p50 })),
			nanosIfAny(median(func(s sample) float64 { return s.p99 })),
			numberIfAny(median(func(s sample) float64 { return s.commands })),
			allocations(median(func(s sample) float64 { return s.allocs })),
			percent(median(func(s sample) float64 { return s.missed })),
		})
	}
	return t
}

// ratio has two digits behind the point while they mean something.
func ratio(f float64) string {
	if f >= 10 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

func nanosIfAny(ns float64) string {
	if ns == 0 {
		return ""
	}
	return report.Nanos(ns)
}

func numberIfAny(f float64) string {
	if f == 0 {
		return ""
	}
	return report.Number(f)
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
