package main

import (
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/charmbracelet/colorprofile"
)

// uncoloured takes the colours out of what is written to w, as for a pipe.
func uncoloured(w io.Writer) io.Writer { return colorprofile.NewWriter(w, nil) }

// resolved is the plan of c where no directory can be used.
func resolved(t *testing.T, c cachewright.Config) *cachewright.Plan {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	plan, err := c.Resolve(cachewright.Env{Usable: func(string) error { return errors.New("read-only file system") }})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestEveryCacheIsJudgedByItself(t *testing.T) {
	plan := resolved(t, cachewright.Config{
		Environment: cachewright.Production,
		Caches: map[string]cachewright.CacheConfig{
			"default": {},
			"fast":    {Backend: cachewright.BackendMemory},
			"off":     {Backend: cachewright.BackendDummy},
			"secure":  {RedisURL: "rediss://cache.invalid"},
		},
	})
	want := map[string]string{
		"default": "nothing is cached",
		"fast":    "",
		"off":     "",
		"secure":  "cache.invalid",
	}
	for _, v := range judgeAll(t.Context(), plan, 2*time.Second) {
		message := ""
		if v.failure != nil {
			message = v.failure.Error()
		}
		if reason := want[v.cache.Alias]; !strings.Contains(message, reason) || v.ok() != (reason == "") {
			t.Errorf("%s: failure %q, want it to say %q", v.cache.Alias, message, reason)
		}
	}
}

func TestWhatRanReplacesWhatWasPlanned(t *testing.T) {
	planned := &cachewright.Plan{
		Caches:   []cachewright.CachePlan{{Alias: "default", Backend: cachewright.BackendFile, Rule: 6}},
		Findings: []cachewright.Finding{{Code: "CW315"}},
	}
	ran := &cachewright.Plan{
		Caches:   []cachewright.CachePlan{{Alias: "default", Backend: cachewright.BackendDummy, Rule: 7}},
		Findings: []cachewright.Finding{{Code: "CW315"}, {Code: "CW316"}},
	}
	v := verdict{cache: planned.Caches[0]}
	v.adopt(ran, planned)
	if v.cache.Rule != 7 || v.cache.Backend != cachewright.BackendDummy {
		t.Errorf("the verdict is about rule %d, %s; want rule 7, dummy", v.cache.Rule, v.cache.Backend)
	}
	if len(v.findings) != 1 || v.findings[0].Code != "CW316" {
		t.Errorf("findings %v, want the one that came up while opening", v.findings)
	}
}
