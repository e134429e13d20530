package lint

import (
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cachewright/cachewright"

// arrow says which packages of this module a package may import, and why no others. A name ending in /
// covers every package below it.
type arrow struct {
	from  string
	to    []string
	third bool // may import third parties
	why   string
}

// arrows are in the order of the layers: they only point down. The first that covers a package counts.
var arrows = []arrow{
	{"cmd/", []string{"", "cache", "session", "django/", "django", "store/", "store", "internal/"}, true,
		"a command is the top of the tree"},
	{"examples/", []string{"", "cache", "session", "django/", "django", "store/", "store"}, true,
		"an example shows what users can reach, so it must not use internal packages"},
	{"django/settings", []string{"", "store", "store/redis", "store/file", "internal/"}, false,
		"settings are rendered from a Plan and nothing else, so they cannot disagree with what opens"},
	{"internal/lint", nil, false, "rules must not depend on what they judge"},
	{"internal/cases", []string{"", "cache", "django/settings", "store", "store/", "internal/"}, true,
		"cases walk the whole path, like a program would"},
	{"internal/hazards", []string{"cache", "store"}, false,
		"the hazards are played with any library; this one is described by what its users can reach"},
	{"internal/", []string{"internal/"}, true,
		"internal packages do one job each and know nothing of caches, so that every layer can use them"},
	{"store/storetest", []string{"store"}, true,
		"the suite judges every store, also those of other people, so it knows only the seam"},
	{"store/", []string{"store", "internal/"}, true,
		"a store keeps bytes: typed values, keys and configuration are the business of the layers above"},
	{"store", nil, false, "the seam is what everything rests on: the standard library and nothing else"},
	{"cache", []string{"store", "internal/native"}, true,
		"a cache works on every store, so it knows none of them"},
	{"session", []string{"cache", "store"}, false, "sessions work on every store that can compare and swap"},
	{"django", []string{"cache", "store", "internal/"}, true, "Django's bytes are values, whatever backend keeps them"},
	{"", []string{"cache", "session", "django", "store", "store/", "internal/"}, true,
		"the root composes; only commands, examples and the settings renderer stand above it"},
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range sources(t) {
		rule := slices.IndexFunc(arrows, func(a arrow) bool { return covers(a.from, p.dir) })
		if rule < 0 {
			t.Errorf("%s: no rule says what this package may import; add one with its reason", p.dir)
			continue
		}
		a := arrows[rule]
		for _, imp := range p.imports(false) {
			inner, ours := strings.CutPrefix(imp, module)
			switch {
			case ours:
				inner = strings.TrimPrefix(inner, "/")
				if !slices.ContainsFunc(a.to, func(to string) bool { return covers(to, inner) }) {
					t.Errorf("%s imports %s: %s", name(p.dir), name(inner), a.why)
				}
			case strings.Contains(strings.Split(imp, "/")[0], ".") && !a.third:
				t.Errorf("%s imports the third party %s: %s", name(p.dir), imp, a.why)
			}
		}
	}
}

// clients are third parties that exactly one package may know.
var clients = map[string]string{
	"github.com/redis/rueidis":     "store/redis",
	"github.com/maypok86/otter/v2": "store/memory",
	"go.yaml.in/yaml/v4":           "internal/yamltree",
}

func TestEachEngineIsKnownToOnePackage(t *testing.T) {
	for _, p := range sources(t) {
		for _, imp := range p.imports(false) {
			if owner, ok := clients[imp]; ok && p.dir != owner {
				t.Errorf("%s imports %s: only %s may, so that the engine can be replaced in one place", name(p.dir), imp, owner)
			}
		}
	}
}

func TestProductionCodeDoesNotImportTesting(t *testing.T) {
	for _, p := range sources(t) {
		if p.dir == "store/storetest" || p.dir == "internal/testredis" {
			continue // they exist to be called by tests
		}
		for _, imp := range p.imports(false) {
			if imp == "testing" || imp == module+"/store/storetest" || imp == module+"/internal/testredis" {
				t.Errorf("%s imports %s: it would link the test flags into users' programs", name(p.dir), imp)
			}
		}
	}
}

func covers(pattern, dir string) bool {
	if strings.HasSuffix(pattern, "/") {
		return strings.HasPrefix(dir, pattern)
	}
	return pattern == dir
}

func name(dir string) string {
	if dir == "" {
		return "the root package"
	}
	return dir
}
