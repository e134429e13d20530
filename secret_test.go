package cachewright

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/store/redis"
)

// canary is planted wherever a secret can stand; it must come out nowhere.
const canary = "hunter2"

// everyForm prints a value in all the ways in which programs do.
func everyForm(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%v %+v %#v %s %q %x %d\n", v, v, v, v, v, v, v)
	fmt.Fprintln(&b, v)
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(text)
	if y, ok := v.(interface{ MarshalYAML() (any, error) }); ok {
		out, err := y.MarshalYAML()
		fmt.Fprintf(&b, "%#v %v", out, err)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", v, "pointer", &v)
	return b.String()
}

func keepsCanary(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if i := strings.Index(text, form); i >= 0 {
			t.Errorf("%s leaks: ...%s...", what, text[max(0, i-60):min(len(text), i+60)])
		}
	}
}

func TestSecretPrintsAsStars(t *testing.T) {
	s := NewSecret(canary)
	text := everyForm(t, s) + everyForm(t, &s) + everyForm(t, map[string]any{"s": s}) + everyForm(t, struct{ S Secret }{s})
	keepsCanary(t, "Secret", text)
	if !strings.Contains(text, "***") || s.Reveal() != canary || s.IsZero() {
		t.Errorf("Secret prints %s", text)
	}
	if (Secret{}).String() != "" || !(Secret{}).IsZero() {
		t.Error("an empty Secret prints something")
	}
}

func TestConfigsPrintWithoutSecrets(t *testing.T) {
	c := CacheConfig{RedisURL: "redis://ann:" + canary + "@h", Timeout: Forever, Pool: PoolOptions{
		Password: canary, SSLKeyFilePassword: canary, SentinelKwargs: redis.SentinelOptions{Password: canary, SSLKeyFilePassword: canary}}}
	config := Config{ProjectName: "shop", RedisURL: "redis://:" + canary + "@h", Caches: map[string]CacheConfig{"a": c}}
	text := everyForm(t, config) + everyForm(t, &config) + everyForm(t, c) + everyForm(t, &c) + everyForm(t, []Config{config})
	keepsCanary(t, "Config", text)
	const want = "{project_name:shop redis_url:redis://:***@h:6379/0 cache_a:{redis_url:redis://ann:***@h:6379/0 timeout:never " +
		"connection_pool_kwargs:{password:*** sentinel_kwargs:{password:*** ssl_keyfile_password:***} ssl_keyfile_password:***}}}"
	if got := config.String(); got != want {
		t.Errorf("String = %s\nwant     %s", got, want)
	}
	got, err := json.Marshal(config)
	if err != nil || !strings.Contains(string(got), `"cache_a":{"connection_pool_kwargs":{"password":"***"`) {
		t.Errorf("JSON = %s, %v", got, err)
	}
}

