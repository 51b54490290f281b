"""The environments of tox and nox, whose names say the Python: `py39-django` is for 3.9 only.

https://tox.wiki/en/stable/config.html#conditional-settings
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product

from . import _versions

_PYTHON = re.compile(r"(!?)(?:py(?:thon)?([23])(\d+)|(?:py(?:thon)?)?([23])\.(\d+))t?")
_EXPRESSION = re.compile(r"((?:[!\w.,\s-]|\{[^{}]*\})+):(?!//)")
_WORDS = re.compile(r"[^\s,]\s+[^\s,]")  # never in an expression
_BRACES = re.compile(r"\{([^{}]*)\}")
_COMMA = re.compile(r",(?![^{}]*\})")
_MOST = 100  # environments that an expression is spelled out to


def split(line: str) -> tuple[str, int]:
    """The factor expression that a line begins with, and where the rest begins: `py39: mock`."""
    found = _EXPRESSION.match(line)
    if found is None or _WORDS.search(found[1].strip()):
        return "", 0
    return found[1].strip(), found.end()


def marker(expression: str) -> str:
    """The marker that says for which Pythons an expression or an environment's name holds.

    "" where that does not depend on Python, or not only.
    """
    return any_of(_variants(expression))


def any_of(environments: Iterable[str]) -> str:
    """The marker of several environments together; "" as soon as one is for any Python."""
    markers = [_one(environment) for environment in environments]
    return _versions.join_markers("or", markers) if all(markers) else ""


def _one(environment: str) -> str:
    found = (_PYTHON.fullmatch(factor) for factor in environment.strip().split("-"))
    markers = [
        f'python_version {"!=" if one[1] else "=="} "{one[2] or one[4]}.{one[3] or one[5]}"'
        for one in found
        if one
    ]
    return _versions.join_markers("and", markers)


def _variants(expression: str) -> Iterator[str]:
    """The environments that an expression means: `py{38,39}-a` is two."""
    for alternative in _COMMA.split(expression):
        parts = _BRACES.split(alternative)
        choices = [
            [one.strip() for one in part.split(",")] if number % 2 else [part]
            for number, part in enumerate(parts)
        ]
        for number, variant in enumerate(product(*choices)):
            if number == _MOST:
                yield ""
                return
            yield "".join(variant)
