package django

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"reflect"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// Defaults of [SessionOptions], which are Django's.
const (
	DefaultSessionAge    = 14 * 24 * time.Hour
	DefaultSessionCookie = "sessionid"
)

var (
	// ErrNoSession is returned for a session that is not there: never begun, logged out or expired.
	ErrNoSession = errors.New("django: no such session")

	// ErrReadOnly is returned by an update of a session that holds something which Go cannot write back as
	// it was: an object of a class that is not known here, or a dict whose keys are not text.
	ErrReadOnly = errors.New("django: the session holds values that Go cannot write back")
)

// SessionOptions say where a Django project keeps its sessions. The fields are the settings of the cache
// that SESSION_CACHE_ALIAS names.
type SessionOptions struct {
	// Prefix is KEY_PREFIX.
	Prefix string

	// Version is VERSION. Zero means 1.
	Version int

	// Codec is the alias' serializer and compressor. The cache engine does not look at
	// SESSION_SERIALIZER.
	Codec Codec

	// Age is SESSION_COOKIE_AGE, the lifetime of the sessions that Create begins. Zero means
	// [DefaultSessionAge].
	Age time.Duration

	// Cookie is SESSION_COOKIE_NAME. Empty means [DefaultSessionCookie].
	Cookie string

	// Password returns the password column of a user, as the database has it. With it, Middleware knows
	// only users whose session was made with that password, as Django does; without it, a session goes on
	// after a password change. An error that wraps [ErrNoSession] stands for a user who may not be logged
	// in any more; any other error answers 503.
	Password func(ctx context.Context, userID string) (string, error)

	// Secrets are SECRET_KEY and, behind it, SECRET_KEY_FALLBACKS. They are needed with Password.
	Secrets []string

	// Logger takes what Middleware answers with 503. Nil means slog.Default().
	Logger *slog.Logger
}

// Sessions reads and writes the sessions of Django's cache engine
// (django.contrib.sessions.backends.cache). It is safe for concurrent use, beside any number of Django
// processes. It does not own its store.
//
// What Django does without: an update here never overwrites what somebody else has stored meanwhile, and
// a store that cannot be reached is an error and not an anonymous user.
type Sessions struct {
	options  SessionOptions
	store    store.Store
	swapper  store.Swapper
	encoding cache.Encoding
}

// NewSessions returns the sessions that a Django project keeps in s. It fails if s cannot compare and
// swap.
func NewSessions(s store.Store, o SessionOptions) (*Sessions, error) {
	if o.Version == 0 {
		o.Version = 1
	}
	if o.Age == 0 {
		o.Age = DefaultSessionAge
	}
	if o.Cookie == "" {
		o.Cookie = DefaultSessionCookie
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case s == nil:
		return nil, errors.New("django: sessions need a store")
	case o.Age < time.Second || o.Age == store.Forever:
		return nil, fmt.Errorf("django: Age %v: want a second or more, and an end", o.Age)
	case o.Password != nil && len(o.Secrets) == 0:
		return nil, errors.New("django: Password needs Secrets: the hash in a session is made with SECRET_KEY")
	}
	swapper, ok := store.As[store.Swapper](s)
	if !ok {
		return nil, fmt.Errorf("django: the store cannot compare and swap, as sessions need it: %w", errors.ErrUnsupported)
	}
	encoding, err := o.Codec.Compile(reflect.TypeFor[any]())
	if err != nil {
		return nil, fmt.Errorf("django: %w", err)
	}
	return &Sessions{options: o, store: s, swapper: swapper, encoding: encoding}, nil
}

// Session is a session as it was read.
type Session struct {
	// Key names the session; it is the value of the cookie. Who has it is logged in: do not log it.
	Key string

	// Values are what the project keeps in the session, as Go has them (see the package comment). Changing
	// them changes nothing but this copy: use Sessions.Update. It is nil if the session is no dict of text
	// keys.
	Values map[string]any

	// Raw are the bytes in the store.
	Raw []byte

	// ReadOnly says that the session holds something which Go cannot write back.
	ReadOnly bool
}

