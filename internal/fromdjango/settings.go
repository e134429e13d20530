// Package fromdjango reads the cache settings of a Django project and writes the configuration that comes
// to the same caches, as YAML, with comments about what has no equivalent.
//
// Settings are read from a Python module, which is run, or from JSON. A value that the module takes from
// an environment variable becomes a reference to that variable. No other secret gets into the result: a
// password that stands in the settings becomes a reference to a variable, too, which somebody has to set.
package fromdjango

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/template"
)

// Settings are those of a Django project that speak about caches.
type Settings struct {
	root    *value
	environ []string // that the settings were read under
}

// ReadJSON reads settings as a JSON object with CACHES in it, or CACHES alone. Its errors repeat nothing of
// data, which may hold secrets.
func ReadJSON(data []byte) (*Settings, error) {
	root, err := read(data)
	if err != nil {
		return nil, err
	}
	if root.kind == kindDict && !root.has("CACHES") && root.get("default").has("BACKEND") {
		root = &value{kind: kindDict, fields: map[string]*value{"CACHES": root}}
	}
	return &Settings{root: root}, nil
}

// Config is a configuration made of settings.
type Config struct {
	// Text is the configuration as YAML. It is valid, whatever the settings were.
	Text []byte

	// Notes say what has no equivalent or means something else, a sentence each. They are in Text too.
	Notes []string

	// Variables are what Text refers to because the settings held a secret there.
	Variables []Variable

	// Environ are the variables that Text can be read under: those of the settings, and Variables with
	// their secrets. Do not print it.
	Environ []string
}

// Variable is an environment variable that somebody has to set.
type Variable struct {
	Name string
	Is   string // what belongs into it: `PASSWORD of cache "default"`
}

// errNoCaches is returned for settings without caches.
var errNoCaches = errors.New("the settings name no CACHES, or CACHES is no dictionary of caches")

// Config returns the configuration that comes to s. Source is the name of what was read, for a comment.
func (s *Settings) Config(source string) (Config, error) {
	caches := s.root.get("CACHES")
	if caches.kind != kindDict || len(caches.fields) == 0 {
		return Config{}, errNoCaches
	}
	d := document{secrets: &secrets{names: map[string]string{}, ofSettings: s.variables()}}
	d.note(projectNotes(s.root)...)
	aliases := caches.names()
	slices.SortStableFunc(aliases, func(a, b string) int { return order(a) - order(b) })
	for _, alias := range aliases {
		c := cacheOf(alias, caches.get(alias), s.root, d.secrets)
		c.noteUnset(caches.get(alias))
		d.caches = append(d.caches, c)
	}
	return Config{
		Text: d.render(source), Notes: d.allNotes(), Variables: d.secrets.variables,
		Environ: append(s.referenced(), d.secrets.environ...),
	}, nil
}

// noteUnset is about options that a variable would give a value, if it were set.
func (c *cache) noteUnset(settings *value) {
	settings.visit("", func(path string, v *value) {
		if name, ok := onlyVariable(v.source); ok && v.kind == kindNone {
			c.note("%s comes from %s, which is not set now; if it is set where Django runs, set it here and make this file again",
				printable(path[strings.LastIndex(path, "/")+1:]), name)
		}
	})
}

// variables are the names of those that settings were taken from.
func (s *Settings) variables() []string {
	var names []string
	s.root.visit("", func(_ string, v *value) {
		if t, err := template.Parse(v.source); err == nil {
			names = append(names, t.Names()...)
		}
	})
	return names
}

// referenced are the variables that settings were taken from, with their values.
func (s *Settings) referenced() []string {
	var environ []string
	for _, name := range s.variables() {
		if text := (Python{Environ: s.environ}).get(name); text != "" {
			environ = append(environ, name+"="+text)
		}
	}
	return environ
}

// order puts default first.
func order(alias string) int {
	if alias == "default" {
		return 0
	}
	return 1
}

// engine is the session engine that has an equivalent.
const engine = "django.contrib.sessions.backends.cache"

// projectNotes are about settings beside CACHES.
func projectNotes(root *value) []string {
	var notes []string
	note := func(when bool, format string, args ...any) {
		if when {
			notes = append(notes, fmt.Sprintf(format, args...))
		}
	}
	alias := "default"
	if root.has("SESSION_CACHE_ALIAS") {
		alias = root.get("SESSION_CACHE_ALIAS").text
	}
	sessions := root.get("SESSION_ENGINE").text
	note(sessions == engine && alias != "sessions",
		"SESSION_CACHE_ALIAS is %q: only a cache named sessions gets session settings here; "+
			"name one, or keep these settings in Django", printable(alias))
	note(sessions != engine && strings.Contains(sessions, "cache"), "SESSION_ENGINE %s has no equivalent: sessions are in a cache alone", sessions)
	note(root.get("CACHES").has("sessions") && sessions != "" && sessions != engine,
		"SESSION_ENGINE is %s, and settings made of this configuration will say %s, because there is a cache named sessions",
		printable(sessions), engine)
	for _, name := range root.get("MIDDLEWARE").items {
		note(strings.HasPrefix(name.text, "django.middleware.cache."),
			"MIDDLEWARE %s has no equivalent: it keeps working in Django, and Go does not read the pages that it keeps", name.text)
	}
	factory := root.get("DJANGO_REDIS_CONNECTION_FACTORY").text
	note(factory != "" && !slices.Contains(knownFactories, factory), "DJANGO_REDIS_CONNECTION_FACTORY %s has no equivalent", printable(factory))
	return notes
}

// aliasName is what can name a cache.
var aliasName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// printable is text on one line, for comments and messages.
func printable(text string) string {
	quoted := fmt.Sprintf("%+q", redisurl.HideUser(text))
	return quoted[1 : len(quoted)-1]
}
