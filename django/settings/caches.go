package settings

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/file"
)

// The names of Django's backends.
const (
	redisBackend  = "django_redis.cache.RedisCache"
	ownBackend    = "django.core.cache.backends.redis.RedisCache" // that of Django itself
	memoryBackend = "django.core.cache.backends.locmem.LocMemCache"
	fileBackend   = "django.core.cache.backends.filebased.FileBasedCache"
	dummyBackend  = "django.core.cache.backends.dummy.DummyCache"
)

const (
	sessionsAlias  = "sessions"
	sessionsEngine = "django.contrib.sessions.backends.cache"
)

// builder turns a plan into settings and gathers what is wrong with that.
type builder struct {
	plan    *cachewright.Plan
	options Options
	data    bool // the settings must be data, without lookups

	problems []error
	warnings []Warning

	locations map[string]bool // those of memory caches that are taken
	pools     []pool
}

// module builds all settings. Where there are problems it is not complete.
func (b *builder) module() module {
	caches := make(dict, 0, len(b.plan.Caches))
	for _, c := range b.plan.Caches {
		caches = append(caches, item(c.Alias, b.cache(c)))
	}
	settings := dict{item("CACHES", caches)}
	if b.isDjangoRedis() && b.topologies() == onlySentinels {
		// django-redis before 5.4 knows this setting only, later ones also the option of each cache.
		settings = append(settings, item("DJANGO_REDIS_CONNECTION_FACTORY", text(sentinelFactory)))
	}
	settings = append(settings, b.sessions()...)
	b.comparePools()
	return module{settings: settings, warnings: b.warnings}
}

func (b *builder) cache(c cachewright.CachePlan) expression {
	switch c.Backend {
	case cachewright.BackendDummy:
		return dict{item("BACKEND", text(dummyBackend))}
	case cachewright.BackendMemory:
		return b.settings(c, memoryBackend, b.memoryLocation(c), b.bounds(c))
	case cachewright.BackendFile:
		b.warn(c, "Django keeps its files in a folder of its own, so it does not see Go's values",
			"share values in Redis, with serializer: json")
		return b.settings(c, fileBackend, b.path(c, "location", filepath.Join(c.Directory, file.GuestFolder)), b.bounds(c))
	case cachewright.BackendRedis:
		return b.redis(c)
	}
	b.refuse(c, "backend", fmt.Sprintf("%q has no counterpart in Django", c.Backend))
	return none{}
}

// isDjangoRedis says that Redis is reached by django-redis.
func (b *builder) isDjangoRedis() bool { return b.options.Target != Django }

// settings are those of one cache, in the order of Django's documentation.
func (b *builder) settings(c cachewright.CachePlan, backend string, location expression, options dict) dict {
	return b.settingsOf(c, text(backend), location, options)
}

// settingsOf is settings for a backend that need not be one of a library.
func (b *builder) settingsOf(c cachewright.CachePlan, backend, location expression, options dict) dict {
	d := dict{
		item("BACKEND", backend),
		item("LOCATION", location),
		item("TIMEOUT", b.timeout(c)),
		item("KEY_PREFIX", text(c.KeyPrefix)),
		item("VERSION", integer(c.Version)),
	}
	if len(options) > 0 {
		d = append(d, item("OPTIONS", options))
	}
	return d
}

// timeout is in whole seconds, because Django cuts fractions off and takes zero for "do not keep".
func (b *builder) timeout(c cachewright.CachePlan) expression {
	switch c.Timeout {
	case cachewright.Forever:
		return none{}
	case cachewright.DoNotKeep:
		return integer(0)
	}
	whole := wholeSeconds(c.Timeout)
	if time.Duration(whole)*time.Second != c.Timeout {
		b.warn(c, fmt.Sprintf("a timeout of %v is %d s in Django, which counts whole seconds", c.Timeout, whole),
			"write a timeout of whole seconds")
	}
	return integer(whole)
}

// wholeSeconds rounds up.
func wholeSeconds(d time.Duration) int64 {
	whole := int64(d / time.Second)
	if d%time.Second > 0 {
		whole++
	}
	return whole
}

// seconds is a duration as redis-py takes it.
func seconds(d time.Duration) expression {
	if d%time.Second == 0 {
		return integer(d / time.Second)
	}
	return float(d.Seconds())
}

// memoryLocation is the name of a memory cache. Caches of one process that have the same name are one
// cache, so every alias gets its own, and always the same.
func (b *builder) memoryLocation(c cachewright.CachePlan) expression {
	name := strings.TrimPrefix(c.KeyPrefix+"-"+c.Alias, "-")
	for b.locations[name] {
		name += "-" + c.Alias
	}
	if b.locations == nil {
		b.locations = make(map[string]bool)
	}
	b.locations[name] = true
	return text(name)
}

// path is a file or folder that option names. One that was written as absolute, or comes from a variable, stays
// as it is.
func (b *builder) path(c cachewright.CachePlan, option, path string) expression {
	written := c.Values[option].Source.Reveal()
	if b.options.File != "" && !b.data && !filepath.IsAbs(written) && !strings.Contains(written, "$") {
		if relative, err := filepath.Rel(filepath.Dir(b.options.File), path); err == nil {
			return besideModule(filepath.ToSlash(relative))
		}
	}
	return text(filepath.ToSlash(path))
}

// bounds are the limits that both sides have.
func (b *builder) bounds(c cachewright.CachePlan) dict {
	if !c.Values["max_entries"].Written || c.MaxEntries == 0 {
		return nil
	}
	return dict{item("MAX_ENTRIES", integer(c.MaxEntries))}
}

// sessions are the settings of the session framework, if there is a cache for sessions. Their age is
// set only if somebody wrote one, because Django's own is two weeks and the cache's five minutes.
func (b *builder) sessions() dict {
	c, ok := b.plan.Cache(sessionsAlias)
	if !ok {
		return nil
	}
	d := dict{
		item("SESSION_ENGINE", text(sessionsEngine)),
		item("SESSION_CACHE_ALIAS", text(sessionsAlias)),
	}
	if c.Values["timeout"].Written && c.Timeout > 0 && c.Timeout != cachewright.Forever {
		d = append(d, item("SESSION_COOKIE_AGE", integer(wholeSeconds(c.Timeout))))
	}
	return d
}

// refuse notes why an option cannot be written.
func (b *builder) refuse(c cachewright.CachePlan, option, why string) {
	b.problems = append(b.problems, fmt.Errorf("cache %q: %s: %s", c.Alias, option, why))
}

// warn notes what the reader should know about a cache. What holds for several caches is said once.
func (b *builder) warn(c cachewright.CachePlan, message, fix string) {
	for i, w := range b.warnings {
		if w.Message == message && w.Fix == fix {
			b.warnings[i].Caches = append(w.Caches, c.Alias)
			return
		}
	}
	b.warnings = append(b.warnings, Warning{Caches: []string{c.Alias}, Message: message, Fix: fix})
}
