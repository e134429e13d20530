# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production

import sys
import threading
import types


class _Lazy(types.ModuleType):
    """A module of classes that are made when Django asks for them by name.

    Django finds it whatever this file is called and however it is run. The classes cannot be made here: what
    they are made of cannot be imported while the settings are being read.
    """

    def __init__(self, name, **makers):
        super().__init__(name)
        self._makers = makers
        sys.modules[name] = self

    def __getattr__(self, name):
        maker = self.__dict__.get("_makers", {}).get(name)
        if maker is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = maker()
        setattr(self, name, value)
        return value


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


def _cluster_cache():
    from django.core.cache.backends.redis import RedisCache, RedisCacheClient

    class ClusterCacheClient(RedisCacheClient):
        def __init__(self, servers, startup_nodes, cluster_kwargs, **options):
            super().__init__(servers)
            self._nodes, self._cluster_kwargs, self._options = startup_nodes, cluster_kwargs, options

        def get_client(self, key=None, *, write=False):
            return _cluster(self._servers[0], self._nodes, self._options, **self._cluster_kwargs)

        def set_many(self, data, timeout):
            if timeout == 0:
                self.delete_many(data)
                return
            pipeline = self.get_client(None, write=True).pipeline()
            for key, value in data.items():
                pipeline.set(key, self._serializer.dumps(value), ex=timeout)
            pipeline.execute()

    class ClusterCache(RedisCache):
        """Django's Redis cache for a Redis Cluster; the nodes are OPTIONS["startup_nodes"]."""

        def __init__(self, server, params):
            super().__init__(server, params)
            self._class = ClusterCacheClient

    return ClusterCache


_Lazy("cachewright_cluster", ClusterCache=_cluster_cache)


CACHES = {
    "default": {
        "BACKEND": "cachewright_cluster.ClusterCache",
        "LOCATION": "redis://node1:6379/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "startup_nodes": [
                ("node2.example.com", 7000),
                ("::1", 6379),
            ],
            "cluster_kwargs": {
                "require_full_coverage": False,
            },
            "max_connections": 50,
        },
    },
}
