package main

import (
	"fmt"
	"io"
	"strings"

	"charm.land/lipgloss/v2"
)

// gap is the least space between two cells of a line, tableGap that between two columns of a table.
const (
	gap      = 2
	tableGap = 3
)

// stops are the columns at which the cells of a line begin, as on a typewriter.
type stops []int

// The stops of the lines of a report.
var (
	rowStops     = stops{4, 13, 38, 63} // label, value, note, origin
	findingStops = stops{0, 63}         // the finding, its origin
)

// line joins cells so that each begins at its stop, or a gap behind the cell before it if that one is
// too long. Empty cells leave their column free. Widths are those on the screen, colours not counted.
func (s stops) line(cells ...string) string {
	var b strings.Builder
	width := 0
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		from := width
		if i < len(s) {
			from = s[i]
		}
		if width > 0 {
			from = max(from, width+gap)
		}
		b.WriteString(strings.Repeat(" ", from-width))
		b.WriteString(cell)
		width = from + lipgloss.Width(cell)
	}
	return b.String()
}

// row prints one labelled line of a card.
func row(w io.Writer, label string, cells ...string) {
	fmt.Fprintln(w, rowStops.line(append([]string{dim(label)}, cells...)...))
}

// table prints rows with columns as wide as their widest cell, each line indented.
func table(w io.Writer, indent int, rows [][]string) {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
	at := make(stops, len(widths))
	from := indent
	for i, width := range widths {
		at[i] = from
		from += width + tableGap
	}
	for _, cells := range rows {
		fmt.Fprintln(w, at.line(cells...))
	}
}
