"""A Python cache that measures itself.

python3 peer.py django|diskcache DIRECTORY ENTRIES BYTES|KIND
python3 peer.py locmem - ENTRIES BYTES|KIND
python3 peer.py redis URL ENTRIES BYTES|KIND
python3 peer.py pickle|json|msgpack FILE 1 0

Fills the cache, prints a line of JSON, and then answers each line "OPERATION SECONDS" of standard
input by another one. The operations are get, set, mixed (three get, one set) and many (a hundred get at once). The
codecs know get alone, which decodes the bytes of FILE.
"""

import datetime
import json
import pickle
import random
import sys
import time

LIFETIME = 3600
CHUNK = 16


def open_django(directory, entries):
    import django
    from django.conf import settings

    settings.configure()
    from django.core.cache.backends.filebased import FileBasedCache

    # The bound is on, as everywhere, and not reached.
    cache = FileBasedCache(directory, {"TIMEOUT": LIFETIME, "OPTIONS": {"MAX_ENTRIES": 2 * entries}})
    return "Django %s FileBasedCache" % django.get_version(), cache.get, cache.set


def open_locmem(_, entries):
    import django
    from django.conf import settings

    settings.configure()
    from django.core.cache.backends.locmem import LocMemCache

    cache = LocMemCache("bench", {"TIMEOUT": LIFETIME, "OPTIONS": {"MAX_ENTRIES": 2 * entries}})
    return "Django %s LocMemCache" % django.get_version(), cache.get, cache.set


def open_redis(url, entries):
    import django_redis
    from django.conf import settings

    settings.configure()
    from django_redis.cache import RedisCache

    cache = RedisCache(url, {"TIMEOUT": LIFETIME, "KEY_PREFIX": "python"})
    return "django-redis %s" % django_redis.__version__, cache.get, cache.set, cache.get_many


def open_codec(loads, path):
    with open(path, "rb") as file:
        data = file.read()
    return "Python, %s.%s" % (loads.__module__.lstrip("_"), loads.__name__), lambda _: loads(data), lambda k, v: None


def open_pickle(path, entries):
    return open_codec(pickle.loads, path)


def open_json(path, entries):
    return open_codec(json.loads, path)


def open_msgpack(path, entries):
    import msgpack

    return open_codec(msgpack.loads, path)


def open_diskcache(directory, entries):
    import diskcache

    cache = diskcache.Cache(directory)
    return "diskcache %s" % diskcache.__version__, cache.get, lambda k, v: cache.set(k, v, expire=LIFETIME)


def record():
    """The counterpart of the record of ten fields in Go."""
    return {
        "id": 1 << 40, "name": "Ada Lovelace", "email": "ada@example.com", "age": 36, "active": True, "score": 99.5,
        "logins": 70000, "created": datetime.datetime(2024, 1, 2, 3, 4, 5, 6000, datetime.timezone.utc),
        "country": "GB", "reference": "ref-0123456789",
    }


KINDS = {
    "scalars": lambda: {"ID": 1, "Score": 0.5, "Seen": 7, "On": True},
    "string": lambda: "etaoin shrdlu, cmfwyp vbgkqj xz." * 3 + "....",
    "record": record,
    "records": lambda: [record() for _ in range(100)],
}


def value_of(size):
    if size in KINDS:
        return KINDS[size]()
    return bytes(random.choices(b"etaoin shrdlu, cmfwyp vbgkqj xz.", k=int(size)))


def measure(operation, seconds):
    """Calls operation with 0, 1, 2, ... for so many seconds.

    Returns the number of calls, and the nanoseconds that passed and that the process worked for each.
    """
    count, start, worked = 0, time.perf_counter(), time.process_time()
    end = start + seconds
    while time.perf_counter() < end:
        for _ in range(CHUNK):
            operation(count)
            count += 1
    passed, worked = time.perf_counter() - start, time.process_time() - worked
    return count, passed * 1e9 / count, worked * 1e9 / count


def main(name, directory, entries, size):
    title, get, set_, *many = {
        "django": open_django, "diskcache": open_diskcache, "locmem": open_locmem, "redis": open_redis,
        "pickle": open_pickle, "json": open_json, "msgpack": open_msgpack,
    }[name](directory, entries)
    keys = ["user:%016d" % i for i in range(entries)]
    value = value_of(size)
    for key in keys:
        set_(key, value)
    order = random.choices(keys, k=1 << 17)
    mask = len(order) - 1
    print(json.dumps({"Title": title}), flush=True)

    missed = 0

    def read(i):
        nonlocal missed
        if get(order[i & mask]) is None:
            missed += 1

    def write(i):
        set_(order[i & mask], value)

    def mixed(i):
        write(i) if i & 3 == 3 else read(i)

    def read_many(i):
        nonlocal missed
        if len(many[0](keys[:100])) != 100:
            missed += 1

    operations = {"get": read, "set": write, "mixed": mixed, "many": read_many}
    for line in sys.stdin:
        op, seconds = line.split()
        missed = 0
        count, nanos, cpu = measure(operations[op], float(seconds))
        print(json.dumps({"Count": count, "Nanos": nanos, "CPU": cpu, "Missed": missed / count}), flush=True)


try:
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
except Exception as error:
    print(json.dumps({"Error": "%s: %s" % (type(error).__name__, error)}), flush=True)
    raise
