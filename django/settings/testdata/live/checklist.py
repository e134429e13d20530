"""Loads a settings module into Django as a project would, and uses every cache that it names.

    checklist.py FORM FILE FOLDER

FORM says how the project takes the settings in FILE over: "module" imports the file from beside its own settings,
"package" from its own package, "runpy" runs it under no name. The project is made in FOLDER, which is empty. What
is wrong is printed, a line each.
"""

import os
import pathlib
import runpy
import sys
import time

# Newer packages than the system's, if the caller has some.
sys.path[:0] = filter(None, [os.environ.get("CACHEWRIGHT_TEST_PACKAGES")])

FORM, PATH, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])

# What a project adds to the settings of its caches.
PROJECT = """
SECRET_KEY = "for tests"
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""

URLS = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse(str(request.user)))]
"""


def project():
    """Write a project around the settings and return the name of its settings module."""
    folder, text = FOLDER, PATH.read_text()
    (folder / "urls.py").write_text(URLS)
    sys.path.insert(0, str(folder))
    if FORM == "module":
        (folder / "cache_settings.py").write_text(text)
        (folder / "settings.py").write_text("from cache_settings import *\n" + PROJECT)
        return "settings"
    if FORM == "package":
        (folder / "shop").mkdir()
        (folder / "shop" / "__init__.py").write_text("")
        (folder / "shop" / "cache_settings.py").write_text(text)
        (folder / "shop" / "settings.py").write_text("from .cache_settings import *\n" + PROJECT)
        return "shop.settings"
    (folder / "settings.py").write_text(f"import runpy\nglobals().update(runpy.run_path({str(PATH)!r}))\n" + PROJECT)
    return "settings"


os.environ["DJANGO_SETTINGS_MODULE"] = project()

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.cache import caches  # noqa: E402

failures = []


def expect(what, got, want):
    if got != want or type(got) is not type(want):
        failures.append(f"{what}: got {got!r}, want {want!r}")


def raises(what, kind, call):
    try:
        got = call()
    except kind:
        return
    except Exception as error:
        got = error
    failures.append(f"{what}: got {got!r}, want {kind.__name__}")


def soon(what, call, want):
    """Expect want within twenty seconds: reads from replicas lag, on a busy machine by seconds."""
    end = time.monotonic() + 20
    while call() != want and time.monotonic() < end:
        time.sleep(0.005)
    expect(what, call(), want)


def check_basics(alias, cache):
    cache.delete_many(["k", "n", "a", "b", "c", "t", "missing", *(f"m{i}" for i in range(40))])
    value = {"name": "Ann", "tags": ["x", "y"], "n": 3, "f": 1.5, "none": None, "yes": True}
    cache.set("k", value)
    soon(f"{alias}: get after set", lambda: cache.get("k"), value)
    expect(f"{alias}: get of a missing key", cache.get("missing", "default"), "default")
    expect(f"{alias}: add of a present key", cache.add("k", 1), False)
    expect(f"{alias}: add of a missing key", cache.add("a", "added"), True)
    soon(f"{alias}: get after add", lambda: cache.get("a"), "added")
    cache.set("n", 5)
    expect(f"{alias}: incr", cache.incr("n", 2), 7)
    expect(f"{alias}: decr", cache.decr("n"), 6)
    soon(f"{alias}: get of a counter", lambda: cache.get("n"), 6)
    raises(f"{alias}: incr of a missing key", ValueError, lambda: cache.incr("missing"))
    expect(f"{alias}: touch", cache.touch("k", 100), True)
    expect(f"{alias}: touch of a missing key", cache.touch("missing", 100), False)
    cache.set("t", 1, timeout=0)
    soon(f"{alias}: get after a timeout of 0", lambda: cache.get("t"), None)
    expect(f"{alias}: delete", bool(cache.delete("a")), True)
    soon(f"{alias}: get after delete", lambda: cache.get("a"), None)
    soon(f"{alias}: has_key", lambda: ("k" in cache, "missing" in cache), (True, False))


