package file

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"time"
)

// Eviction makes room for a write that would exceed the bound. It never looks at the whole store: it
// takes a sample, out of as many folders as it needs beginning with a random one, and evicts what is
// dead in it and then what was used longest ago. In a store of up to sampleSize entries that is exact
// LRU; in a larger one the victims are the oldest quarter of a random sample.
//
// A use is a write, the first read after it, and then at most one read in ten seconds.
const (
	sampleSize = 256

	// slackShare is the part of the bound that is freed beyond what is needed, so that a full store does
	// not take a sample for every write.
	slackShare = 32

	// maxPasses bounds one eviction. It frees what the largest entry can need.
	maxPasses = 1 << 16
)

// Usage returns how many entries the store holds and how many bytes of disk they take, as
// [Options.MaxBytes] measures them. It reads the counts, not the entries: those that have expired are
// in it until they are swept, and after a crash it can be off by an entry until the next sweep.
func (s *Store) Usage(ctx context.Context) (entries int, bytes int64, err error) {
	d, err := s.acquire(ctx, false)
	if d == nil || err != nil {
		return 0, 0, err
	}
	defer s.release(d)
	total, err := d.total()
	return int(total.entries), total.blocks * blockBytes, err
}

// candidate is an entry that a survey found.
type candidate struct {
	path string
	seen info
	dead bool // its lifetime has passed or it does not parse
}

// evict makes room for growth. Evictions of all processes take turns: whoever waits for one finds room
// afterwards and need not evict by itself.
func (d *dir) evict(ctx context.Context, growth tally) error {
	if err := d.lock(ctx, dirLock); err != nil {
		return err
	}
	defer d.unlock(dirLock)
	bound := d.options.bound()
	for range maxPasses {
		total, each, err := d.tallies()
		if err != nil {
			return err
		}
		over := total.plus(growth).minus(bound)
		if over.within(tally{}) {
			return nil
		}
		slack := tally{entries: bound.entries / slackShare, blocks: bound.blocks / slackShare}
		progress, err := d.evictPass(ctx, each, over.plus(slack))
		if err != nil || !progress {
			return err
		}
	}
	return nil
}

// evictPass takes one sample and removes victims until goal is freed in both numbers or the sample's
// share is gone. progress is false if there was nothing to remove and nothing to count again.
func (d *dir) evictPass(ctx context.Context, each []tally, goal tally) (progress bool, err error) {
	sample, recounted, err := d.sample(ctx, each)
	if err != nil {
		return false, err
	}
	slices.SortFunc(sample, func(a, b candidate) int {
		if a.dead != b.dead {
			if a.dead {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.seen.used, b.seen.used)
	})
	share := max(len(sample)/4, 1)
	var freed tally
	for i, c := range sample {
		if !c.dead && (i >= share || goal.within(freed)) {
			break
		}
		removed, err := d.removeCandidate(ctx, c)
		if err != nil {
			return false, err
		}
		freed = freed.plus(removed)
	}
	return recounted || freed != tally{}, nil
}

// sample surveys folders until it has enough candidates. A folder that holds another number of files
// than its count says is counted again.
func (d *dir) sample(ctx context.Context, each []tally) (sample []candidate, recounted bool, err error) {
	first := rand.IntN(len(each))
	for i := range each {
		folder := (first + i) % len(each)
		if each[folder].entries == 0 {
			continue
		}
		paths, err := d.list(folder)
		if err != nil {
			return nil, false, err
		}
		if int64(len(paths)) != each[folder].entries {
			changed, err := d.correct(ctx, folder, each[folder])
			if err != nil {
				return nil, false, err
			}
			recounted = recounted || changed
		}
		rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
		for _, path := range paths[:min(len(paths), sampleSize-len(sample))] {
			c, found, err := d.survey(path)
			if err != nil {
				return nil, false, err
			}
			if found {
				sample = append(sample, c)
			}
		}
		if len(sample) == sampleSize {
			break
		}
	}
	return sample, recounted, nil
}

// survey looks at the entry at path. It takes no lock; what it finds is checked again before anything
// is removed.
func (d *dir) survey(path string) (c candidate, found bool, err error) {
	fd, err := openAt(d.fd, path, os.O_RDONLY)
	if errors.Is(err, syscall.ENOENT) {
		return candidate{}, false, nil
	}
	if err != nil {
		return candidate{}, false, d.unavailable("open", path, err)
	}
	defer closeFD(fd)
	c = candidate{path: path}
	if c.seen, err = infoOf(fd); err != nil {
		return candidate{}, false, d.unavailable("stat", path, err)
	}
	var head [headerBytes]byte
	if err := readAt(fd, head[:], 0); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return candidate{}, false, d.unavailable("read", path, err)
	}
	h, ok := parseHeader(head[:])
	c.dead = !ok || h.size() > c.seen.size || !h.live(time.Now().UnixNano())
	return c, true, nil
}

// removeCandidate removes an entry, unless it has come to life or was used since it was surveyed, and
// returns what that has freed.
func (d *dir) removeCandidate(ctx context.Context, c candidate) (freed tally, err error) {
	folder := d.layout.folderOf(c.path)
	shard := shardOf(folder)
	if err := d.lock(ctx, shard); err != nil {
		return tally{}, err
	}
	defer d.unlock(shard)
	now, found, err := d.survey(c.path)
	if !found || err != nil {
		return tally{}, err
	}
	if c.dead != now.dead || !c.dead && c.seen != now.seen {
		return tally{}, nil
	}
	if err := unlink(d.fd, c.path); err != nil {
		return tally{}, d.unavailable("delete", c.path, err)
	}
	freed = tally{1, blocksOf(now.seen.size)}
	return freed, d.adjust(folder, tally{}.minus(freed))
}
