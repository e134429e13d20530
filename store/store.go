// Package store is the seam between caches and the places that keep their bytes.
//
// A [Store] keeps byte slices under string keys for a time. What a backend can do beyond those six
// operations it says through capabilities ([Batcher], [Peeker], [Counter], [Swapper], [Renewer], [Leaser],
// [Beside], [Inspector], [Viewer], [Giver], [Objects], [Clock], [Ticker], [Pinger]), asked for with [As] and never by a
// type assertion, so that a store wrapped by [Intercept] answers for what stands behind it.
//
// Everything above the seam (typed values, Django's key rule, single flight) is the business of
// package cache; everything below it (connections, files, eviction) is the business of one backend.
// The suite in package storetest is this package's specification in executable form: a store that
// passes it can stand behind every cache.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"
)

// Lifetimes with a meaning of their own. All other lifetimes are positive durations.
const (
	// Forever keeps an entry until it is deleted or evicted.
	Forever time.Duration = math.MaxInt64

	// DoNotKeep says that a value is not to be kept at all. Caches take it as a default lifetime;
	// it never reaches a [Store], because a cache turns it into a Delete.
	DoNotKeep time.Duration = math.MinInt64

	// Keep leaves the remaining lifetime of an existing entry as it is. An entry that is created
	// with Keep has no lifetime to inherit and lives Forever (as Redis' SET KEEPTTL).
	Keep time.Duration = math.MinInt64 + 1
)

// Store keeps byte slices under string keys.
//
// Keys are any bytes; a store neither changes nor interprets them. Values are any bytes, also none: an
// empty value is a hit. A lifetime (ttl) is a positive duration, [Forever] or [Keep]; anything else is
// an error that leaves the store unchanged (see [CheckTTL]). Lifetimes are exact to the millisecond;
// an entry whose lifetime has passed is absent for every operation from that moment on.
//
// Slices that a store hands out are read-only for the caller (but see [Giver]) and stay valid after the call.
// Slices that are handed in stay the caller's: the store copies what it keeps.
//
// All methods are safe for concurrent use. A context that is done ends the call with the context's
// error. A backend that cannot be reached answers with an error that wraps [ErrUnavailable]; after
// Close every method but Close answers [ErrClosed]. A miss is never an error.
type Store interface {
	// Get returns the value of key. found is false if key is absent.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)

	// Set stores value under key, whatever was there, for ttl from now.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Add stores value under key only if key is absent, and reports whether it did. Of several
	// concurrent Adds of one absent key exactly one is told true.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (stored bool, err error)

	// Touch moves the expiry of key to ttl from now and reports whether key was there. It does not
	// read the value and creates nothing. Touch with Keep only reports presence.
	Touch(ctx context.Context, key string, ttl time.Duration) (found bool, err error)

	// Delete removes keys and returns how many of them were there. A key named twice counts once.
	Delete(ctx context.Context, keys ...string) (removed int, err error)

	// Close releases what the store holds and waits for its goroutines. A second Close does nothing.
	Close() error
}

// Batcher is the capability to serve many keys in one exchange.
//
// A call that fails for some of its keys only returns a [KeyErrors] beside the valid rest.
type Batcher interface {
	// GetMany returns one value per key, in the order of keys: nil for an absent key, never nil for a
	// present one (an empty value is an empty slice). Duplicate keys are answered each.
	GetMany(ctx context.Context, keys []string) (values [][]byte, err error)

	// SetMany stores all items for ttl, as one Set each. If a key occurs twice the last one wins.
	// It is not atomic: a reader may see some of the items before the others.
	SetMany(ctx context.Context, items []Item, ttl time.Duration) error
}

// Peeker is the capability to look at the beginnings of many values in one exchange, where the whole of them
// would have to travel.
type Peeker interface {
	// Peek returns what begins each value, n bytes or all of a shorter one, in the order of keys: nil for an
	// absent key, never nil for a present one. n is positive. A call that fails for some of its keys only
	// returns a [KeyErrors] beside the valid rest.
	Peek(ctx context.Context, keys []string, n int) (heads [][]byte, err error)
}

// Item is one key with its value, for [Batcher].
type Item struct {
	Key   string
	Value []byte
}

// Counter is the capability to count atomically.
type Counter interface {
	// Incr adds delta to the decimal integer stored under key, keeps its lifetime, and returns the
	// sum. found is false, and nothing is created, if key is absent. A value that is not a number as
	// [Decimal] reads it is [ErrNotInteger]; a sum beyond 64 bits is [ErrOverflow]. Both leave the
	// value unchanged.
	Incr(ctx context.Context, key string, delta int64) (n int64, found bool, err error)
}

// Swapper is the capability to compare and swap. It is never emulated: a store either does it
// atomically or does not offer it.
type Swapper interface {
	// Swap replaces the value of key by new, for ttl, only if it still is old, and reports whether it
	// did. A nil old stands for an absent key; a nil new deletes (ttl is then ignored). Both nil is an
	// error. An absent key never equals a non-nil old, not even an empty one.
	Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error)
}

// Renewer is the capability to read a value and move its expiry in one exchange.
type Renewer interface {
	// GetTouch is a Get of key which, if key is there, also moves its expiry to ttl from now.
	GetTouch(ctx context.Context, key string, ttl time.Duration) (value []byte, found bool, err error)
}

