package store

import (
	"context"
	"errors"
	"time"
)

// Leaser is the capability to let one of many processes load a key while the others wait: the steps of a
// lease, each of them atomic and one exchange.
//
// A lease is bytes that its holder has made and nobody else would make. It stands where the value of its
// key is to stand, so that whatever removes or replaces the value, a Delete or a Set by anybody, ends the
// lease too: the holder's Commit then does nothing. Readers of the store see the lease as the value; its
// bytes have to tell them. [Beside] is for values whose readers cannot be told.
//
// The lifetime of a lease is its holder's: it ends with it when the holder dies.
type Leaser interface {
	// Claim stores lease under key for ttl if key is absent: then there is nil. Otherwise it returns what
	// is there, a value or another lease.
	Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) (there []byte, err error)

	// Extend replaces lease, or whatever else old is, by next for ttl (also [Keep]), only if it still is
	// there, and reports whether it was. It wakes nobody.
	Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (held bool, err error)

	// Commit replaces lease by value for ttl, only if it still is there, reports whether it was, and wakes
	// who awaits key.
	Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (stored bool, err error)

	// Yield ends lease, only if it still is there, and leaves note for ttl where the lease stood, or
	// nothing if note is nil. It wakes who awaits key.
	Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (held bool, err error)

	// Await returns a channel that is closed by the next Commit or Yield of key, in whatever process, and
	// at the latest when the store can no longer tell. It is nil if the store cannot tell at all, or not
	// now: then look from time to time; a wise caller does that anyway, only less often. stop must be called
	// when nobody waits any more.
	Await(key string) (woken <-chan struct{}, stop func())
}

// Beside is a [Leaser] that keeps leases beside the values, for values that are read by programs which
// know nothing of leases. What it does differently:
//
// Claim gives no lease while key has a value. Commit stores a value only if key has none, so that a
// commit never replaces what somebody else has written. Extend and Yield touch the lease alone. A Delete or
// Set does not end a lease by itself: Void does.
//
// A key for which there is no room beside it is errors.ErrUnsupported.
type Beside interface {
	Leaser

	// Void ends the leases of keys, whoever holds them.
	Void(ctx context.Context, keys ...string) error

	// VoidMatching is Void for all keys that begin with prefix and whose remainder matches pattern, as
	// [Inspector] understands them.
	VoidMatching(ctx context.Context, prefix, pattern string) error
}

// Ticker is the capability to tell the time roughly, for the price of a look into memory.
type Ticker interface {
	// Ticked returns a time of [Clock] that has passed already: at most TickLag behind its Now, never ahead.
	Ticked() time.Time
}

// TickLag is how far [Ticker] may lie behind.
const TickLag = 5 * time.Second

// LeaseInPlace makes a [Leaser] of a store that can compare and swap. It costs an exchange more where a claim
// fails, and wakes nobody. A store whose values nobody else reads may offer it as its own.
func LeaseInPlace(s Store, w Swapper) Leaser { return inPlace{s, w} }

type inPlace struct {
	store   Store
	swapper Swapper
}

// claims is how often a Claim looks at a key that others keep adding and removing.
const claims = 16

// errRestless is returned for a key that is neither there nor absent for long enough to be claimed.
var errRestless = errors.New("the key comes and goes too fast to be claimed")

func (p inPlace) Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) ([]byte, error) {
	for range claims {
		if claimed, err := p.store.Add(ctx, key, lease, ttl); claimed || err != nil {
			return nil, err
		}
		there, found, err := p.store.Get(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case found && there == nil:
			return []byte{}, nil
		case found:
			return there, nil
		}
	}
	return nil, errRestless
}

func (p inPlace) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, old, next, ttl)
}

func (p inPlace) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, lease, value, ttl)
}

func (p inPlace) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, lease, note, ttl)
}

func (p inPlace) Await(string) (<-chan struct{}, func()) { return nil, func() {} }
