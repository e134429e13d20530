//go:build unix

package redis_test

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// leaser returns the leases of s in the place of the values.
func leaser(t testing.TB, s *redis.Store) store.Leaser {
	t.Helper()
	l, ok := store.As[store.Leaser](s)
	if !ok {
		t.Fatal("the store offers no leases")
	}
	return l
}

// besides returns the leases of s beside the values.
func besides(t testing.TB, s *redis.Store) store.Beside {
	t.Helper()
	b, ok := store.As[store.Beside](s)
	if !ok {
		t.Fatal("the store offers no leases beside values")
	}
	return b
}

// claim fails the test unless l gives the lease.
func claim(t testing.TB, l store.Leaser, key, lease string) {
	t.Helper()
	if there, err := l.Claim(t.Context(), key, []byte(lease), time.Hour); there != nil || err != nil {
		t.Fatalf("Claim(%q, %q) = %q, %v; want nil", key, lease, there, err)
	}
}

// wantCode fails the test unless err is an answer of the server with a code.
func wantCode(t testing.TB, what string, err error, code string) {
	t.Helper()
	var answer *redis.ServerError
	if !errors.As(err, &answer) || answer.Code != code {
		t.Errorf("%s = %v, want a *redis.ServerError with the code %s", what, err, code)
	}
	if errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%s = %v, which says that the server is away", what, err)
	}
}

