"""What sslfix says of the rows: python -m tests.agreement.verdicts [SUBJECT ...].

It prints how many rows of each subject it judges rightly, and of the named subjects the others.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import NamedTuple

from sslfix.model import Level
from tests.agreement import tables
from tests.agreement.tables import Row, Subject
from tests.test_match import findings, interpreter


class Verdict(NamedTuple):
    """The rules that sslfix names, with their levels, and whether one is an error."""

    rules: tuple[str, ...]
    error: bool


@cache
def judge(python: str, ssl: str, pins: str) -> Verdict:
    """The verdict on pins that stand in a requirements file of a project on that Python."""
    text = "".join(f"{pin}\n" for pin in pins.split())
    found = findings(interpreter(ssl, python), requirements_txt=text)
    rules = tuple(sorted({f"{one.rule.id} {one.level.name.lower()}" for one in found}))
    return Verdict(rules, any(one.level is Level.ERROR for one in found))


def is_wrong(subject: Subject, row: Row) -> bool:
    """Whether sslfix misses what fails, or calls an error what works.

    What fails must be an error, or any finding where only some uses fail.
    """
    verdict = judge(row.python, row.ssl, row.pins)
    if row.outcome == "ok":
        return verdict.error
    return not (verdict.rules if row.step in subject.some_uses else verdict.error)


def wrong(subject: Subject) -> list[Row]:
    """The rows with a wrong verdict, of those that a rule has to explain."""
    rows = tables.read(subject.name)
    return [row for row in rows if not subject.other(row) and is_wrong(subject, row)]


def grouped(rows: list[Row]) -> str:
    """The rows by what happened and what sslfix says: how many, on what, the first and last."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        happened = f"{row.step}: {row.error}".partition(" Did you mean")[0] if row.step else "works"
        said = ", ".join(judge(row.python, row.ssl, row.pins).rules) or "nothing"
        groups.setdefault((happened, said), []).append(row)
    lines = []
    for (happened, said), same in groups.items():
        pythons = " ".join(dict.fromkeys(row.python.rpartition(".")[0] for row in same))
        lines += [f"{len(same)} x {happened}", f"    sslfix says: {said}; Python {pythons}"]
        lines += [f"    {pins}" for pins in dict.fromkeys((same[0].pins, same[-1].pins))]
    return "\n".join(lines)


def summary() -> str:
    """A line per subject: `other` are the failures that no rule has to know."""
    lines = ["subject               rows  fail  other  agree  wrong"]
    for name, subject in tables.subjects().items():
        rows = tables.read(name)
        fail = sum(row.outcome == "fails" for row in rows)
        other = sum(bool(subject.other(row)) for row in rows)
        bad = len(wrong(subject))
        good = len(rows) - other - bad
        lines.append(f"{name:20} {len(rows):5} {fail:5} {other:6} {good:6} {bad:6}")
    return "\n".join(lines)


def main() -> None:
    print(summary())
    for name in sys.argv[1:]:
        print(f"\n{name}\n{grouped(wrong(tables.subjects()[name]))}")


if __name__ == "__main__":
    main()
