package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// commitTries is how often CommitCtx tries when others change the session at the same time. Update goes
// on until its context ends, because it loses nothing by that.
const commitTries = 3

// The pauses of an Update between two tries double from the first to the longest, and half of each is
// chance.
const (
	firstPause   = 500 * time.Microsecond
	longestPause = 50 * time.Millisecond
)

// CommitCtx stores data as the session of token, which ends at expiry at the latest; the zero time means
// after Options.Lifetime. What was there is replaced: use [Store.Update] to change it without losing what
// others change. An expiry that has passed ends the session.
//
// A session that was ended meanwhile is not brought back: the commit is dropped, counted and reported to
// Hooks.Dropped, without an error. Other processes that commit at the same time are [ErrConflict] after
// three tries.
func (s *Store) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	id, ok := idOfHandle(token)
	if !ok {
		return ErrToken
	}
	now := s.now()
	end := now.Add(s.options.Lifetime)
	if !expiry.IsZero() {
		end = now.Add(time.Until(expiry)) // by the store's clock
	}
	if !end.After(now) {
		return s.delete(ctx, id)
	}
	replace := func(r *record) (record, error) { return record{end: end, data: data}, nil }
	err := s.change(ctx, id, replace, commitTries)
	if errors.Is(err, errEnded) {
		s.stats.dropped.Add(1)
		if s.options.Hooks.Dropped != nil {
			s.options.Hooks.Dropped(ctx, id)
		}
		return nil
	}
	return fail("commit", id, err)
}

// Update changes the data of the session of token with fn. Others who change it at the same time are not
// overwritten: fn is called again with what they have stored, until ctx ends. fn must therefore do
// nothing but compute. An error of fn ends the update and is returned as it is. Data that stays the same
// is not stored. Without a session it is [ErrNoSession].
func (s *Store) Update(ctx context.Context, token string, fn func(data []byte) ([]byte, error)) error {
	id, ok := idOf(token)
	if !ok {
		return ErrNoSession
	}
	var refused error
	err := s.change(ctx, id, func(r *record) (record, error) {
		if r == nil {
			return record{}, ErrNoSession
		}
		data, err := fn(bytes.Clone(r.data))
		if err != nil {
			refused = err
			return record{}, err
		}
		return record{end: r.end, data: data}, nil
	}, 0)
	switch {
	case refused != nil:
		return refused
	case errors.Is(err, errEnded), errors.Is(err, ErrNoSession):
		return ErrNoSession
	}
	return fail("update", id, err)
}

// change replaces the record under id by what next makes of it, which gets nil where there is no session.
// A tombstone is errEnded. It tries as often as tries says; zero is until ctx ends.
func (s *Store) change(ctx context.Context, id string, next func(*record) (record, error), tries int) error {
	for try := 1; ; try++ {
		done, err := s.changeOnce(ctx, id, next)
		if done || err != nil {
			return err
		}
		s.stats.conflicts.Add(1)
		if s.options.Hooks.Conflict != nil {
			s.options.Hooks.Conflict(ctx, id)
		}
		if try == tries {
			return ErrConflict
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (s *Store) changeOnce(ctx context.Context, id string, next func(*record) (record, error)) (done bool, err error) {
	now := s.now()
	value, old, err := s.read(ctx, id, false)
	if err != nil {
		return false, err
	}
	if bytes.Equal(value, tombstone) {
		return false, errEnded
	}
	if old != nil && !old.end.After(now) {
		old = nil
	}
	r, err := next(old)
	if err != nil {
		return false, err
	}
	if len(r.data) > s.options.MaxBytes {
		return false, fmt.Errorf("%d bytes, at most %d: %w", len(r.data), s.options.MaxBytes, ErrTooLarge)
	}
	r.created, r.changed = now, now
	if old != nil {
		r.created = old.created
	}
	r.end = earlier(r.end, r.created.Add(s.options.Lifetime)).Truncate(time.Millisecond)
	if !r.end.After(now) {
		return true, s.delete(ctx, id)
	}
	if s.options.Owner != nil {
		r.owner = s.options.Owner(r.data)
	}
	if old != nil && bytes.Equal(old.data, r.data) && old.end.Equal(r.end) && old.owner == r.owner {
		if s.due(id, now) {
			_, err = s.use(ctx, id, true)
		}
		return true, err
	}
	return s.write(ctx, id, value, old, r)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// write puts r in the place of value, nil for nothing. The list of the owner comes first: a session that
// is not on it could not be revoked, while an entry without a session does no harm.
func (s *Store) write(ctx context.Context, id string, value []byte, old *record, r record) (swapped bool, err error) {
	moved := old == nil || old.owner != r.owner
	var surplus list
	if r.owner != "" && (moved || r.end.After(old.end)) {
		if surplus, err = s.enlist(ctx, id, r); err != nil {
			return false, err
		}
	}
	ttl := s.ttl(r.end, r.changed)
	if value == nil {
		swapped, err = s.store.Add(ctx, s.key(id), r.encode(), ttl)
	} else {
		swapped, err = s.swapper.Swap(ctx, s.key(id), value, r.encode(), ttl)
	}
	if swapped && moved && old != nil && old.owner != "" {
		s.delist(ctx, old.owner, id)
	}
	if swapped && len(surplus) > 0 {
		err = s.revokeAll(ctx, r.owner, surplus)
	}
	return swapped, err
}

// pause waits a little before the next try.
func pause(ctx context.Context, try int) error {
	d := min(firstPause<<min(try, 20), longestPause)
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// DeleteCtx ends the session of token, whether it is there or not, and remembers the end for
// Options.Grace. A token that cannot be one is nothing to end.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	id, ok := idOfHandle(token)
	if !ok {
		return nil
	}
	return s.delete(ctx, id)
}

func (s *Store) delete(ctx context.Context, id string) error {
	_, r, err := s.read(ctx, id, false)
	if err == nil {
		err = s.store.Set(ctx, s.key(id), tombstone, s.options.Grace)
	}
	if err != nil {
		return fail("end", id, err)
	}
	s.renewed.forget(id)
	if r != nil && r.owner != "" {
		s.delist(ctx, r.owner, id)
	}
	return nil
}

// delist takes a session that has ended off its owner's list. That it fails does no harm: the list shows
// only sessions that are there.
func (s *Store) delist(ctx context.Context, owner, id string) {
	err := s.changeList(ctx, owner, func(l list) list { return l.without(id) })
	if err != nil {
		s.troubled(ctx, "delist", id, err)
	}
}
