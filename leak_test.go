//go:build unix

package cachewright

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoOptionShowsAPasswordThatStandsThereByMistake writes a URL with a password into every option, in a file, in a
// variable and in .env, and reads all that is said about it.
func TestNoOptionShowsAPasswordThatStandsThereByMistake(t *testing.T) {
	const password = "hunter2"
	const url = "redis://user:" + password + "@host/0"
	look := func(where string, o LoadOptions) {
		t.Helper()
		text := ""
		config, err := Load(o)
		if err == nil {
			var plan *Plan
			if plan, err = config.Resolve(Env{}); err == nil {
				c, _ := plan.Cache("q")
				text = fmt.Sprint(plan.Findings, c.Location, c.KeyPrefix, c.Directory)
				for name, v := range c.Values {
					text += fmt.Sprintf("\n%s: %v", name, v.Value)
				}
			}
		}
		if err != nil {
			text += err.Error() + fmt.Sprintf("%+v", err)
			if problems, ok := errors.AsType[Problems](err); ok {
				text += problems.Report()
				for _, p := range problems {
					text += fmt.Sprintf("%+v", *p)
				}
			}
		}
		if strings.Contains(text, password) {
			t.Errorf("%s: the password is shown:\n%s", where, text)
		}
	}
	groups := []struct {
		fields []field
		yaml   string // around name: value
		env    string // before NAME
	}{
		{projectFields, "%s: %q\ncache_q: {}\n", ""},
		{cacheFields, "cache_q:\n  %s: %q\n", "CACHE_Q__"},
		{poolFields, "cache_q:\n  redis_url: redis://h\n  connection_pool_kwargs:\n    %s: %q\n", "CACHE_Q__CONNECTION_POOL_KWARGS__"},
		{sentinelFields, "cache_q:\n  redis_url: redis://h\n  connection_pool_kwargs:\n    sentinel_kwargs:\n      %s: %q\n", ""},
	}
	for _, g := range groups {
		for _, f := range g.fields {
			dir := t.TempDir()
			writeFile(t, dir, "config.yaml", fmt.Sprintf(g.yaml, f.name, url))
			look("config.yaml, "+f.name, LoadOptions{Path: dir})
			if g.env == "" {
				continue
			}
			variable := g.env + strings.ToUpper(f.name) + "=" + url
			dir = t.TempDir()
			writeFile(t, dir, "config.yaml", "cache_q: {}\n")
			look("the environment, "+variable, LoadOptions{Path: dir, Environ: []string{variable}})
			writeFile(t, dir, ".env", variable+"\n")
			look(".env, "+variable, LoadOptions{Path: dir})
		}
	}
	for _, name := range []string{"CACHEWRIGHT_ENV", "ENVIRONMENT", "CACHEWRIGHT_CONFIG"} {
		look(name, LoadOptions{Environ: []string{name + "=" + url}})
	}
	look("Path", LoadOptions{Path: url})
	look("Environment", LoadOptions{Environment: url})
	for where, c := range map[string]Config{
		"Config.Serializer": {Serializer: url}, "Config.Environment": {Environment: url}, "Config.ProjectName": {ProjectName: url},
		"Backend":   {Caches: map[string]CacheConfig{"q": {Backend: url}}},
		"KeyPrefix": {Caches: map[string]CacheConfig{"q": {KeyPrefix: url}}},
		"Location":  {Caches: map[string]CacheConfig{"q": {Backend: "file", Location: url}}},
		"an alias":  {Caches: map[string]CacheConfig{url: {}}},
	} {
		if _, err := c.Resolve(Env{}); err == nil || strings.Contains(err.Error()+fmt.Sprintf("%+v", err), password) {
			t.Errorf("%s: %+v; want an error without the password", where, err)
		}
	}
}

func TestServersAreNotPutWhereTheyAreNotRead(t *testing.T) {
	for _, text := range []string{
		"cache_pages: redis://host:6379/0\n",
		"cache_pages: {backend: file, location: redis://host:6379/0}\n",
		"cache_pages: {location: rediss://host:6379/0}\n",
	} {
		dir := t.TempDir()
		writeFile(t, dir, "config.yaml", text)
		_, err := Load(LoadOptions{Path: dir})
		if problems, ok := errors.AsType[Problems](err); !ok || problems[0].Code != "CW109" {
			t.Errorf("%s: %v; want CW109", text, err)
		}
	}
}

func TestPipesAreNotRead(t *testing.T) {
	for _, name := range []string{"config.yaml", ".env"} {
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(LoadOptions{Path: dir})
		if problems, ok := errors.AsType[Problems](err); !ok || problems[0].Code != "CW002" || !strings.Contains(err.Error(), "pipe") {
			t.Errorf("%s: %v; want CW002", name, err)
		}
	}
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "ca.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "config.yaml", "cache_default:\n  redis_url: rediss://host\n  connection_pool_kwargs: {ssl_ca_certs: ca.pem}\n")
	config, err := Load(LoadOptions{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := config.Resolve(Env{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.CheckFiles(); err == nil || !strings.Contains(err.Error(), "pipe") {
		t.Errorf("CheckFiles = %v, want the pipe to be refused", err)
	}
}
