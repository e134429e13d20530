package session_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/memory"
)

// scs starts a goroutine for the store that it has by default, and no test can stop it without a race.
func TestMain(m *testing.M) {
	if playRole() {
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func openMemory(t *testing.T) store.Store {
	t.Helper()
	s, err := memory.New(memory.Options{})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ownerOf takes the data up to the first colon for the owner, if there is one.
func ownerOf(data []byte) string {
	owner, _, ok := strings.Cut(string(data), ":")
	if !ok {
		return ""
	}
	return owner
}

func labelOf(data []byte) string {
	_, label, _ := strings.Cut(string(data), ":")
	return label
}

func open(t *testing.T, s store.Store, o session.Options) *session.Store {
	t.Helper()
	o.Owner, o.Label = ownerOf, labelOf
	sessions, err := session.New(s, o)
	must(t, err)
	return sessions
}

// inBubble runs a test in virtual time on a store in memory.
func inBubble(t *testing.T, o session.Options, test func(t *testing.T, s *session.Store, raw store.Store)) {
	synctest.Test(t, func(t *testing.T) {
		raw, err := memory.New(memory.Options{})
		must(t, err)
		defer raw.Close()
		test(t, open(t, raw, o), raw)
	})
}

func commit(t *testing.T, s *session.Store, token, data string) {
	t.Helper()
	must(t, s.CommitCtx(t.Context(), token, []byte(data), time.Time{}))
}

func wantData(t *testing.T, s *session.Store, token, want string) {
	t.Helper()
	data, found, err := s.FindCtx(t.Context(), token)
	if string(data) != want || !found || err != nil {
		t.Errorf("Find = %q, %v, %v; want %q", data, found, err, want)
	}
}

func wantNone(t *testing.T, s *session.Store, token string) {
	t.Helper()
	data, found, err := s.FindCtx(t.Context(), token)
	if data != nil || found || err != nil {
		t.Errorf("Find = %q, %v, %v; want no session", data, found, err)
	}
}

func TestASessionLivesFromCommitToDelete(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{}), newToken()
	wantNone(t, s, token)
	commit(t, s, token, "ann:1")
	wantData(t, s, token, "ann:1")
	commit(t, s, token, "ann:2")
	wantData(t, s, token, "ann:2")
	must(t, s.DeleteCtx(t.Context(), token))
	wantNone(t, s, token)
	must(t, s.DeleteCtx(t.Context(), token))
	want := session.Stats{Found: 2, Missing: 2}
	if diff := cmp.Diff(want, s.Stats()); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func TestACommitBehindTheEndOfItsSessionIsDropped(t *testing.T) {
	var dropped []string
	hooks := session.Hooks{Dropped: func(_ context.Context, id string) { dropped = append(dropped, id) }}
	inBubble(t, session.Options{Hooks: hooks}, func(t *testing.T, s *session.Store, _ store.Store) {
		token := newToken()
		commit(t, s, token, "ann:1")
		must(t, s.DeleteCtx(t.Context(), token))
		time.Sleep(session.DefaultGrace - time.Second)
		commit(t, s, token, "ann:late")
		wantNone(t, s, token)
		if len(dropped) != 1 || s.Stats().Dropped != 1 {
			t.Errorf("dropped %v, Stats %+v", dropped, s.Stats())
		}
		// Behind the grace the token is as good as a new one.
		time.Sleep(time.Second)
		commit(t, s, token, "ann:new")
		wantData(t, s, token, "ann:new")
	})
}

func TestALogoutBeforeTheFirstCommitCounts(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{}), newToken()
	must(t, s.DeleteCtx(t.Context(), token))
	commit(t, s, token, "ann:1")
	wantNone(t, s, token)
}

func TestTheAbsoluteEndHolds(t *testing.T) {
	inBubble(t, session.Options{Lifetime: time.Hour}, func(t *testing.T, s *session.Store, raw store.Store) {
		token := newToken()
		commit(t, s, token, "ann:1")
		time.Sleep(59 * time.Minute)
		// No later commit puts it off, and the store's own expiry does not matter.
		must(t, s.CommitCtx(t.Context(), token, []byte("ann:2"), time.Now().Add(24*time.Hour)))
		for key, err := range inspector(t, raw).Scan(t.Context(), "session:", "*") {
			must(t, err)
			_, err := raw.Touch(t.Context(), key, store.Forever)
			must(t, err)
		}
		time.Sleep(time.Minute - time.Millisecond)
		wantData(t, s, token, "ann:2")
		time.Sleep(time.Millisecond)
		wantNone(t, s, token)
		if err := s.Update(t.Context(), token, func(d []byte) ([]byte, error) { return d, nil }); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("Update = %v, want ErrNoSession", err)
		}
		if all, err := s.AllCtx(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("All = %v, %v", all, err)
		}
		if l, err := s.List(t.Context(), "ann"); len(l) != 0 || err != nil {
			t.Errorf("List = %v, %v", l, err)
		}
	})
}

func TestACommitBehindTheDeadlineEndsTheSession(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{}), newToken()
	commit(t, s, token, "ann:1")
	must(t, s.CommitCtx(t.Context(), token, []byte("ann:2"), time.Now().Add(-time.Second)))
	wantNone(t, s, token)
}

