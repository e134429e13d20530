package main

import (
	"testing"
	"time"

	"github.com/cachewright/cachewright/store/file"
)

func TestDescribeFolder(t *testing.T) {
	now := time.Date(2025, 1, 2, 15, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		c    file.Condition
		want string
	}{
		{"no directory yet", file.Condition{MaxBytes: 256 << 20}, "0 entries · 0 bytes of 256 MiB"},
		{
			"one entry", file.Condition{Entries: 1, Bytes: 4096, MaxBytes: 256 << 20, Oldest: now, Free: 1},
			"1 entry · 4 KiB of 256 MiB · oldest used just now · 1 bytes of disk free",
		},
		{
			"a bound of entries",
			file.Condition{
				Entries: 900, Bytes: 5<<20 + 1, MaxEntries: 1000, MaxBytes: 1 << 30,
				Oldest: now.Add(-3*time.Hour - time.Minute), Free: 75 << 30,
			},
			"900 of 1000 entries · 6 MiB of 1 GiB · oldest used 3 h ago · 75 GiB of disk free",
		},
		{
			"a folder made for smaller bounds", file.Condition{MaxBytes: 256 << 20, Folders: 16, FoldersWanted: 256},
			"0 entries · 0 bytes of 256 MiB · laid out in 16 folders for other bounds (256 suit these); delete it to lay it out anew",
		},
	}
	for _, tt := range tests {
		if got := describeFolder(tt.c, now); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
