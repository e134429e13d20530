"""A Django project in one file: users log in here. Its caches come from cache_settings.py."""
import os
import sys

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from wsgiref.simple_server import WSGIRequestHandler, make_server

import cache_settings

settings.configure(
    SECRET_KEY=os.environ["SECRET_KEY"],
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    **{name: getattr(cache_settings, name) for name in dir(cache_settings) if name.isupper()},
)
django.setup()

from django.contrib.auth import authenticate, get_user_model, login, logout  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402


def login_view(request):
    user = authenticate(request, username=request.GET["user"], password=request.GET["password"])
    if user is None:
        return HttpResponse("wrong user or password", status=403)
    login(request, user)
    request.session["cart"] = ["tea"]
    return me_view(request)


def me_view(request):
    if not request.user.is_authenticated:
        return HttpResponse("django: nobody")
    return HttpResponse("django: %s, id %s, cart %s" % (request.user.username, request.user.pk, request.session.get("cart")))


def logout_view(request):
    logout(request)
    return HttpResponse("django: logged out")


urlpatterns = [path("login", login_view), path("me", me_view), path("logout", logout_view)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("ann", password="opensesame")
    server = make_server("127.0.0.1", int(sys.argv[1]), get_wsgi_application(), handler_class=Quiet)
    # The service in Go verifies sessions against the password column; here it learns the one it needs.
    print(server.server_port, user.pk, user.password, flush=True)
    server.serve_forever()
