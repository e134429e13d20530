# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   REDIS_URL, SENTINEL_PASSWORD (looked up when Django starts)
#
# warning:     cache default: Django's own backend reads from the master, not from replicas. Fix:
#              write settings for django-redis, or remove read_from_replicas

import os
from urllib.parse import urlsplit

from redis.sentinel import Sentinel


def _sentinel_url(url, service):
    """Return url with the name of a master in place of its host: Sentinels know where that is."""
    parts = urlsplit(url)
    credentials = "".join(parts.netloc.rpartition("@")[:2])
    return parts._replace(scheme="redis", netloc=credentials + service).geturl()


CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": _sentinel_url(os.environ["REDIS_URL"], "mymaster"),
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "pool_class": "redis.sentinel.SentinelConnectionPool",
            "service_name": "mymaster",
            "sentinel_manager": Sentinel(
                [
                    ("sentinel1.example.com", 26379),
                    ("sentinel2.example.com", 26379),
                ],
                sentinel_kwargs={
                    "password": os.environ["SENTINEL_PASSWORD"],
                    "ssl": True,
                    "ssl_check_hostname": True,
                    "socket_timeout": 2,
                },
            ),
            "max_connections": 50,
            "socket_timeout": 2,
            "ssl": True,
            "ssl_check_hostname": True,
        },
    },
    "bare": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://other",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "pool_class": "redis.sentinel.SentinelConnectionPool",
            "service_name": "other",
            "sentinel_manager": Sentinel(
                [
                    ("sentinel2.example.com", 26379),
                ],
            ),
            "max_connections": 50,
        },
    },
    "sockets": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://other",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "pool_class": "redis.sentinel.SentinelConnectionPool",
            "service_name": "other",
            "sentinel_manager": Sentinel(
                [
                    ("sentinel1.example.com", 26379),
                    ("sentinel2.example.com", 26379),
                ],
                sentinel_kwargs={
                    "socket_timeout": 2,
                },
            ),
            "max_connections": 50,
            "socket_timeout": 2,
        },
    },
}
