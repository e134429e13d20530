def _sentinel_client(base):
    from django_redis import client, pool

    class SentinelClient(getattr(client, base)):
        """A client of django-redis that asks Sentinels whatever the other caches of the project do.

        Before 5.4 django-redis knows one connection factory for all caches.
        """

        def __init__(self, server, params, backend):
            super().__init__(server, params, backend)
            self.connection_factory = pool.SentinelConnectionFactory(self._options)

    return SentinelClient


_Lazy(
    "cachewright_sentinel",
    MasterClient=lambda: _sentinel_client("DefaultClient"),
    ReplicaClient=lambda: _sentinel_client("SentinelClient"),
)
