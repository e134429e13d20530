package cache

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Base is one alias: a store, the options of the alias, and the loads under way. All typed handles of
// an alias ([On]) share its Base, so that a Delete through one of them also ends the loads of others.
//
// A Base is safe for concurrent use. It does not own its store: close the Base first, then the store.
type Base struct {
	options Options
	store   store.Store
	trouble func(context.Context, Trouble)
	flights *flights
	stats   counters
	ignored pace
	turns   chan struct{} // holds one token per load that runs while the store fails; nil for no bound

	// Capabilities of store; nil where it has none.
	batcher   store.Batcher
	counter   store.Counter
	swapper   store.Swapper
	inspector store.Inspector
	viewer    store.Viewer
	objects   store.Objects
	clock     store.Clock
}

// NewBase returns the Base of one alias on s. It fails if an option is out of its range or needs a
// capability that s does not offer.
func NewBase(s store.Store, o Options) (*Base, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fmt.Errorf("cache %q: no store; give it one, for example memory.New", o.Name)
	}
	b := &Base{options: o, store: s, trouble: o.Hooks.Trouble, flights: newFlights()}
	if o.DegradedLoads > 0 {
		b.turns = make(chan struct{}, o.DegradedLoads)
	}
	if b.trouble == nil {
		b.trouble = LogTrouble(o.Logger)
	}
	b.batcher, _ = store.As[store.Batcher](s)
	b.counter, _ = store.As[store.Counter](s)
	b.swapper, _ = store.As[store.Swapper](s)
	b.inspector, _ = store.As[store.Inspector](s)
	if b.objects, _ = store.As[store.Objects](s); b.objects == nil { // else Get shows the store's own slice, and needs no closure
		b.viewer, _ = store.As[store.Viewer](s)
	}
	b.clock, _ = store.As[store.Clock](s)
	if o.AbsentFor > 0 && b.swapper == nil {
		return nil, fmt.Errorf("cache %q: AbsentFor: the store cannot compare and swap: %w", o.Name, errors.ErrUnsupported)
	}
	if _, err := newKeyspace(o.Prefix, o.Version, "", o.Keys); err != nil {
		return nil, fmt.Errorf("cache %q: %w", o.Name, err)
	}
	return b, nil
}

// Close cancels the loads under way, releases who waits for them, and waits for those that are storing.
// It does not wait for a loader that does not look at its context; what that loads is dropped. Loads that
// would begin after it answer [ErrClosed]; what the store holds can still be read. It does not close the
// store. A second Close does nothing.
func (b *Base) Close() error {
	b.flights.close()
	return nil
}

// Stats are counts since the Base was made.
type Stats struct {
	Hits     int64 // reads that found a value; each key of a GetMany counts
	Misses   int64 // reads that found none
	Loads    int64 // loads that were started by Fetch and FetchMany
	Failures int64 // loads that ended with an error other than ErrNotFound, or with a panic
	Joined   int64 // calls that waited for a load which another call had started
	Troubles int64 // errors that were swallowed
}

// Stats returns the counts of the alias.
func (b *Base) Stats() Stats {
	return Stats{
		Hits: b.stats.hits.Load(), Misses: b.stats.misses.Load(), Loads: b.stats.loads.Load(),
		Failures: b.stats.failures.Load(), Joined: b.stats.joined.Load(), Troubles: b.stats.troubles.Load(),
	}
}

type counters struct {
	hits, misses, loads, failures, joined, troubles atomic.Int64
}

func (c *counters) read(found bool) {
	if found {
		c.hits.Add(1)
	} else {
		c.misses.Add(1)
	}
}

// swallow reports an error that the call goes on without. The caller's own cancellation is none.
func (b *Base) swallow(ctx context.Context, op, key string, err error) {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	b.stats.troubles.Add(1)
	b.trouble(ctx, Trouble{Alias: b.options.Name, Op: op, Key: key, Err: err})
}

// now is the store's time in microseconds, for the stamps of records.
func (b *Base) now() int64 {
	if b.clock != nil {
		return b.clock.Now().UnixMicro()
	}
	return time.Now().UnixMicro()
}

// keepsRecords reports whether this alias writes records that are no values.
func (b *Base) keepsRecords() bool { return b.options.AbsentFor > 0 }

// unsupported says that the store lacks a capability.
func unsupported(capability string) error {
	return fmt.Errorf("the store is no %s: %w", capability, errors.ErrUnsupported)
}
