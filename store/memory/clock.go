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
	certain = store.TickLag

	endless = math.MaxInt64 // the deadline of an entry that lives forever
)

// now reads the time. It never goes back.
func (c *clock) now() int64 {
	now := int64(time.Since(c.start))
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

// NowNano is the time as the engine asks for it, on every call though it has no use for it: at no cost.
func (c *clock) NowNano() int64 { return c.latest.Load() }

// Tick gives the engine no ticks.
func (c *clock) Tick(time.Duration) <-chan time.Time { return nil }
