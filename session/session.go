// Package session keeps login sessions in a [store.Store] so that they end when they should and only then.
//
// A [Store] fits github.com/alexedwards/scs/v2 by shape, without importing it: assign it to
// SessionManager.Store and its ErrorFunc to SessionManager.ErrorFunc. It differs from a plain blob store
// in what it promises:
//
//   - A session that was ended stays ended. Its end leaves a mark under the same key for [Options.Grace],
//     and a slower request that commits afterwards is dropped.
//   - The absolute end is part of the record: whatever the store's own expiry does, nobody is known after it.
//   - The idle timeout is kept by the store. Reading does not write the session, so that readers cannot
//     overwrite writers. Leave the session library's own idle timeout at zero.
//   - Tokens are hashed at rest: who can read the store cannot log in with what stands there. Leave the
//     session library's own hashing off.
//   - An owner has a list of sessions, so that they can be shown and revoked.
//   - A store that cannot be reached is an error, never "no session". Answer it with 503 and leave the
//     cookie alone, as [Store.ErrorFunc] does.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// Defaults of [Options].
const (
	DefaultPrefix      = "session:"
	DefaultLifetime    = 14 * 24 * time.Hour // as Django's
	DefaultGrace       = time.Minute
	DefaultMaxBytes    = 64 << 10
	DefaultMaxPerOwner = 100
)

var (
	// ErrNoSession is returned by [Store.Update] and [Store.End] for a session that is not there: never
	// begun, ended or expired.
	ErrNoSession = errors.New("session: no such session")

	// ErrConflict is returned by a commit that others overtook every time it tried.
	ErrConflict = errors.New("session: others keep changing the session at the same time")

	// ErrTooLarge is returned for data of more than [Options.MaxBytes].
	ErrTooLarge = errors.New("session: the data is too large")

	// ErrToken is returned for a token that cannot be one: it is not 43 characters of base64url.
	ErrToken = errors.New("session: malformed token, want 43 characters of base64url (32 random bytes)")
)

// Options say how sessions live. The zero value works: 14 days, no idle timeout, no owners.
type Options struct {
	// Prefix begins every key. Empty means [DefaultPrefix].
	Prefix string

	// Lifetime is the absolute end of a session, counted from its first commit, whatever later commits
	// ask for. Zero means [DefaultLifetime].
	Lifetime time.Duration

	// Idle ends a session that nobody has read or written for so long. Zero means never.
	Idle time.Duration

	// Grace is how long the end of a session is remembered: a request that takes longer than Grace may
	// bring back a session that was ended meanwhile. Zero means [DefaultGrace].
	Grace time.Duration

	// Owner returns whose session data is, "" for nobody's. It makes List, Revoke and End work. Nil means
	// that no session has an owner. It must be quick and must not keep data.
	Owner func(data []byte) string

	// Label returns what List shows beside a session, as the name of a device. Nil means nothing.
	Label func(data []byte) string

	// MaxPerOwner is how many sessions an owner has at most: one more ends the oldest. Zero means
	// [DefaultMaxPerOwner].
	MaxPerOwner int

	// MaxBytes bounds the data of one session. Zero means [DefaultMaxBytes].
	MaxBytes int

	// Hooks are told what would otherwise stay unseen.
	Hooks Hooks

	// Logger takes the troubles for which no hook is set, and the errors of ErrorFunc. Nil means
	// slog.Default().
	Logger *slog.Logger
}

// Hooks are functions that a [Store] calls. A nil function is off. They run on the goroutine of the call
// concerned: return quickly and do not call the store.
type Hooks struct {
	// Dropped is called when a commit came after the end of its session and was not stored.
	Dropped func(ctx context.Context, id string)

	// Conflict is called when a commit or an update found that another one was first, whether it tries again or not.
	Conflict func(ctx context.Context, id string)

	// Trouble is called for errors that a call could go on without. If it is nil they go to the Logger,
	// at most one line per second.
	Trouble func(ctx context.Context, t cache.Trouble)
}

// Store keeps sessions. It is safe for concurrent use, also by several processes on one backend. It does
// not own its [store.Store].
type Store struct {
	options Options
	store   store.Store
	swapper store.Swapper
	renewer store.Renewer // nil where reading and renewing are two exchanges
	gives   bool          // what is read from store is nobody else's
	clock   store.Clock   // nil where the local clock is the store's
	renewed renewals
	stats   struct{ found, missing, dropped, conflicts atomic.Int64 }
}

