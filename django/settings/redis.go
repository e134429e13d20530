package settings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// What django-redis needs by name.
const (
	sentinelFactory = "django_redis.pool.SentinelConnectionFactory"
	defaultClient   = "django_redis.client.DefaultClient"  // master only
	replicaClient   = "django_redis.client.SentinelClient" // reads from replicas
	jsonSerializer  = "django_redis.serializers.json.JSONSerializer"
	msgpack         = "django_redis.serializers.msgpack.MSGPackSerializer"
	zlibCompressor  = "django_redis.compressors.zlib.ZlibCompressor"
)

// defaultSentinelPort is where Sentinels listen.
const defaultSentinelPort = 26379

const clusterRefusal = "django-redis has no client for Redis Cluster, so there are no settings that would work; " +
	"give Django a single Redis or Sentinels"

// redis is a cache of django-redis on a single server, or on the master that Sentinels name.
func (b *builder) redis(c cachewright.CachePlan) expression {
	if len(c.Pool.StartupNodes) > 0 {
		b.refuse(c, "startup_nodes", clusterRefusal)
		return none{}
	}
	address := b.secret(c, "redis_url", pythonURL(c.RedisURL.Reveal()), urlHasPassword)
	if len(c.Pool.Sentinels) > 0 {
		return b.sentinel(c, address)
	}
	kwargs := b.poolKwargs(c)
	options := append(dict{item("CONNECTION_POOL_KWARGS", kwargs)}, codec(c)...)
	b.pools = append(b.pools, pool{c.Alias, address, kwargs})
	return b.settings(c, redisBackend, location(c, address), options)
}

// location is the address, as a list of one where its text would be taken for two addresses.
func location(c cachewright.CachePlan, address expression) expression {
	if strings.Contains(c.RedisURL.Reveal(), ",") {
		return list{address}
	}
	return address
}

// sentinel is a cache on the master that Sentinels name: the master's name takes the place of the
// address, and of the URL only user, password and database count.
func (b *builder) sentinel(c cachewright.CachePlan, address expression) expression {
	if !isHostName(c.Pool.ServiceName) {
		b.refuse(c, "service_name", "Django needs the master's name as the host of a URL, where only small letters, "+
			"digits, points, dashes and underscores survive; rename the master in the Sentinels' configuration")
		return none{}
	}
	client := defaultClient
	if c.Pool.ReadFromReplicas {
		client = replicaClient
	}
	nodes := make(list, 0, len(c.Pool.Sentinels))
	for _, n := range c.Pool.Sentinels {
		nodes = append(nodes, tuple{text(n.Host), integer(cmp.Or(n.Port, defaultSentinelPort))})
	}
	options := dict{
		item("CLIENT_CLASS", text(client)),
		item("CONNECTION_FACTORY", text(sentinelFactory)),
		item("SENTINELS", nodes),
	}
	if kwargs := b.sentinelKwargs(c); len(kwargs) > 0 {
		options = append(options, item("SENTINEL_KWARGS", kwargs))
	}
	options = append(options, item("CONNECTION_POOL_KWARGS", b.poolKwargs(c)))
	options = append(options, codec(c)...)
	return b.settings(c, redisBackend, location(c, masterLocation(c, address)), options)
}

// masterLocation is address with the name of the master as its host. It is always redis://, because
// the class that django-redis takes for rediss:// knows nothing of Sentinels; TLS is an option there.
func masterLocation(c cachewright.CachePlan, address expression) expression {
	literal, ok := address.(text)
	if !ok {
		return sentinelURL{address, c.Pool.ServiceName}
	}
	_, rest, _ := strings.Cut(string(literal), "://")
	host := strings.LastIndexByte(rest, '@') + 1
	credentials, database := rest[:host], ""
	if end := strings.IndexAny(rest[host:], "/?"); end >= 0 {
		database = rest[host+end:]
	}
	return text("redis://" + credentials + c.Pool.ServiceName + database)
}

// onlySentinels says that there are Redis caches and that all of them use Sentinels.
func (b *builder) onlySentinels() bool {
	found := false
	for _, c := range b.plan.Caches {
		if c.Backend != cachewright.BackendRedis {
			continue
		}
		if len(c.Pool.Sentinels) == 0 {
			return false
		}
		found = true
	}
	return found
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

func isTLS(c cachewright.CachePlan) bool {
	return strings.HasPrefix(pythonURL(c.RedisURL.Reveal()), "rediss://")
}

// pythonURL is address with its scheme in small letters; redis-py knows no others.
func pythonURL(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	return strings.ToLower(scheme) + "://" + rest
}

func isHostName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

// pool is what decides about the connections of a cache in django-redis.
type pool struct {
	alias   string
	address expression
	kwargs  dict
}

// comparePools warns of caches that would share a pool: django-redis keeps one per address, with the
// options of whichever cache is used first.
func (b *builder) comparePools() {
	for i, p := range b.pools {
		earlier := slices.IndexFunc(b.pools[:i], func(e pool) bool {
			return same(p.address, e.address) && !same(p.kwargs, e.kwargs)
		})
		if earlier >= 0 {
			b.warnings = append(b.warnings, Warning{
				Caches: []string{b.pools[earlier].alias, p.alias},
				Message: "with the same redis_url they share one pool in Django, " +
					"with the options of whichever it uses first",
				Fix: "give both the same pool options, or different databases",
			})
		}
	}
}

// same says that two expressions are written alike.
func same(a, b expression) bool {
	var x, y strings.Builder
	return a.write(&x, 0) == nil && b.write(&y, 0) == nil && x.String() == y.String()
}
