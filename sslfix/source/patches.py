"""Which calls and imports patch `ssl`, as far as they are written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from sslfix.language import say as _
from sslfix.model import Document

PATCHES = (
    "gevent.monkey.patch_all",
    "gevent.monkey.patch_ssl",
    "eventlet.monkey_patch",
    "eventlet.patcher.monkey_patch",
)
# Where a source has none of these, no statement of it patches.
WORDS = ("patch_all", "patch_ssl", "monkey_patch", "grequests", "locust", "locust_plugins")
_PATCH = re.compile(rf"\b(?:{'|'.join(WORDS)})\b")
_LIBRARY = re.compile(r"\b(?:gevent|eventlet|grequests|locust(?:_plugins)?)\b")
# What gunicorn calls of its configuration before a worker of gevent patches.
HOOKS = ("on_starting", "when_ready", "nworkers_changed", "pre_fork", "post_fork")
# The positional place of `ssl` in gevent.monkey.patch_all().
_SSL_ARGUMENT = 6
_GREEN = re.compile(r"(?i)gevent|eventlet")


@lru_cache(maxsize=1 << 14)
def mentions_patch(document: Document) -> bool:
    """Whether a source may patch, by its words alone."""
    text = document.text
    if is_configuration(document.path) and "worker_class" in text:
        return _GREEN.search(text) is not None
    is_near = any(word in text for word in WORDS)  # much faster than a pattern
    return is_near and bool(_PATCH.search(text) and _LIBRARY.search(text))


def patches_ssl(name: str, call: ast.Call) -> bool | None:
    """Whether a call of one of `PATCHES` patches ssl; None where its arguments do not tell.

    https://eventlet.readthedocs.io/en/latest/patching.html: socket takes ssl along.
    """
    if any(key.arg is None for key in call.keywords) or any(
        isinstance(one, ast.Starred) for one in call.args
    ):
        return None
    named = {str(key.arg): key.value for key in call.keywords}
    return _gevent(name, call.args, named) if name.startswith("gevent.") else _eventlet(call, named)


def _gevent(name: str, args: list[ast.expr], named: Mapping[str, ast.expr]) -> bool | None:
    if name.endswith("_ssl"):
        return True
    wanted = args[_SSL_ARGUMENT] if len(args) > _SSL_ARGUMENT else named.get("ssl")
    return True if wanted is None else _truth(wanted)


def _eventlet(call: ast.Call, named: Mapping[str, ast.expr]) -> bool | None:
    decisive = named.get("socket") or named.get("all")
    if decisive is not None:
        return _truth(decisive)
    others = [_truth(value) for value in named.values()]
    return None if call.args or None in others else True not in others


def _truth(value: ast.expr) -> bool | None:
    return bool(value.value) if isinstance(value, ast.Constant) else None


def is_green(worker_class: object) -> bool:
    """Whether gunicorn's worker class is one that patches when it starts."""
    return isinstance(worker_class, str) and _GREEN.search(worker_class) is not None


def of_worker(worker: str) -> str:
    """What the patch of a worker class is called."""
    return _("the worker's monkey patch") if "gevent" in worker else _("eventlet's monkey patch")


def green_worker(statement: ast.stmt) -> str:
    """The worker that patches which gunicorn's configuration chooses there; "" for none."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Constant):
        return ""
    names = [one.id for one in statement.targets if isinstance(one, ast.Name)]
    worker = statement.value.value
    return str(worker) if names == ["worker_class"] and is_green(worker) else ""


def is_configuration(path: str) -> bool:
    """Whether a file is called as gunicorn's configuration is."""
    return path.rpartition("/")[2].startswith("gunicorn")
