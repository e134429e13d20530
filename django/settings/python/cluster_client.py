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
