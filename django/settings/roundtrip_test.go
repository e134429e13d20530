package settings_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/internal/fromdjango"
	"github.com/google/go-cmp/cmp"
)

// What Django gets from a configuration comes back as a configuration that gives Django the same.
func TestSettingsComeBack(t *testing.T) {
	for _, tt := range rendered {
		if tt.name == "hostile" {
			continue // its prefix and alias are none that a file may hold
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("testdata", tt.name+".py"))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir() // beside other goldens, redis.py would be found in place of the library
			if err := os.WriteFile(filepath.Join(dir, "cache_settings.py"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			python := fromdjango.Python{Interpreter: "/usr/bin/python3", Dir: dir, Environ: tt.environ}
			found, err := python.Run(t.Context(), "cache_settings.py")
			if err != nil {
				t.Fatal(err)
			}
			config, err := found.Config("cache_settings.py")
			if err != nil {
				t.Fatal(err)
			}
			module, err := settings.Python(planFrom(t, config), settings.Options{Target: tt.target})
			if err != nil {
				t.Fatalf("%v; the configuration is\n%s", err, config.Text)
			}
			want, got := execute(t, tt.environ, text), execute(t, config.Environ, module)
			if diff := cmp.Diff(want, got, oneAddress); diff != "" {
				t.Errorf("other settings come back (-before +after):\n%s\nby way of\n%s", diff, config.Text)
			}
			if len(config.Variables) > 0 {
				return // a password of the text has become a variable
			}
			if diff := cmp.Diff(withoutHeader(text), withoutHeader(module)); diff != "" {
				t.Errorf("another module comes back (-before +after):\n%s\nby way of\n%s", diff, config.Text)
			}
		})
	}
}

// oneAddress takes a list of one address for the address: a literal password of the settings has become a
// variable, whose text Django is not to split.
var oneAddress = cmp.FilterPath(func(p cmp.Path) bool {
	index, ok := p.Last().(cmp.MapIndex)
	return ok && index.Key().String() == "LOCATION"
}, cmp.Transformer("oneAddress", func(location any) string {
	if l, ok := location.([]any); ok && len(l) == 1 {
		location = l[0]
	}
	return fmt.Sprint(location)
}))

// planFrom reads a configuration as a program would.
func planFrom(t *testing.T, c fromdjango.Config) *cachewright.Plan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), c.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: "production", Environ: c.Environ})
	if err != nil {
		t.Fatalf("%v in\n%s", err, c.Text)
	}
	config.Logger = slog.New(slog.DiscardHandler)
	plan, err := config.Resolve(cachewright.Env{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, c.Text)
	}
	return plan
}

// withoutHeader is a module without the comment that it begins with.
func withoutHeader(module []byte) string {
	_, rest, _ := strings.Cut(string(module), "\n\n")
	return rest
}
