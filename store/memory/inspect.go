package memory

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Scan yields the keys that begin with prefix and whose remainder matches pattern. It looks at every
// key of the store, and needs no memory that grows with their number.
func (s *Store) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.check(ctx); err != nil {
			yield("", err)
			return
		}
		for key, e := range s.entries.All() {
			rest, ok := strings.CutPrefix(key, prefix)
			if !ok || s.clock.passed(e.deadline) || !store.Match(pattern, rest) {
				continue
			}
			if err := s.check(ctx); err != nil {
				yield("", err)
				return
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}

// TTL returns the remaining lifetime of key, store.Forever if it has no end.
func (s *Store) TTL(ctx context.Context, key string) (ttl time.Duration, found bool, err error) {
	if err := s.check(ctx); err != nil {
		return 0, false, err
	}
	e, found := s.entries.GetEntryQuietly(key)
	if !found {
		return 0, false, nil
	}
	if e.Value.deadline == endless {
		return store.Forever, true, nil
	}
	left := e.Value.deadline - s.clock.now()
	if left <= 0 {
		return 0, false, nil
	}
	return time.Duration(left), true, nil
}

// Stats says how a store is used.
type Stats struct {
	Entries   int    // now in memory, also some that have ended (see [Options.MaxBytes])
	Bytes     int64  // that these count against MaxBytes
	Hits      uint64 // reads that found their key, since New; each key of a GetMany is one read
	Misses    uint64 // reads that did not
	Evictions uint64 // entries that gave way to others before their end
}

// Stats returns the counts of the moment. They are read one after the other, so that they need not
// fit together exactly while the store is in use.
func (s *Store) Stats() Stats {
	hits, misses := s.reads.sum()
	return Stats{
		Entries:   int(s.count.Load()),
		Bytes:     s.used.Load(),
		Hits:      hits,
		Misses:    misses,
		Evictions: s.evicted.Load(),
	}
}
