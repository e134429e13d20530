package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/spell"
	"github.com/spf13/cobra"
)

// target is the cache that a data command works on: the flags --cache and --at-version.
type target struct {
	alias   string
	version int

	command *cobra.Command
}

// bind adds the flags to cmd.
func (t *target) bind(v *invocation, cmd *cobra.Command) {
	t.command = cmd
	cmd.Flags().StringVar(&t.alias, "cache", defaultAlias, "the cache's `ALIAS`")
	cmd.Flags().IntVar(&t.version, "at-version", 0, "the version `N` of the keys, any number (default: the cache's own)")
	_ = cmd.RegisterFlagCompletionFunc("cache", v.completeAliases) // fails for unknown flags only
}

// opened is an open cache with what there is to say about it.
type opened struct {
	*cache.Cache[any]
	plan cachewright.CachePlan
}

// lead is what stands before the keys of the cache.
func (o opened) lead() string { return fmt.Sprintf("%s:%d:", o.plan.KeyPrefix, o.Version()) }

// use opens the cache of t, hands it to do and closes it.
func (v *invocation) use(t *target, do func(ctx context.Context, c opened) error) error {
	p, err := v.plan()
	if err != nil {
		return err
	}
	planned, ok := p.Cache(t.alias)
	if !ok {
		return noSuchCache(p, t.alias)
	}
	if err := refuse(planned); err != nil {
		return err
	}
	ctx := t.command.Context()
	cs, err := openOne(ctx, p, planned, func(t cache.Trouble) { v.sayf("%s %v", warn("note:"), t.Err) })
	if err != nil {
		return unreachable(err, planned)
	}
	defer cs.Close()
	c, err := t.opened(cs)
	if err != nil {
		return err
	}
	// A call waits for the first connection no longer than for any answer. A ping has more patience, and
	// knows better why there is none.
	if err := cs.Ping(ctx); err != nil {
		return unreachable(err, planned)
	}
	return unreachable(do(ctx, c), planned)
}

// opened returns the cache of t, as it runs, at the wanted version.
func (t *target) opened(cs *cachewright.Caches) (opened, error) {
	// A file cache may have turned into a dummy when it was opened.
	ran, _ := cs.Plan().Cache(t.alias)
	if err := refuse(ran); err != nil {
		return opened{}, err
	}
	values, err := cachewright.Of[any](cs, t.alias)
	if err != nil {
		return opened{}, err
	}
	if t.command.Flags().Changed("at-version") {
		values = values.AtVersion(t.version)
	}
	return opened{Cache: values, plan: ran}, nil
}

// unreachable says more about an error that means that the store is out of reach.
func unreachable(err error, c cachewright.CachePlan) error {
	if !errors.Is(err, cache.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("cache %q: %w", c.Alias, explainFailure(err, c))
}

// refuse explains why a cache cannot be looked at from this process.
func refuse(c cachewright.CachePlan) error {
	const instead = "give it Redis (redis_url in config.yaml, or REDIS_URL) or backend: file, or ask the program that holds it"
	switch {
	case c.Backend == cachewright.BackendMemory:
		return misuse("cache %q is in memory (rule %d: %s): it lives inside one process, and this is another one; %s",
			c.Alias, c.Rule, c.Reason, instead)
	case c.Backend == cachewright.BackendDummy:
		return misuse("cache %q is a dummy (rule %d: %s): it keeps nothing, so there is nothing to read or write; %s",
			c.Alias, c.Rule, c.Reason, instead)
	}
	return nil
}

// noSuchCache says that the configuration names no such cache, and which one was probably meant.
func noSuchCache(p *cachewright.Plan, alias string) error {
	var aliases []string
	for _, c := range p.Caches {
		aliases = append(aliases, c.Alias)
	}
	hint := "the caches are " + strings.Join(aliases, ", ")
	if near, ok := spell.Near(alias, aliases); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return misuse("no cache is named %q; %s", alias, hint)
}
