"""The Python side of the live tests: calls the caches of a generated settings module.

Reads one request per line from stdin, a list of calls [alias, method, arguments, keyword arguments], and
answers on stdout with a list of {"r": result} or {"e": "name of the exception"}. Values are tagged, as in
{"t": "int", "v": "5"}.
"""
import collections
import datetime
import decimal
import json
import os
import runpy
import sys
import uuid

# Newer packages than the system's, if the caller has some.
sys.path[:0] = filter(None, [os.environ.get("CACHEWRIGHT_TEST_PACKAGES")])

from django.conf import settings

names = runpy.run_path(sys.argv[1])
settings.configure(**{name: value for name, value in names.items() if name.isupper()})

from django.core.cache import caches  # noqa: E402 (needs the settings)
from django.http import HttpResponse  # noqa: E402


def pairs(v):
    return [(build(k), build(i)) for k, i in v]


BUILD = {
    "none": lambda v: None,
    "bool": bool,
    "int": int,
    "float": float,
    "str": str,
    "str-surrogate": lambda v: bytes.fromhex(v).decode("utf-8", "surrogatepass"),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "list": lambda v: [build(i) for i in v],
    "tuple": lambda v: tuple(build(i) for i in v),
    "set": lambda v: {build(i) for i in v},
    "frozenset": lambda v: frozenset(build(i) for i in v),
    "dict": lambda v: dict(pairs(v)),
    "ordereddict": lambda v: collections.OrderedDict(pairs(v)),
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda v: datetime.timedelta(*v),
    "decimal": decimal.Decimal,
    "uuid": uuid.UUID,
    "complex": lambda v: complex(float(v[0]), float(v[1])),
    "response": lambda v: HttpResponse(v),
}


def build(x):
    return BUILD[x["t"]](x.get("v"))


def datetime_text(v):
    text = v.isoformat()
    if v.microsecond:
        head, _, rest = text.partition(".")
        text = head + "." + rest[:6].rstrip("0") + rest[6:]
    return text


TAG = {
    bool: ("bool", bool),
    int: ("int", str),
    float: ("float", repr),
    str: ("str-surrogate", lambda v: v.encode("utf-8", "surrogatepass").hex()),
    bytes: ("bytes", bytes.hex),
    bytearray: ("bytearray", bytearray.hex),
    list: ("list", lambda v: [tag(i) for i in v]),
    tuple: ("tuple", lambda v: [tag(i) for i in v]),
    set: ("set", lambda v: [tag(i) for i in v]),
    frozenset: ("frozenset", lambda v: [tag(i) for i in v]),
    dict: ("dict", lambda v: [[tag(k), tag(i)] for k, i in v.items()]),
    collections.OrderedDict: ("ordereddict", lambda v: [[tag(k), tag(i)] for k, i in v.items()]),
    datetime.datetime: ("datetime", datetime_text),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.time: ("time", datetime.time.isoformat),
    datetime.timedelta: ("timedelta", lambda v: [v.days, v.seconds, v.microseconds]),
    decimal.Decimal: ("decimal", str),
    uuid.UUID: ("uuid", str),
    complex: ("complex", lambda v: [repr(v.real), repr(v.imag)]),
}


def tag(v):
    if v is None:
        return {"t": "none"}
    t, text = TAG.get(type(v), ("other", repr))
    return {"t": t, "v": text(v)}


def answer(call):
    alias, method, args, kwargs = call
    try:
        args = [build(a) for a in args]
        kwargs = {k: build(a) for k, a in kwargs.items()}
        return {"r": tag(getattr(caches[alias], method)(*args, **kwargs))}
    except Exception as e:  # whatever it is, the other side decides
        return {"e": type(e).__name__}


for line in sys.stdin:
    sys.stdout.write(json.dumps([answer(call) for call in json.loads(line)]) + "\n")
    sys.stdout.flush()
