"""Which findings a project does not want to hear of: by a comment, or by its configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from . import patterns
from .language import say as _
from .model import Document, Finding, Location, Rule
from .rules import names

# A rule without brackets is a slip: taken for all rules it would hide what nobody meant.
_COMMENT = re.compile(
    r"#\s*sslfix:\s*ignore\b(?:[ \t]*\[([^\]\n]*)\]|(?![ \t]*\[|[ \t]+SSL\d))", re.IGNORECASE
)


class Ignore(NamedTuple):
    """What the configuration says of findings: a rule's word, and what "" does not narrow down.

    `path` is an absolute pattern (`sslfix.patterns`), `until` the last day on which it holds
    ("2027-01-31"). `place` is where the configuration says so.
    """

    rule: str
    path: str = ""
    distribution: str = ""
    reason: str = ""
    until: str = ""
    place: Location | None = None


def marked(
    finding: Finding, texts: Mapping[str, str], ignores: Sequence[Ignore], today: str
) -> Finding:
    """The finding with status "ignored" where it is; with what ended, where something has."""
    if silencer(finding, texts):
        return finding._replace(status="ignored", ignored_by="comment")
    meant = [one for one in ignores if _is_meant(one, finding)]
    for one in meant:
        if not one.until or today <= one.until:
            return finding._replace(
                status="ignored", ignored_by="configuration", withheld=one.reason
            )
    ended = tuple(_ended(one.place, one) for one in meant if one.place)
    return finding._replace(locations=(*finding.locations, *ended)) if ended else finding


def _is_meant(ignore: Ignore, finding: Finding) -> bool:
    return (
        names(ignore.rule, finding.rule)
        and ignore.distribution in {"", finding.distribution}
        and (
            not ignore.path
            or any(patterns.matches(one.path, (ignore.path,)) for one in finding.locations)
        )
    )


def unused(ignores: Sequence[Ignore], findings: Sequence[Finding]) -> Iterator[Location]:
    """Where the exceptions stand that none of the findings is meant by, whatever day it is."""
    for one in ignores:
        if one.place and not any(_is_meant(one, finding) for finding in findings):
            yield one.place


def _ended(place: Location, ignore: Ignore) -> Location:
    text = _("ignored until {day}: {reason}")
    return place._replace(note=text.format(day=ignore.until, reason=ignore.reason))


# --------------------------------------------------------------------------- comments


def silencer(finding: Finding, texts: Mapping[str, str]) -> tuple[str, int] | None:
    """Path and line of the comment that silences a finding, on one of its lines; None without one.

    A line that goes on after a backslash can hold the comment at its very end only.
    """
    for location in finding.locations:
        line, number = location.snippet, location.line
        if line.endswith("\\"):
            rest = texts.get(location.path, "").splitlines()
            while line.endswith("\\") and number < len(rest):
                line, number = rest[number], number + 1
        comment = _COMMENT.search(line)
        if comment and any(names(word, finding.rule) for word in _words(comment)):
            return location.path, number
    return None


def _words(comment: re.Match[str]) -> list[str]:
    words = ("SSL" if comment[1] is None else comment[1]).split(",")
    return [word.strip() for word in words if word.strip()] or [""]


class Comment(NamedTuple):
    """A comment that silences: where it stands, and the words in it that name no rule."""

    path: str
    line: int
    unknown: tuple[str, ...]


def comments(documents: Sequence[Document], rules: Sequence[Rule]) -> Iterator[Comment]:
    """All comments of the documents that silence something, in the order of the text."""
    for document in documents:
        for found in _COMMENT.finditer(document.text):
            words = _words(found)
            unknown = [one for one in words if not any(names(one, rule) for rule in rules)]
            line = document.position(found.start())[0]
            yield Comment(document.path, line, tuple(unknown))
