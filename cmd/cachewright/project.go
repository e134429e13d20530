package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/spf13/cobra"
)

// project is a configuration as read, and what it comes to.
type project struct {
	config *cachewright.Config
	plan   *cachewright.Plan
}

// resolve reads the configuration that the flags and the environment point at and resolves it. It has
// no effect on disk or network.
func (v *invocation) resolve() (*project, error) {
	return v.resolveWith(v.environment, v.environ)
}

// resolveWith is resolve under another environment's name or other variables.
func (v *invocation) resolveWith(environment string, environ []string) (*project, error) {
	path := v.projectPath()
	config, err := cachewright.Load(cachewright.LoadOptions{Path: path, Environment: environment, Environ: environ})
	if err != nil {
		return nil, err
	}
	// What a library would log, a command says in its own words.
	config.Logger = slog.New(slog.DiscardHandler)
	env, err := cachewright.Detect(environ, v.dir)
	if err != nil {
		return nil, err
	}
	if environment != "" {
		env.Environment, env.Origin = environment, "--env"
	}
	plan, err := config.Resolve(env)
	if err != nil {
		return nil, err
	}
	return &project{config: config, plan: plan}, nil
}

// projectPath is where the configuration is: --config, CACHEWRIGHT_CONFIG, or the working directory.
func (v *invocation) projectPath() string {
	path := v.configPath
	if path == "" {
		path = v.getenv("CACHEWRIGHT_CONFIG")
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(v.dir, path)
}

// openOne opens the cache of one alias and no other, so that a broken neighbour does not matter. The
// caller closes the result. What its reads swallow is handed to trouble.
func openOne(ctx context.Context, p *cachewright.Plan, c cachewright.CachePlan, trouble func(cache.Trouble)) (*cachewright.Caches, error) {
	single := *p
	single.Caches = []cachewright.CachePlan{c}
	hooks := cache.Hooks{Trouble: func(_ context.Context, t cache.Trouble) { trouble(t) }}
	return single.Open(ctx, cachewright.WithHooks(hooks))
}

// completeAliases offers the aliases of the project to the shell.
func (v *invocation) completeAliases(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	p, err := v.resolve()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var aliases []string
	for _, c := range p.plan.Caches {
		aliases = append(aliases, fmt.Sprintf("%s\t%s", c.Alias, c.Backend))
	}
	return aliases, cobra.ShellCompDirectiveNoFileComp
}
