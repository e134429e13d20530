# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
#
# warning:     cache default, any_name, unverified: values are native (Go only), Django could not
#              read them. Fix: serializer: json
#
# warning:     cache default: redis-py knows ssl_min_version from version 5 on. Fix: remove it where
#              Django has an older one

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "rediss://cache.example.com:6380/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "ssl_cert_reqs": "required",
                "ssl_ca_certs": "/path/to/ca-cert.pem",
                "ssl_certfile": "/path/to/client.pem",
                "ssl_keyfile": "/path/to/client.key",
                "ssl_min_version": 771,
                "ssl_check_hostname": True,
            },
        },
    },
    "any_name": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "rediss://10.0.0.5:6380/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "ssl_check_hostname": False,
            },
        },
    },
    "unverified": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "rediss://localhost:6380/0",
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "ssl_cert_reqs": "none",
                "ssl_check_hostname": False,
            },
        },
    },
}
