package cache

import (
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Lifetimes with a meaning of their own, for [Options] and [TTL].
const (
	// Forever keeps a value until it is deleted or evicted.
	Forever = store.Forever

	// DoNotKeep as a default lifetime keeps nothing that does not name a lifetime of its own.
	DoNotKeep = store.DoNotKeep
)

// Defaults of [Options].
const (
	DefaultTTL         = 5 * time.Minute
	DefaultLoadTimeout = 30 * time.Second
)

// KeyMode says what happens to keys that some backend or tool could not carry: a final key of more
// than 250 characters, or one that is not valid UTF-8.
type KeyMode string

const (
	KeysStrict KeyMode = "strict" // refuse them with a KeyError, before any I/O
	KeysHash   KeyMode = "hash"   // shorten them to a readable head and a hash
	KeysAny    KeyMode = "any"    // let them pass
)

// ErrorMode says what a store that fails means to the caller.
type ErrorMode string

const (
	ErrorsRaise  ErrorMode = "raise"  // an error
	ErrorsIgnore ErrorMode = "ignore" // a read is a miss, a write does not happen
)

// Options say how one alias behaves. The zero value works: no prefix, version 1, five minutes.
type Options struct {
	// Name is the alias, for errors and hooks. Empty means "cache".
	Name string

	// Prefix is the first part of every key.
	Prefix string

	// Version is the second part of every key. Zero means 1; use [Cache.AtVersion] for version 0.
	Version int

	// TTL is how long a value is kept when a call names no lifetime. Zero means [DefaultTTL];
	// [Forever] and [DoNotKeep] mean what they say. Other negative values are refused.
	TTL time.Duration

	// Keys is the treatment of overlong and invalid keys. Empty means [KeysStrict].
	Keys KeyMode

	// Codec, if set, encodes values for other programs, in place of records. See [Codec] for what that
	// changes. Nil, the default, keeps records.
	Codec Codec

	// Compress compresses values of at least a kibibyte where that saves at least a tenth.
	Compress bool

	// LoadTimeout bounds one load of Fetch, whoever waits for it, and how long a call waits for a load of
	// another process. Zero means [DefaultLoadTimeout]. Its end is a context.DeadlineExceeded for the
	// callers, also while a loader that ignores its context goes on; what such a loader returns later is
	// dropped.
	LoadTimeout time.Duration

	// StaleFor is how long past its lifetime a value may still be served by Fetch and FetchMany: while it is
	// loaded anew, and when that fails. Zero, the default, never serves stale values. The store keeps values
	// for their lifetime and StaleFor, so that it needs more room. All other calls see a stale value as
	// missing. Integers are never stale: they have no record that could say so. It needs a store that can
	// compare and swap.
	StaleFor time.Duration

	// SoftTimeout is how long a Fetch that has a stale value waits for a fresh one before it returns the
	// stale one; the load goes on behind it. Zero, the default, does not wait. With LoadTimeout or more a
	// stale value is served only when the load fails. It has no effect without StaleFor.
	SoftTimeout time.Duration

	// AbsentFor is how long Fetch remembers that the loader answered [ErrNotFound]. Zero, the default,
	// does not remember. A Set ends it at once; other keys of the same value do not. It needs a store
	// that can compare and swap.
	AbsentFor time.Duration

	// ErrorFor is how long Fetch answers with the error of the last load, as a *[LoadError], instead of
	// loading again, where there is no stale value to serve. Zero, the default, loads again. The text of the
	// error is kept in the store. It needs a store that can compare and swap.
	ErrorFor time.Duration

	// Refreshes is how many loads run at the same time behind calls that have returned a value already:
	// ahead of its expiry, or a stale one. What would be one more does not start; a later call will try
	// again. Zero means 64, or 16 per processor if that is more; negative means none: unless a SoftTimeout is
	// set, a stale value is then served only in place of an error.
	Refreshes int

	// OnError is what a store that fails means to all calls but Fetch and FetchMany, which go on with the
	// source anyway. Empty means [ErrorsRaise]. With [ErrorsIgnore] (django-redis' IGNORE_EXCEPTIONS) reads
	// are misses and writes do not happen, also deletions; what failed goes to Hooks.Trouble, at most once
	// a second. Errors of the caller, as a bad key or the end of its context, stay errors.
	OnError ErrorMode

	// DegradedLoads is how many loads run at the same time while the store cannot be read, so that the
	// source is not flooded with what the store used to answer. Others wait for their turn, as long as
	// their callers wait. Zero means 64, or 16 per processor if that is more; negative means no bound.
	DegradedLoads int

	// Hooks are told what would otherwise stay unseen.
	Hooks Hooks

	// Logger takes the troubles for which no hook is set. Nil means slog.Default().
	Logger *slog.Logger
}

// withDefaults returns o as it will run. Nothing below it asks for zero values again.
func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		o.Name = "cache"
	}
	if o.Version == 0 {
		o.Version = 1
	}
	if o.Keys == "" {
		o.Keys = KeysStrict
	}
	if o.TTL == 0 {
		o.TTL = DefaultTTL
	}
	if o.LoadTimeout == 0 {
		o.LoadTimeout = DefaultLoadTimeout
	}
	if o.OnError == "" {
		o.OnError = ErrorsRaise
	}
	if o.DegradedLoads == 0 {
		o.DegradedLoads = max(64, 16*runtime.GOMAXPROCS(0))
	}
	if o.Refreshes == 0 {
		o.Refreshes = max(64, 16*runtime.GOMAXPROCS(0))
	}
	if o.Refreshes < 0 && o.SoftTimeout == 0 { // nobody would load a stale value anew
		o.SoftTimeout = o.LoadTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case o.TTL < 0 && o.TTL != DoNotKeep:
		return o, fmt.Errorf("cache %q: TTL %v: want a positive duration, cache.Forever or cache.DoNotKeep", o.Name, o.TTL)
	case o.LoadTimeout < 0:
		return o, fmt.Errorf("cache %q: LoadTimeout %v: want a positive duration", o.Name, o.LoadTimeout)
	case o.OnError != ErrorsRaise && o.OnError != ErrorsIgnore:
		return o, fmt.Errorf("cache %q: OnError %q: want raise or ignore", o.Name, o.OnError)
	case o.Keys != KeysStrict && o.Keys != KeysHash && o.Keys != KeysAny:
		return o, fmt.Errorf("cache %q: Keys %q: want strict, hash or any", o.Name, o.Keys)
	}
	for _, d := range o.spans() {
		if d.length < 0 {
			return o, fmt.Errorf("cache %q: %s %v: want a positive duration, or zero for off", o.Name, d.option, d.length)
		}
	}
	return o, o.refuseRecords()
}

