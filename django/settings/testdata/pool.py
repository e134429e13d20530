# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache default: values are native (Go only), Django could not read them. Fix:
#              serializer: json
#
# warning:     cache default: redis-py knows protocol from version 5 on. Fix: remove it where Django
#              has an older one

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://localhost:6379",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "socket_connect_timeout": 5,
                "socket_timeout": 0.5,
                "socket_keepalive": True,
                "retry_on_timeout": False,
                "health_check_interval": 60,
                "username": "shop",
                "client_name": "shop",
                "protocol": 2,
                "db": 4,
            },
        },
    },
}
