"""What a change fixed, left and brought, also where a file has the same trouble several times."""

from __future__ import annotations

import pytest

from sslfix import rules, verify
from sslfix.model import Finding, Location

RULE = rules.load()[0]


def findings(lines: str) -> tuple[Finding, ...]:
    """A finding for each line of a text, a file with two rules: capitals are the second's."""
    return tuple(
        Finding(
            RULE._replace(id="SSL101" if line.islower() else "SSL102"),
            RULE.cases[0],
            RULE.level,
            message="",
            detail="",
            interpreter="i1",
            locations=(Location("f", number, 1, number, 2, snippet=f"  {line}"),),
        )
        for number, line in enumerate(lines.split(), 1)
    )


def words(found: tuple[Finding, ...]) -> str:
    return " ".join(one.locations[0].snippet.strip() for one in found)


@pytest.mark.parametrize(
    ("before", "after", "fixed", "remaining", "introduced"),
    [
        ("a", "a", "", "a", ""),
        ("a", "", "a", "", ""),
        ("", "a", "", "", "a"),
        # The same finding in other words: its line was changed, and it is still there.
        ("a", "b", "", "b", ""),
        # Two alike: the one whose line is gone is the one that was fixed.
        ("a b", "b", "a", "b", ""),
        ("a b", "a", "b", "a", ""),
        ("a b", "c", "b", "c", ""),
        ("a", "a b", "", "a", "b"),
        ("a A", "A", "a", "A", ""),
        ("a A", "a b", "A", "a", "b"),
    ],
)
def test_findings_are_paired(
    before: str, after: str, fixed: str, remaining: str, introduced: str
) -> None:
    outcome = verify.compare(findings(before), findings(after))
    assert words(outcome.fixed) == fixed
    assert words(outcome.remaining) == remaining
    assert words(outcome.introduced) == introduced
    assert verify.is_worse(outcome) == bool(introduced)
