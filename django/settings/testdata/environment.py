# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   A, B, HOST, OTHER_URL, PORT, PW, REDIS_URL (looked up when Django starts)
#
# warning:     cache default, fallback, nested, pieces: values are native (Go only), Django could
#              not read them. Fix: serializer: json

import os

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "fallback": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ.get("OTHER_URL") or "redis://localhost/1",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "nested": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ.get("A") or os.environ.get("B") or "redis://localhost/2",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "pieces": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": [
            "redis://:" + os.environ["PW"] + "@" + os.environ["HOST"] + ":" + (os.environ.get("PORT") or "6379") + "/3",
        ],
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
}
