package redis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// clock knows by how much the server's clock is ahead of this machine's. It is exact to half the time of
// the exchange that told it. The zero value trusts this machine.
type clock struct {
	ahead atomic.Int64 // nanoseconds
}

// refresh asks the server for its time. If there is no answer, what was known before stays.
func (c *clock) refresh(ctx context.Context, client rueidis.Client) {
	sent := time.Now()
	parts, err := client.Do(ctx, client.B().Time().Build()).AsIntSlice()
	received := time.Now()
	if err != nil || len(parts) != 2 {
		return
	}
	server := time.Unix(parts[0], parts[1]*int64(time.Microsecond))
	middle := sent.Add(received.Sub(sent) / 2)
	c.ahead.Store(int64(server.Sub(middle)))
}

// now returns the server's time. It carries no monotonic reading: two of them are compared as stamps.
func (c *clock) now() time.Time {
	return time.Now().Round(0).Add(time.Duration(c.ahead.Load()))
}
