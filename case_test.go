package cachewright

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected messages under testdata; review them by eye")

// configCase is one txtar file: files of a configuration, the variables of the process in a file called
// environ, and what is expected in a file called want.
type configCase struct {
	archive *txtar.Archive
	environ []string
	want    string
	dir     string
}

func readCase(t *testing.T, path string) configCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := configCase{archive: archive, dir: t.TempDir()}
	for _, f := range archive.Files {
		switch f.Name {
		case "environ":
			c.environ = strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
		case "want":
			c.want = string(f.Data)
		default:
			if err := os.WriteFile(filepath.Join(c.dir, f.Name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

// resolve loads and resolves the case.
func (c configCase) resolve() (*Plan, error) {
	config, err := Load(LoadOptions{Path: c.dir, Environ: c.environ})
	if err != nil {
		return nil, err
	}
	env, err := Detect(c.environ, c.dir)
	if err != nil {
		return nil, err
	}
	return config.Resolve(env)
}

// compare compares got with what the case expects, or writes it there.
func (c configCase) compare(t *testing.T, path, got string) {
	t.Helper()
	if !*update {
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("run with -update and review (-want +got):\n%s", diff)
		}
		return
	}
	kept := c.archive.Files[:0]
	for _, f := range c.archive.Files {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	c.archive.Files = append(kept, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(path, txtar.Format(c.archive), 0o600); err != nil {
		t.Fatal(err)
	}
}

func eachCase(t *testing.T, pattern string, run func(t *testing.T, path string, c configCase)) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases match %s (%v)", pattern, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			run(t, path, readCase(t, path))
		})
	}
}

func TestEveryBadConfigurationGetsItsMessage(t *testing.T) {
	eachCase(t, "testdata/bad/*.txtar", func(t *testing.T, path string, c configCase) {
		_, err := c.resolve()
		problems, ok := errors.AsType[Problems](err)
		if !ok {
			t.Fatalf("error = %v, want Problems", err)
		}
		for _, p := range problems {
			if _, known := Explain(p.Code); !known {
				t.Errorf("code %s of %q has no explanation", p.Code, p.Message)
			}
		}
		got := problems.Error() + "\n\n" + problems.Report() + "\n"
		if strings.Contains(got, canary) {
			t.Errorf("the message repeats a password:\n%s", got)
		}
		c.compare(t, path, got)
	})
}

func TestEveryGoodConfigurationGetsItsPlan(t *testing.T) {
	eachCase(t, "testdata/good/*.txtar", func(t *testing.T, path string, c configCase) {
		plan, err := c.resolve()
		if err != nil {
			t.Fatal(err)
		}
		c.compare(t, path, describe(plan))
	})
}

// describe writes the parts of a plan that a reader of a case wants to see.
func describe(p *Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "environment %s (%s)\n", p.Environment, p.EnvironmentOrigin)
	for _, c := range p.Caches {
		fmt.Fprintf(&b, "\n%s: %s at %s\n", c.Alias, c.Backend, c.Location)
		fmt.Fprintf(&b, "  rule %d: %s (%s)\n", c.Rule, c.Reason, c.ReasonOrigin)
		for _, row := range cacheFields {
			describeValues(&b, c.Values, row, "")
		}
	}
	for i, f := range p.Findings {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s: %s (%s)\n  fix: %s\n", f.Code, f.Level, f.Message, f.Origin, f.Fix)
	}
	return b.String()
}

// describeValues writes the values that are no defaults.
func describeValues(b *strings.Builder, values map[string]Value, row field, prefix string) {
	for _, inner := range row.fields {
		describeValues(b, values, inner, prefix+row.name+".")
	}
	v, ok := values[prefix+row.name]
	if !ok || v.Origin == originDefault {
		return
	}
	fmt.Fprintf(b, "  %s: %v (%s)\n", prefix+row.name, v.Value, v.Origin)
	for _, o := range v.Overrode {
		fmt.Fprintf(b, "    over %v (%s)\n", o.Value, o.Origin)
	}
}
