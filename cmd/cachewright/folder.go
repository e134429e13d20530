package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// folderCondition asks a file store how it is doing. A folder that does not tell is not worse.
func folderCondition(ctx context.Context, cs *cachewright.Caches, alias string) *file.Condition {
	s, err := cs.Store(alias)
	if err != nil {
		return nil
	}
	f, ok := store.As[*file.Store](s)
	if !ok {
		return nil
	}
	c, err := f.Condition(ctx)
	if err != nil {
		return nil
	}
	return &c
}

// describeFolder is what a file store holds at now, and the disk that is left.
func describeFolder(c file.Condition, now time.Time) string {
	entries := count(c.Entries, "entry")
	if c.Entries != 1 {
		entries = fmt.Sprintf("%d entries", c.Entries)
	}
	if c.MaxEntries > 0 {
		entries = fmt.Sprintf("%d of %d entries", c.Entries, c.MaxEntries)
	}
	parts := []string{entries, fmt.Sprintf("%s of %s", roundBytes(c.Bytes), describeBytes(c.MaxBytes))}
	if !c.Oldest.IsZero() {
		parts = append(parts, "oldest used "+describeAge(now.Sub(c.Oldest)))
	}
	if c.Free > 0 {
		parts = append(parts, roundBytes(c.Free)+" of disk free")
	}
	if c.Folders != c.FoldersWanted {
		parts = append(parts, fmt.Sprintf("laid out in %d folders for other bounds (%d suit these); delete it to lay it out anew",
			c.Folders, c.FoldersWanted))
	}
	return strings.Join(parts, " · ")
}

// describeAge is how long ago something was, in the largest unit that fits.
func describeAge(d time.Duration) string {
	if d < time.Minute {
		return "just now"
	}
	text := strings.Fields(roundUnits(d))
	return text[0] + " " + text[1] + " ago"
}

// roundBytes is a size for people, rounded up to the largest unit of which there is one.
func roundBytes(n int64) string {
	units := []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}
	for _, u := range units {
		if n >= u.size {
			return fmt.Sprintf("%d %s", (n+u.size-1)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
