def _sentinel_url(url, service):
    """Return url with the name of a master in place of its host: Sentinels know where that is."""
    parts = urlsplit(url)
    credentials = "".join(parts.netloc.rpartition("@")[:2])
    return parts._replace(scheme="redis", netloc=credentials + service).geturl()
