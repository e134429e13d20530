package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/cachewright/cachewright"
)

// askLoading measures how long a configuration takes, from the file to the plan.
func askLoading(r *run) error {
	dir, err := os.MkdirTemp("", "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var hundred strings.Builder
	hundred.WriteString("environment: production\nredis_url: redis://localhost:6379/0\n")
	for i := range 100 {
		fmt.Fprintf(&hundred, "cache_alias%d:\n  redis_url: redis://localhost:6379/%d\n  timeout: 10m\n  key_prefix: alias%d\n", i, i%16, i)
	}
	return errors.Join(
		askLoad(r, filepath.Join(dir, "one"), "one line", "redis_url: redis://localhost:6379/0\n"),
		askLoad(r, filepath.Join(dir, "four"), "four caches", fourCaches),
		askLoad(r, filepath.Join(dir, "hundred"), "a hundred caches", hundred.String()),
	)
}

func askLoad(r *run, dir, name, text string) error {
	if err := writeProject(dir, text); err != nil {
		return err
	}
	load := func() (*cachewright.Config, error) {
		return cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: "production"})
	}
	return r.ask(question{"a configuration of " + name, []contender{
		{"yaml/v4, the file into a map", slowly(func(int) error {
			data, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
			if err != nil {
				return err
			}
			var into map[string]any
			return yaml.Unmarshal(data, &into)
		})},
		{"Load", slowly(func(int) error { _, err := load(); return err })},
		{"Load and Resolve", slowly(func(int) error {
			c, err := load()
			if err != nil {
				return err
			}
			_, err = c.Resolve(cachewright.Env{Environment: "production"})
			return err
		})},
	}})
}
