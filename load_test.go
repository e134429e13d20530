package cachewright

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func writeFile(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadFindsTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "project_name: in the folder\n")
	writeFile(t, dir, "other.yml", "project_name: of another name\n")
	writeFile(t, dir, "other.production.yml", "project_name: of production\n")
	empty := t.TempDir()
	t.Chdir(dir)
	for _, tt := range []struct {
		name    string
		options LoadOptions
		want    string
		files   []string
	}{
		{"a folder", LoadOptions{Path: dir}, "in the folder", []string{"config.yaml"}},
		{"a file", LoadOptions{Path: filepath.Join(dir, "other.yml")}, "of another name", []string{"other.yml"}},
		{"a relative file", LoadOptions{Path: "other.yml"}, "of another name", []string{"other.yml"}},
		{"the file of an environment beside it", LoadOptions{Path: "other.yml", Environment: "prod"}, "of production", []string{"other.yml", "other.production.yml"}},
		{"no path is the working directory", LoadOptions{}, "in the folder", []string{"config.yaml"}},
		{"the variable", LoadOptions{Environ: []string{"CACHEWRIGHT_CONFIG=other.yml"}}, "of another name", []string{"other.yml"}},
		{"a path beats the variable", LoadOptions{Path: dir, Environ: []string{"CACHEWRIGHT_CONFIG=other.yml"}}, "in the folder", []string{"config.yaml"}},
		{"an empty folder is no mistake", LoadOptions{Path: empty}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := Load(tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if config.ProjectName != tt.want || !cmp.Equal(config.written.files, tt.files) {
				t.Errorf("project %q from %v, want %q from %v", config.ProjectName, config.written.files, tt.want, tt.files)
			}
		})
	}
}

func TestLoadRefusesAPathThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "")
	for _, tt := range []struct {
		path, environ, want string
	}{
		{filepath.Join(dir, "confg.yaml"), "", "did you mean config.yaml?"},
		{filepath.Join(dir, "settings.toml"), "", "correct the path, or leave it out"},
		{filepath.Join(dir, "no", "config.yaml"), "", "its folder does not exist either"},
		{"", "CACHEWRIGHT_CONFIG=" + filepath.Join(dir, "x.yaml"), "CACHEWRIGHT_CONFIG: there is no file or folder"},
	} {
		_, err := Load(LoadOptions{Path: tt.path, Environ: []string{tt.environ}})
		problems, ok := errors.AsType[Problems](err)
		if !ok || problems[0].Code != "CW001" || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Load(%q, %q): %v, want CW001 and %q", tt.path, tt.environ, err, tt.want)
		}
	}
}

func TestLoadReportsFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"config.yaml", "config.production.yaml", ".env"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Load(LoadOptions{Path: dir, Environment: "production"})
	problems, _ := errors.AsType[Problems](err)
	if diff := cmp.Diff([]string{"CW002", "CW002", "CW002"}, problemCodes(err)); diff != "" {
		t.Fatalf("codes (-want +got):\n%s", diff)
	}
	if problems[0].File != "config.yaml" || problems[1].File != "config.production.yaml" || problems[2].File != ".env" || problems[0].Where() != "config.yaml" {
		t.Errorf("problems = %v", problems)
	}
}

func TestStrictRefusesOptionsOfTheApplication(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "project_name: x\napp: 1\ncache_dir: /tmp\n? [a]\n: b\n")
	if _, err := Load(LoadOptions{Path: dir}); err != nil {
		t.Errorf("without Strict: %v", err)
	}
	_, err := Load(LoadOptions{Path: dir, Strict: true})
	if diff := cmp.Diff([]string{"CW012", "CW012"}, problemCodes(err)); diff != "" {
		t.Errorf("with Strict (-want +got):\n%s", diff)
	}
}

func TestPathsCountFromTheFolderOfTheirFile(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "cache_a:\n  redis_url: rediss://h\n  connection_pool_kwargs: {ssl_ca_certs: tls/ca.pem, ssl_certfile: /abs/c.pem, ssl_keyfile: k.pem}\n")
	config, err := Load(LoadOptions{Path: dir, Environ: []string{"CACHE_B__LOCATION=var", "CACHE_B__BACKEND=file"}})
	if err != nil {
		t.Fatal(err)
	}
	pool := config.Caches["a"].Pool
	if pool.SSLCACerts != filepath.Join(dir, "tls", "ca.pem") || pool.SSLCertFile != "/abs/c.pem" || pool.SSLKeyFile != filepath.Join(dir, "k.pem") {
		t.Errorf("pool = %+v", pool)
	}
	if got := config.Caches["b"].Location; got != filepath.Join(dir, "var") {
		t.Errorf("location = %s", got)
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", strings.Repeat("# padding\n", 120_000))
	writeFile(t, dir, ".env", strings.Repeat("# padding\n", 120_000))
	_, err := Load(LoadOptions{Path: dir})
	if diff := cmp.Diff([]string{"CW003", "CW007"}, problemCodes(err)); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestAVariableThatLeadsToItselfHasNoValue(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, ".env", "A=${B}\nB=${A}\nC=${C\nREDIS_URL=redis://${A}\n")
	writeFile(t, dir, "config.yaml", "project_name: ${C}\n")
	_, err := Load(LoadOptions{Path: dir})
	if err == nil || err.Error() != ".env:4:11: REDIS_URL: variable A is not set; set it, or write ${A:-default} for a value without it" {
		t.Errorf("error = %v", err)
	}
}

