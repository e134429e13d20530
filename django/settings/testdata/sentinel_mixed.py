# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache default, other, replicas: values are native (Go only), Django could not read
#              them. Fix: serializer: json

import sys
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


CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://shop:pw@mymaster?db=2",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "cachewright_sentinel.MasterClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": [
                ("sentinel1.example.com", 26379),
                ("sentinel2.example.com", 26379),
            ],
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "other": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://localhost:6379/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "replicas": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://mymaster/3",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "cachewright_sentinel.ReplicaClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": [
                ("sentinel1.example.com", 26379),
                ("sentinel2.example.com", 26379),
            ],
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
}
