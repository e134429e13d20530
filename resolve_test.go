package cachewright

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

const local = "redis://localhost:6379/0"

// one returns a Config with one cache besides default.
func one(alias string, c CacheConfig) Config {
	return Config{Caches: map[string]CacheConfig{alias: c}}
}

func env(name string) Env { return Env{Environment: name, Origin: "env APP_ENV", rank: rankNamed} }

func TestTheFirstRuleThatMatchesDecides(t *testing.T) {
	unusable := func(e Env) Env {
		e.Usable = func(string) error { return errors.New("read-only file system") }
		return e
	}
	for _, tt := range []struct {
		name    string
		config  Config
		env     Env
		alias   string
		backend string
		rule    int
		reason  string
		origin  string
	}{
		{"nothing configured -> memory", Config{}, Env{}, "default", "memory", 5, "development, and no redis_url", "default"},
		{"testing, redis_url -> dummy", Config{RedisURL: local}, env("testing"), "default", "dummy", 2, "caches are off under testing", "env APP_ENV"},
		{"testing, sessions -> memory", one("sessions", CacheConfig{RedisURL: local}), env("testing"), "sessions", "memory", 2, "sessions are needed", "env APP_ENV"},
		{"testing, explicit backend -> that one", one("default", CacheConfig{Backend: "file"}), env("testing"), "default", "file", 1, "explicit backend: file", "Go"},
		{"production, redis_url, no explicit cache -> redis", Config{RedisURL: local}, env("production"), "default", "redis", 4, "created from the project's redis_url", "Go"},
		{"production, redis_url, default with a timeout -> redis", Config{RedisURL: local, Caches: map[string]CacheConfig{"default": {Timeout: time.Hour}}}, env("production"), "default", "redis", 4, "created", "Go"},
		{"production, redis_url, default on memory -> memory", Config{RedisURL: local, Caches: map[string]CacheConfig{"default": {Backend: "memory"}}}, env("production"), "default", "memory", 1, "explicit", "Go"},
		{"production, redis_url, another alias -> file", Config{RedisURL: local, Caches: map[string]CacheConfig{"api": {}}}, env("production"), "api", "file", 6, "production, and this cache names no redis_url", "env APP_ENV"},
		{"development, redis_url, another alias -> memory", Config{RedisURL: local, Caches: map[string]CacheConfig{"api": {}}}, Env{}, "api", "memory", 5, "development, and this cache names no redis_url", "default"},
		{"another alias with backend redis -> the project's redis", Config{RedisURL: local, Caches: map[string]CacheConfig{"api": {Backend: "redis"}}}, Env{}, "api", "redis", 1, "with the project's redis_url", "Go"},
		{"another alias with a redis_url -> redis", one("api", CacheConfig{RedisURL: local}), Env{}, "api", "redis", 3, "the cache names redis_url", "Go"},
		{"sentinels without a redis_url -> redis", one("api", CacheConfig{Pool: PoolOptions{Sentinels: []redis.Node{{Host: "s"}}, ServiceName: "m"}}), Env{}, "api", "redis", 3, "the cache names sentinels", "Go"},
		{"startup nodes without a redis_url -> redis", one("api", CacheConfig{Pool: PoolOptions{StartupNodes: []redis.Node{{Host: "n"}}}}), Env{}, "api", "redis", 3, "the cache names startup_nodes", "Go"},
		{"staging, debug -> memory", Config{Debug: true}, env("staging"), "default", "memory", 5, "debug is on, and no redis_url", "Go"},
		{"production, debug -> file", Config{Debug: true}, env("production"), "default", "file", 6, "production, and no redis_url: files", "env APP_ENV"},
		{"staging -> file", Config{}, env("staging"), "default", "file", 6, "staging, and no redis_url", "env APP_ENV"},
		{"a name of one's own -> file", Config{}, env("qa2"), "default", "file", 6, "qa2, and no redis_url", "env APP_ENV"},
		{"production, no directory -> dummy", Config{}, unusable(env("production")), "default", "dummy", 7, "read-only file system", "env APP_ENV"},
		{"production, no directory, redis -> redis", Config{RedisURL: local}, unusable(env("production")), "default", "redis", 4, "created", "Go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := tt.config.Resolve(tt.env)
			if err != nil {
				t.Fatal(err)
			}
			c, ok := plan.Cache(tt.alias)
			if !ok {
				t.Fatalf("no plan for %s", tt.alias)
			}
			if c.Backend != tt.backend || c.Rule != tt.rule || !strings.Contains(c.Reason, tt.reason) || c.ReasonOrigin != tt.origin {
				t.Errorf("%s by rule %d: %q (%s); want %s by rule %d: %q (%s)",
					c.Backend, c.Rule, c.Reason, c.ReasonOrigin, tt.backend, tt.rule, tt.reason, tt.origin)
			}
		})
	}
}