// New returns a Store on s. It fails if an option is out of its range, and if s cannot compare and swap:
// without that neither logout nor concurrent changes are safe.
func New(s store.Store, o Options) (*Store, error) {
	if s == nil {
		return nil, errors.New("session: no store; give it one, for example redis.Open")
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	swapper, ok := store.As[store.Swapper](s)
	if !ok {
		return nil, fmt.Errorf("session: the store cannot compare and swap, as sessions need it: %w", errors.ErrUnsupported)
	}
	out := &Store{options: o, store: s, swapper: swapper}
	_, out.gives = store.As[store.Giver](s)
	out.renewer, _ = store.As[store.Renewer](s)
	out.clock, _ = store.As[store.Clock](s)
	return out, nil
}

func (o Options) withDefaults() (Options, error) {
	setDefault(&o.Prefix, DefaultPrefix)
	setDefault(&o.Lifetime, DefaultLifetime)
	setDefault(&o.Grace, DefaultGrace)
	setDefault(&o.MaxBytes, DefaultMaxBytes)
	setDefault(&o.MaxPerOwner, DefaultMaxPerOwner)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Hooks.Trouble == nil {
		o.Hooks.Trouble = cache.LogTrouble(o.Logger)
	}
	switch {
	case o.Lifetime < time.Second || o.Lifetime == store.Forever:
		return o, fmt.Errorf("session: Lifetime %v: want a second or more, and an end", o.Lifetime)
	case o.Idle < 0 || o.Idle > 0 && o.Idle < time.Second:
		return o, fmt.Errorf("session: Idle %v: want a second or more, or zero for none", o.Idle)
	case o.Grace < 0:
		return o, fmt.Errorf("session: Grace %v: want a positive duration", o.Grace)
	case o.MaxBytes < 0:
		return o, fmt.Errorf("session: MaxBytes %d: want a positive number", o.MaxBytes)
	case o.MaxPerOwner < 0:
		return o, fmt.Errorf("session: MaxPerOwner %d: want a positive number", o.MaxPerOwner)
	}
	return o, nil
}

func setDefault[T comparable](option *T, preset T) {
	var zero T
	if *option == zero {
		*option = preset
	}
}

// Lifetime returns the absolute lifetime of sessions, for the cookie that goes with them.
func (s *Store) Lifetime() time.Duration { return s.options.Lifetime }

// Stats are counts since the Store was made.
type Stats struct {
	Found     int64 // reads that found a session
	Missing   int64 // reads that found none
	Dropped   int64 // commits that came after the end of their session
	Conflicts int64 // attempts of commits and updates that found another one first
}

// Stats returns the counts.
func (s *Store) Stats() Stats {
	return Stats{
		Found: s.stats.found.Load(), Missing: s.stats.missing.Load(),
		Dropped: s.stats.dropped.Load(), Conflicts: s.stats.conflicts.Load(),
	}
}

// now is the store's time, cut to what records keep.
func (s *Store) now() time.Time {
	if s.clock != nil {
		return s.clock.Now().Truncate(time.Millisecond)
	}
	return time.Now().Truncate(time.Millisecond)
}

// tokenLength is that of 32 bytes in base64url.
const tokenLength = 43

// handleLead begins the handle of a session, which names it without being a token.
const handleLead = "id:"

// idOf returns the ID of the session that token belongs to: a hash, which does not lead back to it. No
// trip to the store is made for a token that cannot be one.
func idOf(token string) (id string, ok bool) {
	if !isBase64(token) {
		return "", false
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:]), true
}

// idOfHandle is idOf for calls that take handles too, as [Store.AllCtx] gives them out. Reading a session
// is not one of these calls, because a cookie is under the client's control.
func idOfHandle(token string) (id string, ok bool) {
	if id, ok := strings.CutPrefix(token, handleLead); ok {
		return id, isBase64(id)
	}
	return idOf(token)
}

func isBase64(s string) bool {
	if len(s) != tokenLength {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

func (s *Store) key(id string) string { return s.options.Prefix + id }

// fail says which call failed. The ID tells operators which session, and nobody how to get into it.
func fail(op, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("session: %s %s: %w", op, id, err)
}
