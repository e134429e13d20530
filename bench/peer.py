"""A Python cache that measures itself.

python3 peer.py django|diskcache DIRECTORY ENTRIES BYTES

Fills the cache, prints a line of JSON, and then answers each line "get SECONDS" or "set SECONDS" of
standard input by another one.
"""

import json
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


def open_diskcache(directory, entries):
    import diskcache

    cache = diskcache.Cache(directory)
    return "diskcache %s" % diskcache.__version__, cache.get, lambda k, v: cache.set(k, v, expire=LIFETIME)


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
    title, get, set_ = {"django": open_django, "diskcache": open_diskcache}[name](directory, entries)
    keys = ["user:%016d" % i for i in range(entries)]
    value = bytes(random.choices(b"etaoin shrdlu, cmfwyp vbgkqj xz.", k=size))
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

    for line in sys.stdin:
        op, seconds = line.split()
        missed = 0
        count, nanos, cpu = measure(read if op == "get" else write, float(seconds))
        print(json.dumps({"Nanos": nanos, "CPU": cpu, "Missed": missed / count}), flush=True)


try:
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
except Exception as error:
    print(json.dumps({"Error": "%s: %s" % (type(error).__name__, error)}), flush=True)
    raise
