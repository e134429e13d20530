package cache

import (
	"context"
	"time"
)

// Outcome says how a Fetch came to its answer.
type Outcome string

// The outcomes of [Cache.FetchInfo].
const (
	Hit    Outcome = "hit"    // the store had a value
	Loaded Outcome = "loaded" // this call has loaded it
	Joined Outcome = "joined" // another call has, in this process or another
	Stale  Outcome = "stale"  // the store had a value past its end
	Absent Outcome = "absent" // the source has none: the loader says so, or had said so
	Failed Outcome = "failed" // the load failed, or had failed
)

// Info is the detail of one Fetch. What is not known is zero: a value that is bare (Options.Codec) or an
// integer does not say when it was made.
type Info struct {
	Outcome Outcome

	// Age is the time since the value was stored, by the store's clock.
	Age time.Duration

	// TTL is the remaining lifetime; [Forever] if it has no end; negative for a stale value, since when.
	TTL time.Duration

	// LoadTime is what loading the value took.
	LoadTime time.Duration

	// Err is the error in whose place a stale value is served, or that it was not waited for longer.
	Err error
}

// FetchInfo is [Cache.Fetch] with the detail of how it came to its answer. It costs an exchange with the store
// more for a hit whose value does not know its own end.
func (c *Cache[V]) FetchInfo(ctx context.Context, key string, load func(context.Context) (V, error), opts ...CallOption) (V, Info, error) {
	began := c.base.flights.marks.Load()
	v, s, err := c.look(ctx, key, began)
	if err != nil || s.state != present || c.base.aging(&s) {
		v, info, err := c.fetch(ctx, key, v, miss{sight: s, err: err, began: began}, load, opts)
		return v, info, err
	}
	c.base.stats.read(true)
	info := c.base.infoOf(Hit, s)
	if s.soft == 0 && c.base.inspector != nil {
		if final, err := c.keys.final(key); err == nil {
			ttl, _, err := c.base.inspector.TTL(ctx, final)
			if err != nil {
				c.base.swallow(ctx, "ttl", key, err)
			}
			info.TTL = ttl
		}
	}
	return v, info, nil
}

// infoOf tells what s knows.
func (b *Base) infoOf(o Outcome, s sight) Info {
	info := Info{Outcome: o, LoadTime: time.Duration(s.cost) * time.Millisecond}
	if s.created == 0 {
		return info
	}
	now := b.now()
	info.Age = time.Duration(max(0, now-s.created)) * time.Microsecond
	switch s.soft {
	case 0:
	case endless:
		info.TTL = Forever
	default:
		info.TTL = time.Duration(s.soft-now) * time.Microsecond
	}
	return info
}