// Keys of Django's login in the values of a session (django.contrib.auth).
const (
	userKey    = "_auth_user_id"
	backendKey = "_auth_user_backend"
	hashKey    = "_auth_user_hash"
)

// UserID returns the primary key of the user who is logged in, which Django keeps as text; "" if nobody is.
func (s *Session) UserID() string {
	id, _ := s.Values[userKey].(string)
	return id
}

// sessionLead stands before the session key in Django's cache key (KEY_PREFIX of the cache engine's
// SessionStore).
const sessionLead = "django.contrib.sessions.cache"

// Session keys are at least so long (SessionBase._validate_session_key), and no longer than anything that
// Django makes by far.
const (
	minSessionKey = 8
	maxSessionKey = 128
	newSessionKey = 32
)

const sessionAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// final returns the key in the store. ok is false for a session key that Django cannot have made: no trip
// to the store is made for it.
func (s *Sessions) final(sessionKey string) (_ string, ok bool) {
	if len(sessionKey) < minSessionKey || len(sessionKey) > maxSessionKey {
		return "", false
	}
	for _, c := range []byte(sessionKey) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return "", false
		}
	}
	return Key(s.options.Prefix, s.options.Version, sessionLead+sessionKey), true
}

// Load returns the session of sessionKey, or [ErrNoSession]. An unreachable store is an error that wraps
// [cache.ErrUnavailable]; bytes that are no session are a *[cache.DecodeError].
func (s *Sessions) Load(ctx context.Context, sessionKey string) (*Session, error) {
	final, ok := s.final(sessionKey)
	if !ok {
		return nil, ErrNoSession
	}
	raw, found, err := s.store.Get(ctx, final)
	switch {
	case err != nil:
		return nil, fmt.Errorf("django: load a session: %w", err)
	case !found:
		return nil, ErrNoSession
	}
	return s.decode(sessionKey, raw)
}

func (s *Sessions) decode(sessionKey string, raw []byte) (*Session, error) {
	var decoded any
	if err := s.encoding.Decode(raw, &decoded); err != nil {
		return nil, &cache.DecodeError{Key: "session", Err: err}
	}
	values, isDict := decoded.(map[string]any)
	return &Session{Key: sessionKey, Values: values, Raw: raw, ReadOnly: !isDict || holdsOpaque(decoded)}, nil
}

// holdsOpaque reports whether v holds an object of a class that is not known here. The writers refuse it
// too; this tells before an update begins.
func holdsOpaque(v any) bool {
	switch v := v.(type) {
	case Opaque, *Opaque:
		return true
	case map[string]any:
		for _, inner := range v {
			if holdsOpaque(inner) {
				return true
			}
		}
	case []any:
		return anyOpaque(v)
	case Tuple:
		return anyOpaque(v)
	case Set:
		return anyOpaque(v)
	case FrozenSet:
		return anyOpaque(v)
	case Dict:
		return itemsOpaque(v)
	case OrderedDict:
		return itemsOpaque(v)
	}
	return false
}

func anyOpaque(all []any) bool {
	for _, v := range all {
		if holdsOpaque(v) {
			return true
		}
	}
	return false
}

func itemsOpaque(items []Item) bool {
	for _, i := range items {
		if holdsOpaque(i.Key) || holdsOpaque(i.Value) {
			return true
		}
	}
	return false
}

// The pauses of an Update between two tries double from the first to the longest, and half of each is
// chance.
const (
	firstPause   = 500 * time.Microsecond
	longestPause = 50 * time.Millisecond
)

