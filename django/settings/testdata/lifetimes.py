# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache fraction: a timeout of 1.5s is 2 s in Django, which counts whole seconds. Fix:
#              write a timeout of whole seconds

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "default",
        "TIMEOUT": None,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
    "fraction": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "fraction",
        "TIMEOUT": 2,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
    "off": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "off",
        "TIMEOUT": 0,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
    "sessions": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "sessions",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
}

SESSION_ENGINE = "django.contrib.sessions.backends.cache"

SESSION_CACHE_ALIAS = "sessions"
