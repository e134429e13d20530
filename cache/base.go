package cache

import (
	"context"
	"errors"
	"fmt"

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

	// refreshing holds one token per load that runs behind a call which has returned. Nil if there are none.
	refreshing chan struct{}

	// Capabilities of store; nil where it has none.
	batcher   store.Batcher
	peeker    store.Peeker
	counter   store.Counter
	swapper   store.Swapper
	renewer   store.Renewer
	inspector store.Inspector
	viewer    store.Viewer
	origin    origin // of what Get and GetMany hand out
	objects   store.Objects
	clock     store.Clock
	ticker    store.Ticker
	leaser    store.Leaser // of the leases that loads need; in place of the values, or beside
	beside    store.Beside // leaser, if it is one of those
	distant   bool         // the store is reached over a network
	gate      *gate        // of its reads
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
	if o.Refreshes > 0 {
		b.refreshing = make(chan struct{}, o.Refreshes)
	}
	b.find(s)
	b.gate = newGate()
	for _, d := range o.records() {
		if d.length > 0 && b.swapper == nil {
			return nil, fmt.Errorf("cache %q: %s: the store cannot compare and swap: %w", o.Name, d.option, errors.ErrUnsupported)
		}
	}
	if _, err := newKeyspace(o.Prefix, o.Version, "", o.Keys); err != nil {
		return nil, fmt.Errorf("cache %q: %w", o.Name, err)
	}
	return b, nil
}

// find notes what s is capable of.
func (b *Base) find(s store.Store) {
	b.batcher, _ = store.As[store.Batcher](s)
	b.peeker, _ = store.As[store.Peeker](s)
	b.counter, _ = store.As[store.Counter](s)
	b.swapper, _ = store.As[store.Swapper](s)
	b.renewer, _ = store.As[store.Renewer](s)
	b.inspector, _ = store.As[store.Inspector](s)
	b.objects, _ = store.As[store.Objects](s)
	b.clock, _ = store.As[store.Clock](s)
	b.ticker, _ = store.As[store.Ticker](s)
	_, b.distant = store.As[store.Pinger](s)
	_, given := store.As[store.Giver](s)
	b.origin = origin(given)
	if b.objects == nil && !given { // else Get hands out what needs no copy
		b.viewer, _ = store.As[store.Viewer](s)
	}
	bare := b.options.Codec != nil
	if bare {
		b.beside, _ = store.As[store.Beside](s)
	}
	leaser, own := store.As[store.Leaser](s)
	switch {
	case b.beside != nil:
		b.leaser = b.beside
	case own:
		b.leaser = leaser
	case b.swapper != nil && !bare: // other programs may read bare values: no leases among them
		b.leaser = store.LeaseInPlace(s, b.swapper)
	}
}

// Close cancels the loads under way, releases who waits for them, and waits for those that are storing.
// It does not wait for a loader that does not look at its context; what that loads is dropped. Loads that
// would begin after it answer [ErrClosed]; what the store holds can still be read. It does not close the
// store. A second Close does nothing.
func (b *Base) Close() error {
	b.flights.close()
	return nil
}

// swallow reports an error that the call goes on without. The caller's own cancellation is none.
func (b *Base) swallow(ctx context.Context, op, key string, err error) {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return
	}
	b.stats.troubles.Add(1)
	b.trouble(ctx, Trouble{Alias: b.options.Name, Op: op, Key: key, Err: err})
}

// keepsRecords reports whether records that are no values stand where values stand.
func (b *Base) keepsRecords() bool { return b.leaser != nil && b.beside == nil }

// unsupported says that the store lacks a capability.
func unsupported(capability string) error {
	return fmt.Errorf("the store is no %s: %w", capability, errors.ErrUnsupported)
}
