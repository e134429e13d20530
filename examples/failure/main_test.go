package main

import (
	"io"
	"testing"
	"time"
)

func TestNobodyNoticesThatRedisIsKilled(t *testing.T) {
	phases, err := run(t.Context(), io.Discard, 1500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range phases {
		if withRedis := i != 1; p.requests == 0 || p.errors > 0 || withRedis && p.hits == 0 || !withRedis && (p.hits > 0 || p.loads == 0) {
			t.Errorf("phase %d: %v", i, p)
		}
	}
	if len(phases) != 3 {
		t.Errorf("%d phases", len(phases))
	}
}
