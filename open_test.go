package cachewright_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/memory"
)

// quiet is the logger of tests that look at something else.
var quiet = slog.New(slog.DiscardHandler)

func mustOpen(t *testing.T, c cachewright.Config, opts ...cachewright.OpenOption) *cachewright.Caches {
	t.Helper()
	if c.Logger == nil {
		c.Logger = quiet
	}
	caches, err := cachewright.Open(t.Context(), c, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caches.Close(); err != nil {
			t.Error(err)
		}
	})
	return caches
}

// proveRoundTrip sets and gets a value through alias.
func proveRoundTrip(t *testing.T, caches *cachewright.Caches, alias string) {
	t.Helper()
	c, err := cachewright.Of[string](caches, alias)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	if got, found, err := c.Get(t.Context(), "k"); got != "v" || !found || err != nil {
		t.Errorf("%s: %q, %v, %v", alias, got, found, err)
	}
}

func TestOpenAllBackends(t *testing.T) {
	server := testredis.Start(t)
	t.Chdir(t.TempDir())
	caches := mustOpen(t, cachewright.Config{
		ProjectName: "My Shop", Environment: "production", RedisURL: server.URL(0),
		Caches: map[string]cachewright.CacheConfig{
			"memory": {Backend: "memory"},
			"files":  {},
			"other":  {RedisURL: server.URL(1), KeyPrefix: "other"},
			"off":    {Backend: "dummy"},
		},
	})
	if got, want := caches.Aliases(), []string{"default", "files", "memory", "off", "other"}; !slices.Equal(got, want) {
		t.Errorf("Aliases = %q, want %q", got, want)
	}
	for _, alias := range []string{"default", "files", "memory", "other"} {
		proveRoundTrip(t, caches, alias)
	}
	if _, err := os.Stat("tmp/cache/default_files"); err != nil {
		t.Errorf("the file cache is not where its rule says: %v", err)
	}
	off, err := cachewright.Of[int](caches, "off")
	if err != nil {
		t.Fatal(err)
	}
	if err := off.Set(t.Context(), "k", 1); err != nil {
		t.Error(err)
	}
	if _, found, err := off.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("a dummy cache: %v, %v", found, err)
	}
	if err := caches.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if s := caches.Stats()["default"]; s.Hits != 1 {
		t.Errorf("stats of default: %+v", s)
	}
}

func TestWithRedisNothingIsWrittenToTheDisk(t *testing.T) {
	server := testredis.Start(t)
	t.Chdir(t.TempDir())
	caches := mustOpen(t, cachewright.Config{Environment: "production", RedisURL: server.URL(0)})
	proveRoundTrip(t, caches, "default")
	if entries, err := os.ReadDir("."); len(entries) != 0 || err != nil {
		t.Errorf("the folder holds %v (%v)", entries, err)
	}
}

func TestAnAutomaticFileCacheMakesItsFolderAtTheFirstWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	caches := mustOpen(t, cachewright.Config{Environment: "production"})
	if _, err := os.Stat("tmp"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Open: %v", err)
	}
	proveRoundTrip(t, caches, "default")
	if _, err := os.Stat("tmp/cache/default_default"); err != nil {
		t.Errorf("after a write: %v", err)
	}
}

func TestAutoReadsFilesAndEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "config.yaml", "project_name: Shop\ncache_default:\n  timeout: 60\n")
	write(t, "config.production.yaml", "cache_default:\n  key_prefix: prod\n")
	t.Setenv("CACHEWRIGHT_ENV", "production")
	t.Setenv("CACHE_DEFAULT__BACKEND", "memory")
	caches, err := cachewright.Auto(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer caches.Close()
	c, ok := caches.Plan().Cache("default")
	if !ok || c.Backend != "memory" || c.KeyPrefix != "prod" || c.Timeout != time.Minute {
		t.Errorf("plan: %+v", c)
	}
	proveRoundTrip(t, caches, "default")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOpenIgnoresStrayVariables(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("REDIS_URL", "redis://elsewhere:6379/0")
	t.Setenv("CACHE_DEFAULT__TIMEOUT", "1")
	caches := mustOpen(t, cachewright.Config{Environment: "development"})
	if c, _ := caches.Plan().Cache("default"); c.Backend != "memory" || c.Timeout != cache.DefaultTTL {
		t.Errorf("a variable changed what the program wrote: %+v", c)
	}
}

func TestADirectoryThatCannotBeUsed(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "tmp", "a file where the folder should be")
	caches := mustOpen(t, cachewright.Config{Environment: "production"})
	c, _ := caches.Plan().Cache("default")
	if c.Rule != 7 || c.Backend != "dummy" {
		t.Errorf("default: rule %d, %s", c.Rule, c.Backend)
	}
	_, err := cachewright.Open(t.Context(), cachewright.Config{
		Environment: "production", Caches: map[string]cachewright.CacheConfig{"sessions": {}}, Logger: quiet,
	})
	if err == nil || !strings.Contains(err.Error(), "sessions") {
		t.Errorf("sessions: %v", err)
	}
	_, err = cachewright.Open(t.Context(), cachewright.Config{
		Environment: "production", Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {Backend: "file"}},
	})
	if err == nil || !strings.Contains(err.Error(), "tmp/cache/default_default") {
		t.Errorf("an explicit file cache: %v", err)
	}
}

// A plan that was made without asking for the directory meets rule 7 when it is opened.
func TestRule7AtOpen(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "")
	c := cachewright.Config{Environment: "production", Logger: quiet}
	plan, err := c.Resolve(cachewright.Env{})
	if err != nil {
		t.Fatal(err)
	}
	plan.Caches[0].Directory = filepath.Join(dir, "file")
	caches, err := plan.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer caches.Close()
	got, _ := caches.Plan().Cache("default")
	if got.Rule != 7 || got.Backend != "dummy" || !strings.Contains(got.Reason, "cannot be used") {
		t.Errorf("effective plan: %+v", got)
	}
	if !slices.ContainsFunc(caches.Plan().Findings, func(f cachewright.Finding) bool { return f.Code == "CW316" }) {
		t.Errorf("findings: %+v", caches.Plan().Findings)
	}
	if plan.Caches[0].Rule != 6 {
		t.Error("the plan that was opened has changed")
	}
}

func TestOfAnUnknownAlias(t *testing.T) {
	caches := mustOpen(t, cachewright.Config{Environment: "development", Caches: map[string]cachewright.CacheConfig{"users": {}}})
	_, err := cachewright.Of[string](caches, "userz")
	if err == nil || !strings.Contains(err.Error(), `did you mean "users"`) {
		t.Errorf("got %v", err)
	}
	if _, err := caches.Store("nothing like it"); err == nil || !strings.Contains(err.Error(), "default, users") {
		t.Errorf("got %v", err)
	}
}

func TestOfATypeWithNothingToEncode(t *testing.T) {
	type secretive struct{ a int }
	caches := mustOpen(t, cachewright.Config{Environment: "development"})
	if _, err := cachewright.Of[map[string]secretive](caches, "default"); err == nil || !strings.Contains(err.Error(), "unexported") {
		t.Errorf("got %v", err)
	}
}

func TestHandlesOfAnAliasShareLoads(t *testing.T) {
	caches := mustOpen(t, cachewright.Config{Environment: "development"})
	a, err := cachewright.Of[string](caches, "default", cache.Namespace("n"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := cachewright.Of[string](caches, "default")
	if err != nil {
		t.Fatal(err)
	}
	loading, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := a.Fetch(t.Context(), "k", func(context.Context) (string, error) {
			close(loading)
			<-release
			return "old", nil
		}); err != nil {
			t.Error(err)
		}
	}()
	<-loading
	if _, err := b.Delete(t.Context(), "n:k"); err != nil {
		t.Error(err)
	}
	close(release)
	<-done
	if _, found, err := a.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("a load from before a delete through another handle was stored: %v, %v", found, err)
	}
}

