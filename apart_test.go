package cachewright_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
)

// found reports whether alias of caches has key "k".
func found(t *testing.T, caches *cachewright.Caches, alias string) bool {
	t.Helper()
	c, err := cachewright.Of[string](caches, alias)
	if err != nil {
		t.Fatal(err)
	}
	has, err := c.Has(t.Context(), "k")
	if err != nil {
		t.Fatal(err)
	}
	return has
}

// onlyUsersFind sets "k" through users and looks for it through the others.
func onlyUsersFind(t *testing.T, caches *cachewright.Caches) {
	t.Helper()
	proveRoundTrip(t, caches, "users")
	for _, alias := range []string{"posts", "default"} {
		if found(t, caches, alias) {
			t.Errorf("%s finds what users has set under the same key", alias)
		}
	}
}

func TestAliasesInMemoryAreApart(t *testing.T) {
	config := cachewright.Config{
		Environment: "development",
		Caches:      map[string]cachewright.CacheConfig{"users": {}, "posts": {}},
	}
	first, second := mustOpen(t, config), mustOpen(t, config)
	onlyUsersFind(t, first)
	if found(t, second, "users") {
		t.Error("users, opened a second time, finds what the first one has set")
	}
	if !found(t, first, "users") {
		t.Error("users has lost its value")
	}
}

func TestAliasesOnFilesAreApartAndProcessesTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	config := cachewright.Config{
		Environment: "production",
		Caches:      map[string]cachewright.CacheConfig{"users": {}, "posts": {}},
	}
	first, second := mustOpen(t, config), mustOpen(t, config)
	onlyUsersFind(t, first)
	if !found(t, second, "users") {
		t.Error("another process does not find what the first one has set")
	}
}

func TestAFindingNamesTheFolderThatNobodyAskedFor(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	caches := mustOpen(t, cachewright.Config{Environment: "production"})
	want := filepath.Join("tmp", "cache", "default_default")
	for _, f := range caches.Plan().Findings {
		if f.Alias == "default" && strings.Contains(f.Message+f.Fix, want) {
			return
		}
	}
	t.Errorf("no finding names %s: %+v", want, caches.Plan().Findings)
}
