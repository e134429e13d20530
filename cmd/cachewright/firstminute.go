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
}

// scenarios are the circumstances that a project meets sooner or later.
func (v *invocation) scenarios() []scenario {
	return []scenario{
		{"REDIS_URL=redis://...", v.environment, []string{"REDIS_URL=" + exampleURL}},
		{"--env development", cachewright.Development, nil},
		{"--env production", cachewright.Production, nil},
		{"--env testing", cachewright.Testing, nil},
	}
}

// printScenarios prints what the rules choose for this folder elsewhere, where that is something else
// than here. It asks the rules themselves.
func (v *invocation) printScenarios(p *cachewright.Plan) {
	here, _ := p.Cache(defaultAlias)
	var rows [][]string
	for _, s := range v.scenarios() {
		there, err := v.planUnder(circumstances{s.environment, slices.Concat(v.environ, s.environ), usable})
		if err != nil {
			continue // a scenario that this folder cannot be in
		}
		if c, ok := there.Cache(defaultAlias); ok && c.Rule != here.Rule {
			rows = append(rows, []string{s.when, c.Backend, fmt.Sprintf("rule %d", c.Rule), v.meaning(c)})
		}
	}
	fmt.Fprintln(v.report, "The same folder elsewhere")
	table(v.report, optionIndent, rows)
	fmt.Fprintln(v.report)
}

// meaning is what a backend means to the values, in a few words.
func (v *invocation) meaning(c cachewright.CachePlan) string {
	switch c.Backend {
	case cachewright.BackendRedis:
		return "one cache for all processes"
	case cachewright.BackendMemory:
		return "inside each process"
	case cachewright.BackendFile:
		return v.relative(c.Directory)
	}
	return "keeps nothing"
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
	fmt.Fprintln(v.report, "Next")
	fmt.Fprintf(v.report, "    echo 'redis_url: %s' > %s     all you must write\n", exampleURL, quoteShell(file))
	fmt.Fprintf(v.report, "    %s plan      every option and where it came from\n", again)
	fmt.Fprintf(v.report, "    %s django    the same caches as Django settings\n\n", again)
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
