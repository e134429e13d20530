package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
// The lifetime of a lease is its holder's: it ends with it when the holder dies. So it has an end, and a lease
// has bytes: [CheckLease] says what Claim refuses. A nil value, and what Extend takes for old and next, is
// the same as an empty one.
type Leaser interface {
	// Claim stores lease under key for ttl if key is absent: then there is nil, as it is if lease stands
	// already, whose lifetime stays. Otherwise it returns what is there, a value or another lease, never nil.
	Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) (there []byte, err error)

	// Extend replaces lease, or whatever else old is, by next for ttl (also [Keep]), only if it still is
	// there, and reports whether it was. It wakes nobody.
	Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (held bool, err error)

	// Commit replaces lease by value for ttl, only if it still is there, reports whether it was, and wakes
	// who awaits key.
	Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (stored bool, err error)

	// Yield ends lease, only if it still is there, and leaves note for ttl where the lease stood, or
	// nothing if note is nil (ttl is then ignored). It wakes who awaits key.
	Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (held bool, err error)

	// Await returns a channel that is closed by the next Commit or Yield of key, in whatever process, and
	// at the latest when the store can no longer tell. It is nil if the store cannot tell at all, or not
	// now: then look from time to time; a wise caller does that anyway, only less often, because a Delete,
	// a Set and the end of a lifetime wake nobody. stop must be called when nobody waits any more, and may be
	// called again.
	Await(key string) (woken <-chan struct{}, stop func())
}

// Beside is a [Leaser] that keeps leases beside the values, for values that are read by programs which
// know nothing of leases. What it does differently:
//
// Claim gives no lease while key has a value. Commit stores a value only if key has none, so that a
// commit never replaces what somebody else has written, and ends the lease in any case; with [Keep] the value
// lives [Forever]. Extend and Yield touch the lease alone, also where Yield leaves a note. A Delete or Set does
// not end a lease by itself: Void does. No Get finds a lease, and no Scan yields one.
//
// A key for which there is no room beside it is errors.ErrUnsupported, which Void passes over.
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

// CheckLease returns an error unless lease may be claimed for ttl: it is not empty, and its lifetime has an end.
func CheckLease(lease []byte, ttl time.Duration) error {
	switch {
	case len(lease) == 0:
		return errors.New("an empty lease: want bytes that nobody else would make")
	case ttl <= 0 || ttl == Forever:
		return fmt.Errorf("lifetime %v of a lease: want a positive duration", ttl)
	}
	return nil
}

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
	if err := CheckLease(lease, ttl); err != nil {
		return nil, err
	}
	for range claims {
		if claimed, err := p.store.Add(ctx, key, lease, ttl); claimed || err != nil {
			return nil, err
		}
		there, found, err := p.store.Get(ctx, key)
		switch {
		case err != nil:
			return nil, err
		case found && bytes.Equal(there, lease):
			return nil, nil
		case found:
			return filled(there), nil
		}
	}
	return nil, errRestless
}

func (p inPlace) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, filled(old), filled(next), ttl)
}

func (p inPlace) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, filled(lease), filled(value), ttl)
}

func (p inPlace) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	return p.swapper.Swap(ctx, key, filled(lease), note, ttl)
}

func (p inPlace) Await(string) (<-chan struct{}, func()) { return nil, func() {} }

// filled returns value, but not nil, which a Swap takes for absence.
func filled(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}
