package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// What django-redis needs by name.
const (
	jsonSerializer = "django_redis.serializers.json.JSONSerializer"
	msgpack        = "django_redis.serializers.msgpack.MSGPackSerializer"
	zlibCompressor = "django_redis.compressors.zlib.ZlibCompressor"
)

// redis is a cache on Redis: one server, the master that Sentinels name, or a cluster.
func (b *builder) redis(c cachewright.CachePlan) expression {
	b.checkCodec(c)
	b.warnOfNewOptions(c)
	address := b.secret(c, "redis_url", pythonURL(c.RedisURL.Reveal()), urlHasPassword)
	switch {
	case len(c.Pool.StartupNodes) > 0:
		return b.cluster(c, address)
	case len(c.Pool.Sentinels) > 0:
		return b.sentinel(c, address)
	}
	kwargs := b.poolKwargs(c)
	if !b.isDjangoRedis() {
		return b.settings(c, ownBackend, location(c, address), kwargs)
	}
	options := slices.Concat(dict{item("CONNECTION_POOL_KWARGS", kwargs)}, codec(c), forgiving(c))
	b.pools = append(b.pools, pool{cache: c, address: address, options: kwargs})
	return b.settings(c, redisBackend, location(c, address), options)
}

// location is the address, as a list of one where its text would be taken for two addresses. A password that
// is a variable may hold anything when Django starts, so what it is now does not decide.
func location(c cachewright.CachePlan, address expression) expression {
	t := source(c.Values["redis_url"])
	pieces := len(t.Parts()) > 1 && strings.Contains(literalText(t), "@")
	if pieces || strings.ContainsAny(c.RedisURL.Reveal(), ",;") {
		return list{address}
	}
	return address
}

// checkCodec refuses the ways to write values that the target does not have, and warns of those that
// Django does not have.
func (b *builder) checkCodec(c cachewright.CachePlan) {
	const alternative = "write serializer: pickle without compress, or settings for django-redis"
	switch {
	case c.Serializer == "native" && b.isDjangoRedis():
		b.warn(c, nativeWarning, "serializer: json")
	case c.Serializer == "native":
		b.warn(c, nativeWarning, "serializer: pickle")
	case b.isDjangoRedis():
	case c.Serializer != "pickle":
		b.refuse(c, "serializer", "Django's own backend writes pickles, not "+c.Serializer+"; "+alternative)
	case c.Compress:
		b.refuse(c, "compress", "Django's own backend does not compress; "+alternative)
	}
}

const nativeWarning = "values are native (Go only), Django could not read them"

// warnOfNewOptions names options that older versions of redis-py refuse with a TypeError.
func (b *builder) warnOfNewOptions(c cachewright.CachePlan) {
	for _, option := range []string{"protocol", "ssl_min_version"} {
		if isWritten(c, poolPrefix+option) || isWritten(c, sentinelPrefix+option) {
			b.warn(c, "redis-py knows "+option+" from version 5 on", "remove it where Django has an older one")
		}
	}
}

// codec says how django-redis writes values. Nothing stands for pickle, its own choice.
func codec(c cachewright.CachePlan) dict {
	var d dict
	switch c.Serializer {
	case "native":
		return nil // Django's values are its own business then
	case "json":
		d = append(d, item("SERIALIZER", text(jsonSerializer)))
	case "msgpack":
		d = append(d, item("SERIALIZER", text(msgpack)))
	}
	if c.Compress {
		d = append(d, item("COMPRESSOR", text(zlibCompressor)))
	}
	return d
}

// forgiving says that django-redis goes on without a server that fails. Django's own backend cannot.
func forgiving(c cachewright.CachePlan) dict {
	if c.OnError != "ignore" {
		return nil
	}
	return dict{item("IGNORE_EXCEPTIONS", boolean(true))}
}

// isTLS says that connections are encrypted: the URL says so, or where there is none an option of TLS.
func isTLS(c cachewright.CachePlan) bool {
	if c.RedisURL.IsZero() {
		return writesTLS(c)
	}
	return strings.HasPrefix(pythonURL(c.RedisURL.Reveal()), "rediss://")
}

func writesTLS(c cachewright.CachePlan) bool {
	for name, v := range c.Values {
		if v.Written && strings.HasPrefix(name, poolPrefix+"ssl_") {
			return true
		}
	}
	return false
}

// pythonURL is address with its scheme in small letters; redis-py knows no others.
func pythonURL(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	return strings.ToLower(scheme) + "://" + rest
}

// pool is what decides about the connections of a cache in django-redis.
type pool struct {
	cache   cachewright.CachePlan
	address expression
	servers list // the Sentinels; nil where the address says it all
	options dict
}

// comparePools finds caches that would share a pool: django-redis keeps one per address, with the options of
// whichever cache is used first.
func (b *builder) comparePools() {
	for i, later := range b.pools {
		for _, earlier := range b.pools[:i] {
			if !same(earlier.address, later.address) || same(earlier.options, later.options) && same(earlier.servers, later.servers) {
				continue
			}
			b.reportPools(earlier, later)
			break
		}
	}
}

func (b *builder) reportPools(earlier, later pool) {
	if !same(earlier.servers, later.servers) {
		b.refuse(later.cache, "service_name", fmt.Sprintf("django-redis would take it for the master of cache %q, "+
			"because name and database are the same; use another database, or rename one master", earlier.cache.Alias))
		return
	}
	b.warnings = append(b.warnings, Warning{
		Caches: []string{earlier.cache.Alias, later.cache.Alias},
		Message: "with the same redis_url they share one pool in Django, " +
			"with the options of whichever it uses first",
		Fix: "give both the same pool options, or different databases",
	})
}

// same says that two expressions are written alike.
func same(a, b expression) bool {
	var x, y strings.Builder
	return a.write(&x, 0) == nil && b.write(&y, 0) == nil && x.String() == y.String()
}