func TestReadingPutsOffTheIdleTimeoutAndNotTheEnd(t *testing.T) {
	inBubble(t, session.Options{Idle: 10 * time.Minute, Lifetime: time.Hour}, func(t *testing.T, s *session.Store, _ store.Store) {
		token, idle := newToken(), newToken()
		commit(t, s, token, "ann:1")
		commit(t, s, idle, "bob:1")
		for range 6 { // 54 minutes
			time.Sleep(9 * time.Minute)
			wantData(t, s, token, "ann:1")
		}
		wantNone(t, s, idle)
		time.Sleep(6*time.Minute - time.Millisecond)
		wantData(t, s, token, "ann:1")
		time.Sleep(time.Millisecond)
		wantNone(t, s, token)
	})
}

func inspector(t *testing.T, s store.Store) store.Inspector {
	t.Helper()
	i, ok := store.As[store.Inspector](s)
	if !ok {
		t.Fatal("no Inspector")
	}
	return i
}

// counting counts the calls by operation.
type counting map[store.Op]int

func (counting) Before(ctx context.Context, _ *store.Call) (context.Context, error) { return ctx, nil }
func (c counting) After(_ context.Context, call *store.Call)                        { c[call.Op]++ }

func TestReadersDoNotWrite(t *testing.T) {
	inBubble(t, session.Options{Idle: 10 * time.Minute}, func(t *testing.T, _ *session.Store, raw store.Store) {
		calls := counting{}
		s, token := open(t, store.Intercept(raw, calls), session.Options{Idle: 10 * time.Minute}), newToken()
		commit(t, s, token, "ann:1")
		clear(calls)
		for range 1000 {
			wantData(t, s, token, "ann:1")
			time.Sleep(600 * time.Millisecond)
		}
		// Ten minutes of reading: one exchange each, and ten renewals of the expiry alone.
		want := counting{store.OpGet: 1000, store.OpTouch: 10}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAnUnchangedSessionIsNotWritten(t *testing.T) {
	calls := counting{}
	s, token := open(t, store.Intercept(openMemory(t), calls), session.Options{}), newToken()
	expiry := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	must(t, s.CommitCtx(t.Context(), token, []byte("ann:1"), expiry))
	clear(calls)
	must(t, s.Update(t.Context(), token, func(d []byte) ([]byte, error) { return d, nil }))
	if diff := cmp.Diff(counting{store.OpGet: 1}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestATokenThatCannotBeOneIsAnsweredWithoutTheStore(t *testing.T) {
	calls := counting{}
	s := open(t, store.Intercept(openMemory(t), calls), session.Options{})
	good := newToken()
	for _, token := range []string{
		"", "x", good + "A", good[:42], good[:42] + "=", good[:42] + "\n", good[:42] + "é"[:1], "id:" + good,
		strings.Repeat("a", 1<<20), good[:20] + "*" + good[21:],
	} {
		wantNone(t, s, token)
		if err := s.CommitCtx(t.Context(), token, nil, time.Time{}); !strings.HasPrefix(token, "id:") && !errors.Is(err, session.ErrToken) {
			t.Errorf("Commit(%.50q) = %v, want ErrToken", token, err)
		}
		if err := s.Update(t.Context(), token, nil); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("Update(%.50q) = %v, want ErrNoSession", token, err)
		}
	}
	must(t, s.DeleteCtx(t.Context(), "x"))
	delete(calls, store.OpAdd) // of the handle, which a commit takes
	delete(calls, store.OpGet)
	if len(calls) != 0 {
		t.Errorf("the store was asked: %v", calls)
	}
}

func TestTheStoreHoldsNoToken(t *testing.T) {
	raw := openMemory(t)
	s, token := open(t, raw, session.Options{}), newToken()
	commit(t, s, token, "ann:1")
	for key, err := range inspector(t, raw).Scan(t.Context(), "", "*") {
		must(t, err)
		value, _, err := raw.Get(t.Context(), key)
		must(t, err)
		if strings.Contains(key, token) || strings.Contains(string(value), token) || strings.Contains(key, "ann") {
			t.Errorf("%q: %q holds the token, or the owner in its key", key, value)
		}
		// What stands in the store lets nobody in.
		id := strings.TrimPrefix(key, "session:")
		wantNone(t, s, id)
		wantNone(t, s, "id:"+id)
	}
}

func TestAllGivesHandlesThatDeleteTakes(t *testing.T) {
	s := open(t, openMemory(t), session.Options{Prefix: "a*[b]?:"})
	for i := range 3 {
		commit(t, s, newToken(), fmt.Sprint("user", i, ":x"))
	}
	ended := newToken()
	commit(t, s, ended, "user9:x")
	must(t, s.Delete(ended))
	all, err := s.All()
	if len(all) != 3 || err != nil {
		t.Fatalf("All = %v, %v; want 3 sessions", all, err)
	}
	for handle := range all {
		must(t, s.Delete(handle))
	}
	if all, err := s.All(); all == nil || len(all) != 0 || err != nil {
		t.Errorf("All = %v, %v; want an empty map", all, err)
	}
}

func TestAnOwnerSeesAndRevokesSessions(t *testing.T) {
	inBubble(t, session.Options{Idle: time.Hour}, func(t *testing.T, s *session.Store, _ store.Store) {
		begin := time.Now()
		phone, laptop, other := newToken(), newToken(), newToken()
		commit(t, s, phone, "ann:phone")
		commit(t, s, other, "bob:phone")
		time.Sleep(10 * time.Minute)
		commit(t, s, laptop, "ann:laptop")
		time.Sleep(10 * time.Minute)
		wantData(t, s, phone, "ann:phone")
		got, err := s.List(t.Context(), "ann")
		must(t, err)
		end := begin.Add(session.DefaultLifetime)
		want := []session.Info{
			{Created: begin, Changed: begin, Seen: begin.Add(20 * time.Minute), Expires: end, Label: "phone"},
			{Created: begin.Add(10 * time.Minute), Changed: begin.Add(10 * time.Minute), Seen: begin.Add(10 * time.Minute), Expires: end.Add(10 * time.Minute), Label: "laptop"},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(session.Info{}, "ID"), cmpopts.EquateApproxTime(time.Millisecond)); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}

		if n, err := s.Revoke(t.Context(), "ann", laptop); n != 1 || err != nil {
			t.Errorf("Revoke = %d, %v; want 1", n, err)
		}
		wantNone(t, s, phone)
		wantData(t, s, laptop, "ann:laptop")
		wantData(t, s, other, "bob:phone")
		commit(t, s, phone, "ann:phone") // a request that was under way
		wantNone(t, s, phone)
		if n, err := s.Revoke(t.Context(), "ann"); n != 1 || err != nil {
			t.Errorf("Revoke = %d, %v; want 1", n, err)
		}
		wantNone(t, s, laptop)
		if l, err := s.List(t.Context(), "ann"); len(l) != 0 || err != nil {
			t.Errorf("List = %v, %v; want none", l, err)
		}
	})
}

func TestASessionChangesHands(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{}), newToken()
	commit(t, s, token, ":guest")
	commit(t, s, token, "ann:1")
	commit(t, s, token, "bob:1")
	if n, err := s.Revoke(t.Context(), "ann"); n != 0 || err != nil {
		t.Errorf("Revoke of the owner before = %d, %v; want 0", n, err)
	}
	wantData(t, s, token, "bob:1")
	if l, err := s.List(t.Context(), "bob"); len(l) != 1 || err != nil {
		t.Errorf("List = %v, %v; want 1", l, err)
	}
}

func TestEndTakesTheIDOfAnOwnersSession(t *testing.T) {
	s, token, other := open(t, openMemory(t), session.Options{}), newToken(), newToken()
	commit(t, s, token, "ann:1")
	commit(t, s, other, "bob:1")
	l, err := s.List(t.Context(), "ann")
	must(t, err)
	if err := s.End(t.Context(), "bob", l[0].ID); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("End of somebody else's session = %v, want ErrNoSession", err)
	}
	must(t, s.End(t.Context(), "ann", l[0].ID))
	wantNone(t, s, token)
	if err := s.End(t.Context(), "ann", l[0].ID); !errors.Is(err, session.ErrNoSession) {
		t.Errorf("a second End = %v, want ErrNoSession", err)
	}
	wantData(t, s, other, "bob:1")
}

func TestAnOwnersOldestSessionGivesWay(t *testing.T) {
	inBubble(t, session.Options{MaxPerOwner: 2}, func(t *testing.T, s *session.Store, _ store.Store) {
		tokens := []string{newToken(), newToken(), newToken()}
		for _, token := range tokens {
			commit(t, s, token, "ann:x")
			time.Sleep(time.Second)
		}
		wantNone(t, s, tokens[0])
		wantData(t, s, tokens[1], "ann:x")
		wantData(t, s, tokens[2], "ann:x")
	})
}

func TestDataIsBounded(t *testing.T) {
	s, token := open(t, openMemory(t), session.Options{MaxBytes: 10}), newToken()
	commit(t, s, token, "0123456789")
	err := s.CommitCtx(t.Context(), token, []byte("01234567890"), time.Time{})
	if !errors.Is(err, session.ErrTooLarge) || !strings.Contains(err.Error(), "11 bytes, at most 10") {
		t.Errorf("Commit = %v, want ErrTooLarge", err)
	}
	if strings.Contains(err.Error(), token) {
		t.Errorf("the error shows the token: %v", err)
	}
	wantData(t, s, token, "0123456789")
}

func TestDamagedRecordsCountAsMissing(t *testing.T) {
	raw := openMemory(t)
	var troubles []string
	hooks := session.Hooks{Trouble: func(_ context.Context, tr cache.Trouble) { troubles = append(troubles, tr.Op) }}
	s, token := open(t, raw, session.Options{Hooks: hooks}), newToken()
	for _, value := range []string{"", "x", "S", "S" + strings.Repeat("\x01", 24), "S" + strings.Repeat("\x01", 24) + "\x80", "S" + strings.Repeat("\x01", 24) + "\x05ann"} {
		commit(t, s, token, "ann:1")
		for key, err := range inspector(t, raw).Scan(t.Context(), "session:", "???????????????????????????????????????????") {
			must(t, err)
			must(t, raw.Set(t.Context(), key, []byte(value), time.Hour))
		}
		wantNone(t, s, token)
	}
	if len(troubles) < 6 {
		t.Errorf("troubles: %v", troubles)
	}
}

// failing fails the calls of one operation.
type failing struct {
	op  store.Op
	err error
}

func (f failing) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == f.op {
		return ctx, f.err
	}
	return ctx, nil
}
func (failing) After(context.Context, *store.Call) {}

