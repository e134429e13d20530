"""The Python side of the live tests of sessions: Django's cache engine and its auth, on a generated settings module.

Reads one request per line from stdin and answers on stdout, both JSON. The alias says which cache keeps the session.
"""
import json
import os
import runpy
import sys

# Newer packages than the system's, if the caller has some.
sys.path[:0] = filter(None, [os.environ.get("CACHEWRIGHT_TEST_PACKAGES")])

import django
from django.conf import settings

PASSWORD = "pbkdf2_sha256$260000$abc$def"

names = runpy.run_path(sys.argv[1])
settings.configure(
    SECRET_KEY="s3cret-key",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    AUTHENTICATION_BACKENDS=["__main__.Backend"],
    **{name: value for name, value in names.items() if name.isupper() and not name.startswith("SESSION")},
)
django.setup()

from django.contrib import auth  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402
from django.http import HttpRequest  # noqa: E402


class Backend:
    """Knows one user, without a database."""

    def get_user(self, user_id):
        return User(pk=user_id, username="ann", password=PASSWORD)


Backend.__module__ = "__main__"


def request_for(alias, key):
    settings.SESSION_CACHE_ALIAS = alias
    request = HttpRequest()
    request.session = SessionStore(key)
    return request


def login(alias, key, value):
    request = request_for(alias, None)
    user = Backend().get_user(42)
    user.save = lambda *args, **kwargs: None  # last_login has no database to go to
    auth.user_logged_in.disconnect(dispatch_uid="update_last_login")
    auth.login(request, user, backend="__main__.Backend")
    request.session["cart"] = value
    request.session.save()
    return request.session.session_key


def user(alias, key, value):
    request = request_for(alias, key)
    found = auth.get_user(request)
    return [str(found.pk) if found.is_authenticated else None, request.session.get("cart")]


def put(alias, key, value):
    request = request_for(alias, key)
    request.session["cart"] = value
    request.session.save()


def logout(alias, key, value):
    request_for(alias, key).session.delete()


OPERATIONS = {"login": login, "user": user, "put": put, "logout": logout}

for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = {"result": OPERATIONS[call["op"]](call["alias"], call.get("key"), call.get("value"))}
    except Exception as e:  # whatever it is, the other side decides
        answer = {"error": repr(e)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
