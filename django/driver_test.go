package django_test

import (
	"bufio"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/internal/testredis"
)

// interpreter is the one that has Debian's django, django-redis and msgpack.
const interpreter = "/usr/bin/python3"

// configuration has a cache for each serializer, without and with compression. It is patient, because tests
// of other packages keep the machine busy.
const configuration = `
project_name: interop
cache_default: &redis
  redis_url: URL
  key_prefix: plain
  connection_pool_kwargs: {socket_connect_timeout: 30, socket_timeout: 30}
cache_pickle: {<<: *redis, key_prefix: pickle, serializer: pickle}
cache_json: {<<: *redis, key_prefix: json, serializer: json}
cache_msgpack: {<<: *redis, key_prefix: msgpack, serializer: msgpack}
cache_pickle_zlib: {<<: *redis, key_prefix: "pickle z", serializer: pickle, compress: true}
cache_json_zlib: {<<: *redis, key_prefix: "json z", serializer: json, compress: true}
cache_msgpack_zlib: {<<: *redis, key_prefix: "msgpack z", serializer: msgpack, compress: true}
`

// shared are the aliases of configuration that Django reads.
var shared = []string{"pickle", "json", "msgpack", "pickle_zlib", "json_zlib", "msgpack_zlib"}

// sides are Go and Django on the same configuration and the same Redis.
type sides struct {
	caches *cachewright.Caches
	plan   *cachewright.Plan
	stdin  io.Writer
	stdout *bufio.Scanner
}

// bothSides opens the configuration in Go and gives a real Django the settings that are generated from it.
func bothSides(t *testing.T) *sides {
	t.Helper()
	return bothSidesOf(t, configuration, settings.Options{})
}

// bothSidesOf is bothSides for another configuration, whose URL is that of a server.
func bothSidesOf(t *testing.T, configuration string, o settings.Options) *sides {
	t.Helper()
	return bothSidesAt(t, strings.ReplaceAll(configuration, "URL", testredis.Start(t).URL(0)), o)
}

// bothSidesAt is bothSides for servers that there are.
func bothSidesAt(t *testing.T, configuration string, o settings.Options) *sides {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.yaml"), configuration)
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir})
	must(t, err)
	config.Logger = slog.New(slog.DiscardHandler)
	plan, err := config.Resolve(cachewright.Env{Environment: cachewright.Development})
	must(t, err)
	module, err := settings.Python(plan, o)
	must(t, err)
	write(t, filepath.Join(dir, "cache_settings.py"), string(module))
	caches, err := plan.Open(t.Context())
	must(t, err)
	t.Cleanup(func() {
		if err := caches.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &sides{caches: caches, plan: plan}
	s.startDjango(t, filepath.Join(dir, "cache_settings.py"))
	return s
}

func (s *sides) startDjango(t *testing.T, module string) {
	t.Helper()
	if _, err := os.Stat(interpreter); err != nil {
		t.Fatalf("these tests need Django and django-redis of the system's Python: run `make deps`: %v", err)
	}
	cmd := exec.Command(interpreter, "-I", "-X", "utf8", filepath.Join("testdata", "driver.py"), module)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil || complaints.Len() > 0 {
			t.Errorf("the Python side: %v\n%s", err, &complaints)
		}
	})
	s.stdin, s.stdout = stdin, bufio.NewScanner(stdout)
	s.stdout.Buffer(nil, 64<<20)
}

// call is one call of a method of one of Django's caches.
type call struct {
	alias, method string
	args          []any
	kwargs        map[string]any
}

// MarshalJSON writes the call as the driver reads it.
func (c call) MarshalJSON() ([]byte, error) {
	kwargs := map[string]tagged{}
	for name, v := range c.kwargs {
		kwargs[name] = tag(v)
	}
	return json.Marshal([]any{c.alias, c.method, tags(c.args), kwargs})
}

// answer is what a call came to.
type answer struct {
	Result    *tagged `json:"r"`
	Exception string  `json:"e"`
}

// text is the result, or the name of the exception.
func (a answer) text() string {
	if a.Result == nil {
		return "exception " + a.Exception
	}
	return a.Result.text()
}

// django makes calls in one exchange.
func (s *sides) django(t *testing.T, calls ...call) []answer {
	t.Helper()
	request, err := json.Marshal(calls)
	must(t, err)
	if _, err := s.stdin.Write(append(request, '\n')); err != nil {
		t.Fatalf("the Python side has gone: %v", err)
	}
	if !s.stdout.Scan() {
		t.Fatalf("the Python side has gone: %v", s.stdout.Err())
	}
	var answers []answer
	must(t, json.Unmarshal(s.stdout.Bytes(), &answers))
	if len(answers) != len(calls) {
		t.Fatalf("%d answers to %d calls", len(answers), len(calls))
	}
	return answers
}

// wantDjango makes one call and checks its result, a value as Python has it.
func (s *sides) wantDjango(t *testing.T, c call, want any) {
	t.Helper()
	if got := s.django(t, c)[0].text(); got != tag(want).text() {
		t.Errorf("in Django, %s.%s%v = %s, want %s", c.alias, c.method, c.args, got, tag(want).text())
	}
}

// of returns a typed handle of alias.
func of[V any](t *testing.T, s *sides, alias string) *cache.Cache[V] {
	t.Helper()
	c, err := cachewright.Of[V](s.caches, alias)
	must(t, err)
	return c
}

// raw returns what Redis holds for a key of alias.
func (s *sides) raw(t *testing.T, alias, key string) string {
	t.Helper()
	store, err := s.caches.Store(alias)
	must(t, err)
	plan, _ := s.plan.Cache(alias)
	value, found, err := store.Get(t.Context(), plan.KeyPrefix+":1:"+key)
	must(t, err)
	if !found {
		return "(nothing)"
	}
	return string(value)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
