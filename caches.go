package cachewright

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/store"
)

// Caches are the open caches of a project, by alias. They come from [Open], [Auto] or [Plan.Open], are
// safe for concurrent use, and belong to whoever opened them: Close them when the program ends.
type Caches struct {
	plan    *Plan
	byAlias map[string]*opened

	closing sync.Once
	closed  error
}

// opened is one alias at work.
type opened struct {
	base  *cache.Base
	store store.Store
	owned bool // Close closes store
}

// Of returns a typed handle of the cache named alias. It fails for an alias that the configuration does
// not name, and for a type V that has nothing to encode. Handles are cheap; loads under way are shared
// by all handles of an alias.
//
//	users, err := cachewright.Of[User](caches, "default", cache.Namespace("user"))
func Of[V any](cs *Caches, alias string, opts ...cache.ViewOption) (*cache.Cache[V], error) {
	o, err := cs.alias(alias)
	if err != nil {
		return nil, err
	}
	return cache.On[V](o.base, opts...)
}

// Aliases returns the names of the caches, default first, then in alphabetical order.
func (cs *Caches) Aliases() []string {
	names := make([]string, 0, len(cs.plan.Caches))
	for _, c := range cs.plan.Caches {
		names = append(names, c.Alias)
	}
	return names
}

// Plan returns what runs. It differs from the plan that was opened where that could not be done: a file
// cache of rule 6 whose directory turned out not to be writable runs by rule 7.
func (cs *Caches) Plan() *Plan { return cs.plan }

// Store returns the store behind alias, with its interceptors, for what a typed cache does not offer.
// It sees final keys and encoded values. It stays the property of cs.
func (cs *Caches) Store(alias string) (store.Store, error) {
	o, err := cs.alias(alias)
	if err != nil {
		return nil, err
	}
	return o.store, nil
}

// Ping asks every backend that can be out of reach for a sign of life and returns what failed, one
// error per alias, joined.
func (cs *Caches) Ping(ctx context.Context) error {
	var failed []error
	for _, alias := range cs.Aliases() {
		p, ok := store.As[store.Pinger](cs.byAlias[alias].store)
		if !ok {
			continue
		}
		if err := p.Ping(ctx); err != nil {
			failed = append(failed, fmt.Errorf("cachewright: ping %q: %w", alias, err))
		}
	}
	return errors.Join(failed...)
}

// Stats returns the counts of every alias since it was opened.
func (cs *Caches) Stats() map[string]cache.Stats {
	stats := make(map[string]cache.Stats, len(cs.byAlias))
	for alias, o := range cs.byAlias {
		stats[alias] = o.base.Stats()
	}
	return stats
}

// Close ends the loads under way, then closes the stores, except those that came by [WithStore]. It
// waits for their goroutines. A second Close returns what the first one did.
func (cs *Caches) Close() error {
	cs.closing.Do(func() {
		var failed []error
		for _, o := range cs.byAlias {
			failed = append(failed, o.close())
		}
		cs.closed = errors.Join(failed...)
	})
	return cs.closed
}

func (o *opened) close() error {
	err := o.base.Close()
	if o.owned {
		err = errors.Join(err, o.store.Close())
	}
	return err
}

func (cs *Caches) alias(alias string) (*opened, error) {
	if o, ok := cs.byAlias[alias]; ok {
		return o, nil
	}
	names := cs.Aliases()
	if alias == "" {
		return nil, fmt.Errorf("cachewright: an empty name names no cache; configured: %s", strings.Join(names, ", "))
	}
	hint := "configured: " + strings.Join(names, ", ")
	if near, ok := spell.Near(alias, names); ok {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return nil, fmt.Errorf("cachewright: no cache is named %q; %s; add cache_%s to the configuration", alias, hint, alias)
}

// has reports whether the plan names alias.
func (p *Plan) has(alias string) bool {
	return slices.ContainsFunc(p.Caches, func(c CachePlan) bool { return c.Alias == alias })
}
