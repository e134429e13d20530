package settings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// The names that Sentinels go by in Python.
const (
	sentinelFactory = "django_redis.pool.SentinelConnectionFactory"
	defaultClient   = "django_redis.client.DefaultClient"  // master only
	replicaClient   = "django_redis.client.SentinelClient" // reads from replicas
	sentinelPool    = "redis.sentinel.SentinelConnectionPool"
)

// The same clients for a project where not all caches use Sentinels.
var (
	mixedDefaultClient = class{"cachewright_sentinel.MasterClient", sentinelClients}
	mixedReplicaClient = class{"cachewright_sentinel.ReplicaClient", sentinelClients}
)

// defaultSentinelPort is where Sentinels listen.
const defaultSentinelPort = 26379

// sentinel is a cache on the master that Sentinels name: the master's name takes the place of the
// address, and of the URL only user, password and database count.
func (b *builder) sentinel(c cachewright.CachePlan, address expression) expression {
	if !isHostName(c.Pool.ServiceName) {
		b.refuse(c, "service_name", "Django needs the master's name as the host of a URL, where only small letters, "+
			"digits, points, dashes and underscores survive; rename the master in the Sentinels' configuration")
		return none{}
	}
	nodes := make(list, 0, len(c.Pool.Sentinels))
	for _, n := range c.Pool.Sentinels {
		nodes = append(nodes, tuple{text(n.Host), integer(cmp.Or(n.Port, defaultSentinelPort))})
	}
	if !b.isDjangoRedis() {
		return b.ownSentinel(c, address, nodes)
	}
	var connections dict
	if kwargs := b.sentinelKwargs(c); len(kwargs) > 0 {
		connections = append(connections, item("SENTINEL_KWARGS", kwargs))
	}
	connections = append(connections, item("CONNECTION_POOL_KWARGS", b.poolKwargs(c)))
	address = masterLocation(c, address)
	b.pools = append(b.pools, pool{cache: c, address: poolAddress(c, address), servers: nodes, options: connections})
	options := dict{
		item("CLIENT_CLASS", b.sentinelClient(c)),
		item("CONNECTION_FACTORY", text(sentinelFactory)),
		item("SENTINELS", nodes),
	}
	options = slices.Concat(options, connections, codec(c), forgiving(c))
	return b.settings(c, redisBackend, location(c, address), options)
}

// poolAddress is what django-redis knows a pool by: a client that reads from replicas adds to the address.
func poolAddress(c cachewright.CachePlan, address expression) expression {
	if c.Pool.ReadFromReplicas {
		return sum{address, text("is_master")}
	}
	return address
}

// sentinelClient is the class of django-redis. Before 5.4 it asks Sentinels for all caches of a project or
// for none, so that a project with both needs classes of ours.
func (b *builder) sentinelClient(c cachewright.CachePlan) expression {
	mixed := b.topologies() == mixedSentinels
	switch {
	case mixed && b.data:
		b.refuse(c, "sentinels", "beside a cache without Sentinels django-redis before 5.4 needs a class that JSON cannot "+
			"carry; write Python instead")
		return none{}
	case mixed && c.Pool.ReadFromReplicas:
		return mixedReplicaClient
	case mixed:
		return mixedDefaultClient
	case c.Pool.ReadFromReplicas:
		return text(replicaClient)
	}
	return text(defaultClient)
}

// ownSentinel is a cache of Django's own backend, which wants the Sentinels as an object.
func (b *builder) ownSentinel(c cachewright.CachePlan, address expression, nodes list) expression {
	if b.data {
		b.refuse(c, "sentinels", "Django's own backend wants an object that asks them, which JSON cannot carry; "+
			"write Python instead")
		return none{}
	}
	if c.Pool.ReadFromReplicas {
		b.warn(c, "Django's own backend reads from the master, not from replicas",
			"write settings for django-redis, or remove read_from_replicas")
	}
	kwargs := b.sentinelKwargs(c)
	if len(kwargs) == 0 {
		kwargs = b.written(c, poolPrefix, socketArguments(c.Pool))
	}
	options := dict{
		item("pool_class", text(sentinelPool)),
		item("service_name", text(c.Pool.ServiceName)),
		item("sentinel_manager", sentinelManager{nodes, kwargs}),
	}
	options = append(options, b.poolKwargs(c)...)
	return b.settings(c, ownBackend, location(c, masterLocation(c, address)), options)
}

// masterLocation is address with the name of the master as its host. It is always redis://, because
// the class that redis-py takes for rediss:// knows nothing of Sentinels; TLS is an option there.
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

func isHostName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

// topology says which of the caches on Redis use Sentinels.
type topology int

const (
	noSentinels topology = iota
	mixedSentinels
	onlySentinels
)

func (b *builder) topologies() topology {
	with, without := 0, 0
	for _, c := range b.plan.Caches {
		switch {
		case c.Backend != cachewright.BackendRedis:
		case len(c.Pool.Sentinels) > 0:
			with++
		default:
			without++
		}
	}
	switch {
	case with == 0:
		return noSentinels
	case without > 0:
		return mixedSentinels
	}
	return onlySentinels
}
