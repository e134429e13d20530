package fromdjango_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/fromdjango"
	"github.com/cachewright/cachewright/internal/yamltree"
	"golang.org/x/tools/txtar"
)

// Whatever the settings are, the result is YAML: nothing in them can end a text or begin an option.
func FuzzConfig(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if file.Name == "settings.json" {
				f.Add(file.Data)
			}
		}
	}
	f.Add([]byte(`{"default": {"BACKEND": "x\ny: z", "KEY_PREFIX": "# \u2028\": {"}}`))
	f.Add([]byte(`{"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://:a\"b@h", "OPTIONS": {"CONNECTION_POOL_KWARGS":` +
		`{"socket_keepalive_options": {"$pairs": [[4, 1], [5]]}, "sentinels": [{"host": "a: {"}], "client_name": "- x", "password": "p: q"}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := fromdjango.ReadJSON(data)
		if err != nil {
			return
		}
		c, err := s.Config("settings.json")
		if err != nil {
			return
		}
		root, err := yamltree.Parse(c.Text)
		if err != nil {
			t.Fatalf("%s became\n%s%v", data, c.Text, err)
		}
		if root == nil {
			return
		}
		for _, field := range root.Fields() {
			if name := field.Key.Text(); !strings.HasPrefix(name, "cache_") {
				t.Errorf("%s became the option %q", data, name)
			}
		}
	})
}

// Texts stay texts wherever they stand, and passwords stay out.
func FuzzTexts(f *testing.F) {
	f.Add("default", "redis://:", "@localhost:6379/0", "shop", "client_name", "web")
	f.Add("sessions", "redis://user:", "@[::1]/0?socket_timeout=1", "a: b #", "ssl_ca_certs", "/ca.pem")
	f.Add("x\ny", "rediss://", "@h,redis://h", "\x00\u2028", "socket_timeout\n  y", "${A:-}")
	f.Add("pages", "unix://:", "@/run/x", "$${A}", "password", "%41")
	const secret = "Hunter2Hunter2"
	f.Fuzz(func(t *testing.T, alias, before, after, prefix, option, text string) {
		data, err := json.Marshal(map[string]any{alias: map[string]any{
			"BACKEND": "django_redis.cache.RedisCache", "LOCATION": before + secret + after, "KEY_PREFIX": prefix,
			"OPTIONS": map[string]any{
				"SENTINELS":              [][]any{{text, 26379}},
				"SENTINEL_KWARGS":        map[string]any{"password": secret, option: text},
				"CONNECTION_POOL_KWARGS": map[string]any{"password": secret, option + "2": text, "client_name": text},
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := fromdjango.ReadJSON(append(append([]byte(`{"CACHES": `), data...), '}'))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Config("settings.json")
		if err != nil {
			t.Fatal(err)
		}
		// What stands before the last @ is the user part; elsewhere nothing is known to be secret.
		if strings.Contains(after, "@") && strings.Contains(string(c.Text)+strings.Join(c.Notes, ""), secret) {
			t.Errorf("%s became\n%s", data, c.Text)
		}
		root, err := yamltree.Parse(c.Text)
		if err != nil {
			t.Fatalf("%s became\n%s%v", data, c.Text, err)
		}
		if root == nil {
			return
		}
		for _, cache := range root.Fields() {
			if cache.Key.Text() != "cache_"+alias {
				t.Errorf("%s became the option %q", data, cache.Key.Text())
			}
			for _, o := range cache.Value.Fields() {
				if o.Key.Text() == "key_prefix" && o.Value.Text() != strings.ReplaceAll(asJSON(prefix), "${", "$${") {
					t.Errorf("the prefix %q became %q", prefix, o.Value.Text())
				}
			}
		}
	})
}

// asJSON is text as JSON can hold it: every byte that is no UTF-8 is replaced.
func asJSON(text string) string { return string([]rune(text)) }
