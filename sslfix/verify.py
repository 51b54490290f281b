"""Findings before and after: what was fixed, what remains, what came new."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Finding, Level, Outcome


def compare(before: Iterable[Finding], after: Iterable[Finding]) -> Outcome:
    """The outcome of a change; findings are the same ones when their keys are (see `key`)."""
    before, after = tuple(before), tuple(after)
    old, new = {finding.key for finding in before}, {finding.key for finding in after}
    return Outcome(
        fixed=tuple(finding for finding in before if finding.key not in new),
        remaining=tuple(finding for finding in after if finding.key in old),
        introduced=tuple(finding for finding in after if finding.key not in old),
    )


def is_worse(outcome: Outcome) -> bool:
    """Whether a change brought a failure that was not there before."""
    return any(finding.level > Level.NOTE for finding in outcome.introduced)
