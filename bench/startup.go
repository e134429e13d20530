package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cachewright/cachewright/store/file"
)

const (
	startupEntries = 1_000_000
	startupBytes   = 100
)

// askStartup fills a file store with a million entries and measures how long a new Store on it needs for
// the first answers.
func askStartup(r *run) error {
	dir, err := os.MkdirTemp(r.dir, "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cache")
	fmt.Printf("\nstart-up with %d entries of %d bytes\n", startupEntries, startupBytes)
	filled := time.Now()
	if err := fillMillion(path); err != nil {
		return err
	}
	fmt.Printf("  filled in           %v\n", time.Since(filled).Round(time.Second))
	for range r.rounds {
		if err := firstAnswers(path); err != nil {
			return err
		}
	}
	return nil
}

func millionOptions() file.Options { return file.Options{MaxBytes: 2 * 4096 * startupEntries} }

func fillMillion(path string) error {
	s, err := file.Open(path, millionOptions())
	if err != nil {
		return err
	}
	value := make([]byte, startupBytes)
	for i := range startupEntries {
		if err := s.Set(context.Background(), fmt.Sprintf("user:%016d", i), value, lifetime); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// firstAnswers opens the store and prints when it has opened, read, written and told its size.
func firstAnswers(path string) error {
	ctx, start := context.Background(), time.Now()
	s, err := file.Open(path, millionOptions())
	if err != nil {
		return err
	}
	opened := time.Since(start)
	_, found, getErr := s.Get(ctx, "user:0000000000123456")
	got := time.Since(start)
	setErr := s.Set(ctx, "user:0000000000654321", []byte("new"), lifetime)
	set := time.Since(start)
	entries, _, usageErr := s.Usage(ctx)
	used := time.Since(start)
	if err := errors.Join(getErr, setErr, usageErr, s.Close()); err != nil || !found || entries < startupEntries {
		return fmt.Errorf("found %v, %d entries: %w", found, entries, err)
	}
	fmt.Printf("  opened after %v, first get %v, first set %v, size %v\n", opened, got, set, used)
	return nil
}
