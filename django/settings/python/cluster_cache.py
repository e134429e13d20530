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
