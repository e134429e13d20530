package memory

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
)

// clock tells the time in nanoseconds since a store was made.
//
// Reading the time costs about as much as looking up an entry. So the clock also keeps the time that
// was last read: by a goroutine that ticks, and by every write. It lies behind, never ahead. An entry
// that has more than certain left at that time is there without a look at the exact time; whether any
// other has ended is judged to the nanosecond.
type clock struct {
	start  time.Time
	latest atomic.Int64
}

const (
	tickInterval = 500 * time.Millisecond

	// certain is how far the ticks may lie behind. It is many ticks, for machines that are so busy
	// that a goroutine waits for seconds.
	certain = 5 * time.Second

	// sweep is how often the engine removes what has ended.
	sweep = 1 << 30 * time.Nanosecond

	endless = math.MaxInt64 // the deadline of an entry that lives forever
)

// now reads the time. It never goes back.
func (c *clock) now() int64 {
	now := int64(time.Since(c.start)) + 1 // never zero, which the engine takes for no time
	for {
		latest := c.latest.Load()
		if now <= latest || c.latest.CompareAndSwap(latest, now) {
			return max(now, latest)
		}
	}
}

// passed reports whether deadline has come.
func (c *clock) passed(deadline int64) bool {
	return deadline-c.latest.Load() <= int64(certain) && deadline <= c.now()
}

// deadline returns when an entry ends that is given ttl now. An entry that is created with Keep has
// nothing to keep and is endless.
func (c *clock) deadline(ttl time.Duration) int64 {
	now := c.now()
	if ttl == store.Forever || ttl == store.Keep {
		return endless
	}
	return now + min(int64(ttl), endless-1-now) // a lifetime of centuries is long, not endless
}

// swept returns when the engine may remove an entry that ends at deadline: at its next sweep. Until
// then it holds the entry for alive, so that what takes room is either in its order of eviction or gone.
func swept(deadline int64) int64 {
	if deadline > endless-int64(sweep) {
		return endless
	}
	return (deadline + int64(sweep) - 1) / int64(sweep) * int64(sweep)
}

// NowNano is the time as the engine asks for it: the latest look at the clock.
func (c *clock) NowNano() int64 { return c.latest.Load() }

// Tick gives the engine no ticks: the store's own goroutine lets it clean up.
func (c *clock) Tick(time.Duration) <-chan time.Time { return nil }