func TestWithStoreAndIntercept(t *testing.T) {
	mine, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counter := &opCounter{}
	caches := mustOpen(t, cachewright.Config{Environment: "testing"},
		cachewright.WithStore("default", mine), cachewright.WithIntercept(counter))
	proveRoundTrip(t, caches, "default")
	if counter.calls == 0 {
		t.Error("the interceptor saw nothing")
	}
	if err := caches.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := mine.Get(t.Context(), "k"); err != nil {
		t.Errorf("Close has closed the caller's store: %v", err)
	}
	if err := mine.Close(); err != nil {
		t.Error(err)
	}
	if c, _ := caches.Plan().Cache("default"); c.Backend != cachewright.BackendGiven || c.Location != "" {
		t.Errorf("the effective plan says %s at %q, want given", c.Backend, c.Location)
	}
	if _, err := cachewright.Open(t.Context(), cachewright.Config{Logger: quiet}, cachewright.WithIntercept(nil)); err == nil || !strings.Contains(err.Error(), "WithIntercept") {
		t.Errorf("WithIntercept(nil): %v", err)
	}
	_, err = cachewright.Open(t.Context(), cachewright.Config{Logger: quiet}, cachewright.WithStore("nope", dummy.New()))
	if err == nil || !strings.Contains(err.Error(), `WithStore("nope")`) {
		t.Errorf("got %v", err)
	}
}

type opCounter struct{ calls int }

func (c *opCounter) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	c.calls++
	return ctx, nil
}
func (*opCounter) After(context.Context, *store.Call) {}

func TestWithHooks(t *testing.T) {
	var troubles []cache.Trouble
	hooks := cache.Hooks{Trouble: func(_ context.Context, tr cache.Trouble) { troubles = append(troubles, tr) }}
	caches := mustOpen(t, cachewright.Config{Environment: "development"}, cachewright.WithHooks(hooks))
	s, err := caches.Store("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), ":1:k", []byte("garbage"), time.Hour); err != nil {
		t.Fatal(err)
	}
	c, err := cachewright.Of[string](caches, "default")
	if err != nil {
		t.Fatal(err)
	}
	if _, found, err := c.Get(t.Context(), "k"); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if len(troubles) != 1 || troubles[0].Alias != "default" {
		t.Errorf("troubles: %v", troubles)
	}
}

func TestWithHooksHearsWhatTheSweepCannotDo(t *testing.T) {
	dir := t.TempDir()
	if err := file.Usable(dir, true); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "counts"), 0o700); err != nil { // in place of a file
		t.Fatal(err)
	}
	troubles := make(chan cache.Trouble, 1)
	mustOpen(t, cachewright.Config{
		Environment: "production",
		Caches:      map[string]cachewright.CacheConfig{"files": {Backend: "file", Location: dir}, "default": {Backend: "dummy"}},
	}, cachewright.WithHooks(cache.Hooks{Trouble: func(_ context.Context, trouble cache.Trouble) {
		select {
		case troubles <- trouble:
		default:
		}
	}}))
	got := <-troubles
	if got.Alias != "files" || got.Op != "sweep" || !errors.Is(got.Err, syscall.EISDIR) {
		t.Errorf("got %+v", got)
	}
}

func TestARedisThatIsDown(t *testing.T) {
	server := testredis.Start(t)
	url := server.URL(0)
	server.Stop()
	caches := mustOpen(t, cachewright.Config{Environment: "development", RedisURL: url})
	if err := caches.Ping(t.Context()); !errors.Is(err, cache.ErrUnavailable) || !strings.Contains(err.Error(), `"default"`) {
		t.Errorf("Ping: %v", err)
	}
	c, err := cachewright.Of[string](caches, "default")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Get(t.Context(), "k"); !errors.Is(err, cache.ErrUnavailable) {
		t.Errorf("Get: %v", err)
	}
	got, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "from the source", nil })
	if got != "from the source" || err != nil {
		t.Errorf("Fetch = %q, %v", got, err)
	}

	_, err = cachewright.Open(t.Context(), cachewright.Config{
		Environment: "development", Logger: quiet,
		Caches: map[string]cachewright.CacheConfig{"default": {RedisURL: url, Require: true}},
	})
	if !errors.Is(err, cache.ErrUnavailable) || !strings.Contains(err.Error(), "required") {
		t.Errorf("Open of a required cache: %v", err)
	}
}