func TestTheAutomaticDefaultHasTheModelsOptions(t *testing.T) {
	plan, err := (&Config{ProjectName: "My Config", RedisURL: local}).Resolve(Env{})
	if err != nil {
		t.Fatal(err)
	}
	c := plan.Caches[0]
	if c.Timeout != 300*time.Second || c.MaxConnections != 50 || c.KeyPrefix != "my_config" || c.Version != 1 ||
		c.Serializer != "native" || c.Keys != "strict" || c.OnError != "raise" || c.LoadTimeout != 30*time.Second || c.RedisURL.Reveal() != local {
		t.Errorf("plan = %+v", c)
	}
	for option, want := range map[string]Value{
		"backend":         {Value: "redis", Origin: "rule 4"},
		"timeout":         {Value: int64(300), Origin: "default"},
		"max_connections": {Value: int64(50), Origin: "default"},
		"key_prefix":      {Value: "my_config", Origin: "slug of project_name"},
		"redis_url":       {Value: local, Origin: "Go", Written: true, Source: NewSecret(local)},
	} {
		if diff := cmp.Diff(want, c.Values[option], cmp.AllowUnexported(Secret{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", option, diff)
		}
	}
}

func TestOptionsOfAConfigMadeInGoReachThePlan(t *testing.T) {
	db := 2
	config := Config{RedisURL: local, Serializer: "native", Caches: map[string]CacheConfig{
		"mem":  {Backend: "memory", MaxBytes: 1 << 20, MaxEntries: 5, Timeout: Forever, Version: 7, Keys: "hash", Compress: true},
		"zero": {Backend: "memory", Timeout: DoNotKeep, AbsentFor: time.Minute, LoadTimeout: time.Second},
		"file": {Backend: "file", Location: "var/x"},
		"red":  {RedisURL: "redis://localhost", KeyPrefix: "r", MaxConnections: 3, Pool: PoolOptions{MaxConnections: 4, DB: &db}, Require: true},
	}}
	plan, err := config.Resolve(Env{dir: "/srv/shop"})
	if err != nil {
		t.Fatal(err)
	}
	if mem, _ := plan.Cache("mem"); mem.MaxBytes != 1<<20 || mem.MaxEntries != 5 || mem.Timeout != Forever || mem.Values["timeout"].Value != nil ||
		mem.Version != 7 || mem.Keys != "hash" || !mem.Compress || mem.Location != "inside this process" || mem.Directory != "" {
		t.Errorf("mem = %+v", mem)
	}
	if zero, _ := plan.Cache("zero"); zero.Timeout != DoNotKeep || zero.Values["timeout"].Value != int64(0) || zero.AbsentFor != time.Minute ||
		zero.LoadTimeout != time.Second || zero.MaxBytes != 64<<20 {
		t.Errorf("zero = %+v", zero)
	}
	if file, _ := plan.Cache("file"); file.Directory != filepath.FromSlash("/srv/shop/var/x") || file.Location != "var/x" || file.Automatic || file.MaxBytes != 256<<20 {
		t.Errorf("file = %+v", file)
	}
	red, _ := plan.Cache("red")
	if red.MaxConnections != 4 || !red.Require || red.Values["max_connections"].Value != int64(4) || len(red.Values["max_connections"].Overrode) != 1 {
		t.Errorf("red = %+v", red)
	}
	if _, ok := red.Values["location"]; ok {
		t.Error("a Redis cache shows the option location")
	}
	if got := plan.Caches[0].Alias + plan.Caches[1].Alias + plan.Caches[4].Alias; got != "defaultfilezero" {
		t.Errorf("aliases are not in order: %s", got)
	}
	if config.Caches["mem"].LoadTimeout != 0 || len(config.Caches) != 4 {
		t.Error("Resolve changed the Config")
	}
}

func TestAFallbackDirectoryHasASafeName(t *testing.T) {
	for prefix, want := range map[string]string{"": "default_api", "shop": "shop_api", "a/b:c": "a_b_c_api", "../..": "__api", "..": "default_api"} {
		if got := fallbackDirectory(prefix, "api"); got != filepath.Join("tmp", "cache", want) {
			t.Errorf("directory of prefix %q = %s, want %s", prefix, got, want)
		}
	}
}

func TestTheStrongerSourceNamesTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "environment: staging\n")
	loaded, err := Load(LoadOptions{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	flagged, err := Load(LoadOptions{Path: dir, Environment: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	changed := *loaded
	changed.Environment = "production"
	for _, tt := range []struct {
		name   string
		config Config
		env    Env
		want   string
		origin string
	}{
		{"nothing -> development", Config{}, Env{}, "development", "default"},
		{"a program's name -> that one", Config{Environment: "prod"}, env("staging"), "production", "Go"},
		{"a variable -> that one", Config{}, env("staging"), "staging", "env APP_ENV"},
		{"an Env made by hand -> its name", Config{}, Env{Environment: "prd"}, "production", "Go"},
		{"debug of a program -> development", Config{Debug: true}, Env{Environment: "development", Origin: "default"}, "development", "Go"},
		{"a loaded name against the default -> the loaded one", *loaded, Env{Environment: "development", Origin: "default"}, "staging", "config.yaml:1:14"},
		{"a loaded name against a variable -> the variable", *loaded, env("testing"), "testing", "env APP_ENV"},
		{"a loaded name against IS_PROD -> the loaded one", *loaded, Env{Environment: "production", Origin: "env IS_PROD", rank: rankFlag}, "staging", "config.yaml:1:14"},
		{"--env against a variable -> --env", *flagged, env("testing"), "production", "--env"},
		{"a loaded Config that was changed -> the change", changed, env("testing"), "production", "Go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plan, err := tt.config.Resolve(tt.env)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Environment != tt.want || plan.EnvironmentOrigin != tt.origin {
				t.Errorf("environment %s (%s), want %s (%s)", plan.Environment, plan.EnvironmentOrigin, tt.want, tt.origin)
			}
		})
	}
}

func TestFieldsThatAProgramChangedAreOfGo(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "redis_url: redis://:hunter2@localhost:6379/0\ncache_default:\n  timeout: 60\n  version: 2\n  connection_pool_kwargs: {retry_on_timeout: false}\n")
	config, err := Load(LoadOptions{Path: dir, Environ: []string{"CACHE_DEFAULT__TIMEOUT=70"}})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Caches["default"]
	c.Timeout, c.Version, c.KeyPrefix = 80*time.Second, 0, "mine"
	config.Caches["default"] = c
	config.Caches["new"] = CacheConfig{Backend: "memory"}
	plan, err := config.Resolve(Env{})
	if err != nil {
		t.Fatal(err)
	}
	values := plan.Caches[0].Values
	want := Value{Value: int64(80), Origin: "Go", Written: true, Overrode: []Value{
		{Value: int64(70), Origin: "env CACHE_DEFAULT__TIMEOUT", Written: true, Source: NewSecret("${CACHE_DEFAULT__TIMEOUT}")},
		{Value: int64(60), Origin: "config.yaml:3:12", Written: true, Source: NewSecret("60")},
	}}
	if diff := cmp.Diff(want, values["timeout"], cmp.AllowUnexported(Secret{})); diff != "" {
		t.Errorf("timeout (-want +got):\n%s", diff)
	}
	if v := values["version"]; v.Origin != "default" || plan.Caches[0].Version != 1 {
		t.Errorf("version = %+v", v)
	}
	if v := values["key_prefix"]; v.Origin != "Go" || v.Value != "mine" || v.Source.Reveal() != "mine" {
		t.Errorf("key_prefix = %+v", v)
	}
	if v := values["connection_pool_kwargs.retry_on_timeout"]; v.Origin != "config.yaml:5:46" || v.Value != false {
		t.Errorf("retry_on_timeout = %+v", v)
	}
	if c, _ := plan.Cache("new"); c.ReasonOrigin != "Go" {
		t.Errorf("a cache that a program added = %+v", c)
	}
}

func TestAConfigMadeInGoIsCheckedAsALoadedOne(t *testing.T) {
	yes := true
	five := 5
	for _, tt := range []struct {
		name   string
		config Config
		want   string
	}{
		{"a URL with another scheme", Config{RedisURL: "http://:hunter2@h"}, `Config.RedisURL: "http://***@h": a Redis URL must start with redis:// or rediss://, not http://`},
		{"a negative timeout", one("a", CacheConfig{Timeout: -time.Second}), `Config.Caches["a"].Timeout: -1s is negative`},
		{"negative connections", one("a", CacheConfig{MaxConnections: -1}), `Config.Caches["a"].MaxConnections: -1 is less than 1`},
		{"a negative version", one("a", CacheConfig{Version: -1}), `Config.Caches["a"].Version: -1 is less than 1`},
		{"an unknown backend", one("a", CacheConfig{Backend: "locmem"}), `Config.Caches["a"].Backend: "locmem" is called memory here; write memory`},
		{"an alias that cannot be", one("My-Cache", CacheConfig{}), `Config.Caches["My-Cache"]: "My-Cache" cannot name a cache`},
		{"a patience that outlasts the load", one("a", CacheConfig{StaleFor: time.Hour, SoftTimeout: time.Minute}),
			`Config.Caches["a"].SoftTimeout: is longer than load_timeout, which ends every load after 30s`},
		{"a stale value beside bare values", Config{Serializer: "json", Caches: map[string]CacheConfig{"default": {StaleFor: time.Minute}}},
			`Config.Caches["default"].StaleFor: needs more than a bare value, and serializer: json stores exactly what Django does`},
		{"an absence beside bare values", Config{Serializer: "json", Caches: map[string]CacheConfig{"default": {AbsentFor: time.Minute}}},
			`Config.Caches["default"].AbsentFor: needs more than a bare value, and serializer: json stores exactly what Django does`},
		{"a negative wait", one("a", CacheConfig{LoadTimeout: -1}), `Config.Caches["a"].LoadTimeout: -1ns is negative`},
		{"a wait that is too long", one("a", CacheConfig{LoadTimeout: 25 * time.Hour}), `Config.Caches["a"].LoadTimeout: 1d1h is more than 1d`},
		{"a size that is too small", one("a", CacheConfig{MaxBytes: 1}), `Config.Caches["a"].MaxBytes: 1 is less than 1024 bytes`},
		{"a prefix that is no UTF-8", one("a", CacheConfig{KeyPrefix: "\xff"}), `Config.Caches["a"].KeyPrefix: the value is not valid UTF-8`},
		{"an old TLS", one("a", CacheConfig{RedisURL: "rediss://h", Pool: PoolOptions{SSLMinVersion: 769}}), `Config.Caches["a"].Pool.SSLMinVersion: 769 is not a version of TLS that is safe`},
		{"a node without a host", one("a", CacheConfig{Pool: PoolOptions{StartupNodes: []redis.Node{{Port: 1}}}}), `Config.Caches["a"].Pool.StartupNodes: address 1 of the list has no host`},
		{"a negative keep-alive", one("a", CacheConfig{Pool: PoolOptions{SocketKeepaliveOptions: redis.KeepaliveOptions{Idle: -1}}}), `Config.Caches["a"].Pool.SocketKeepaliveOptions: a number in it is negative`},
		{"a password of Sentinels without them", one("a", CacheConfig{RedisURL: local, Pool: PoolOptions{SentinelKwargs: redis.SentinelOptions{Password: "hunter2"}}}), `Config.Caches["a"].Pool.SentinelKwargs.Password: is for the connections to Sentinels`},
		{"redis without a URL", one("a", CacheConfig{Backend: "redis"}), `Config.Caches["a"].Backend: redis is asked for`},
		{"a backend and a URL of another", one("a", CacheConfig{Backend: "memory", RedisURL: local}), `Config.Caches["a"].RedisURL: the cache has backend: memory and a redis_url`},
		{"a database on a cluster", one("a", CacheConfig{Pool: PoolOptions{StartupNodes: []redis.Node{{Host: "n"}}, DB: &five}}), `Config.Caches["a"].Pool.DB: a cluster has database 0 only, not 5`},
		{"options of TLS without it", one("a", CacheConfig{RedisURL: local, Pool: PoolOptions{SSLCheckHostname: &yes}}), `Config.Caches["a"].Pool.SSLCheckHostname: is an option of encrypted connections`},
		{"sessions that never end", one("sessions", CacheConfig{RedisURL: local, Timeout: Forever}), `Config.Caches["sessions"].Timeout: sessions need an end`},
		{"an environment that is a slip", Config{Environment: "prodution"}, `Config.Environment: "prodution" is no environment that is known; did you mean production?`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.config.Resolve(Env{})
			problems, ok := errors.AsType[Problems](err)
			if !ok || len(problems) != 1 {
				t.Fatalf("error = %v, want one Problem", err)
			}
			if !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
			if strings.Contains(problems.Report(), "hunter2") {
				t.Errorf("leaks: %s", problems.Report())
			}
		})
	}
}

