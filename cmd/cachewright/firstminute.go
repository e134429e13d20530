package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// exampleURL is the Redis of the advice.
const exampleURL = "redis://localhost:6379/0"

// unconfigured reports whether nothing at all was written, so that advice on how to begin is welcome.
func unconfigured(p *cachewright.Plan) bool {
	for _, c := range p.Caches {
		for _, value := range c.Values {
			if value.Written {
				return false
			}
		}
	}
	return len(p.Files) == 0
}

// scenario is the same folder under other circumstances.
type scenario struct {
	when        string
	environment string
	environ     []string // added to the process environment
	means       func(cachewright.CachePlan) string
}

func (v *invocation) scenarios() []scenario {
	location := func(c cachewright.CachePlan) string { return v.relative(c.Directory) }
	say := func(text string) func(cachewright.CachePlan) string {
		return func(cachewright.CachePlan) string { return text }
	}
	return []scenario{
		{"REDIS_URL=redis://...", v.environment, []string{"REDIS_URL=" + exampleURL}, say("one cache for all processes")},
		{"--env development", "development", nil, say("inside each process")},
		{"--env production", "production", nil, location},
		{"--env testing", "testing", nil, say("keeps nothing")},
	}
}

// printScenarios prints what the rules choose for this folder elsewhere. It asks the rules themselves.
func (v *invocation) printScenarios(p *cachewright.Plan) {
	var rows [][]string
	for _, s := range v.scenarios() {
		if s.environment == p.Environment && s.environ == nil {
			continue
		}
		there, err := v.resolveWith(s.environment, slices.Concat(v.environ, s.environ))
		if err != nil {
			continue // a scenario that this folder cannot be in
		}
		c, ok := there.plan.Cache(defaultAlias)
		if !ok {
			continue
		}
		rows = append(rows, []string{s.when, c.Backend, fmt.Sprintf("rule %d", c.Rule), s.means(c)})
	}
	fmt.Fprintln(v.stdout, "The same folder elsewhere")
	table(v.stdout, optionIndent, rows)
	fmt.Fprintln(v.stdout)
}

// printNext prints what to do first, in the words by which this command was called.
func (v *invocation) printNext() {
	file := "config.yaml"
	if v.configPath != "" {
		file = filepath.Join(v.configPath, file)
	}
	again := v.calledAs()
	for _, flag := range [][2]string{{"--config", v.configPath}, {"--env", v.environment}} {
		if flag[1] != "" {
			again += " " + flag[0] + " " + quoteShell(flag[1])
		}
	}
	fmt.Fprintln(v.stdout, "Next")
	fmt.Fprintf(v.stdout, "    echo 'redis_url: %s' > %s     all you must write\n", exampleURL, quoteShell(file))
	fmt.Fprintf(v.stdout, "    %s plan      every option and where it came from\n", again)
	fmt.Fprintf(v.stdout, "    %s django    the same caches as Django settings\n\n", again)
}

// relative shortens a path below the working directory.
func (v *invocation) relative(path string) string {
	if rel, err := filepath.Rel(v.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return v.tilde(path)
}

// quoteShell quotes text for a POSIX shell if it needs that.
func quoteShell(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:@%+=", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
