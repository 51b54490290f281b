"""Specifier arithmetic: what a range reaches, and how it is narrowed.

A resolver takes the newest version that a range admits. So a range *reaches* a set of bad
versions only if it admits some of them and none that is newer: `requests>=2.30` does not reach
`>=2.32.0,<2.32.5`, `requests<2.32.5` does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.specifiers import SpecifierSet


def split(requirement: str) -> tuple[str, str]:
    """The name and the specifier of a plain requirement: "urllib3>=2" is urllib3 and ">=2"."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    name = found[0] if found else requirement
    return name, requirement[len(name) :].strip()


@cache
def parse(text: str) -> SpecifierSet | None:
    """The specifier set, or None where the text is no PEP 440.

    `===` is read as `==`: packaging's set relations do not know arbitrary equality.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text.replace("===", "=="))
    except InvalidSpecifier:
        return None


@cache
def holds(version: str, specifier: str) -> bool:
    """Whether a version is in a specifier, pre-releases included."""
    from packaging.version import InvalidVersion, Version

    known = parse(specifier)
    try:
        return known is not None and known.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def intersect(specifiers: Iterable[str]) -> str:
    """The specifier that says all of them at once."""
    return ",".join(filter(None, specifiers))


@cache
def reaches(specifier: str, affected: str) -> bool:
    """Whether the newest version that `specifier` admits is an affected one."""
    author, bad = parse(specifier), parse(affected)
    if author is None or bad is None or author.is_disjoint(bad):
        return False
    ends = filter(None, (_above(clause.operator, clause.version) for clause in bad))
    return all(above is None or author.is_disjoint(above) for above in map(parse, ends))


def _above(operator: str, version: str) -> str:
    """What is newer than all that a clause admits, as a specifier; "" for a clause without end.

    A page says `<=1.3.0` where that is the newest release so far and nobody knows what comes.
    """
    if operator in {"==", "~="} and (operator == "~=" or version.endswith(".*")):
        release = [int(part) for part in re.findall(r"\d+", version.removesuffix(".*"))]
        kept = release[:-1] if operator == "~=" else release
        return f">={'.'.join(map(str, [*kept[:-1], kept[-1] + 1]))}"
    return {"<": f">={version}", "==": f">{version}"}.get(operator, "")


@cache
def within(specifier: str, affected: str) -> bool:
    """Whether every version that `specifier` admits is an affected one.

    Development releases are not told from the first pre-release: `==2.0.*` is in `>=2.0.0a1`.
    """
    author, bad = parse(specifier), parse(re.sub(r"(>=[\d.]+)a\d+", r"\1.dev0", affected))
    return author is not None and bad is not None and bool(author) and author.is_subset(bad)


@cache
def contradicts(specifier: str, remedy: str) -> bool:
    """Whether no version satisfies both."""
    author, wanted = parse(specifier), parse(remedy)
    return author is None or wanted is None or author.is_disjoint(wanted)


def narrow(specifier: str, remedy: str, affected: str) -> str:
    """The author's specifier with as few of the remedy's clauses as keep it off the affected.

    The author's text comes first and stays as it is; a clause of the author's that the added
    ones make superfluous is left out (`>=1.26` with `>=1.26.20,<2` becomes `>=1.26,<2`).
    """
    if not specifier:
        return remedy
    clauses = remedy.split(",")
    for added in ([clause] for clause in clauses):
        if not reaches(f"{specifier},{added[0]}", affected):
            return _join(specifier, added)
    return _join(specifier, clauses)


def without_limits(specifier: str) -> str:
    """The specifier with nothing that keeps newer versions out: `>=1.26,<2` is `>=1.26`.

    What it starts from stays: `~=1.26.2`, `==1.26.*` and `==1.26.2` become `>=` of it.
    """
    kept = []
    for clause in (one.strip() for one in specifier.split(",")):
        if clause.startswith(("==", "~=")):
            kept.append(">=" + clause.lstrip("=~ ").removesuffix(".*"))
        elif not clause.startswith("<"):
            kept.append(clause)
    return ",".join(filter(None, kept))


def _join(specifier: str, added: list[str]) -> str:
    kept = [own for own in specifier.split(",") if not _implied(own, added)]
    return ",".join([*kept, *added])


def _implied(own: str, added: list[str]) -> bool:
    mine = parse(own)
    others = [parse(clause) for clause in added]
    return mine is not None and any(other and other.is_subset(mine) for other in others)
