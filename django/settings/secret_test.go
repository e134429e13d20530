package settings_test

import (
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/store/redis"
)

// The canary stands in every place that can hold a password. Without leave no output and no error has it.
const canary = "hunter2"

func TestSecretsNeedLeave(t *testing.T) {
	password := func(source string) cachewright.CachePlan {
		return cache("default", "redis", url("redis://h/0"), pool(func(p *redis.PoolOptions) { p.Password = canary }),
			poolFrom("password", source))
	}
	tests := []struct {
		name         string
		cache        cachewright.CachePlan
		python, json string // a part of the reason for a refusal; empty if it is written
	}{
		{"a literal URL", cache("default", "redis", url("redis://:hunter2@h/0")),
			"redis_url: it holds a literal password; take it from the environment, as in redis_url: ${REDIS_URL}", "literal password"},
		{"a URL from a variable", cache("default", "redis", urlFrom("${REDIS_URL}", "redis://:hunter2@h/0")),
			"", "JSON cannot look up a variable"},
		{"a URL whose password is a variable", cache("default", "redis", urlFrom("redis://u:${PW}@h/0", "redis://u:hunter2@h/0")),
			"", "JSON cannot look up a variable"},
		{"a URL whose password is the default of a variable",
			cache("default", "redis", urlFrom("redis://:${PW:-hunter2}@h/0", "redis://:hunter2@h/0")),
			"a literal password beside its variable", "JSON cannot look up a variable"},
		{"a default URL with a password", cache("default", "redis", urlFrom("${A:-${B:-redis://:hunter2@h/0}}", "redis://:hunter2@h/0")),
			"a literal password beside its variable", "JSON cannot look up a variable"},
		{"a URL whose scheme is a variable", cache("default", "redis", urlFrom("${S}://:hunter2@h/0", "redis://:hunter2@h/0")),
			"a literal password beside its variable", "JSON cannot look up a variable"},
		{"a Go program's URL is no template", cache("default", "redis", func(c *cachewright.CachePlan) {
			c.RedisURL = cachewright.NewSecret("redis://:hunter2${A}@h/0")
			c.Values["redis_url"] = cachewright.Value{Origin: "Go", Written: true, Source: c.RedisURL}
		}), "literal password", "literal password"},
		{"a literal pool password", password(canary), "connection_pool_kwargs.password: it holds a literal password; " +
			"take it from the environment, as in password: ${REDIS_PASSWORD}", "literal password"},
		{"a pool password from a variable", password("${PW}"), "", "JSON cannot look up a variable"},
		{"a literal password of the Sentinels", cache("default", "redis", url("redis://h/0"), pool(func(p *redis.PoolOptions) {
			p.Sentinels, p.ServiceName, p.SentinelKwargs.Password = sentinels, "mymaster", canary
		}, "sentinels", "service_name"), poolFrom("sentinel_kwargs.password", canary)), "sentinel_kwargs.password: it holds a literal", "literal password"},
		{"a literal password of a key file", cache("default", "redis", url("rediss://h/0"), pool(func(p *redis.PoolOptions) {
			p.SSLKeyFilePassword = canary
		}), poolFrom("ssl_keyfile_password", canary)), "ssl_keyfile_password: it holds a literal", "literal password"},
		{"a URL without a password needs no leave", cache("default", "redis", urlFrom("${REDIS_URL}", "redis://user@h/0")), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := func(form, refusal string, render func(*cachewright.Plan, settings.Options) ([]byte, error)) {
				out, err := render(planOf(tt.cache), settings.Options{})
				switch {
				case strings.Contains(string(out), canary):
					t.Errorf("%s: the secret is in the output:\n%s", form, out)
				case err != nil && strings.Contains(err.Error(), canary):
					t.Errorf("%s: the secret is in the error: %v", form, err)
				case refusal == "" && err != nil:
					t.Errorf("%s: %v", form, err)
				case refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)):
					t.Errorf("%s: got error %v, want one with %q", form, err, refusal)
				}
				if _, err := render(planOf(tt.cache), settings.Options{AllowSecrets: true}); err != nil {
					t.Errorf("%s: refused with leave: %v", form, err)
				}
			}
			check("Python", tt.python, settings.Python)
			check("JSON", tt.json, settings.JSON)
		})
	}
}

// What a variable holds while the settings are written does not decide their form: a password with a comma must
// not be split on the machine that has it, wherever the file was written.
func TestAPasswordFromAVariableMayHoldACommaLater(t *testing.T) {
	write := func(password string) string {
		c := cache("default", "redis", urlFrom("redis://:${PW}@h/0", "redis://:"+password+"@h/0"))
		out, err := settings.Python(planOf(c), settings.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	got := write("plain")
	if !strings.Contains(got, "\"LOCATION\": [\n            \"redis://:\" + os.environ[\"PW\"] + \"@h/0\",\n        ],") {
		t.Errorf("LOCATION is no list:\n%s", got)
	}
	if other := write("a,b;c"); other != got {
		t.Errorf("another password gives other settings:\n%s", other)
	}
}
