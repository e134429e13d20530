package cachewright_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/cachewright/cachewright"
)

// Load reads the files of a folder and variables of the environment; the plan says what came of them.
func ExampleLoad() {
	dir := folder("config.yaml", `project_name: My Shop
redis_url: redis://localhost:6379/0
cache_default:
  timeout: 10m
`)
	defer os.RemoveAll(dir)

	config, err := cachewright.Load(cachewright.LoadOptions{
		Path: dir, Environment: "production", Environ: []string{"CACHE_DEFAULT__MAX_CONNECTIONS=100"},
	})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := config.Resolve(cachewright.Env{})
	if err != nil {
		log.Fatal(err)
	}
	c, _ := plan.Cache("default")
	fmt.Println(c.Backend, c.Location)
	fmt.Println("because:", c.Reason)
	for _, option := range []string{"key_prefix", "timeout", "max_connections", "version"} {
		v := c.Values[option]
		fmt.Printf("%s: %v (%s)\n", option, v.Value, v.Origin)
	}
	// Output:
	// redis redis://localhost:6379/0
	// because: created from the project's redis_url
	// key_prefix: my_shop (slug of project_name)
	// timeout: 600 (config.yaml:4:12)
	// max_connections: 100 (env CACHE_DEFAULT__MAX_CONNECTIONS)
	// version: 1 (default)
}

// All problems are reported at once, each with its place.
func ExampleLoad_problems() {
	dir := folder("config.yaml", `redis_ulr: redis://localhost:6379/0
cache_default:
  timeout: 5 min
  version: 0
`)
	defer os.RemoveAll(dir)

	_, err := cachewright.Load(cachewright.LoadOptions{Path: dir})
	fmt.Println(err)
	// Output:
	// config.yaml:1:1: redis_ulr: unknown option, close to redis_url; did you mean redis_url?
	// config.yaml:3:12: cache_default.timeout: "5 min" is not a duration; write 5m
	// config.yaml:4:12: cache_default.version: 0 is less than 1; write a number of at least 1
}

// folder makes a folder with one file.
func folder(name, text string) string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return dir
}