// planted are configurations with the canary in every place that takes a secret, right and wrong.
var planted = []struct {
	name, yaml, overlay, dotenv string
	environ                     []string
}{
	{name: "everything right", yaml: `
redis_url: redis://:hunter2@base:6379/0
cache_a:
  redis_url: redis://u:hunter2@localhost:6379/1
  key_prefix: a
  connection_pool_kwargs: {password: hunter2}
cache_s:
  connection_pool_kwargs:
    sentinels: [s1]
    service_name: m
    sentinel_kwargs: {password: hunter2, ssl: true, ssl_certfile: c, ssl_keyfile: k, ssl_keyfile_password: hunter2}
cache_t:
  redis_url: ${URL}
  key_prefix: t
  connection_pool_kwargs: {ssl_certfile: c, ssl_keyfile: k, ssl_keyfile_password: "${KEY}"}
`, overlay: "redis_url: redis://:hunter2@over:6379/0\n", dotenv: "REDIS_URL=redis://:hunter2@dot:6379/0\nKEY=hunter2\n",
		environ: []string{"REDIS_URL=redis://:hunter2@process:6379/0", "URL=rediss://:hunter2@h", "CACHE_A__CONNECTION_POOL_KWARGS__PASSWORD=hunter2", "APP_ENV=production"}},
	{name: "everything wrong", yaml: `
redis_ulr: redis://:hunter2@h
redis_url: redis://:hunter2@h:port
cache_a:
  redis_url: "redis://:hunter2#x@h"
  pasword: hunter2
  dsn: redis://:hunter2@h
  connection_pool_kwargs: {password: 42, pw: hunter2, socket_timout: 5, sentinels: ["redis://:hunter2@h"]}
cache_b: {redis_url: "http://u:hunter2@h/x", password: hunter2, version: "x"}
cache_c:
  redis_url: redis://h?password=hunter2
  timeout: 5 min # hunter2@
  connection_pool_kwargs:
    password: {a: hunter2}
    ssl_keyfile_password: [hunter2]
    sentinel_kwargs: {pass: hunter2, password: "${hunter2 x}"}
`, overlay: "cache_a:\n  redis_url: redis://:hunter2@h/x\n", dotenv: "hunter2\nA=\"hunter2\n",
		environ: []string{"CACHE_A__PASWORD=hunter2", "CACHE_A__CONNECTION_POOL_KWARGS={pw: hunter2}", "CACHE_D__REDIS_URL=redis://:hunter2@h:x",
			"CACHE_D__CONNECTION_POOL_KWARGS__PASSWORD__X=hunter2", "CACHE_E__CONNECTION_POOL_KWARGS=hunter2"}},
	{name: "no YAML", yaml: "redis_url: \"redis://:hunter2@h\npassword: hunter2\n"},
	{name: "a line that is no entry", yaml: "project_name: x\nredis_url redis://:hunter2@h\nb: 1\n"},
	{name: "a text behind a quote", yaml: "cache_a:\n  redis_url: 'redis://:hunter2'hunter2@h'\n"},
	{name: "an anchor", yaml: "cache_a:\n  connection_pool_kwargs:\n    password: *hunter2\n"},
	{name: "a tab", yaml: "cache_a:\n\tpw: hunter2\n"},
	{name: "a list", yaml: "- hunter2\n"},
	{name: "a text", yaml: "hunter2\n"},
	{name: "an unclosed list", yaml: "cache_a: {pw: hunter2, x: [hunter2\nb: 1\n"},
	{name: "a duplicate", yaml: "redis_url: redis://:hunter2@h\nredis_url: redis://:hunter2@g\n"},
	{name: "a template", yaml: "redis_url: redis://:${PW:-hunter2@h\n"},
	{name: "a password with a space", yaml: "redis_url: redis://:hun hunter2@h\n"},
}

func TestNoOutputOfAConfigurationHoldsASecret(t *testing.T) {
	for _, tt := range planted {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, "config.yaml", tt.yaml)
			writeFile(t, dir, "config.production.yaml", tt.overlay)
			writeFile(t, dir, ".env", tt.dotenv)
			config, err := Load(LoadOptions{Path: dir, Environ: tt.environ, Strict: true})
			if err != nil {
				problems, _ := errors.AsType[Problems](err)
				keepsCanary(t, "Problems", problems.Error()+problems.Report()+fmt.Sprintf("%+v %#v", problems, problems)+everyForm(t, problems))
				for _, p := range problems {
					keepsCanary(t, "Problem", fmt.Sprintf("%+v\n%v", p, *p))
				}
				return
			}
			plan, err := config.Resolve(Env{})
			if err != nil {
				t.Fatal(err)
			}
			keepsCanary(t, "Config", everyForm(t, config))
			keepsCanary(t, "Plan", everyForm(t, plan)+everyForm(t, plan.Caches))
			if len(plan.Findings) == 0 {
				t.Error("no findings: the literal passwords are not seen")
			}
		})
	}
}

func TestNoPartOfAURLLeaksInTheLineThatIsShown(t *testing.T) {
	for _, url := range []string{
		"redis://u:x@h/0?foo=hunter2", "redis://u:x@h/0#hunter2", "redis://u:x@h:hunter2/0", "redis://u:x@h/hunter2",
		"redis://h/0?foo=hunter2", "redis://h/0?foo=hunter2&password=x", "redis://h/0?password=hunter2",
	} {
		keepsCanary(t, url, redact("redis_url: "+url)+redactVariable("REDIS_URL", url, false))
	}
	for _, line := range []string{"redis_url: redis://***@h:6379/0", "redis_url: redis://***@[::1]:6379/0", "redis_url: rediss://h", "redis_url: redis://***@${HOST}:6379/0"} {
		if got := redact(strings.ReplaceAll(line, "***", "u:x")); got != line {
			t.Errorf("redact shows %q, want %q", got, line)
		}
	}
}
