package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
)

func TestASessionThatHasEndedStaysEndedForItsGraceAfterAFind(t *testing.T) {
	inBubble(t, session.Options{Idle: 10 * time.Second, Grace: time.Minute}, func(t *testing.T, s *session.Store, _ store.Store) {
		token := newToken()
		commit(t, s, token, "ann:a")
		must(t, s.DeleteCtx(t.Context(), token))
		wantNone(t, s, token)
		time.Sleep(50 * time.Second)
		commit(t, s, token, "ann:late") // is dropped
		wantNone(t, s, token)
	})
}

func TestALaterEndIsOnTheListOfTheOwner(t *testing.T) {
	inBubble(t, session.Options{}, func(t *testing.T, s *session.Store, _ store.Store) {
		token := newToken()
		must(t, s.CommitCtx(t.Context(), token, []byte("ann:a"), time.Now().Add(time.Hour)))
		must(t, s.CommitCtx(t.Context(), token, []byte("ann:a"), time.Now().Add(5*time.Hour)))
		time.Sleep(2 * time.Hour)
		wantData(t, s, token, "ann:a")
		if l, err := s.List(t.Context(), "ann"); len(l) != 1 || err != nil {
			t.Errorf("List = %v, %v; want the session", l, err)
		}
		if n, err := s.Revoke(t.Context(), "ann"); n != 1 || err != nil {
			t.Errorf("Revoke = %d, %v; want 1", n, err)
		}
		wantNone(t, s, token)
	})
}

func TestUpdatesThatChangeNothingPutOffTheIdleTimeout(t *testing.T) {
	inBubble(t, session.Options{Idle: 10 * time.Second}, func(t *testing.T, s *session.Store, _ store.Store) {
		token := newToken()
		commit(t, s, token, "ann:a")
		for range 5 {
			time.Sleep(6 * time.Second)
			must(t, s.Update(t.Context(), token, func(data []byte) ([]byte, error) { return data, nil }))
		}
		wantData(t, s, token, "ann:a")
	})
}

// broken fails all calls while it is set.
type broken struct{ set bool }

func (b *broken) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	if b.set {
		return ctx, store.ErrUnavailable
	}
	return ctx, nil
}

func (*broken) After(context.Context, *store.Call) {}

func TestAFindThatFailsPutsNothingOff(t *testing.T) {
	inBubble(t, session.Options{}, func(t *testing.T, _ *session.Store, raw store.Store) {
		var b broken
		s, token := open(t, store.Intercept(raw, &b), session.Options{Idle: 100 * time.Second}), newToken()
		commit(t, s, token, "ann:a")
		time.Sleep(95 * time.Second)
		b.set = true
		if _, _, err := s.FindCtx(t.Context(), token); err == nil {
			t.Error("Find on a store that is broken")
		}
		b.set = false
		wantData(t, s, token, "ann:a")
		time.Sleep(95 * time.Second)
		wantData(t, s, token, "ann:a")
	})
}

func TestReadersHaveDataOfTheirOwn(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{}), newToken()
	commit(t, s, token, "ann:a")
	data, _, err := s.FindCtx(t.Context(), token)
	must(t, err)
	clear(data)
	all, err := s.AllCtx(t.Context())
	must(t, err)
	for _, data := range all {
		clear(data)
	}
	wantData(t, s, token, "ann:a")
}

func TestAnOlderSessionThatLogsInIsNotTheNewest(t *testing.T) {
	inBubble(t, session.Options{MaxPerOwner: 2}, func(t *testing.T, s *session.Store, _ store.Store) {
		anonymous, second, third := newToken(), newToken(), newToken()
		commit(t, s, anonymous, "nobody")
		time.Sleep(time.Minute)
		commit(t, s, second, "ann:second")
		commit(t, s, anonymous, "ann:first")
		l, err := s.List(t.Context(), "ann")
		if err != nil || len(l) != 2 || l[0].Label != "first" || l[1].Label != "second" {
			t.Errorf("List = %v, %v; want the oldest first", l, err)
		}
		time.Sleep(time.Minute)
		commit(t, s, third, "ann:third")
		wantNone(t, s, anonymous)
		wantData(t, s, second, "ann:second")
		wantData(t, s, third, "ann:third")
	})
}

// ending ends a session when another one is about to be stored.
type ending struct {
	raw  store.Store
	end  func()
	done bool
}

func (e *ending) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == store.OpSwap && !e.done && e.end != nil && len(c.Value) > 0 && c.Value[0] != '[' {
		e.done = true
		e.end()
	}
	return ctx, nil
}

func (*ending) After(context.Context, *store.Call) {}

func TestACommitThatIsDroppedEndsNoOtherSession(t *testing.T) {
	raw := openMemory(t)
	other := open(t, raw, session.Options{MaxPerOwner: 1})
	e := &ending{raw: raw}
	s := open(t, store.Intercept(raw, e), session.Options{MaxPerOwner: 1})
	first, second := newToken(), newToken()
	commit(t, s, first, "ann:first")
	commit(t, s, second, "nobody")
	e.end = func() { must(t, other.DeleteCtx(t.Context(), second)) }
	commit(t, s, second, "ann:second")
	wantNone(t, s, second)
	wantData(t, s, first, "ann:first")
}
