package file

import (
	"context"
	"errors"
	"math/rand/v2"
	"syscall"
	"time"
)

// Condition says how a store is doing.
type Condition struct {
	Entries int   // that the store holds, see [Store.Usage]
	Bytes   int64 // of disk that they take, see [Store.Usage]

	MaxEntries int   // bound of Entries, 0 for none
	MaxBytes   int64 // bound of Bytes

	// Oldest is when the entry was last used that was not used for the longest time; it is zero if there
	// is no entry. A use is a write, the first read after it, and then at most one read in ten seconds.
	// In a store of more than 20 000 entries it is that of a random part of them.
	Oldest time.Time

	// Folders are how many the directory has, or would have, and FoldersWanted how many the bounds ask
	// for: they differ if it was made by a process with bounds of another magnitude (see [Options]).
	Folders, FoldersWanted int

	// Free is the disk space that is left for this user, in bytes. It is zero if there is no directory.
	Free int64
}

// conditionSample is how many entries are looked at for the oldest: some tens of milliseconds' worth.
const conditionSample = 20_000

// Condition returns how the store is doing. It reads the counts and looks at a part of the entries. A
// directory that does not exist yet is an empty store.
func (s *Store) Condition(ctx context.Context) (Condition, error) {
	wanted := s.options.layout().folders()
	c := Condition{
		MaxEntries: s.options.MaxEntries, MaxBytes: s.options.MaxBytes, Folders: wanted, FoldersWanted: wanted,
	}
	d, err := s.acquire(ctx, false)
	if d == nil || err != nil {
		return c, err
	}
	defer s.release(d)
	total, each, err := d.tallies()
	if err != nil {
		return c, err
	}
	c.Folders = d.layout.folders()
	c.Entries, c.Bytes = int(total.entries), total.blocks*blockBytes
	if c.Free, err = freeSpace(d.fd); err != nil {
		return c, unavailable("statfs", s.path, err)
	}
	c.Oldest, err = d.oldest(ctx, each)
	return c, err
}

// oldest returns the earliest of the last uses of the entries in some folders, beginning with a random
// one.
func (d *dir) oldest(ctx context.Context, each []tally) (oldest time.Time, err error) {
	first, seen := rand.IntN(len(each)), 0
	for i := 0; i < len(each) && seen < conditionSample; i++ {
		folder := (first + i) % len(each)
		if each[folder].entries == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return time.Time{}, err
		}
		paths, err := d.list(folder)
		if err != nil {
			return time.Time{}, err
		}
		for _, path := range paths {
			st, err := infoAt(d.fd, path)
			if errors.Is(err, syscall.ENOENT) {
				continue
			}
			if err != nil {
				return time.Time{}, d.unavailable("stat", path, err)
			}
			if used := time.Unix(0, st.used); seen == 0 || used.Before(oldest) {
				oldest = used
			}
			seen++
		}
	}
	return oldest, nil
}
