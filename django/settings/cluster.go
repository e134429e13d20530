package settings

import (
	"cmp"
	"net"
	"slices"
	"strconv"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/store/redis"
)

// Neither django-redis nor Django knows Redis Cluster, so the module brings the classes along.
var (
	clusterClientClass = class{"cachewright_cluster.ClusterClient", clusterClient}
	clusterCacheClass  = class{"cachewright_cluster.ClusterCache", clusterCache}
)

// cluster is a cache on a Redis Cluster: the host of the URL is one node more to begin with.
func (b *builder) cluster(c cachewright.CachePlan, address expression) expression {
	if b.data {
		b.refuse(c, "startup_nodes", "a cluster needs classes that come with the Python module and that JSON cannot carry; "+
			"write Python instead")
		return none{}
	}
	nodes := make(list, 0, len(c.Pool.StartupNodes))
	for _, n := range c.Pool.StartupNodes {
		nodes = append(nodes, tuple{text(n.Host), integer(cmp.Or(n.Port, redisurl.DefaultPort))})
	}
	if c.RedisURL.IsZero() {
		address = nodeAddress(c, c.Pool.StartupNodes[0])
	}
	kwargs := dict{item("require_full_coverage", boolean(requiresFullCoverage(c.Pool)))}
	if c.Pool.ReadFromReplicas {
		kwargs = append(kwargs, item("read_from_replicas", boolean(true)))
	}
	if !b.isDjangoRedis() {
		options := dict{item("startup_nodes", nodes), item("cluster_kwargs", kwargs)}
		return b.settingsOf(c, clusterCacheClass, location(c, address), append(options, b.poolKwargs(c)...))
	}
	options := dict{
		item("CLIENT_CLASS", clusterClientClass),
		item("STARTUP_NODES", nodes),
		item("CLUSTER_KWARGS", kwargs),
		item("CONNECTION_POOL_KWARGS", b.poolKwargs(c)),
	}
	return b.settings(c, redisBackend, location(c, address), slices.Concat(options, codec(c), forgiving(c)))
}

// nodeAddress is the URL of a node, for a cache that has none of its own: Django wants a LOCATION.
func nodeAddress(c cachewright.CachePlan, n redis.Node) expression {
	scheme := "redis"
	if isTLS(c) {
		scheme = "rediss"
	}
	return text(scheme + "://" + net.JoinHostPort(n.Host, strconv.Itoa(cmp.Or(n.Port, redisurl.DefaultPort))) + "/0")
}

// requiresFullCoverage is always said, because versions of redis-py differ in what they do by themselves.
func requiresFullCoverage(p cachewright.PoolOptions) bool {
	switch {
	case p.RequireFullCoverage != nil:
		return *p.RequireFullCoverage
	case p.SkipFullCoverageCheck != nil:
		return !*p.SkipFullCoverageCheck
	}
	return false
}
