"""What the steps of one proposal share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sslfix.model import Advice, Applicability, Facts, Finding, Fix, Matcher, Remedy


class Task(NamedTuple):
    """A finding to cure, the remedies of its page that suit the interpreter, and the world."""

    finding: Finding
    remedies: tuple[Remedy, ...]
    facts: Facts
    match: Matcher
    versions: Mapping[str, str]


def by_hand(remedies: Sequence[Remedy]) -> Fix | None:
    for remedy in remedies:
        if remedy.action:
            advice = Advice(remedy.action, remedy.commands)
            return Fix(remedy.action, Applicability.DISPLAY, (advice,), remedy.why)
    return None
