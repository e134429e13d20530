_clusters = {}
_clusters_lock = threading.Lock()


def _cluster(url, nodes, pool, **options):
    """Return the client for a Redis Cluster, one for all threads of this process."""
    key = repr((url, nodes, pool, options))
    with _clusters_lock:
        if key not in _clusters:
            _clusters[key] = _connect_cluster(url, nodes, pool, options)
        return _clusters[key]


def _connect_cluster(url, nodes, pool, options):
    from redis.cluster import ClusterNode, RedisCluster
    from redis.commands.helpers import list_or_args
    from redis.connection import Connection, SSLConnection
    from redis.exceptions import ConnectionError, RedisClusterException

    scheme, rest = url.split("://", 1)
    own = {name: value for name, value in pool.items() if name != "max_connections"}

    class NodeConnection(SSLConnection if scheme == "rediss" else Connection):
        # RedisCluster hands on only the options that it knows: in some versions not ssl_check_hostname.
        def __init__(self, **kwargs):
            super().__init__(**{**own, **kwargs})

    class Cluster(RedisCluster):
        # A plain client asks one node, which has a part of the answer or refuses.
        def mget(self, keys, *args):
            pipeline = self.pipeline()
            for key in list_or_args(keys, args):
                pipeline.get(key)
            return pipeline.execute()

        def keys(self, pattern="*", **kwargs):
            kwargs.setdefault("target_nodes", self.PRIMARIES)
            return super().keys(pattern, **kwargs)

    try:
        return Cluster(
            url="redis://" + rest,
            startup_nodes=[ClusterNode(host, port) for host, port in nodes],
            connection_class=NodeConnection,
            max_connections=pool["max_connections"],
            **options,
        )
    except RedisClusterException as error:
        raise ConnectionError(f"no node of the Redis Cluster answers: {error}") from error
