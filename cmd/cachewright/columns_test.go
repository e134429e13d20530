package main

import (
	"strings"
	"testing"
)

func TestCellsStandAtTheirStops(t *testing.T) {
	tests := []struct {
		name  string
		cells []string
		want  string
	}{
		{"each at its own", []string{"why", "x", "y"}, "    why      x                        y"},
		{"an empty one leaves its column free", []string{"why", "", "y"}, "    why                               y"},
		{"one that is too long pushes the next", []string{"meanwhile", "x"}, "    meanwhile  x"},
		{"colours have no width", []string{bad("why"), "x"}, "    " + bad("why") + "      x"},
		{"wide characters have two columns", []string{"日本", "x"}, "    日本     x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := rowStops.line(tt.cells...); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestTableColumnsFitTheirWidestCell(t *testing.T) {
	var b strings.Builder
	table(&b, 1, [][]string{{"a", "bbb", "c"}, {"aaaa", "b"}})
	want := " a      bbb   c\n aaaa   b\n"
	if got := b.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
