package cachewright

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
)

var token = strings.Repeat("aB3-_", 9)[:43]

func openCaches(t *testing.T, c Config) *Caches {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	cs, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cs.Close() })
	return cs
}

func TestSessionsLiveInTheSessionsCache(t *testing.T) {
	cs := openCaches(t, Config{ProjectName: "shop", Environment: Development, Caches: map[string]CacheConfig{
		"sessions": {Timeout: 2 * time.Hour, KeyPrefix: "login", Version: 3},
	}})
	s, err := Sessions(cs, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Lifetime() != 2*time.Hour {
		t.Errorf("Lifetime = %v, want the written timeout", s.Lifetime())
	}
	if err := s.Commit(token, []byte("x"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	raw, err := cs.Store("sessions")
	if err != nil {
		t.Fatal(err)
	}
	inspector, _ := store.As[store.Inspector](raw)
	var keys []string
	for key, err := range inspector.Scan(t.Context(), "", "*") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if len(keys) != 1 || !strings.HasPrefix(keys[0], "login:3:session:") {
		t.Errorf("keys = %q, want one below login:3:session:", keys)
	}
	cache, err := Of[any](cs, "sessions")
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.Clear(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Find(token); found || err != nil {
		t.Errorf("Find behind Clear = %v, %v; want none", found, err)
	}
}

func TestSessionsWithoutACacheOfTheirOwn(t *testing.T) {
	var log bytes.Buffer
	cs := openCaches(t, Config{Environment: Development, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Caches: map[string]CacheConfig{"default": {Timeout: time.Minute}}})
	s, err := Sessions(cs, session.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Lifetime() != session.DefaultLifetime {
		t.Errorf("Lifetime = %v, want 14 days: the timeout of default is that of cached values", s.Lifetime())
	}
	if !strings.Contains(log.String(), "CW327") {
		t.Errorf("no finding in the log:\n%s", log.String())
	}
}

func TestSessionsUnderTestLiveInMemory(t *testing.T) {
	cs := openCaches(t, Config{Environment: Testing, Caches: map[string]CacheConfig{"sessions": {}}})
	s, err := Sessions(cs, session.Options{Lifetime: time.Hour})
	if err != nil || s.Lifetime() != time.Hour {
		t.Errorf("Sessions = %v, %v", s, err)
	}
}

func TestSessionsRefuseACacheThatKeepsNothing(t *testing.T) {
	cs := openCaches(t, Config{Environment: Testing})
	_, err := Sessions(cs, session.Options{})
	if err == nil || !strings.Contains(err.Error(), "dummy") || !strings.Contains(err.Error(), "rule 2") {
		t.Errorf("Sessions on dummy = %v", err)
	}
}

// plainStore hides what a store can do beyond its six operations.
type plainStore struct{ store.Store }

func TestSessionsRefuseAStoreThatCannotSwap(t *testing.T) {
	behind, err := openCaches(t, Config{Environment: Development}).Store("default")
	if err != nil {
		t.Fatal(err)
	}
	cs, err := Open(t.Context(), Config{Environment: Development, Logger: slog.New(slog.DiscardHandler)}, WithStore("default", plainStore{behind}))
	if err != nil {
		t.Fatal(err)
	}
	defer cs.Close()
	if _, err := Sessions(cs, session.Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Sessions = %v, want ErrUnsupported", err)
	}
}

func TestDjangoSessionsSayThatDjangoDoesNotSeeThem(t *testing.T) {
	var log bytes.Buffer
	cs := openCaches(t, Config{Environment: Testing, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Caches: map[string]CacheConfig{"sessions": {Serializer: "json"}}})
	_, err := DjangoSessions(cs, django.SessionOptions{Secrets: []string{"a secret"}})
	if err != nil {
		t.Fatal(err)
	}
	if text := log.String(); !strings.Contains(text, "Django does not see sessions on this backend") || !strings.Contains(text, "backend=memory") {
		t.Errorf("no warning in the log:\n%s", text)
	}
}