func TestNamesOfLeasesBeside(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	b := besides(t, s)
	for key, name := range map[string]string{
		":1:article":      "cachewright:lease:{:1:article}",
		":1:{user}:1":     "cachewright:lease:::1:{user}:1",
		":1:open{":        "cachewright:lease:{:1:open{}",
		":1:closed}":      "cachewright:lease:::1:closed}",
		"{:1:article}":    "cachewright:lease::{:1:article}",
		":{:1:article}":   "cachewright:lease:::{:1:article}",
		"\x00\xff\r\n{\n": "cachewright:lease:{\x00\xff\r\n{\n}",
	} {
		claim(t, b, key, "lease of "+key)
		if got, want := server.Do("GET", name), "lease of "+key; got != want {
			t.Errorf("%q holds %q, want %q", name, got, want)
		}
	}
	if err := s.Set(t.Context(), ":1:article", []byte("value"), time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Do("SET", "cachewright:other", "of somebody else")
	got := scanned(t, s, "")
	if want := 2; len(got) != want || !got[":1:article"] || !got["cachewright:other"] {
		t.Errorf("Scan yields %v, want the value and what is somebody else's, and no leases", got)
	}
	if got := len(scanned(t, s, "cachewright:lease:")); got != 7 {
		t.Errorf("a Scan for leases yields %d keys, want 7", got)
	}
}

func TestScriptsOfLeasesSurviveThatTheServerForgetsThem(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	for name, l := range map[string]store.Leaser{"in place": leaser(t, s), "beside": besides(t, s)} {
		server.Do("SCRIPT", "FLUSH")
		claim(t, l, name, "lease")
		server.Do("SCRIPT", "FLUSH")
		if held, err := l.Extend(t.Context(), name, []byte("lease"), []byte("next"), time.Hour); !held || err != nil {
			t.Errorf("%s: Extend = %v, %v; want true", name, held, err)
		}
		server.Do("SCRIPT", "FLUSH")
		if stored, err := l.Commit(t.Context(), name, []byte("next"), []byte("value"), time.Hour); !stored || err != nil {
			t.Errorf("%s: Commit = %v, %v; want true", name, stored, err)
		}
		server.Do("SCRIPT", "FLUSH")
		if held, err := l.Yield(t.Context(), name, []byte("next"), nil, 0); held || err != nil {
			t.Errorf("%s: Yield = %v, %v; want false", name, held, err)
		}
		if got := server.Do("GET", name); got != "value" {
			t.Errorf("%s: the server holds %q, want the value", name, got)
		}
	}
}

// TestTheScriptThatClaims has a real server find fault with the words NX GET, as one before version 7.0 does: a
// proxy makes GIT of GET there.
func TestTheScriptThatClaims(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	addr := listen(t, func(client net.Conn) { garble(client, server.Addr, "NX\r\n$3\r\nGET\r\n", "NX\r\n$3\r\nGIT\r\n") })
	l := leaser(t, open(t, redis.Options{Address: addr, Pool: redis.PoolOptions{SocketTimeout: ample}}))
	for _, key := range []string{"first", "second"} {
		claim(t, l, key, "lease")
		claim(t, l, key, "lease")
		if there, err := l.Claim(t.Context(), key, []byte("other"), time.Hour); string(there) != "lease" || err != nil {
			t.Errorf("Claim = %q, %v; want the lease that is there", there, err)
		}
		if got := server.Do("GET", key); got != "lease" {
			t.Errorf("the server holds %q, want the lease", got)
		}
		if got, _ := strconv.Atoi(server.Do("PTTL", key)); got <= 0 || got > int(time.Hour.Milliseconds()) {
			t.Errorf("the lease lives for %d ms, want at most an hour", got)
		}
	}
	if got := server.Do("INFO", "commandstats"); !strings.Contains(got, "cmdstat_evalsha") && !strings.Contains(got, "cmdstat_eval:") {
		t.Errorf("no script was run:\n%s", got)
	}
	server.Do("SET", "empty", "")
	if there, err := l.Claim(t.Context(), "empty", []byte("lease"), time.Hour); there == nil || err != nil {
		t.Errorf("Claim of an empty value = %v, %v; want an empty slice", there, err)
	}
}

// TestClaimOfAServerThatTakesNXAndGETApart has a scripted server answer as one before version 7.0 does.
func TestClaimOfAServerThatTakesNXAndGETApart(t *testing.T) {
	l := leaser(t, open(t, script{"PING": "+PONG", "SET": "-ERR syntax error", "EVALSHA": "$5\r\nother"}.serve(t)))
	for range 2 {
		there, err := l.Claim(t.Context(), "key", []byte("lease"), time.Hour)
		if string(there) != "other" || err != nil {
			t.Errorf("Claim = %q, %v; want what the script finds", there, err)
		}
	}
	l = leaser(t, open(t, script{"PING": "+PONG", "SET": "-ERR syntax error", "EVALSHA": "$5\r\nlease"}.serve(t)))
	if there, err := l.Claim(t.Context(), "key", []byte("lease"), time.Hour); there != nil || err != nil {
		t.Errorf("Claim that finds its own lease = %q, %v; want nil", there, err)
	}
	l = leaser(t, open(t, script{"PING": "+PONG", "SET": "-ERR invalid expire time in 'set' command", "EVALSHA": "$5\r\nother"}.serve(t)))
	if _, err := l.Claim(t.Context(), "key", []byte("lease"), time.Hour); err == nil {
		t.Error("an error that is not about the syntax is taken for one")
	}
}

func TestLeaseUnderAKeyOfAnotherType(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	server.Do("RPUSH", "list", "a")
	for name, l := range map[string]store.Leaser{"in place": leaser(t, s), "beside": besides(t, s)} {
		_, err := l.Claim(t.Context(), "list", []byte("lease"), time.Hour)
		wantCode(t, name+": Claim", err, "WRONGTYPE")
	}
	l := leaser(t, s)
	_, err := l.Commit(t.Context(), "list", []byte("lease"), []byte("value"), time.Hour)
	wantCode(t, "Commit", err, "WRONGTYPE")
	_, err = l.Yield(t.Context(), "list", []byte("lease"), nil, 0)
	wantCode(t, "Yield", err, "WRONGTYPE")

	b := besides(t, s)
	claim(t, b, "later", "lease")
	server.Do("RPUSH", "later", "a")
	if stored, err := b.Commit(t.Context(), "later", []byte("lease"), []byte("value"), time.Hour); stored || err != nil {
		t.Errorf("Commit beside a list = %v, %v; want false", stored, err)
	}
	for key, want := range map[string]string{"list": "list", "later": "list", "cachewright:lease:{later}": "none"} {
		if got := server.Do("TYPE", key); got != want {
			t.Errorf("TYPE %s = %s, want %s", key, got, want)
		}
	}
	heads, err := s.Peek(t.Context(), []string{"list", "absent"}, 3)
	if err != nil || len(heads) != 2 || heads[0] != nil || heads[1] != nil {
		t.Errorf("Peek of a list = %q, %v; want it absent", heads, err)
	}
}

func TestLeaseOnAServerWithoutMemory(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	in, beside := leaser(t, s), besides(t, s)
	claim(t, in, "in", "lease")
	claim(t, beside, "by", "lease")
	server.Do("CONFIG", "SET", "maxmemory", "1")
	for name, l := range map[string]store.Leaser{"in place": in, "beside": beside} {
		_, err := l.Claim(t.Context(), "another", []byte("lease"), time.Hour)
		wantCode(t, name+": Claim", err, "OOM")
	}
	_, err := in.Commit(t.Context(), "in", []byte("lease"), []byte("value"), time.Hour)
	wantCode(t, "Commit", err, "OOM")
	_, err = beside.Commit(t.Context(), "by", []byte("lease"), []byte("value"), time.Hour)
	wantCode(t, "Commit beside", err, "OOM")
	// The lease can be given up all the same, so that nobody waits for it.
	if held, err := in.Yield(t.Context(), "in", []byte("lease"), nil, 0); !held || err != nil {
		t.Errorf("Yield = %v, %v; want true", held, err)
	}
	if _, err := beside.Yield(t.Context(), "by", []byte("lease"), nil, 0); err != nil {
		t.Errorf("Yield beside = %v", err)
	}
	if err := beside.Void(t.Context(), "by", "another"); err != nil {
		t.Errorf("Void = %v", err)
	}
	if got := server.Do("DBSIZE"); got != "0" {
		t.Errorf("%s keys are left, want none", got)
	}
}

func TestLeaseOnAReplicaThatTakesNoWrites(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	in, beside := leaser(t, s), besides(t, s)
	claim(t, in, "in", "lease")
	claim(t, beside, "by", "lease")
	other := testredis.Start(t)
	server.Do("CONFIG", "SET", "replica-serve-stale-data", "yes")
	other.Pause() // it is never synchronised, so what is there stays
	server.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(other.Port))
	for name, step := range map[string]func() error{
		"Claim":         func() error { return second(in.Claim(t.Context(), "another", []byte("lease"), time.Hour)) },
		"Extend":        func() error { return second(in.Extend(t.Context(), "in", []byte("lease"), []byte("n"), time.Hour)) },
		"Commit":        func() error { return second(in.Commit(t.Context(), "in", []byte("lease"), []byte("v"), time.Hour)) },
		"Yield":         func() error { return second(in.Yield(t.Context(), "in", []byte("lease"), nil, 0)) },
		"Claim beside":  func() error { return second(beside.Claim(t.Context(), "another", []byte("lease"), time.Hour)) },
		"Commit beside": func() error { return second(beside.Commit(t.Context(), "by", []byte("lease"), []byte("v"), time.Hour)) },
	} {
		err := step()
		// The first of these answers has the name looked up anew and the connection dropped, under the next call.
		for end := time.Now().Add(ample); errors.Is(err, store.ErrUnavailable) && time.Now().Before(end); err = step() {
			time.Sleep(5 * time.Millisecond)
		}
		wantCode(t, name, err, "READONLY")
	}
	other.Continue()
}