// span is an option that is a length of time, zero for off.
type span struct {
	option string
	length time.Duration
}

func (o Options) spans() []span {
	return append(o.records(), span{"SoftTimeout", o.SoftTimeout})
}

// records are the spans that need a record: bare values have no place for what they are about.
func (o Options) records() []span {
	return []span{{"StaleFor", o.StaleFor}, {"AbsentFor", o.AbsentFor}, {"ErrorFor", o.ErrorFor}}
}

// CallOption changes one call. It is a plain value; the zero CallOption changes nothing.
type CallOption struct {
	ttl    time.Duration
	hasTTL bool
}

// TTL is the lifetime of what this call stores. Zero and negative durations mean that the value is not
// kept: what was there is deleted, as in Django. Fractions of a millisecond are rounded up.
func TTL(d time.Duration) CallOption { return CallOption{ttl: d, hasTTL: true} }

// ttlOf returns the lifetime that opts ask for, in whole milliseconds, and whether there is one at all.
func (b *Base) ttlOf(opts []CallOption) (ttl time.Duration, keep bool) {
	ttl = b.options.TTL
	for _, o := range opts {
		if o.hasTTL {
			ttl = o.ttl
		}
	}
	return wholeMillis(ttl)
}

// wholeMillis rounds a lifetime up to what every store can keep.
func wholeMillis(ttl time.Duration) (_ time.Duration, keep bool) {
	switch {
	case ttl <= 0:
		return 0, false
	case ttl > Forever-time.Millisecond:
		return Forever, true
	}
	return (ttl + time.Millisecond - 1).Truncate(time.Millisecond), true
}

// ViewOption shapes one typed handle of an alias. It is a plain value; the zero ViewOption changes
// nothing.
type ViewOption struct {
	namespace string
	schema    string
	shared    bool
}

// Namespace puts s and a colon before every key of the handle: "user" turns key "42" into "user:42".
// Keys, DeletePattern and Clear of the handle stay inside it.
func Namespace(s string) ViewOption { return ViewOption{namespace: s} }

// Schema names the shape of the handle's values, instead of the package path and name of their type.
// Handles of one schema read each other's records; records of another schema are misses. Name one
// before you rename or move a type whose records should live on, and rename the schema when old
// records must not be read any more.
func Schema(name string) ViewOption { return ViewOption{schema: name} }