func TestDirectoriesThatCannotBeUsed(t *testing.T) {
	e := env("production")
	e.dir = "/srv"
	var asked []string
	e.Usable = func(dir string) error {
		asked = append(asked, filepath.ToSlash(dir))
		return errors.New("no space")
	}
	for _, tt := range []struct {
		name   string
		config Config
		want   string
	}{
		{"an explicit file cache is an error", one("a", CacheConfig{Backend: "file", Location: "/x"}), `Config.Caches["a"].Location: the directory /x cannot be used: no space`},
		{"also one in the directory of the default", one("a", CacheConfig{Backend: "file"}), `Config.Caches["a"].Backend: the directory tmp/cache/default_a cannot be used: no space`},
		{"sessions by rule 7 are an error", one("sessions", CacheConfig{}), `Config.Caches["sessions"].RedisURL: sessions have no place to live: production, and no redis_url, and the directory tmp/cache/default_sessions cannot be used: no space`},
	} {
		if _, err := tt.config.Resolve(e); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %s", tt.name, err, tt.want)
		}
	}
	if diff := cmp.Diff([]string{
		"/srv/tmp/cache/default_default", "/x", "/srv/tmp/cache/default_default", "/srv/tmp/cache/default_a",
		"/srv/tmp/cache/default_default", "/srv/tmp/cache/default_sessions",
	}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	plan, err := (&Config{}).Resolve(e)
	if err != nil {
		t.Fatal(err)
	}
	if c := plan.Caches[0]; c.Directory != "" || c.Automatic || len(plan.Findings) != 1 || plan.Findings[0].Code != "CW316" {
		t.Errorf("plan = %+v, findings %+v", c, plan.Findings)
	}
}

func TestFindingsOfAConfigMadeInGo(t *testing.T) {
	e := env("production")
	e.Vars = []string{"REDIS_URL"}
	config := Config{Debug: true, ProjectName: "x", Caches: map[string]CacheConfig{
		"default": {Backend: "memory", Timeout: Forever, MaxEntries: 3, MaxConnections: 4},
	}}
	plan, err := config.Resolve(e)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range plan.Findings {
		got = append(got, f.Code+" "+f.Origin+" "+f.Fix)
	}
	want := []string{
		"CW312 Go debug: false",
		`CW321 env REDIS_URL RedisURL: os.Getenv("REDIS_URL")`,
		`CW307 Go Backend: "redis"`,
		"CW304 Go Timeout: 24 * time.Hour",
		"CW320 Go ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if plan.Debug {
		t.Error("debug is on in production")
	}
}
