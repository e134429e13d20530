package cases

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
)

// runSettings runs a settings module and prints what Django would take from it.
const runSettings = `
import json, runpy, sys
names = runpy.run_path(sys.argv[1])
json.dump({name: value for name, value in names.items() if name.isupper()}, sys.stdout)
`

// execute runs a settings module with the system's own Python and returns the settings that it makes.
func execute(t *testing.T, environ []string, module []byte) map[string]any {
	t.Helper()
	interpreter := "/usr/bin/python3"
	if _, err := os.Stat(interpreter); err != nil {
		if interpreter, err = exec.LookPath("python3"); err != nil {
			t.Fatal("these tests run what was generated: install python3")
		}
	}
	path := filepath.Join(t.TempDir(), "cache_settings.py")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(interpreter, "-I", "-c", runSettings, path)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, &stderr)
	}
	return decode(t, out)
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in:\n%s", err, data)
	}
	return v
}

// agree fails if Python makes other settings of module than the JSON form of the same plan says. What JSON
// cannot say needs only to run.
func agree(t *testing.T, plan *cachewright.Plan, environ []string, module []byte) {
	t.Helper()
	got := execute(t, environ, module)
	data, err := settings.JSON(plan, settings.Options{AllowSecrets: true})
	if err != nil {
		return
	}
	if diff := cmp.Diff(decode(t, data), got); diff != "" {
		t.Errorf("Python makes other settings than JSON says (-json +python):\n%s", diff)
	}
}

// printed are the dictionaries that django-cfg's page prints, with what went in instead of its misprint
// (300 and 50 after 600 and 100), and with a stable name for the memory cache.
var printed = map[string]string{
	"automatic-redis": `{"CACHES": {"default": {
		"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://localhost:6379/0", "TIMEOUT": 300,
		"KEY_PREFIX": "my_config", "VERSION": 1, "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 50}}}}}`,
	"explicit-redis": `{"CACHES": {"default": {
		"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://localhost:6379/0", "TIMEOUT": 600,
		"KEY_PREFIX": "myapp", "VERSION": 1, "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 100}}}}}`,
	"memory": `{"CACHES": {"default": {
		"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "myapp_dev-default", "TIMEOUT": 300,
		"KEY_PREFIX": "myapp_dev", "VERSION": 1}}}`,
	"dummy": `{"CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}}`,
	"default-and-sessions": `{"CACHES": {
		"default": {
			"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://localhost:6379/0", "TIMEOUT": 300,
			"KEY_PREFIX": "myapp", "VERSION": 1, "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 50}}},
		"sessions": {
			"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://localhost:6379/1", "TIMEOUT": 86400,
			"KEY_PREFIX": "sessions", "VERSION": 1, "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 50}}}},
		"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "SESSION_CACHE_ALIAS": "sessions",
		"SESSION_COOKIE_AGE": 86400}`,
}

func TestDictionariesOfThePage(t *testing.T) {
	checked := 0
	for _, s := range scenarios(t) {
		want, ok := printed[s.name]
		if !ok {
			continue
		}
		checked++
		got := execute(t, s.environ(), []byte(s.file("settings.py")))
		if diff := cmp.Diff(decode(t, []byte(want)), got); diff != "" {
			t.Errorf("%s is not what the page prints (-page +settings):\n%s", s.name, diff)
		}
	}
	if checked != len(printed) {
		t.Errorf("checked %d dictionaries of %d", checked, len(printed))
	}
}
