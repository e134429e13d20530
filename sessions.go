package cachewright

import (
	"errors"
	"strconv"

	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
)

// Sessions returns a store of login sessions on the cache named sessions, or on default, with a warning
// in the log, if there is none. Options that are zero come from the configuration: Lifetime is the
// written timeout of the sessions cache, else 14 days as in Django; Prefix is behind the cache's own
// prefix and version, so that Clear of the cache ends its sessions; Logger is the configuration's.
//
// A cache that keeps nothing (dummy) is refused. The result is the caller's; it needs no Close, and cs
// must stay open as long as it is used.
//
//	sessions, err := cachewright.Sessions(caches, session.Options{Idle: 30 * time.Minute})
//	manager := scs.New()
//	manager.Store, manager.ErrorFunc, manager.Lifetime = sessions, sessions.ErrorFunc, sessions.Lifetime()
func Sessions(cs *Caches, o session.Options) (*session.Store, error) {
	alias := aliasSessions
	if !cs.plan.has(alias) {
		alias = aliasDefault
	}
	behind, err := cs.alias(alias)
	if err != nil {
		return nil, err
	}
	c, _ := cs.plan.Cache(alias)
	if _, keepsNothing := store.As[*dummy.Store](behind.store); keepsNothing {
		return nil, errors.New("cachewright: sessions on the dummy backend keep nobody logged in (" + alias + ": rule " + strconv.Itoa(c.Rule) +
			", " + c.Reason + "); give cache_sessions a redis_url, or backend: memory for a test")
	}
	if o.Logger == nil {
		o.Logger = cs.plan.loggerOrDefault()
	}
	if alias == aliasDefault {
		o.Logger.Warn("sessions share the cache default: emptying or filling it logs users out",
			"code", "CW327", "alias", alias, "fix", "cache_sessions: {redis_url: redis://host:6379/1}")
	}
	if o.Lifetime == 0 && alias == aliasSessions && c.Values["timeout"].Written {
		o.Lifetime = c.Timeout
	}
	if o.Prefix == "" {
		o.Prefix = session.DefaultPrefix
	}
	o.Prefix = c.KeyPrefix + ":" + strconv.Itoa(c.Version) + ":" + o.Prefix
	return session.New(behind.store, o)
}
