"""Findings before and after: what was fixed, what remains, what came new."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Finding, Level, Outcome


def compare(before: Iterable[Finding], after: Iterable[Finding]) -> Outcome:
    """The outcome of a change; findings are the same ones when their keys are (see `key`).

    Of several with one key, those on lines that read as before are the same ones first.
    """
    left: dict[object, list[Finding]] = {}
    for one in after:
        left.setdefault(one.key, []).append(one)
    remaining, fixed, changed = [], [], []
    for one in before:
        alike = left.get(one.key, [])
        same = next((each for each in alike if _line(each) == _line(one)), None)
        if same is None:
            changed.append(one)
        else:
            alike.remove(same)
            remaining.append(same)
    for one in changed:
        alike = left.get(one.key, [])
        if alike:
            remaining.append(alike.pop(0))
        else:
            fixed.append(one)
    introduced = tuple(one for alike in left.values() for one in alike)
    return Outcome(tuple(fixed), tuple(remaining), introduced)


def _line(finding: Finding) -> str:
    return finding.locations[0].snippet.strip()


def is_worse(outcome: Outcome) -> bool:
    """Whether a change brought a failure that was not there before."""
    return any(finding.level > Level.NOTE for finding in outcome.introduced)
