package cachewright

import (
	"errors"
	"fmt"

	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store"
)

// DjangoSessions returns the sessions of the Django project that shares the cache named sessions, as the
// settings rendered from the same configuration keep them. Prefix, Version and Codec of o come from the
// plan; Age, if it is zero, is the written timeout, else Django's 14 days.
//
// It fails if no cache is named sessions, and if its values are native, which Django cannot read. On a backend
// that Django cannot reach, as in tests, the log says so. The result needs no Close, and cs must stay open as long
// as it is used.
//
//	sessions, err := cachewright.DjangoSessions(caches, django.SessionOptions{Secrets: []string{secretKey}})
//	handler := sessions.Middleware(mux) // and in a handler: django.UserID(r.Context())
func DjangoSessions(cs *Caches, o django.SessionOptions) (*django.Sessions, error) {
	behind, err := cs.alias(aliasSessions)
	if err != nil {
		return nil, err
	}
	c, _ := cs.plan.Cache(aliasSessions)
	codec, _ := c.codec()
	shared, ok := codec.(django.Codec)
	if !ok {
		return nil, errors.New("cachewright: the sessions cache holds native values, which Django cannot read; " +
			"write serializer: json in cache_sessions, or pickle or msgpack as the project has it")
	}
	o.Prefix, o.Version, o.Codec = c.KeyPrefix, c.Version, shared
	if o.Age == 0 && c.Values["timeout"].Written {
		o.Age = c.Timeout
	}
	if o.Logger == nil {
		o.Logger = cs.plan.loggerOrDefault()
	}
	if _, reached := store.As[store.Pinger](behind.store); !reached {
		o.Logger.Warn("Django does not see sessions on this backend", "alias", aliasSessions, "backend", c.Backend, "reason", c.Reason,
			"fix", "cache_sessions: {redis_url: redis://host:6379/1}")
	}
	sessions, err := django.NewSessions(behind.store, o)
	if err != nil {
		return nil, fmt.Errorf("cachewright: %w", err)
	}
	return sessions, nil
}
