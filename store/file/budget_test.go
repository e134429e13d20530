//go:build linux || darwin

package file_test

import (
	"context"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store/file"
)

// TestBudgetsOfAllocations bounds what the hot paths allocate. Under the race detector a sync.Pool forgets one time
// in four, so the budgets have room for that.
func TestBudgetsOfAllocations(t *testing.T) {
	s, err := file.Open(t.TempDir(), file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, value := context.Background(), make([]byte, 1024)
	if err := s.Set(ctx, "k", value, time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		most float64
		call func() error
	}{
		{"View", 4, func() error { _, err := s.View(ctx, "k", func([]byte) error { return nil }); return err }},
		{"Get", 5, func() error { _, _, err := s.Get(ctx, "k"); return err }},
		{"Get of an absent key", 4, func() error { _, _, err := s.Get(ctx, "absent"); return err }},
		{"Set over a value", 6, func() error { return s.Set(ctx, "k", value, time.Hour) }},
	} {
		var failed error
		if got := testing.AllocsPerRun(200, func() { failed = c.call() }); got > c.most {
			t.Errorf("%s allocates %v times, want at most %v", c.path, got, c.most)
		}
		if failed != nil {
			t.Fatal(failed)
		}
	}
}
