# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   SENTINEL_PASSWORD (looked up when Django starts)
#
# warning:     cache default: values are native (Go only), Django could not read them. Fix:
#              serializer: json

import os

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://mymaster/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.DefaultClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": [
                ("sentinel1.example.com", 26379),
                ("sentinel2.example.com", 26379),
            ],
            "SENTINEL_KWARGS": {
                "password": os.environ["SENTINEL_PASSWORD"],
                "socket_timeout": 3,
                "socket_connect_timeout": 1,
            },
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "socket_connect_timeout": 1,
                "socket_timeout": 2,
            },
        },
    },
}

DJANGO_REDIS_CONNECTION_FACTORY = "django_redis.pool.SentinelConnectionFactory"
