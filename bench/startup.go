package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cachewright/cachewright/bench/report"
	"github.com/cachewright/cachewright/store/file"
)

// startupBytes is the size of the entries of the startup part. -startup says how many there are.
const startupBytes = 100

// askStartup fills a file store with many entries and measures how long a new Store on it needs for the first
// answers.
func askStartup(r *run) error {
	dir, err := os.MkdirTemp(r.dir, "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cache")
	filled := time.Now()
	if err := fillMany(r.ctx, path, r.startup); err != nil {
		return err
	}
	took := time.Since(filled)
	steps := []string{"open", "the first get", "the first set", "the size"}
	times := make([][]float64, len(steps))
	for range r.rounds {
		reached, err := firstAnswers(path, r.startup)
		if err != nil {
			return err
		}
		for i, at := range reached {
			times[i] = append(times[i], float64(at))
		}
	}
	t := report.Table{
		Title:   fmt.Sprintf("a file store of %d entries of %d bytes, opened anew", r.startup, startupBytes),
		Columns: []string{"reached", "after", "quartiles"},
		Notes:   []string{fmt.Sprintf("It was filled in %v.", took.Round(time.Second))},
	}
	for i, step := range steps {
		t.Rows = append(t.Rows, []string{
			step, report.Nanos(quantileOf(times[i], 0.5)),
			report.Nanos(quantileOf(times[i], 0.25)) + " - " + report.Nanos(quantileOf(times[i], 0.75)),
		})
	}
	return r.table(t)
}

func roomFor(entries int) file.Options { return file.Options{MaxBytes: 2 * 4096 * int64(entries)} }

func fillMany(ctx context.Context, path string, entries int) error {
	s, err := file.Open(path, roomFor(entries))
	if err != nil {
		return err
	}
	value := make([]byte, startupBytes)
	for i := range entries {
		if err := s.Set(ctx, fmt.Sprintf("user:%016d", i), value, lifetime); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// firstAnswers opens the store and returns after how long it has opened, read, written and told its size.
func firstAnswers(path string, filled int) ([4]time.Duration, error) {
	ctx, start := context.Background(), time.Now()
	s, err := file.Open(path, roomFor(filled))
	if err != nil {
		return [4]time.Duration{}, err
	}
	opened := time.Since(start)
	_, found, getErr := s.Get(ctx, "user:0000000000000042")
	got := time.Since(start)
	setErr := s.Set(ctx, "user:0000000000000043", []byte("new"), lifetime)
	set := time.Since(start)
	entries, _, usageErr := s.Usage(ctx)
	used := time.Since(start)
	if err := errors.Join(getErr, setErr, usageErr, s.Close()); err != nil || !found || entries < filled {
		return [4]time.Duration{}, fmt.Errorf("found %v, %d entries: %w", found, entries, err)
	}
	return [4]time.Duration{opened, got, set, used}, nil
}
