"""Patterns of paths as in .gitignore, made absolute so that they mean the same from everywhere.

https://git-scm.com/docs/gitignore#_pattern_format, without `!`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|\\.|.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def absolute(pattern: str, folder: str) -> str:
    """The pattern of a file in `folder`; one without a slash inside holds at any depth below it."""
    base = re.sub(r"([*?\[\\])", r"\\\1", _shown(folder)).rstrip("/")
    pattern = f"/{pattern[2:]}" if pattern.startswith("./") else pattern
    depth = "" if "/" in pattern.rstrip("/") else "**/"
    return f"{base}/{depth}{pattern.strip('/')}"


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the absolute patterns matches the path, or a folder that it is in."""
    shown = _shown(path) if patterns else ""
    return any(_compiled(one).fullmatch(shown) for one in patterns)


def _shown(path: str) -> str:
    return os.path.abspath(path).replace(os.sep, "/")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_expression, _PARTS.findall(pattern))) + "(?:/.*)?", re.DOTALL)


def _expression(part: str) -> str:
    """The regular expression for a part of a pattern."""
    if part in _MEANING:
        return _MEANING[part]
    if part[0] == "[" and len(part) > 1:
        inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^{inner[1:]}]" if inner[0] in "!^" else f"[{inner}]"
    return re.escape(part[-1])
