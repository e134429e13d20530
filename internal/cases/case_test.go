package cases

import (
	"bytes"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/tools/txtar"

	"github.com/cachewright/cachewright"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata and docs/cache-models.md")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A scenario is one file of testdata. Its comment is a title and what to say about it. Its files are
//
//	config.yaml, config.<environment>.yaml, .env   the configuration
//	environ                                        environment variables, one a line
//	environments                                   the environments to run in, one a line; without it there
//	                                               is one run, in the environment that is detected
//	plan.txt, settings.py                          what is expected; with environments, plan.<environment>.txt
//	settings.error                                 instead of settings.py: why there are none
//	notes.md                                       where it differs from the page
type scenario struct {
	name    string // of the file, without its number and extension
	path    string
	archive *txtar.Archive
}

func scenarios(t *testing.T) []*scenario {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 18 {
		t.Fatalf("there are %d cases in testdata, want at least 18", len(paths))
	}
	all := make([]*scenario, len(paths))
	for i, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".txtar"), "-")
		all[i] = &scenario{name: name, path: path, archive: archive}
	}
	return all
}

func (s *scenario) title() string {
	title, _, _ := strings.Cut(string(s.archive.Comment), "\n")
	return title
}

func (s *scenario) introduction() string {
	_, text, _ := strings.Cut(string(s.archive.Comment), "\n")
	return strings.TrimSpace(text)
}

// file returns a file of the archive, or nothing.
func (s *scenario) file(name string) string {
	for _, f := range s.archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// configuration returns the files that a user writes.
func (s *scenario) configuration() []txtar.File {
	var files []txtar.File
	for _, f := range s.archive.Files {
		if strings.HasPrefix(f.Name, "config.") || f.Name == ".env" {
			files = append(files, f)
		}
	}
	return files
}

func (s *scenario) environ() []string { return strings.Fields(s.file("environ")) }

// environments returns the runs of the scenario; one without a name is the detected environment.
func (s *scenario) environments() []string {
	if names := strings.Fields(s.file("environments")); len(names) > 0 {
		return names
	}
	return []string{""}
}

// output is the name of an expectation: plan and txt become plan.production.txt.
func output(kind, environment, ext string) string {
	if environment == "" {
		return kind + "." + ext
	}
	return kind + "." + environment + "." + ext
}

// write lays the configuration out in a folder, with every address of a Redis server replaced.
func (s *scenario) write(t *testing.T, addresses *strings.Replacer) (dir string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.configuration() {
		if err := os.WriteFile(filepath.Join(dir, f.Name), []byte(addresses.Replace(string(f.Data))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// resolve reads and resolves the configuration in dir.
func resolve(dir, environment string, environ []string) (*cachewright.Plan, error) {
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: environment, Environ: environ})
	if err != nil {
		return nil, err
	}
	env, err := cachewright.Detect(environ, dir)
	if err != nil {
		return nil, err
	}
	config.Logger = slog.New(slog.DiscardHandler)
	return config.Resolve(env)
}

// expect compares got with an expectation, or makes it one. Folders of this run read as /srv/shop.
func (s *scenario) expect(t *testing.T, name, dir, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, dir, "/srv/shop")
	if want := s.file(name); want == got {
		return
	} else if !*update {
		t.Errorf("%s: %s differs; go test -update rewrites it\n--- want\n%s--- got\n%s", s.path, name, want, got)
		return
	}
	i := slices.IndexFunc(s.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		i = len(s.archive.Files)
		s.archive.Files = append(s.archive.Files, txtar.File{Name: name})
	}
	s.archive.Files[i].Data = []byte(got)
}

// save writes the file again, if its expectations changed.
func (s *scenario) save(t *testing.T) {
	t.Helper()
	text := txtar.Format(s.archive)
	if old, err := os.ReadFile(s.path); err == nil && bytes.Equal(old, text) {
		return
	}
	if err := os.WriteFile(s.path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
