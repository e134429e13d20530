# Cache settings for Django, written by cachewright 0.1.0. Do not edit: change the source and write
# it again.
#
# source:      config.yaml, config.production.yaml
# environment: production
# command:     cachewright django --env production
# variables:   REDIS_URL (looked up when Django starts)
#
# warning:     cache default: values are native (Go only), Django could not read them. Fix:
#              serializer: json

import os
from urllib.parse import urlsplit


def _sentinel_url(url, service):
    """Return url with the name of a master in place of its host: Sentinels know where that is."""
    parts = urlsplit(url)
    credentials = "".join(parts.netloc.rpartition("@")[:2])
    return parts._replace(scheme="redis", netloc=credentials + service).geturl()


CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": _sentinel_url(os.environ["REDIS_URL"], "mymaster"),
        "TIMEOUT": 300,
        "KEY_PREFIX": "",
        "VERSION": 1,
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": [
                ("sentinel1.example.com", 26379),
                ("sentinel2.example.com", 26379),
            ],
            "SENTINEL_KWARGS": {
                "ssl": True,
                "ssl_ca_certs": "/sentinel-ca.pem",
                "ssl_cert_reqs": "required",
                "ssl_check_hostname": True,
            },
            "CONNECTION_POOL_KWARGS": {
                "max_connections": 50,
                "ssl": True,
                "ssl_cert_reqs": "required",
                "ssl_ca_certs": "/ca.pem",
                "ssl_check_hostname": True,
            },
        },
    },
}

DJANGO_REDIS_CONNECTION_FACTORY = "django_redis.pool.SentinelConnectionFactory"
