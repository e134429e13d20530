package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright/bench/report"
)

// plots is the folder of the plots beside the page.
const plots = "benchmarks"

// write writes the page and its plots into dir. The page comes last, so that it never shows plots of another run.
func write(r *report.Report, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, plots), 0o755); err != nil {
		return err
	}
	for _, p := range r.Parts {
		for _, plot := range p.Plots {
			if err := create(filepath.Join(dir, plots, plot.File), plot.SVG); err != nil {
				return err
			}
		}
	}
	return create(filepath.Join(dir, "benchmarks.md"), func(w io.Writer) error { return r.Markdown(w, plots) })
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// fileName is a question as the name of a file.
func fileName(question string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(question), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), "-")
}
