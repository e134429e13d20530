package settings_test

import (
	"time"

	"github.com/cachewright/cachewright"
)

// A cache under test is made by edits of what a plan holds for an alias without any option.
type edit func(*cachewright.CachePlan)

func planOf(caches ...cachewright.CachePlan) *cachewright.Plan {
	return &cachewright.Plan{
		ProjectName: "My Config", Environment: "production", EnvironmentOrigin: "--env",
		Dir: "/srv/shop", Files: []string{"config.yaml", "config.production.yaml"}, Caches: caches,
	}
}

func cache(alias, backend string, edits ...edit) cachewright.CachePlan {
	c := cachewright.CachePlan{
		Alias: alias, Backend: backend, Version: 1, Timeout: 5 * time.Minute, MaxConnections: 50, Serializer: "native",
		Values: map[string]cachewright.Value{},
	}
	for _, e := range edits {
		e(&c)
	}
	return c
}

// wrote notes an option as written in a file, as the text source.
func wrote(c *cachewright.CachePlan, option, source string) {
	c.Values[option] = cachewright.Value{Origin: "config.yaml:2:3", Written: true, Source: cachewright.NewSecret(source)}
}

func url(text string) edit { return urlFrom(text, text) }

// urlFrom is a URL that was written as source and came to text.
func urlFrom(source, text string) edit {
	return func(c *cachewright.CachePlan) {
		c.RedisURL = cachewright.NewSecret(text)
		wrote(c, "redis_url", source)
	}
}

func prefix(p string) edit { return func(c *cachewright.CachePlan) { c.KeyPrefix = p } }

func serializer(name string) edit {
	return func(c *cachewright.CachePlan) { c.Serializer = name }
}

func timeout(d time.Duration) edit {
	return func(c *cachewright.CachePlan) {
		c.Timeout = d
		wrote(c, "timeout", d.String())
	}
}

// pool sets pool options; options are the names of those that were written.
func pool(change func(*cachewright.PoolOptions), options ...string) edit {
	return func(c *cachewright.CachePlan) {
		change(&c.Pool)
		for _, name := range options {
			wrote(c, "connection_pool_kwargs."+name, "as it is")
		}
	}
}

// poolFrom notes a pool option as written with variables.
func poolFrom(option, source string) edit {
	return func(c *cachewright.CachePlan) { wrote(c, "connection_pool_kwargs."+option, source) }
}

func off() *bool {
	f := false
	return &f
}

func on() *bool {
	f := true
	return &f
}

func number(n int) *int { return &n }