func TestNoRoomBesideAKeyInACluster(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{})
	s := open(t, inCluster(t, c))
	b := besides(t, s)
	for _, key := range []string{"a}b", "{}", "}{", ""} {
		if _, err := b.Claim(t.Context(), key, []byte("lease"), time.Hour); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Claim(%q) = %v, want errors.ErrUnsupported", key, err)
		}
		claim(t, b, "with room", "lease")
		if err := b.Void(t.Context(), key, "with room"); err != nil {
			t.Errorf("Void(%q) = %v, want it passed over", key, err)
		}
		if held, err := b.Extend(t.Context(), "with room", []byte("lease"), []byte("next"), time.Hour); held || err != nil {
			t.Errorf("after Void, Extend = %v, %v; want false", held, err)
		}
	}
	t.Run("leases of all slots are voided", func(t *testing.T) {
		for i := range 200 {
			claim(t, b, "p:"+strconv.Itoa(i), "lease")
		}
		if err := b.VoidMatching(t.Context(), "p:", "*"); err != nil {
			t.Fatal(err)
		}
		if left := len(scanned(t, s, "cachewright:lease:")); left != 0 {
			t.Errorf("%d leases are left, want none", left)
		}
	})
	t.Run("those that cannot be are told by their keys", func(t *testing.T) {
		o := inCluster(t, c)
		o.Pool.SocketTimeout = 300 * time.Millisecond
		b := besides(t, open(t, o))
		claim(t, b, "with room", "lease")
		node := c.NodeFor("with room")
		away := ""
		for i := 0; away == "" || c.NodeFor(away) != node; i++ {
			away = fmt.Sprintf("away:%d", i)
		}
		near := ""
		for i := 0; near == "" || c.NodeFor(near) == node; i++ {
			near = fmt.Sprintf("near:%d", i)
		}
		node.Pause()
		defer node.Continue()
		err := b.Void(t.Context(), near, away)
		var failed store.KeyErrors
		if !errors.As(err, &failed) || len(failed) != 1 || failed[away] == nil {
			t.Errorf("Void = %v, want store.KeyErrors of %q alone", err, away)
		}
	})
}

// TestPatience has the server stand still. The bound is generous, and a fraction of the store's own.
func TestPatience(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	o := at(server)
	o.Pool.SocketTimeout = time.Minute
	s := open(t, o)
	ready(t, s)
	server.Pause()
	ctx := store.Patience(t.Context(), 50*time.Millisecond)
	for name, call := range map[string]func() error{
		"Get":     func() error { return third(s.Get(ctx, "key")) },
		"GetMany": func() error { return second(s.GetMany(ctx, []string{"key"})) },
		"Claim":   func() error { return second(leaser(t, s).Claim(ctx, "key", []byte("lease"), time.Hour)) },
	} {
		begin := time.Now()
		err := call()
		if took := time.Since(begin); took < 50*time.Millisecond || took > 20*time.Second {
			t.Errorf("%s took %v, want about 50ms", name, took)
		}
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "50ms") {
			t.Errorf("%s = %v, want store.ErrUnavailable that names the time", name, err)
		}
	}
}
