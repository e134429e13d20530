package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/file"
	"github.com/spf13/cobra"
)

// circumstances are what the same files may come to different plans under.
type circumstances struct {
	environment string             // as --env; empty for the detected one
	environ     []string           // as os.Environ
	usable      func(string) error // whether a file cache can live in a directory; nil is not asked
}

// plan reads the configuration that the flags and the environment point at and resolves it. It looks
// at the disk and changes nothing.
func (v *invocation) plan() (*cachewright.Plan, error) {
	return v.planUnder(circumstances{environment: v.environment, environ: v.environ, usable: usable})
}

// usable reports whether a file cache could live in dir, without making it.
func usable(dir string) error { return file.Usable(dir, false) }

// planUnder is plan under the circumstances c.
func (v *invocation) planUnder(c circumstances) (*cachewright.Plan, error) {
	config, err := cachewright.Load(cachewright.LoadOptions{
		Path: v.projectPath(), Environment: c.environment, Environ: c.environ,
	})
	if err != nil {
		return nil, err
	}
	// What a library would log, a command says in its own words.
	config.Logger = slog.New(slog.DiscardHandler)
	return config.Resolve(cachewright.Env{Usable: c.usable})
}

// projectPath is where the configuration is: --config, CACHEWRIGHT_CONFIG, or the working directory.
func (v *invocation) projectPath() string {
	return v.path(cmp.Or(v.configPath, v.getenv("CACHEWRIGHT_CONFIG")))
}

// path makes a path of the command line absolute. A URL stays one, so that the message about it can mask it.
func (v *invocation) path(path string) string {
	if filepath.IsAbs(path) || strings.Contains(path, "://") {
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
	p, err := v.plan()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var aliases []string
	for _, c := range p.Caches {
		aliases = append(aliases, fmt.Sprintf("%s\t%s", c.Alias, c.Backend))
	}
	return aliases, cobra.ShellCompDirectiveNoFileComp
}
