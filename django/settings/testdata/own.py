# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   REDIS_URL (looked up when Django starts)

import os

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "TIMEOUT": None,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "max_connections": 50,
            "socket_timeout": 0.5,
        },
    },
    "sessions": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [
            "rediss://:a;b,c@h:6380/1",
        ],
        "TIMEOUT": 3600,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "max_connections": 50,
            "ssl_check_hostname": True,
        },
    },
    "memory": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "memory",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
}

SESSION_ENGINE = "django.contrib.sessions.backends.cache"

SESSION_CACHE_ALIAS = "sessions"

SESSION_COOKIE_AGE = 3600
