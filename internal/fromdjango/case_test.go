package fromdjango_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/fromdjango"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/tools/txtar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// Each case is settings with the configuration that they become: settings.py or settings.json, environ, and the
// expectation config.yaml. Every secret in them is hunter2 or hunter3.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 5 {
		t.Fatalf("found %d cases, want at least 5", len(paths))
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			config, err := settingsOf(t, archive).Config("settings of the case")
			if err != nil {
				t.Fatal(err)
			}
			said := string(config.Text) + strings.Join(config.Notes, "\n")
			for _, v := range config.Variables {
				said += v.Name + v.Is
			}
			for _, secret := range []string{"hunter2", "hunter3", "someone"} {
				if strings.Contains(said, secret) {
					t.Errorf("the secret %s is in the result:\n%s", secret, said)
				}
			}
			isRead(t, config)
			expect(t, path, archive, config.Text)
		})
	}
}

func settingsOf(t *testing.T, archive *txtar.Archive) *fromdjango.Settings {
	t.Helper()
	dir := t.TempDir()
	var environ []string
	for _, f := range archive.Files {
		switch f.Name {
		case "settings.json":
			s, err := fromdjango.ReadJSON(f.Data)
			if err != nil {
				t.Fatal(err)
			}
			return s
		case "environ":
			environ = strings.Fields(string(f.Data))
		case "settings.py":
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := python(dir, environ...).Run(t.Context(), "settings.py")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// python is the system's, without the variables of this process.
func python(dir string, environ ...string) fromdjango.Python {
	return fromdjango.Python{Interpreter: "/usr/bin/python3", Dir: dir, Environ: append(environ, "PATH="+os.Getenv("PATH"))}
}

// isRead fails if a configuration is none that can be read.
func isRead(t *testing.T, c fromdjango.Config) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), c.Text, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: "production", Environ: c.Environ})
	if err == nil {
		_, err = config.Resolve(cachewright.Env{})
	}
	if err != nil {
		t.Errorf("the result cannot be read: %v\n%s", err, c.Text)
	}
}

// expect compares text with config.yaml of the case, or makes it that.
func expect(t *testing.T, path string, archive *txtar.Archive, text []byte) {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "config.yaml" })
	if *update {
		if i >= 0 {
			archive.Files = slices.Delete(archive.Files, i, i+1)
		}
		archive.Files = append(archive.Files, txtar.File{Name: "config.yaml", Data: text})
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if i < 0 {
		t.Fatal("there is no expectation; go test -update writes it")
	}
	if diff := cmp.Diff(string(archive.Files[i].Data), string(text)); diff != "" {
		t.Errorf("another configuration (-want +got):\n%s", diff)
	}
}
