package memory

import (
	"context"
	"testing"
	"time"
)

// TestBudgetsOfAllocations bounds what the hot paths allocate. The engine allocates now and then of its own
// accord, which an average over many calls forgives.
func TestBudgetsOfAllocations(t *testing.T) {
	ctx, value := context.Background(), make([]byte, 100)
	s := newStore(t, Options{})
	if err := s.Set(ctx, "k", value, time.Hour); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		less float64
		of   string
		call func() error
	}{
		{"Get", 1, "nothing", func() error { _, _, err := s.Get(ctx, "k"); return err }},
		{"Object", 1, "nothing", func() error { s.Object("", "k"); return nil }},
		{"Set over a value", 4, "the entry, the copy of the value and the engine's node", func() error { return s.Set(ctx, "k", value, time.Hour) }},
		{"Touch", 4, "the entry and the engine's node", func() error { _, err := s.Touch(ctx, "k", time.Hour); return err }},
	} {
		var failed error
		if got := testing.AllocsPerRun(1000, func() { failed = c.call() }); got >= c.less {
			t.Errorf("%s allocates %v times, want less than %v: %s", c.path, got, c.less, c.of)
		}
		if failed != nil {
			t.Fatal(failed)
		}
	}
}
