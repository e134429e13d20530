# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache default: Django keeps its files in a folder of its own, so it does not see Go's
#              values. Fix: share values in Redis, with serializer: json

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": "/srv/shop/tmp/cache/myapp_default/django",
        "TIMEOUT": 300,
        "KEY_PREFIX": "myapp",
        "VERSION": 1,
        "OPTIONS": {
            "MAX_ENTRIES": 10000,
        },
    },
}