func TestAStoreThatFailsIsAnErrorAndNotAMissingSession(t *testing.T) {
	raw, token := openMemory(t), newToken()
	quiet := session.Options{Logger: slog.New(slog.DiscardHandler), Idle: time.Hour}
	commit(t, open(t, raw, quiet), token, "ann:1")
	for _, test := range []struct {
		op   store.Op
		call func(s *session.Store) error
	}{
		{store.OpGet, func(s *session.Store) error { _, _, err := s.FindCtx(t.Context(), token); return err }},
		{store.OpGet, func(s *session.Store) error { return s.Commit(token, []byte("x"), time.Time{}) }},
		{store.OpSwap, func(s *session.Store) error { return s.Commit(token, []byte("ann:2"), time.Time{}) }},
		{store.OpAdd, func(s *session.Store) error { return s.Commit(newToken(), []byte("ann:2"), time.Time{}) }},
		{store.OpGet, func(s *session.Store) error { return s.Delete(token) }},
		{store.OpSet, func(s *session.Store) error { return s.Delete(token) }},
		{store.OpScan, func(s *session.Store) error { _, err := s.All(); return err }},
		{store.OpGet, func(s *session.Store) error { _, err := s.All(); return err }},
		{store.OpGet, func(s *session.Store) error { _, err := s.List(t.Context(), "ann"); return err }},
		{store.OpGet, func(s *session.Store) error { _, err := s.Revoke(t.Context(), "ann"); return err }},
		{store.OpSet, func(s *session.Store) error { _, err := s.Revoke(t.Context(), "ann"); return err }},
		{store.OpGet, func(s *session.Store) error { return s.End(t.Context(), "ann", "x") }},
	} {
		s := open(t, store.Intercept(raw, failing{test.op, store.ErrUnavailable}), quiet)
		if err := test.call(s); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s fails: the call returns %v, want ErrUnavailable", test.op, err)
		}
	}
	// A renewal that fails is no reason to turn a user away.
	s := open(t, store.Intercept(raw, failing{store.OpTouch, store.ErrUnavailable}), quiet)
	wantData(t, s, token, "ann:1")
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	raw := openMemory(t)
	for want, o := range map[string]session.Options{
		"Lifetime": {Lifetime: -1}, "and an end": {Lifetime: store.Forever}, "Idle": {Idle: time.Millisecond}, "Grace": {Grace: -1},
		"MaxBytes": {MaxBytes: -1}, "MaxPerOwner": {MaxPerOwner: -1},
	} {
		if _, err := session.New(raw, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%+v) = %v, want an error about %s", o, err, want)
		}
	}
	if _, err := session.New(nil, session.Options{}); err == nil {
		t.Error("New without a store is accepted")
	}
	if _, err := session.New(struct{ store.Store }{raw}, session.Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("New on a store without Swapper = %v, want ErrUnsupported", err)
	}
	if _, err := session.New(dummy.New(), session.Options{}); err != nil {
		t.Errorf("New on dummy = %v; whether sessions may be lost is for who configures them", err)
	}
}
