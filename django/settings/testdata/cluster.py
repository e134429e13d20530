# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   REDIS_URL (looked up when Django starts)

import os
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


def _cluster_client():
    from django_redis.client import DefaultClient

    class ClusterClient(DefaultClient):
        """The client of django-redis for a Redis Cluster; the nodes are OPTIONS["STARTUP_NODES"]."""

        def connect(self, index=0):
            return _cluster(
                self._server[index],
                self._options["STARTUP_NODES"],
                self._options["CONNECTION_POOL_KWARGS"],
                **self._options["CLUSTER_KWARGS"],
            )

        def disconnect(self, index=0, client=None):
            client = client or self._clients[index]
            if client:
                client.disconnect_connection_pools()

    return ClusterClient


_Lazy("cachewright_cluster", ClusterClient=_cluster_client)


CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "cachewright_cluster.ClusterClient",
            "STARTUP_NODES": [
                ("node2.example.com", 7000),
                ("::1", 6379),
            ],
            "CLUSTER_KWARGS": {
                "require_full_coverage": True,
                "read_from_replicas": True,
            },
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "socket_timeout": 2,
                "ssl_ca_certs": "/ca.pem",
                "ssl_check_hostname": True,
            },
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        },
    },
    "plain": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://node2.example.com:7000/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "cachewright_cluster.ClusterClient",
            "STARTUP_NODES": [
                ("node2.example.com", 7000),
                ("::1", 6379),
            ],
            "CLUSTER_KWARGS": {
                "require_full_coverage": False,
            },
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "tls": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "rediss://node2.example.com:7000/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "cachewright_cluster.ClusterClient",
            "STARTUP_NODES": [
                ("node2.example.com", 7000),
                ("::1", 6379),
            ],
            "CLUSTER_KWARGS": {
                "require_full_coverage": True,
            },
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "ssl_ca_certs": "/ca.pem",
                "ssl_check_hostname": True,
            },
        },
    },
}
