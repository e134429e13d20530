package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Markdown writes the whole report. plots is the folder of the plots, relative to the page.
func (r *Report) Markdown(w io.Writer, plots string) error {
	var b strings.Builder
	r.head(&b)
	for _, p := range r.Parts {
		p.markdown(&b, plots)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	fmt.Fprintf(b, `# Benchmarks

This page is written by one command, `+"`%s`"+`; nobody edits it. Doubt it: run the command, or one part of it
(`+"`cd bench && go run . -parts NAME`"+`, the names are below), on your own machine.

**How to read it.** Every table is one question, its first row the base of the ratios. Contenders take turns within each of
%d rounds of %v, so that whatever else the machine does meets all of them. Figures are medians over the rounds; a ratio is the
median of the ratios of single rounds, with its first and third quartile. Compare within one table only. "time" is that of the clock
on the wall divided by the calls of all goroutines, "CPU" what the processors worked for a call, garbage collection
included; what another process works (a Redis server) is not in it.

%s, in %v.

`, r.Command, r.Rounds, r.Each, r.Began.Format("2006-01-02 15:04 MST"), r.Took.Round(time.Second))
	facts(b, "machine", r.Machine)
	facts(b, "measured", r.Peers)
	missed := 0
	for _, bar := range r.Bars {
		if !bar.Holds() {
			missed++
		}
	}
	b.WriteString("## What is promised, and what this run says\n\n")
	if missed == 0 {
		fmt.Fprintf(b, "All of the %d bars hold.\n\n", len(r.Bars))
	} else {
		fmt.Fprintf(b, "%d of the %d bars are **not** reached in this run.\n\n", missed, len(r.Bars))
	}
	r.BarTable().markdown(b)
	b.WriteString("## Parts\n\n| part | question |\n| --- | --- |\n")
	for _, p := range r.Parts {
		fmt.Fprintf(b, "| [`%s`](#%s) | %s |\n", p.Name, anchor(p.heading()), escape(p.Title))
	}
	b.WriteString("\n")
}

func facts(b *strings.Builder, name string, facts []Fact) {
	fmt.Fprintf(b, "| %s | |\n| --- | --- |\n", name)
	for _, f := range facts {
		fmt.Fprintf(b, "| %s | %s |\n", escape(f.Name), escape(f.Value))
	}
	b.WriteString("\n")
}

func (p Part) heading() string { return p.Name + ": " + p.Title }

func (p Part) markdown(b *strings.Builder, plots string) {
	fmt.Fprintf(b, "## %s\n\n", p.heading())
	if p.About != "" {
		fmt.Fprintf(b, "%s\n\n", p.About)
	}
	for _, plot := range p.Plots {
		fmt.Fprintf(b, "![%s](%s/%s)\n\n", plot.Title, plots, plot.File)
	}
	for _, t := range p.Tables {
		fmt.Fprintf(b, "### %s\n\n", t.Title)
		t.markdown(b)
	}
	if p.Bound != "" {
		fmt.Fprintf(b, "**What bounds it.** %s\n\n", p.Bound)
	}
}

// markdown writes t without its title.
func (t Table) markdown(b *strings.Builder) {
	t = t.withoutEmptyColumns()
	row := func(cells []string) {
		b.WriteString("|")
		for _, cell := range cells {
			b.WriteString(" " + escape(cell) + " |")
		}
		b.WriteString("\n")
	}
	row(t.Columns)
	b.WriteString("| ---" + strings.Repeat(" | ---:", len(t.Columns)-1) + " |\n")
	for _, cells := range t.Rows {
		row(cells)
	}
	b.WriteString("\n")
	for _, note := range t.Notes {
		fmt.Fprintf(b, "%s\n\n", note)
	}
}

// escape keeps a cell in its column.
func escape(cell string) string { return strings.ReplaceAll(cell, "|", `\|`) }

// anchor is the address that GitHub gives a heading.
func anchor(heading string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(heading) {
		switch {
		case c == ' ':
			b.WriteByte('-')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c > 127:
			b.WriteRune(c)
		}
	}
	return b.String()
}
