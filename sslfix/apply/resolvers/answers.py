"""What resolvers answer: versions, a conflict, or nothing that can be relied on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from sslfix.errors import ApplyError
from sslfix.language import say as _

_SHOWN_LINES = 12
SILENCE = "10"
"""Seconds to wait for an index that says nothing; nothing is tried twice."""
PATIENCE = 120
"""Seconds that a resolver may take in all: pip may try every release there is."""


class Resolution(NamedTuple):
    """What a resolver chose: versions by normalised name, and who chose ("uv 0.13.9").

    What a URL or a path leads to has a version only where pip chose.
    """

    versions: Mapping[str, str]
    resolver: str


class Arrival(NamedTuple):
    """A release that an install would bring, and the distributions that require it.

    `requested` says that what was asked for names it.
    """

    name: str
    version: str
    requested: bool
    required_by: tuple[str, ...]


class Prospect(NamedTuple):
    """What an install would bring that is not there yet, and who says so ("pip 26.0.1")."""

    arrivals: tuple[Arrival, ...]
    resolver: str


class NoSolutionError(ApplyError):
    """Requirements contradict each other; the message says who requires what."""


class UnavailableError(ApplyError):
    """No resolver could tell: none is here, no network, or something else than a conflict."""


def undrawn(text: str) -> str:
    """The lines of an explanation without what is drawn around them."""
    lines = [re.sub(r"^[\s│├─╰▶]*(?:cause: )?", "", line) for line in text.splitlines()]
    return "\n".join([line.rstrip() for line in lines if line.strip()][:_SHOWN_LINES])


def could_not_tell(resolver: str, said: str) -> UnavailableError:
    lines = [re.sub(r"^\s*cause: ", "", line).rstrip() for line in said.splitlines()]
    lines = [line for line in lines if line and not line.startswith("error: No solution found")]
    errors = [line for line in lines if line.lower().startswith(("error:", "hint:", "traceback"))]
    text = _("{resolver} could not tell which releases fit: {reason}")
    reason = "\n".join((errors or lines)[-3:])
    return UnavailableError(text.format(resolver=resolver, reason=reason))
