"""Runs a settings module and prints what it says about caches, and which environment variables it asked for.

    python -c SOURCE FILE

The answer is one JSON object on the standard output; what the module itself prints goes to the standard error.
"""

import importlib
import json
import os
import pathlib
import runpy
import sys

NAMES = (
    "CACHES",
    "CACHE_MIDDLEWARE_ALIAS",
    "DJANGO_REDIS_CONNECTION_FACTORY",
    "DJANGO_REDIS_IGNORE_EXCEPTIONS",
    "MIDDLEWARE",
    "SESSION_CACHE_ALIAS",
    "SESSION_COOKIE_AGE",
    "SESSION_ENGINE",
)

answer = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

asked = {}


def record_variables():
    kind = type(os.environ)
    lookup = kind.__getitem__

    def recording(environ, name):
        asked[str(name)] = True
        return lookup(environ, name)

    kind.__getitem__ = recording


def run(file):
    """Run file as the module that it is: in its package if it is in one."""
    names = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    sys.path.insert(0, str(folder))
    if len(names) > 1 or file.name == "__init__.py":
        return vars(importlib.import_module(".".join(names)))
    return runpy.run_path(str(file))


def plain(value):
    """Return value as JSON can say it. What it cannot is an object with one key that begins with a dollar."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, int):  # such as ssl.CERT_REQUIRED
        return {"$name": getattr(value, "name", str(int(value)))}
    if isinstance(value, (str, os.PathLike)):  # such as a lazy text
        return str(value)
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {str(key): plain(item) for key, item in value.items()}
        return {"$pairs": [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    kind = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name == "redis.sentinel.Sentinel":
        return {"$sentinel": sentinel(value)}
    return {"$object": name}


def sentinel(value):
    addresses = [client.connection_pool.connection_kwargs for client in value.sentinels]
    return {
        "SENTINELS": [[address["host"], address["port"]] for address in addresses],
        "SENTINEL_KWARGS": plain(value.sentinel_kwargs),
    }


def failure(error):
    """Describe error without what may be a secret: messages repeat values, except of these kinds."""
    said = isinstance(error, (ImportError, KeyError, SyntaxError, NameError, AttributeError))
    text = type(error).__name__
    if said and not isinstance(error, SyntaxError):
        text += f": {error}"
    line, trace = None, error.__traceback__
    while trace:
        # The last line that is the project's own.
        path = trace.tb_frame.f_code.co_filename
        if "site-packages" not in path and "dist-packages" not in path and not path.startswith("<") and os.sep + "lib" + os.sep + "python" not in path:
            line = f"{path}:{trace.tb_lineno}"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        text, line = f"{text}: {error.msg}", f"{error.filename}:{error.lineno}"
    return {"error": text, "where": line}


record_variables()
try:
    module = run(pathlib.Path(sys.argv[1]).resolve())
    result = {"settings": {name: plain(module[name]) for name in NAMES if name in module}}
except (Exception, SystemExit) as error:
    result = failure(error)
result["asked"] = list(asked)
json.dump(result, answer, allow_nan=False)
answer.close()