// Inspector is the capability to look around.
type Inspector interface {
	// Scan yields the keys that begin with prefix and whose remainder matches the Redis glob pattern
	// (see [Match]). prefix is literal. The order is undefined. A key that is there during the whole
	// scan is yielded exactly once; one that comes or goes meanwhile may or may not be. Memory use is
	// bounded, or grows with the number of yielded keys only. The loop may use the store. The first
	// error ends the sequence.
	Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error]

	// TTL returns the remaining lifetime of key, Forever if it has no end. An existing entry's
	// remaining lifetime is never reported as zero or less.
	TTL(ctx context.Context, key string) (ttl time.Duration, found bool, err error)
}

// Viewer is the capability to show a value in place, without a copy for the caller.
type Viewer interface {
	// View calls decode with the value of key, at most once. The slice is valid only until decode
	// returns and must not be changed. An error of decode is returned as it is. decode must not call
	// the store.
	View(ctx context.Context, key string, decode func(value []byte) error) (found bool, err error)
}

// Giver is the promise of a store that what Get and GetMany hand out is the caller's own: memory that nobody else
// has, to keep and to change. A wrapper that may answer in the store's place hides it, as [Intercept] does.
type Giver interface {
	// Gives does nothing.
	Gives()
}

// Objects is the capability of a store in the memory of this process, none of whose calls waits, to keep a decoded
// copy beside the bytes.
type Objects interface {
	// Object returns the value of the key that begins with lead and goes on with rest, with the object
	// that was attached to exactly this value, or a nil object. The key comes in two parts so that
	// nobody needs memory to put it together for a hit.
	Object(lead, rest string) (value []byte, object any, found bool)

	// Attach puts object beside the value of key if that value still is the very slice that Object or
	// Get returned. object must be immutable; it may be a part of value, whose bytes the store never
	// changes. It goes when the value is replaced. Attach does not count as use and does not change the lifetime.
	Attach(key string, value []byte, object any)
}

// Clock is the capability to tell the store's own time, for stamps that several processes compare.
type Clock interface {
	// Now returns the store's time as known here. It does not wait for the network.
	Now() time.Time
}

// Pinger is the capability to find out whether the backend answers. A store without it cannot be out of
// reach.
type Pinger interface {
	// Ping asks the backend for a sign of life, within the store's own deadline and that of ctx.
	Ping(ctx context.Context) error
}

var (
	// ErrUnavailable is returned when the backend cannot be reached or does not answer in time.
	ErrUnavailable = errors.New("store unavailable")

	// ErrClosed is returned when a store is used after Close.
	ErrClosed = errors.New("store closed")

	// ErrNotInteger is returned when Incr meets a value that is not a decimal integer.
	ErrNotInteger = errors.New("value is not an integer")

	// ErrOverflow is returned when the sum of an Incr does not fit into 64 bits.
	ErrOverflow = errors.New("sum does not fit into 64 bits")
)

// KeyErrors is returned by calls on many keys when some of them failed: the results given beside it
// are valid. It maps each failed key to its error.
type KeyErrors map[string]error

// mostOfKey is how many bytes of a key a message names.
const mostOfKey = 80

// Error lists the failures in the order of their keys, at most three of them, with the beginnings of long keys.
func (e KeyErrors) Error() string {
	keys := e.keys()
	var b strings.Builder
	fmt.Fprintf(&b, "%d keys failed", len(keys))
	if len(keys) == 1 {
		b.Reset()
		b.WriteString("1 key failed")
	}
	for i, k := range keys {
		if i == 3 {
			b.WriteString("; ...")
			break
		}
		if len(k) > mostOfKey {
			k = k[:mostOfKey] + "..."
		}
		fmt.Fprintf(&b, "; %q: %v", k, e[keys[i]])
	}
	return b.String()
}

// Unwrap returns the errors in the order of their keys, so that errors.Is and errors.As look into
// every one of them.
func (e KeyErrors) Unwrap() []error {
	errs := make([]error, 0, len(e))
	for _, k := range e.keys() {
		errs = append(errs, e[k])
	}
	return errs
}

func (e KeyErrors) keys() []string {
	keys := make([]string, 0, len(e))
	for k := range e {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// CheckTTL returns an error unless ttl may be handed to a [Store]: positive, [Forever] or [Keep].
func CheckTTL(ttl time.Duration) error {
	if ttl > 0 || ttl == Keep {
		return nil
	}
	return fmt.Errorf("lifetime %v: want a positive duration, store.Forever or store.Keep", ttl)
}

// Decimal reads value as Redis' INCRBY does: an optional minus sign and digits that fit into an int64,
// without leading zeros, plus sign or white space. Every [Counter] uses it, so that a value counts on
// all backends or on none.
func Decimal(value []byte) (n int64, ok bool) {
	digits := value
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 19 || digits[0] == '0' && (len(digits) > 1 || negative) {
		return 0, false
	}
	var u uint64
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		u = u*10 + uint64(d-'0')
	}
	switch {
	case negative && u <= 1<<63:
		return -int64(u), true
	case !negative && u < 1<<63:
		return int64(u), true
	}
	return 0, false
}

// Sum adds delta to n, as every [Counter] does. A sum beyond 64 bits is [ErrOverflow].
func Sum(n, delta int64) (int64, error) {
	sum := n + delta
	if (sum > n) != (delta > 0) && delta != 0 {
		return 0, ErrOverflow
	}
	return sum, nil
}

// As returns the capability T of s, or false. T is one of the capability interfaces of this package,
// or a type that the backend documents, for example its native client.
//
// A store answers for itself by implementing T, or by a method As(target any) bool that fills *T.
func As[T any](s Store) (T, bool) {
	var capability T
	if a, ok := s.(interface{ As(target any) bool }); ok && a.As(&capability) {
		return capability, true
	}
	capability, ok := s.(T)
	return capability, ok
}
