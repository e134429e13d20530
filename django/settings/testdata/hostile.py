# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      caf\u00e9.yaml, a\nraise SystemExit\n.yaml
# environment: dev"""\nimport os
# command:     cachewright django --env production
#
# warning:     cache default: values are native (Go only), Django could not read them. Fix:
#              serializer: json

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": [
            "redis://:a,\"b'\\@localhost:6379/0",
        ],
        "TIMEOUT": 300,
        "KEY_PREFIX": "caf\u00e9 \u2028 \U0001f41f\x00\x0d\n'''\"\"\"\\N{DASH}",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
            },
        },
    },
    "\u043a\u044d\u0448": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "\u043a\u044d\u0448",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
}