// Update changes the values of a session with fn and keeps its lifetime. If somebody else, here or in
// Django, stores the session at the same time, fn is called again with what they stored, until ctx ends:
// it must do nothing but change the map. An error of fn ends the update and is returned as it is. A
// session that holds what Go cannot write back is [ErrReadOnly] and stays as it is.
//
// Django itself overwrites what was stored while one of its requests was under way; no store can keep it
// from that.
func (s *Sessions) Update(ctx context.Context, sessionKey string, fn func(values map[string]any) error) error {
	for try := 1; ; try++ {
		current, err := s.Load(ctx, sessionKey)
		switch {
		case err != nil:
			return err
		case current.ReadOnly:
			return ErrReadOnly
		}
		if err := fn(current.Values); err != nil {
			return err
		}
		next, err := s.encode(current.Values)
		if err != nil {
			return err
		}
		final, _ := s.final(sessionKey) // Load has taken it
		swapped, err := s.swapper.Swap(ctx, final, current.Raw, next, store.Keep)
		switch {
		case err != nil:
			return fmt.Errorf("django: update a session: %w", err)
		case swapped:
			return nil
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (s *Sessions) encode(values map[string]any) ([]byte, error) {
	var v any = values
	raw, err := s.encoding.Append(nil, &v)
	if err != nil {
		return nil, fmt.Errorf("django: encode a session: %w", err)
	}
	return raw, nil
}

// pause waits a little before the next try.
func pause(ctx context.Context, try int) error {
	d := min(firstPause<<min(try, 20), longestPause)
	timer := time.NewTimer(d/2 + mathrand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Login is what Django's login keeps in a session.
type Login struct {
	// UserID is the user's primary key, as text.
	UserID string

	// Backend is the dotted path of the authentication backend that Django is to ask for the user. Empty
	// means django.contrib.auth.backends.ModelBackend.
	Backend string

	// AuthHash is what [AuthHash] makes of the user's password column. Django logs out a session with
	// another one.
	AuthHash string

	// Values are further values of the session.
	Values map[string]any
}

// Create begins a session in which a user is logged in and returns its key, the value of the cookie. It
// lives for SessionOptions.Age.
func (s *Sessions) Create(ctx context.Context, login Login) (sessionKey string, err error) {
	if login.UserID == "" || login.AuthHash == "" {
		return "", errors.New("django: a login needs UserID and AuthHash; without the hash Django would drop it")
	}
	if login.Backend == "" {
		login.Backend = "django.contrib.auth.backends.ModelBackend"
	}
	values := map[string]any{userKey: login.UserID, backendKey: login.Backend, hashKey: login.AuthHash}
	for name, v := range login.Values {
		if _, taken := values[name]; !taken {
			values[name] = v
		}
	}
	raw, err := s.encode(values)
	if err != nil {
		return "", err
	}
	for { // until nobody has the key: nearly always at once
		sessionKey = randomKey()
		final, _ := s.final(sessionKey)
		stored, err := s.store.Add(ctx, final, raw, s.options.Age)
		if err != nil {
			return "", fmt.Errorf("django: create a session: %w", err)
		}
		if stored {
			return sessionKey, nil
		}
	}
}

// randomKey returns a session key as Django makes them: 32 characters, each with equal chances.
func randomKey() string {
	const fair = 256 - 256%len(sessionAlphabet) // bytes from here on would favour the first letters
	key, buffer := make([]byte, 0, newSessionKey), make([]byte, 2*newSessionKey)
	for len(key) < newSessionKey {
		_, _ = rand.Read(buffer) // never fails
		for _, b := range buffer {
			if int(b) < fair && len(key) < newSessionKey {
				key = append(key, sessionAlphabet[int(b)%len(sessionAlphabet)])
			}
		}
	}
	return string(key)
}

// Delete ends a session, as Django's logout does. One that is not there is no error.
func (s *Sessions) Delete(ctx context.Context, sessionKey string) error {
	final, ok := s.final(sessionKey)
	if !ok {
		return nil
	}
	if _, err := s.store.Delete(ctx, final); err != nil {
		return fmt.Errorf("django: end a session: %w", err)
	}
	return nil
}