def check_many(alias, cache):
    # Forty keys meet every node of a cluster.
    many = {f"m{i}": i * 1.5 for i in range(40)}
    cache.set_many(many, timeout=60)
    soon(f"{alias}: get_many after set_many", lambda: dict(cache.get_many([*many, "missing"])), many)
    cache.delete_many(many)
    soon(f"{alias}: get_many after delete_many", lambda: dict(cache.get_many(many)), {})


def check_versions(alias, cache):
    configured = settings.CACHES[alias]["VERSION"]
    cache.set("v", "one", version=41)
    cache.delete("v", version=42)
    soon(f"{alias}: get of a version", lambda: cache.get("v", version=41), "one")
    soon(f"{alias}: get of another version", lambda: cache.get("v", version=42), None)
    expect(f"{alias}: incr_version", cache.incr_version("v", version=41), 42)
    soon(f"{alias}: get after incr_version", lambda: cache.get("v", version=42), "one")
    cache.set("w", 1)
    soon(f"{alias}: the version of the settings", lambda: cache.get("w", version=configured), 1)


def is_left_of(timeout, ttl):
    """Say that ttl is what is left of timeout after less than a minute: the machine may be busy."""
    if timeout is None or ttl is None:
        return timeout is ttl
    return timeout - 60 < ttl <= timeout


def check_django_redis(alias, cache):
    timeout = settings.CACHES[alias]["TIMEOUT"]
    cache.set("ttl", 1)
    soon(f"{alias}: the timeout of the settings", lambda: is_left_of(timeout, cache.ttl("ttl")), True)
    cache.set("ttl", 1, timeout=None)
    soon(f"{alias}: ttl of a value without end", lambda: cache.ttl("ttl"), None)
    names = {f"page:{i}" for i in range(20)}
    for name in names:
        cache.set(name, 1)
    cache.set("other", 1)
    soon(f"{alias}: keys", lambda: set(cache.keys("page:*")), names)
    soon(f"{alias}: iter_keys", lambda: set(cache.iter_keys("page:*")), names)
    expect(f"{alias}: delete_pattern", cache.delete_pattern("page:*"), 20)
    soon(f"{alias}: keys after delete_pattern", lambda: cache.keys("page:*"), [])
    soon(f"{alias}: what delete_pattern leaves", lambda: cache.get("other"), 1)
    with cache.lock("lock", timeout=10):
        soon(f"{alias}: a lock is a key", lambda: cache.has_key("lock"), True)
    raw = cache.client.get_client(write=True).get(str(cache.client.make_key("other")))
    expect(f"{alias}: a number is stored as its digits", raw, b"1")


def check_sessions():
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("ann", password="pw")
    client = Client()
    expect("login", client.login(username="ann", password="pw"), True)
    # Reads may come from a replica that has not heard of the session; Django would then drop the cookie.
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    def seen():
        client.cookies[settings.SESSION_COOKIE_NAME] = cookie
        return client.get("/").content.decode()

    soon("a page after login", seen, "ann")
    cache = caches[settings.SESSION_CACHE_ALIAS]
    key = "django.contrib.sessions.cache" + cookie
    soon("the user of the session", lambda: cache.get(key, {}).get("_auth_user_id"), str(user.pk))
    if hasattr(cache, "ttl"):
        age = settings.SESSION_COOKIE_AGE
        expect("the age of the session", cache.ttl(key) in range(age - 5, age + 1), True)
    client.logout()
    soon("the session after logout", lambda: cache.get(key), None)


for alias in settings.CACHES:
    cache = caches[alias]
    try:
        check_basics(alias, cache)
        check_many(alias, cache)
        check_versions(alias, cache)
        if hasattr(cache, "delete_pattern"):
            check_django_redis(alias, cache)
    except Exception as error:
        failures.append(f"{alias}: {type(error).__name__}: {error}")
if settings.SESSION_ENGINE == "django.contrib.sessions.backends.cache":
    check_sessions()
for failure in failures:
    print(failure)
