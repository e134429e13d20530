package fromdjango

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The backends of Django, and the one that generated settings bring along.
const (
	djangoRedis    = "django_redis.cache.RedisCache"
	ownRedis       = "django.core.cache.backends.redis.RedisCache"
	clusterRedis   = "cachewright_cluster.ClusterCache"
	memoryBackend  = "django.core.cache.backends.locmem.LocMemCache"
	fileBackend    = "django.core.cache.backends.filebased.FileBasedCache"
	dummyBackend   = "django.core.cache.backends.dummy.DummyCache"
	guestFolder    = "django" // of Django's files below those of a file cache
	sessionsAlias  = "sessions"
	defaultTimeout = "300"
)

// cacheOf translates one cache.
func cacheOf(alias string, v, root *value, s *secrets) *cache {
	c := &cache{alias: alias, secrets: s}
	if !aliasName.MatchString(alias) {
		c.leftOut = "its name cannot name a cache here; use lower-case letters, digits and single underscores"
		return c
	}
	if strings.ContainsFunc(v.get("KEY_PREFIX").text, unicode.IsControl) {
		c.leftOut = "its KEY_PREFIX holds a control character"
		return c
	}
	switch backend := v.get("BACKEND").text; backend {
	case djangoRedis, ownRedis, clusterRedis:
		c.redis(v, backend, root)
	case memoryBackend:
		c.add("backend", "memory")
		c.common(v, root)
		c.bounds(v)
	case fileBackend:
		c.add("backend", "file")
		c.common(v, root)
		c.location(v)
		c.bounds(v)
	case dummyBackend:
		c.dummy()
	case "":
		c.leftOut = "it names no BACKEND; choose redis, memory, file or dummy"
	default:
		c.leftOut = "BACKEND " + printable(backend) + " has no equivalent; choose redis, memory, file or dummy"
	}
	return c
}

func (c *cache) add(name, text string) { c.options = append(c.options, option{name, text}) }

func (c *cache) dummy() {
	if c.alias == sessionsAlias {
		c.leftOut = "sessions on DummyCache are forgotten at once, so that nobody could log in"
		return
	}
	c.add("backend", "dummy")
}

// handled are the parts of a cache that are looked at by name.
var handled = []string{"BACKEND", "LOCATION", "TIMEOUT", "KEY_PREFIX", "VERSION", "OPTIONS"}

// common translates what caches of every backend have.
func (c *cache) common(v, root *value) {
	c.timeout(v, root)
	if prefix := v.get("KEY_PREFIX"); prefix.isTrue() {
		c.add("key_prefix", c.text(prefix))
	}
	c.version(v.get("VERSION"))
	for _, name := range v.names() {
		switch {
		case slices.Contains(handled, name) || !v.has(name):
		case name == "KEY_FUNCTION", name == "REVERSE_KEY_FUNCTION":
			c.none(name, ": keys are prefix:version:key, so Go and Django have different keys until it is removed")
		default:
			c.none(name, "")
		}
	}
}

// text is a text as a scalar, or the reference to a variable that it comes from.
func (c *cache) text(v *value) string {
	if v.source != "" {
		return quoted(v.source)
	}
	return quoted(literal(v.text))
}

// number is a number as a scalar, or the reference to a variable that it comes from.
func (c *cache) number(v *value) string {
	if v.source != "" {
		return quoted(v.source)
	}
	return v.text
}

func (c *cache) timeout(v, root *value) {
	timeout, isThere := v.get("TIMEOUT"), v.fields["TIMEOUT"] != nil
	if c.alias == sessionsAlias {
		c.sessionTimeout(timeout, root)
		return
	}
	switch {
	case !isThere || timeout.text == defaultTimeout && timeout.source == "":
	case timeout.kind == kindNone:
		c.add("timeout", "never")
	case timeout.kind != kindNumber && !isDigits(timeout.text):
		c.note("TIMEOUT is no number of seconds, so the default of 300 counts, as in Django")
	default:
		c.add("timeout", c.seconds(timeout))
	}
}

// seconds is a lifetime: Django cuts fractions off, and keeps nothing for less than a second.
func (c *cache) seconds(v *value) string {
	if v.source != "" {
		return quoted(v.source)
	}
	whole, err := strconv.ParseFloat(v.text, 64)
	if err != nil || whole < 1 {
		return "0"
	}
	return strconv.FormatInt(int64(whole), 10)
}

// sessionTimeout takes the age of the session's cookie: the timeout of the cache plays no part in Django.
func (c *cache) sessionTimeout(timeout, root *value) {
	age := root.get("SESSION_COOKIE_AGE")
	if age.kind == kindNumber {
		c.add("timeout", c.seconds(age))
		if timeout.text != age.text && timeout.kind != kindNone && timeout.text != defaultTimeout {
			c.note("TIMEOUT %s is not taken over: sessions last as long as SESSION_COOKIE_AGE says", printable(timeout.text))
		}
		return
	}
	if timeout.kind == kindNumber && timeout.text != defaultTimeout {
		c.note("TIMEOUT %s is not taken over: in Django it has no effect on sessions, which last two weeks; "+
			"timeout is how long they last here", printable(timeout.text))
	}
}

func (c *cache) version(v *value) {
	n, err := strconv.Atoi(v.text)
	switch {
	case v.kind == kindNone:
	case v.source == "" && (err != nil || n < 1):
		c.none("VERSION "+v.text, ": versions are numbers from 1 on")
	case v.text != "1" || v.source != "":
		c.add("version", c.number(v))
	}
}

// bounds translates the limits of memory and file caches.
func (c *cache) bounds(v *value) {
	options := v.get("OPTIONS")
	for _, name := range options.names() {
		switch {
		case name == "MAX_ENTRIES" && isDigits(options.get(name).text):
			c.add("max_entries", c.number(options.get(name)))
		case name == "CULL_FREQUENCY":
			c.none("CULL_FREQUENCY", ": a full cache makes room as it needs it")
		case options.has(name):
			c.none("OPTIONS "+name, "")
		}
	}
}

// location is the directory of a file cache. Django's files are in a folder of their own below it.
func (c *cache) location(v *value) {
	at := v.get("LOCATION")
	if at.text == "" {
		c.leftOut = "it is a file cache without a LOCATION"
		return
	}
	text := at.source
	if text == "" {
		text = literal(at.text)
	}
	clean := strings.TrimRight(text, "/")
	if path.Base(clean) == guestFolder && path.Dir(clean) != "." && path.Dir(clean) != "/" {
		c.add("location", quoted(path.Dir(clean)))
		return
	}
	c.add("location", quoted(text))
	c.note("Django's files move into the folder %s below LOCATION, so its cache starts empty: the two sides do not share "+
		"files, and neither may delete the other's", guestFolder)
}

func isDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
