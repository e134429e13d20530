// Package settings writes a [cachewright.Plan] as Django settings: CACHES, and for a cache named
// sessions the settings of Django's session framework.
//
// Redis becomes django-redis or Django's own backend (see [Target]), memory LocMemCache, file
// FileBasedCache and dummy DummyCache. What goes in comes out: lifetimes, prefixes, versions and pool
// options that were written are those of the plan. What nobody wrote is left to Django's own defaults,
// except that the pool always has its limit.
//
// # Topologies
//
// A single server needs data alone. What neither library does by itself comes with the module: a Redis
// Cluster, Sentinels beside other caches in django-redis before 5.4, and the name of a master in a URL that
// is only known when Django starts. The classes for that are found by names of their own, so that the
// module may be imported from anywhere, or run by runpy.
//
// # Secrets
//
// A Redis URL or a password that the configuration took from an environment variable stays a lookup of
// that variable (os.environ), whatever it holds now. All other options are written as they are in this
// environment. A literal password is refused unless [Options.AllowSecrets].
//
// # Output
//
// The same plan and options give the same bytes. They are ASCII, and Python is valid from 3.8 on. No
// function here reads a file, the environment or the clock.
package settings

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cachewright/cachewright"
)

// Options say how settings are written. The zero value works.
type Options struct {
	// Command is the command that writes this file again, for the header. Empty leaves the line out.
	// It should not depend on who runs it, or the file differs from machine to machine.
	Command string

	// File is the absolute path at which the Python module will lie, if that is known. Files and folders of
	// the project that the configuration names by relative paths are then looked up from there, so that the
	// project may lie elsewhere on another machine. Empty writes absolute paths, as JSON always does.
	File string

	// Target is the library that connects Django to Redis. Empty means [DjangoRedis].
	Target Target

	// Version is that of the program that writes, for the header. Empty leaves it out.
	Version string

	// AllowSecrets writes literal passwords into Python, and every password into JSON. The file is then
	// a secret itself.
	AllowSecrets bool
}

// Target is a library that connects Django to Redis.
type Target string

const (
	// DjangoRedis is the package django-redis, 5.2 or later.
	DjangoRedis Target = "django-redis"

	// Django is the backend that comes with Django itself, 4.0 or later. It writes pickles and nothing else.
	Django Target = "django"
)

// Python returns p as a Python module, with a header that names its sources, the environment, the
// variables that it looks up when Django starts, and every [Warning].
//
// It fails for what the target cannot do, for a literal password without [Options.AllowSecrets], and for
// text that is not valid UTF-8. All problems are reported at once; an error names the cache and the
// option, never a secret.
func Python(p *cachewright.Plan, o Options) ([]byte, error) {
	m, err := newModule(p, o, false)
	if err != nil {
		return nil, err
	}
	return m.python(p, o)
}

// JSON returns the same settings as one JSON object of data: {"CACHES": {...}, "SESSION_ENGINE": ...}.
//
// Beyond what [Python] refuses it refuses what data cannot say: a password from an environment variable,
// unless [Options.AllowSecrets] writes it down, the socket's own numbers of keepalive options, and
// whatever needs a class or an object (see Topologies above).
func JSON(p *cachewright.Plan, o Options) ([]byte, error) {
	m, err := newModule(p, o, true)
	if err != nil {
		return nil, err
	}
	return m.json()
}

// Warning is something about valid settings that their reader should know.
type Warning struct {
	Caches  []string // the aliases that it is about
	Message string   // one sentence about them
	Fix     string   // what to do about it
}

// String returns the warning as one line.
func (w Warning) String() string {
	return fmt.Sprintf("cache %s: %s. Fix: %s", strings.Join(w.Caches, ", "), w.Message, w.Fix)
}

// Warnings returns what the header of [Python] warns of.
func Warnings(p *cachewright.Plan, o Options) []Warning {
	o.AllowSecrets = true
	b := builder{plan: p, options: o}
	b.module()
	return b.warnings
}

// module are the settings before they are text.
type module struct {
	settings dict // the names of Django's settings, in the order of writing
	warnings []Warning
}

// newModule returns the settings of p, or everything that stands in their way.
func newModule(p *cachewright.Plan, o Options, data bool) (module, error) {
	switch o.Target {
	case "", DjangoRedis, Django:
	default:
		return module{}, fmt.Errorf("target %q is unknown: write %s or %s", o.Target, DjangoRedis, Django)
	}
	b := builder{plan: p, options: o, data: data}
	m := b.module()
	return m, errors.Join(b.problems...)
}
