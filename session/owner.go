package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// list are the sessions of one owner, the oldest first. It is stored as JSON under a key of its own and
// changed by compare and swap. Every session of the owner is on it; an entry may have outlived its
// session.
type list []entry

type entry struct {
	ID      string `json:"id"`
	Created int64  `json:"created"` // milliseconds since 1970
	End     int64  `json:"end"`
}

func (l list) without(id string) list {
	return slices.DeleteFunc(slices.Clone(l), func(e entry) bool { return e.ID == id })
}

// listKey is the key of an owner's list. Owners are hashed: they are often names or addresses of people.
func (s *Store) listKey(owner string) string {
	sum := sha256.Sum256([]byte(owner))
	return s.options.Prefix + "owner:" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// readList returns the list of owner without what has expired, and the bytes it was read from.
func (s *Store) readList(ctx context.Context, owner string) (l list, value []byte, err error) {
	value, found, err := s.store.Get(ctx, s.listKey(owner))
	if err != nil || !found {
		return nil, nil, err
	}
	if err := json.Unmarshal(value, &l); err != nil {
		s.options.Hooks.Trouble(ctx, cache.Trouble{Alias: "sessions", Op: "decode", Key: "list of an owner", Err: err})
		return nil, value, nil
	}
	now := s.now().UnixMilli()
	return slices.DeleteFunc(l, func(e entry) bool { return e.End <= now }), value, nil
}

// changeList replaces the list of owner by what fn makes of it, until ctx ends.
func (s *Store) changeList(ctx context.Context, owner string, fn func(list) list) error {
	for try := 1; ; try++ {
		l, value, err := s.readList(ctx, owner)
		if err != nil {
			return err
		}
		done, err := s.swapList(ctx, owner, value, fn(l))
		if done || err != nil {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (s *Store) swapList(ctx context.Context, owner string, value []byte, l list) (done bool, err error) {
	if len(l) == 0 {
		if value == nil {
			return true, nil
		}
		return s.swapper.Swap(ctx, s.listKey(owner), value, nil, 0)
	}
	last := slices.MaxFunc(l, func(a, b entry) int { return cmp.Compare(a.End, b.End) })
	ttl := time.UnixMilli(last.End).Sub(s.now())
	if ttl <= 0 {
		return s.swapList(ctx, owner, value, nil)
	}
	next, err := json.Marshal(l)
	if err != nil {
		return false, err
	}
	if value == nil {
		return s.store.Add(ctx, s.listKey(owner), next, ttl)
	}
	return s.swapper.Swap(ctx, s.listKey(owner), value, next, ttl)
}

// enlist puts a session on its owner's list, and returns those of the others, the oldest, that are too many with it.
func (s *Store) enlist(ctx context.Context, id string, r record) (surplus list, err error) {
	err = s.changeList(ctx, r.owner, func(l list) list {
		others := l.without(id)
		surplus = others[:max(0, len(others)+1-s.options.MaxPerOwner)]
		l = append(slices.Clone(others), entry{ID: id, Created: r.created.UnixMilli(), End: r.end.UnixMilli()})
		slices.SortStableFunc(l, func(a, b entry) int { return cmp.Compare(a.Created, b.Created) })
		return l
	})
	return surplus, err
}

// revokeAll ends sessions of owner and takes them off the list.
func (s *Store) revokeAll(ctx context.Context, owner string, gone list) error {
	for _, e := range gone {
		if _, err := s.revokeOne(ctx, owner, e.ID); err != nil {
			return err
		}
	}
	return s.changeList(ctx, owner, func(l list) list {
		for _, e := range gone {
			l = l.without(e.ID)
		}
		return l
	})
}

// List returns the sessions of owner that are there, the oldest first.
func (s *Store) List(ctx context.Context, owner string) ([]Info, error) {
	l, _, err := s.readList(ctx, owner)
	if err != nil {
		return nil, fail("list", "of an owner", err)
	}
	infos, now := make([]Info, 0, len(l)), s.now()
	for _, e := range l {
		_, r, err := s.read(ctx, e.ID, false)
		if err != nil {
			return nil, fail("list", e.ID, err)
		}
		if r == nil || r.owner != owner || !r.end.After(now) {
			continue
		}
		info := Info{ID: e.ID, Created: r.created, Changed: r.changed, Expires: r.end, Seen: s.seen(ctx, e.ID, r, now)}
		if s.options.Label != nil {
			info.Label = s.options.Label(r.data)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// seen is the last use of a session, which the store's own expiry tells.
func (s *Store) seen(ctx context.Context, id string, r *record, now time.Time) time.Time {
	inspector, ok := store.As[store.Inspector](s.store)
	if !ok || s.options.Idle == 0 {
		return r.changed
	}
	ttl, found, err := inspector.TTL(ctx, s.key(id))
	if err != nil || !found || ttl > s.options.Idle {
		return r.changed
	}
	if seen := now.Add(ttl - s.options.Idle); seen.After(r.changed) {
		return seen
	}
	return r.changed
}

// Revoke ends all sessions of owner, except those of the tokens in keep, and returns how many there were.
// A login that begins during the call may survive it.
func (s *Store) Revoke(ctx context.Context, owner string, keep ...string) (ended int, err error) {
	var kept []string
	for _, token := range keep {
		if id, ok := idOfHandle(token); ok {
			kept = append(kept, id)
		}
	}
	l, _, err := s.readList(ctx, owner)
	if err != nil {
		return 0, fail("revoke", "of an owner", err)
	}
	var gone []string
	for _, e := range l {
		if slices.Contains(kept, e.ID) {
			continue
		}
		live, err := s.revokeOne(ctx, owner, e.ID)
		if err != nil {
			return ended, fail("revoke", e.ID, err)
		}
		if live {
			ended++
		}
		gone = append(gone, e.ID)
	}
	err = s.changeList(ctx, owner, func(l list) list {
		return slices.DeleteFunc(slices.Clone(l), func(e entry) bool { return slices.Contains(gone, e.ID) })
	})
	return ended, fail("revoke", "of an owner", err)
}

// revokeOne ends a session if it is the owner's, or not begun yet: a login that stands on the list and
// nowhere else is about to. It reports whether there was one.
func (s *Store) revokeOne(ctx context.Context, owner, id string) (live bool, err error) {
	value, r, err := s.read(ctx, id, false)
	switch {
	case err != nil:
		return false, err
	case r != nil && r.owner != owner:
		return false, nil // it has changed hands
	case value != nil && r == nil:
		return false, nil // it has ended already
	}
	if err := s.store.Set(ctx, s.key(id), tombstone, s.options.Grace); err != nil {
		return false, err
	}
	s.renewed.forget(id)
	return r != nil && r.end.After(s.now()), nil
}

// End ends one session of owner by its ID, as List gives it. A session that is not the owner's is
// [ErrNoSession].
func (s *Store) End(ctx context.Context, owner, id string) error {
	l, _, err := s.readList(ctx, owner)
	if err != nil {
		return fail("end", id, err)
	}
	if !slices.ContainsFunc(l, func(e entry) bool { return e.ID == id }) {
		return ErrNoSession
	}
	live, err := s.revokeOne(ctx, owner, id)
	if err != nil {
		return fail("end", id, err)
	}
	s.delist(ctx, owner, id)
	if !live {
		return ErrNoSession
	}
	return nil
}