func TestOpenLogsWhatRunsAndNoSecret(t *testing.T) {
	server := testredis.Start(t)
	var out bytes.Buffer
	caches := mustOpen(t, cachewright.Config{
		Environment: "production", Debug: true, Logger: slog.New(slog.NewTextHandler(&out, nil)),
		RedisURL: strings.Replace(server.URL(0), "redis://", "redis://:hunter2@", 1),
	})
	_ = caches.Ping(t.Context())
	log := out.String()
	for _, want := range []string{"level=INFO", `msg="cache ready"`, "alias=default", "backend=redis", "rule=4", "level=WARN", "code=CW"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "hunter2") {
		t.Errorf("the log shows a password:\n%s", log)
	}
}

func TestOpenWithANamedEnvironmentReadsNoDotenv(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".env", []byte("SOME APP LINE\nAPP_ENV=prodution\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cs, err := cachewright.Open(t.Context(), cachewright.Config{Environment: cachewright.Production, RedisURL: "redis://localhost:1/0", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer cs.Close()
	if p := cs.Plan(); p.Environment != cachewright.Production || p.EnvironmentOrigin != "Go" {
		t.Errorf("environment %s from %s, want production from Go", p.Environment, p.EnvironmentOrigin)
	}
	if _, err := cachewright.Open(t.Context(), cachewright.Config{Logger: quiet}); err == nil || !strings.Contains(err.Error(), "prodution") {
		t.Errorf("without a name in Go: %v, want the slip in .env", err)
	}
}

func TestSerializersOfDjangoStoreItsBytesOnEveryBackend(t *testing.T) {
	config := cachewright.Config{Serializer: "json", Caches: map[string]cachewright.CacheConfig{
		"default": {Backend: cachewright.BackendMemory},
		"files":   {Backend: cachewright.BackendFile, Location: t.TempDir(), Compress: true},
		"packed":  {Backend: cachewright.BackendMemory, Serializer: "msgpack"},
		"own":     {Backend: cachewright.BackendMemory, Serializer: "native", Compress: true, AbsentFor: time.Minute},
	}, Logger: slog.New(slog.DiscardHandler)}
	caches, err := cachewright.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caches.Close() })
	for alias, want := range map[string]string{"default": `["a", 1.0]`, "files": `["a", 1.0]`, "packed": "\x92\xa1a\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"} {
		values, err := cachewright.Of[any](caches, alias)
		if err != nil {
			t.Fatal(err)
		}
		if err := values.Set(t.Context(), "k", []any{"a", 1.0}); err != nil {
			t.Fatal(err)
		}
		s, err := caches.Store(alias)
		if err != nil {
			t.Fatal(err)
		}
		if got, found, err := s.Get(t.Context(), ":1:k"); string(got) != want || !found || err != nil {
			t.Errorf("%s holds %q, %v, %v; want %q", alias, got, found, err, want)
		}
		if got, found, err := values.Get(t.Context(), "k"); !reflect.DeepEqual(got, []any{"a", 1.0}) || !found || err != nil {
			t.Errorf("%s: Get = %v, %v, %v", alias, got, found, err)
		}
	}
	if _, err := cachewright.Of[[]byte](caches, "default"); err == nil || !strings.Contains(err.Error(), "is bytes, which JSON does not have") {
		t.Errorf("bytes in JSON: %v", err)
	}
	if _, err := cachewright.Of[[]byte](caches, "own"); err != nil {
		t.Errorf("bytes in native values: %v", err)
	}
}
