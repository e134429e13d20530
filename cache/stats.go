package cache

import "sync/atomic"

// Stats are counts since the Base was made.
type Stats struct {
	Hits     int64 // reads that found a value; each key of a GetMany counts
	Misses   int64 // reads that found none, a stale value or a remembered absence
	Stale    int64 // stale values that Fetch and FetchMany served, each a miss too
	Absent   int64 // remembered absences that Fetch and FetchMany met, each a miss too
	Loads    int64 // loads that were started by Fetch and FetchMany
	Failures int64 // loads that ended with an error other than ErrNotFound, or with a panic
	Joined   int64 // calls that waited for a load which another call had started
	Awaited  int64 // loads that were not started because another process had, and were waited for
	Troubles int64 // errors that were swallowed
}

// Stats returns the counts of the alias.
func (b *Base) Stats() Stats {
	s := &b.stats
	return Stats{
		Hits: s.hits.Load(), Misses: s.misses.Load(), Stale: s.stale.Load(), Absent: s.absent.Load(),
		Loads: s.loads.Load(), Failures: s.failures.Load(), Joined: s.joined.Load(), Awaited: s.awaited.Load(),
		Troubles: s.troubles.Load(),
	}
}

type counters struct {
	hits, misses, stale, absent, loads, failures, joined, awaited, troubles atomic.Int64
}

func (c *counters) read(found bool) {
	if found {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
}
