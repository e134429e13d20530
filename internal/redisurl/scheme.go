package redisurl

import (
	"regexp"
	"strings"
)

// must is the rule about schemes, in the words that users of the model know.
const must = "a Redis URL must start with redis:// or rediss://"

// hints are what to write for schemes that are something else's, or another tool's name for Redis.
var hints = map[string]string{
	"valkey":         "write redis:// instead: Valkey speaks the same protocol",
	"valkeys":        "write rediss:// instead: Valkey speaks the same protocol",
	"redis+tls":      "write rediss:// for TLS",
	"redis+ssl":      "write rediss:// for TLS",
	"tls":            "write rediss:// for TLS",
	"tcp":            "write redis:// instead",
	"redis+socket":   "write redis://localhost:6379/0: sockets of the file system are not supported",
	"unix":           "write redis://localhost:6379/0: sockets of the file system are not supported",
	"redis+sentinel": "name the Sentinels under connection_pool_kwargs: sentinels and service_name",
	"redis-sentinel": "name the Sentinels under connection_pool_kwargs: sentinels and service_name",
	"sentinel":       "name the Sentinels under connection_pool_kwargs: sentinels and service_name",
	"redis+cluster":  "name the nodes under connection_pool_kwargs: startup_nodes",
	"redis-cluster":  "name the nodes under connection_pool_kwargs: startup_nodes",
	"rediscluster":   "name the nodes under connection_pool_kwargs: startup_nodes",
	"http":           "write the address of the Redis server itself: redis://host:6379/0",
	"https":          "write the address of the Redis server itself: redis://host:6379/0",
	"memcache":       "this cache speaks Redis only; without a redis_url it needs no server",
	"memcached":      "this cache speaks Redis only; without a redis_url it needs no server",
	"postgres":       "this is the URL of a database server; write that of the Redis server",
	"postgresql":     "this is the URL of a database server; write that of the Redis server",
	"mysql":          "this is the URL of a database server; write that of the Redis server",
	"amqp":           "this is the URL of a message broker; write that of the Redis server",
	"locmemcache":    "write backend: memory and no redis_url",
	"dummycache":     "write backend: dummy and no redis_url",
	"filecache":      "write backend: file and no redis_url",
	"file":           "write backend: file, with location for the directory",
}

// plainAddress is a server's address without a scheme, too plain to hold a secret.
var plainAddress = regexp.MustCompile(`^(localhost|[0-9]{1,3}(\.[0-9]{1,3}){3}|[a-zA-Z0-9.-]+:[0-9]{2,5})(/[0-9]{0,3})?$`)

// scheme reads the scheme of s and returns what follows it.
func (u *URL) scheme(s string) (rest string, _ *Error) {
	if rest, ok := strings.CutPrefix(s, "redis://"); ok {
		return rest, nil
	}
	if rest, ok := strings.CutPrefix(s, "rediss://"); ok {
		u.TLS = true
		return rest, nil
	}
	name, _, hasScheme := strings.Cut(s, "://")
	folded := strings.ToLower(name)
	switch {
	case hasScheme && (folded == "redis" || folded == "rediss"):
		return "", &Error{must, "write " + folded + ":// in lower case"}
	case hasScheme && hints[folded] != "":
		return "", &Error{must + ", not " + folded + "://", hints[folded]}
	case plainAddress.MatchString(s):
		return "", &Error{must, "write redis://" + s}
	}
	return "", &Error{must, "write redis://host:6379/0, or redis://:password@host:6379/0"}
}

// Redact returns s, a URL or what was meant to be one, without anything that may be secret in it.
func Redact(s string) string {
	if u, err := parse(s); err == nil {
		return u.Redacted()
	}
	if plainAddress.MatchString(s) {
		return s
	}
	scheme, rest, ok := strings.Cut(s, "://")
	folded := strings.ToLower(scheme)
	if !ok || folded != "redis" && folded != "rediss" && hints[folded] == "" {
		return masked
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		return scheme + "://" + masked + "@" + server(rest[i+1:])
	}
	return scheme + "://" + server(rest)
}

// plainServer is a host with what may follow it, too plain to hold a secret.
var plainServer = regexp.MustCompile(`^[a-zA-Z0-9._-]+(:-?[0-9]{0,6})?(/[a-zA-Z0-9-]{0,8})?$`)

// server returns the part behind the @ if it is plain.
func server(s string) string {
	if s == "" || plainServer.MatchString(s) {
		return s
	}
	return masked
}
