# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "myapp_dev-default",
        "TIMEOUT": 300,
        "KEY_PREFIX": "myapp_dev",
        "VERSION": 1,
    },
    "bare": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "bare",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
    },
    "bounded": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "bounded",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "MAX_ENTRIES": 1000,
        },
    },
}
