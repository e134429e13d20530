# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache default, slow: values are native (Go only), Django could not read them. Fix:
#              serializer: json
#
# warning:     cache default, slow: with the same redis_url they share one pool in Django, with the
#              options of whichever it uses first. Fix: give both the same pool options, or
#              different databases

CACHES = {
    "default": {
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
    "slow": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://localhost:6379/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 10,
            },
        },
    },
}
