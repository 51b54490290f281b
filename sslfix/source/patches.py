"""Which calls and imports patch `ssl`, as far as they are written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

PATCHES = (
    "gevent.monkey.patch_all",
    "gevent.monkey.patch_ssl",
    "eventlet.monkey_patch",
    "eventlet.patcher.monkey_patch",
)
# Where a source has none of these, no statement of it patches.
WORDS = ("patch_all", "patch_ssl", "monkey_patch", "grequests", "locust", "worker_class")
_LIBRARY = re.compile(r"\b(?:gevent|eventlet|grequests|locust)\b")
# The positional place of `ssl` in gevent.monkey.patch_all().
_SSL_ARGUMENT = 6
_GREEN = re.compile(r"(?i)gevent|eventlet")


def mentions_patch(text: str) -> bool:
    """Whether a source may patch, by its words alone."""
    return any(word in text for word in WORDS) and _LIBRARY.search(text) is not None


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


def green_worker(statement: ast.stmt, path: str) -> bool:
    """Whether it makes gunicorn, whose configuration it stands in, use such a worker."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Constant):
        return False
    names = [one.id for one in statement.targets if isinstance(one, ast.Name)]
    is_configuration = path.rpartition("/")[2].startswith("gunicorn")
    return is_configuration and names == ["worker_class"] and is_green(statement.value.value)