func TestProblemsAreInTheOrderOfTheLayers(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "cache_b: {timeout: x}\ncache_a: {version: 0, timeout: x}\n")
	writeFile(t, dir, "config.development.yaml", "cache_c: {version: x}\n")
	writeFile(t, dir, ".env", "CACHE_D__VERSION=x\n")
	_, err := Load(LoadOptions{Path: dir, Environ: []string{"CACHE_A__MAX_CONNECTIONS=x"}})
	problems, _ := errors.AsType[Problems](err)
	var got []string
	for _, p := range problems {
		got = append(got, p.Where()+" "+p.Option)
	}
	want := []string{
		"config.yaml:1:20 cache_b.timeout", "config.yaml:2:20 cache_a.version", "config.yaml:2:32 cache_a.timeout",
		"config.development.yaml:1:20 cache_c.version", ".env:1:18 CACHE_D__VERSION", " CACHE_A__MAX_CONNECTIONS",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if one, ok := errors.AsType[*Problem](err); !ok || one != problems[0] {
		t.Errorf("the first problem is not found in the error: %v", one)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.txtar", "testdata/good/*.txtar"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			_, body, _ := strings.Cut(string(text), "-- config.yaml --\n")
			body, _, _ = strings.Cut(body, "\n-- ")
			f.Add([]byte(body), "redis://localhost", "5m")
		}
	}
	f.Add([]byte("a: 1\n"), "${A:-", "{a: [1")
	f.Fuzz(func(t *testing.T, text []byte, url, option string) {
		dir := t.TempDir()
		writeFile(t, dir, "config.yaml", string(text))
		writeFile(t, dir, ".env", option)
		environ := []string{"REDIS_URL=" + url, "CACHE_A__TIMEOUT=" + option, "CACHE_A__CONNECTION_POOL_KWARGS=" + option, "APP_ENV=" + option}
		config, err := Load(LoadOptions{Path: dir, Environ: environ})
		if err != nil {
			checkProblems(t, err)
			return
		}
		plan, err := config.Resolve(Env{})
		if err != nil {
			checkProblems(t, err)
			return
		}
		for _, c := range plan.Caches {
			if c.Backend == "" || c.Rule == 0 || c.Version < 1 || c.Timeout == 0 || c.Backend == "redis" && c.MaxConnections < 1 {
				t.Fatalf("plan of %s: %+v", c.Alias, c)
			}
		}
	})
}

// checkProblems checks what holds for every refused configuration.
func checkProblems(t *testing.T, err error) {
	t.Helper()
	problems, ok := errors.AsType[Problems](err)
	if !ok || len(problems) == 0 {
		t.Fatalf("error = %#v, want Problems", err)
	}
	for _, p := range problems {
		if _, ok := Explain(p.Code); !ok || p.Message == "" {
			t.Fatalf("problem %#v", p)
		}
		if strings.ContainsAny(p.Excerpt+p.Option, "\n\x1b\x00") {
			t.Fatalf("problem %q would disturb a terminal", p.Report())
		}
		if p.Mark > len(p.Excerpt)+1 {
			t.Fatalf("mark %d of %q", p.Mark, p.Excerpt)
		}
	}
}

func BenchmarkLoadAndResolve20Caches(b *testing.B) {
	var text strings.Builder
	text.WriteString("project_name: shop\nredis_url: ${REDIS_URL:-redis://localhost:6379/0}\n")
	for i := range 20 {
		alias := "c" + string(rune('a'+i))
		text.WriteString("cache_" + alias + ":\n  redis_url: redis://localhost:6379/1\n  timeout: 5m\n  key_prefix: " + alias +
			"\n  version: 2\n  max_connections: 20\n  connection_pool_kwargs:\n    socket_timeout: 2\n    retry_on_timeout: true\n")
	}
	dir := b.TempDir()
	writeFile(b, dir, "config.yaml", text.String())
	for b.Loop() {
		config, err := Load(LoadOptions{Path: dir})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := config.Resolve(Env{}); err != nil {
			b.Fatal(err)
		}
	}
}
