package session

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// FindCtx returns the data of the session of token. found is false if there is none: never begun, ended,
// expired, or token cannot be one. An error means that the store could not tell; treat it as such and
// not as "no session".
//
// With an idle timeout, reading puts it off. A record that cannot be read counts as missing and is
// reported to Hooks.Trouble.
func (s *Store) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	id, ok := idOf(token)
	if !ok {
		s.stats.missing.Add(1)
		return nil, false, nil
	}
	now := s.now()
	r, err := s.use(ctx, id, s.due(id, now))
	if err != nil {
		return nil, false, fail("find", id, err)
	}
	if r == nil || !r.end.After(now) {
		s.stats.missing.Add(1)
		return nil, false, nil
	}
	s.stats.found.Add(1)
	return s.own(r.data), true, nil
}

// own returns data for a caller to keep and to change.
func (s *Store) own(data []byte) []byte {
	if s.gives {
		return data
	}
	return bytes.Clone(data)
}

// due reports whether the idle timeout of a session is to be put off, and takes note that it is.
func (s *Store) due(id string, now time.Time) bool {
	return s.renewed.due(id, now, s.options.Idle/renewalsPerIdle)
}

// use reads the session under id, and if that is due puts off its idle timeout.
func (s *Store) use(ctx context.Context, id string, due bool) (*record, error) {
	_, r, err := s.read(ctx, id, due)
	if err != nil && due {
		s.renewed.forget(id)
	}
	return r, err
}

// read returns the record under id and the very bytes it was read from; a nil record if there is no
// session. value is nil if there is nothing at all. With renew, the idle timeout begins anew.
func (s *Store) read(ctx context.Context, id string, renew bool) (value []byte, r *record, err error) {
	var found bool
	if renew {
		value, found, err = s.getRenewed(ctx, id)
	} else {
		value, found, err = s.store.Get(ctx, s.key(id))
	}
	if err != nil || !found {
		return nil, nil, err
	}
	decoded, err := decode(value)
	switch {
	case errors.Is(err, errEnded):
		if renew {
			s.ended(ctx, id)
		}
		return value, nil, nil
	case err != nil:
		s.troubled(ctx, "decode", id, err)
		return value, nil, nil
	}
	return value, &decoded, nil
}

// ended has the mark of a session that has ended last for Grace from now on: reading it may have given it the shorter
// life of an idle session.
func (s *Store) ended(ctx context.Context, id string) {
	if s.options.Idle >= s.options.Grace {
		return
	}
	if err := s.store.Set(ctx, s.key(id), tombstone, s.options.Grace); err != nil {
		s.renewed.forget(id)
		s.troubled(ctx, "renew", id, err)
	}
}

func (s *Store) troubled(ctx context.Context, op, id string, err error) {
	s.options.Hooks.Trouble(ctx, cache.Trouble{Alias: "sessions", Op: op, Key: id, Err: err})
}

// getRenewed reads a record and puts off its idle timeout, in one exchange where the store can. The
// store's own expiry may then be later than the absolute end, which the record keeps.
func (s *Store) getRenewed(ctx context.Context, id string) (value []byte, found bool, err error) {
	if s.renewer != nil {
		return s.renewer.GetTouch(ctx, s.key(id), s.options.Idle)
	}
	value, found, err = s.store.Get(ctx, s.key(id))
	if err != nil || !found {
		return nil, false, err
	}
	if _, err := s.store.Touch(ctx, s.key(id), s.options.Idle); err != nil {
		s.renewed.forget(id)
		s.troubled(ctx, "renew", id, err)
	}
	return value, true, nil
}

// ttl is the store's expiry for a record that ends at end.
func (s *Store) ttl(end, now time.Time) time.Duration {
	left := end.Sub(now)
	if s.options.Idle > 0 {
		return min(s.options.Idle, left)
	}
	return left
}

// Info describes one session of an owner.
type Info struct {
	ID      string    // names the session and is no token: nobody can log in with it
	Created time.Time // the first commit
	Changed time.Time // the last commit
	Seen    time.Time // the last use, to a tenth of the idle timeout; Changed where there is none
	Expires time.Time // the absolute end
	Label   string    // what Options.Label made of the data
}

// renewalsPerIdle is how often within an idle timeout a process puts it off at most.
const renewalsPerIdle = 10

// renewals remembers which sessions this process has renewed lately, so that a burst of requests costs
// one renewal. The zero value is ready to use.
type renewals struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

// maxRenewals bounds the memory. A session that is forgotten is renewed once more than needed.
const maxRenewals = 8192

// due reports whether the session was last renewed longer ago than interval, and then takes note of the
// renewal. An interval of zero or less is never due.
func (r *renewals) due(id string, now time.Time, interval time.Duration) bool {
	if interval <= 0 {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.at[id]; ok && now.Sub(last) < interval {
		return false
	}
	if r.at == nil || len(r.at) >= maxRenewals {
		r.at = make(map[string]time.Time)
	}
	r.at[id] = now
	return true
}

// forget has the next read renew the session.
func (r *renewals) forget(id string) {
	r.mu.Lock()
	delete(r.at, id)
	r.mu.Unlock()
}

// AllCtx returns the data of all sessions under their handles: "id:" and the ID. DeleteCtx and CommitCtx
// take a handle for the session's token, FindCtx does not, because handles stand in the store. It reads
// every session: use it for inspection, and List and Revoke for the sessions of one owner.
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	inspector, ok := store.As[store.Inspector](s.store)
	if !ok {
		return nil, fail("list", "all", errors.ErrUnsupported)
	}
	all, now := make(map[string][]byte), s.now()
	for key, err := range inspector.Scan(ctx, s.options.Prefix, "*") {
		if err != nil {
			return nil, fail("list", "all", err)
		}
		id := key[len(s.options.Prefix):]
		if !isBase64(id) { // the list of an owner
			continue
		}
		_, r, err := s.read(ctx, id, false)
		if err != nil {
			return nil, fail("list", id, err)
		}
		if r != nil && r.end.After(now) {
			all[handleLead+id] = s.own(r.data)
		}
	}
	return all, nil
}
