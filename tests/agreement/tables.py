"""The data: what is swept (`subjects.toml`), and what happened (`NAME.tsv`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import tomli
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

HERE = Path(__file__).parent


class Other(NamedTuple):
    """A failure that no rule speaks of: a pattern for the error, and why it is none of ours."""

    error: re.Pattern[str]
    why: str


class Subject(NamedTuple):
    """What is swept: every combination of the `axes` on every Python and SSL library.

    A choice on an axis is a text of requirements; `each urllib3>=1.25` stands for all releases.
    `closure` is what is put beside them where their metadata asks for it. `some_uses` are the
    steps of the probe whose failure need not be an error: a finding of any level will do.
    `resolvable` leaves out the combinations that the releases' own metadata forbids.
    """

    name: str
    axes: tuple[tuple[str, ...], ...]
    probe: str
    closure: Mapping[str, SpecifierSet] = {}
    pythons: tuple[str, ...] = ()
    ssl: tuple[str, ...] = ("",)
    some_uses: frozenset[str] = frozenset()
    others: tuple[Other, ...] = ()
    resolvable: bool = False

    def other(self, row: Row) -> str:
        """Why the row's failure is none that a rule should know, or ""."""
        found = (one.why for one in self.others if one.error.search(f"{row.step}: {row.error}"))
        return "" if row.outcome == "ok" else next(found, "")


class Row(NamedTuple):
    """One trial: what was combined, and what happened.

    `pins` are the releases under test, `name==version` separated by blanks, `beside` what they
    need besides. `step` is where the probe failed, `error` the last line of what it said.
    """

    python: str
    ssl: str
    pins: str
    beside: str
    outcome: str
    step: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it this trial."""
        return self.python, self.ssl, self.pins


@cache
def subjects() -> dict[str, Subject]:
    """All subjects of `subjects.toml` by name."""
    known = tomli.loads((HERE / "subjects.toml").read_text(encoding="utf-8"))
    subjects = known.pop("subject")
    likes = {
        name: {**subjects.get(data.get("like"), {}), **data} for name, data in subjects.items()
    }
    return {name: _subject(name, {**known, **data}) for name, data in likes.items()}


def _subject(name: str, data: Mapping[str, Any]) -> Subject:
    closure = map(Requirement, data.get("closure", ()))
    return Subject(
        name=name,
        axes=tuple(tuple(axis) for axis in data["axes"]),
        probe=data["probe"],
        closure={one.name: one.specifier for one in closure},
        pythons=tuple(data["pythons"]),
        ssl=tuple(data.get("ssl", ("",))),
        some_uses=frozenset(data.get("some_uses", ())),
        others=tuple(Other(re.compile(one["error"]), one["why"]) for one in data.get("other", ())),
        resolvable=data.get("resolvable", False),
    )


def path(name: str) -> Path:
    """The table of a subject."""
    return HERE / f"{name}.tsv"


def read(name: str) -> list[Row]:
    """The rows of a subject's table; none if it has not been swept."""
    if not path(name).exists():
        return []
    lines = path(name).read_text(encoding="utf-8").splitlines()
    return [Row(*line.split("\t")) for line in lines[1:]]


def write(name: str, rows: Iterable[Row]) -> None:
    """Write a subject's table anew, sorted, in one step."""
    lines = ("\t".join(cells).rstrip() for cells in (Row._fields, *sorted(rows, key=_order)))
    beside = path(name).with_suffix(".new")
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(beside, path(name))


def _order(row: Row) -> tuple[list[int], str, list[tuple[int, str]]]:
    parts = re.findall(r"\d+|\D+", row.pins)
    numbered = [(int(part), "") if part.isdigit() else (0, part) for part in parts]
    return [int(part) for part in row.python.split(".")], row.ssl, numbered
