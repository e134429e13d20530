"""Builds the values that the tests describe and pickles them with Python's own pickler.

Reads a JSON document a line: a list of descriptions. Answers each line with a list of lists: the
pickles of a value, one for each protocol from 0 to 5, in hexadecimal. With the argument "bench" it
reads one pickle instead and answers with the seconds that loading it takes.
"""

import datetime
import decimal
import json
import pickle
import sys
import timeit
import uuid
from collections import OrderedDict


class Builder:
    def __init__(self):
        self.made = {}  # by ID
        self.zones = {0: datetime.timezone.utc}  # by offset

    def value(self, s):
        id = s.get("id", 0)
        if id and id in self.made:
            return self.made[id]
        made = getattr(self, s["t"].replace("-", "_"))(s.get("v"))
        if id:
            self.made[id] = made
        return made

    def none(self, v):
        return None

    def bool(self, v):
        return v

    def int(self, v):
        return int(v)

    def float(self, v):
        return float(v)

    def complex(self, v):
        return complex(float(v[0]), float(v[1]))

    def str(self, v):
        return sys.intern(v or "")

    def str_surrogate(self, v):
        return sys.intern(bytes.fromhex(v).decode("utf-8", "surrogatepass"))

    def bytes(self, v):
        return bytes.fromhex(v or "")

    def bytearray(self, v):
        return bytearray.fromhex(v or "")

    def list(self, v):
        return [self.value(s) for s in v or []]

    def tuple(self, v):
        return tuple(self.list(v))

    def set(self, v):
        return set(self.list(v))

    def frozenset(self, v):
        return frozenset(self.list(v))

    def dict(self, v):
        return {self.value(k): self.value(x) for k, x in v or []}

    def ordereddict(self, v):
        return OrderedDict((self.value(k), self.value(x)) for k, x in v or [])

    def zone(self, offset):
        if offset not in self.zones:
            self.zones[offset] = datetime.timezone(datetime.timedelta(seconds=offset))
        return self.zones[offset]

    def timezone(self, v):
        return self.zone(v or 0)

    def with_zone(self, t):
        if t.tzinfo is None:
            return t
        return t.replace(tzinfo=self.zone(int(t.utcoffset().total_seconds())))

    def datetime(self, v):
        return self.with_zone(datetime.datetime.fromisoformat(v))

    def time(self, v):
        return self.with_zone(datetime.time.fromisoformat(v))

    def date(self, v):
        return datetime.date.fromisoformat(v)

    def timedelta(self, v):
        return datetime.timedelta(*v)

    def decimal(self, v):
        return decimal.Decimal(v)

    def uuid(self, v):
        return uuid.UUID(v)


def pickles(description):
    value = Builder().value(description)
    return [pickle.dumps(value, protocol).hex() for protocol in range(6)]


def seconds(data):
    """The time of one load, the best of several runs."""
    timer = timeit.Timer("loads(data)", globals={"loads": pickle.loads, "data": data})
    number = max(20, int(0.005 / timer.timeit(1)))
    return min(timer.repeat(40, number)) / number


for line in sys.stdin:
    if "bench" in sys.argv:
        print(seconds(bytes.fromhex(line)), flush=True)
    else:
        print(json.dumps([pickles(d) for d in json.loads(line)]), flush=True)
