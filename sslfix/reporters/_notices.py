"""Findings as a forge shows them: at a file of the repository, once for all interpreters.

What forges know are files and lines. An environment stands in no file of the repository, the same
pin fails on several targets, and what could not be checked has to be seen as well.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from sslfix import rehearse
from sslfix.fingerprints import fingerprint
from sslfix.language import say as _
from sslfix.model import (
    DependencyFile,
    Edit,
    Facts,
    Finding,
    Interpreter,
    Kind,
    Level,
    Location,
    Problem,
    Report,
    Rule,
)

from .text import below

UNCHECKED = "could-not-check"
"""What stands for a rule's id where something could not be checked."""

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)

_UNDECODED = re.compile("[\udc80-\udcff]+")
"""Bytes of a file's name that the locale could not decode (PEP 383)."""


class Notice(NamedTuple):
    """One thing to show; all its texts are free of control characters.

    `status` is a finding's, or `UNCHECKED`. `locations` are stated from the repository's root, the
    first stands in a file of it if one was read. `fingerprint` occurs once in a report. `finding`
    is the first of those that are shown as one, None for what could not be checked.
    """

    rule: str
    name: str
    level: Level
    status: str
    locations: tuple[Location, ...]
    message: str
    advice: tuple[str, ...] = ()
    fingerprint: str = ""
    finding: Finding | None = None

    @property
    def counts(self) -> bool:
        """Whether it still stands: neither fixed nor ignored."""
        return self.status not in {"fixed", "ignored"}

    @property
    def said(self) -> str:
        """The message, with its status before it where that is not the usual one."""
        words = {
            "fixed": _("fixed: {message}"),
            UNCHECKED: _("could not check: {message}"),
        }
        return words.get(self.status, "{message}").format(message=self.message)

    @property
    def text(self) -> str:
        """All that is said: the message, the other places, and what is to be done."""
        places = (f"{clean(one.path)}:{one.line}: {one.note}" for one in self.locations[1:])
        return "\n".join([self.said, *(one.rstrip(": ") for one in places), *self.advice])

    @property
    def title(self) -> str:
        """The rule's id and name in one."""
        return f"{self.rule} {self.name}".strip()


def notices(report: Report) -> tuple[Notice, ...]:
    """All findings and problems of a report, those of several interpreters as one."""
    known = {*report.facts.documents, *_wishes(report.facts.interpreters)}
    shown = [_notice(same, report, known) for same in _alike(report.findings)]
    shown += [_unchecked(problem, report) for problem in report.problems]
    seen: Counter[str] = Counter()
    numbered = []
    for one in shown:
        seen[one.fingerprint] += 1
        again = f"{one.fingerprint}:{seen[one.fingerprint]}"
        numbered.append(one._replace(fingerprint=again))
    return tuple(numbered)


def rules_of(shown: Sequence[Notice]) -> tuple[Rule, ...]:
    """The rules that are named, each once, by id."""
    found = {one.rule: one.finding.rule for one in shown if one.finding}
    return tuple(found[id_] for id_ in sorted(found))


def ignored(shown: Sequence[Notice]) -> Iterator[str]:
    """A line for each rule of which something is ignored, with how often."""
    counts = Counter(one.title for one in shown if one.status == "ignored")
    for title, number in sorted(counts.items()):
        yield _("ignored: {rule} ({number})").format(rule=title, number=number)


def clean(text: str) -> str:
    """The text without what XML, a terminal or a log must not see; each line ends in LF."""
    text = _UNDECODED.sub(lambda found: _decoded(found[0]), text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(1)
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", lines)


def _decoded(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def one_line(text: str) -> str:
    """The cleaned text with its line ends and runs of blanks as one blank each."""
    return " ".join(clean(text).split())


def whole_edits(shown: Sequence[Notice], facts: Facts) -> dict[str, tuple[Edit, ...]]:
    """The edits that are all of a fix, sorted, by the fingerprint of a notice that is open.

    A fix that needs more than edits has none here; remarks that a file cannot hold are left out.
    """
    standing = [one for one in shown if one.status == "open"]
    fixable = {one.fingerprint: one.finding for one in standing if one.finding}
    documents, silent = facts.documents, rehearse.speechless(facts, fixable.values())
    found = {}
    for key, finding in fixable.items():
        actions = finding.fix.actions if finding.fix else ()
        edits = [one for one in actions if isinstance(one, Edit) and one.path in documents]
        if edits and len(edits) == len(actions):
            said = (one for one in edits if not (one.remark and one.path in silent))
            found[key] = tuple(sorted(said, key=lambda one: one.span))
    return found


def stated(path: str, root: str) -> str:
    """A path from the repository's root, with `/`; as it is where it lies elsewhere."""
    if not root:
        return path
    try:
        way = os.path.relpath(path, root)
    except ValueError:  # Windows: on another drive
        return path
    inside = way != os.pardir and not way.startswith(os.pardir + os.sep)
    return way.replace(os.sep, "/") if inside else path


# --------------------------------------------------------------------------- findings


def _alike(findings: Sequence[Finding]) -> Iterator[tuple[Finding, ...]]:
    """The findings, those together that say the same of one place for several interpreters."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        title = one.fix.title if one.fix else ""
        key = (one.rule.id, one.locations, one.message, one.level, one.status, title)
        groups.setdefault(key, []).append(one)
    return map(tuple, groups.values())


def _notice(same: Sequence[Finding], report: Report, known: Container[str]) -> Notice:
    finding = same[0]
    place = anchor(finding, report.facts, known)
    rest = [one for one in finding.locations if one != place]
    locations = tuple(_stated(one, report.root) for one in (place, *rest))
    details = dict.fromkeys(one_line(one.detail) for one in same if one.detail)
    return Notice(
        rule=finding.rule.id,
        name=finding.rule.name,
        level=finding.level,
        status=finding.status,
        locations=locations,
        message=": ".join(filter(None, [one_line(finding.message), "; ".join(details)])),
        advice=tuple(map(clean, _advice(finding))),
        fingerprint=fingerprint(finding._replace(locations=locations)),
        finding=finding,
    )


def _advice(finding: Finding) -> Iterator[str]:
    if finding.status != "ignored":
        yield from below(finding)
    elif finding.withheld:
        yield _("why: {reason}").format(reason=finding.withheld)


def _stated(location: Location, root: str) -> Location:
    return location._replace(path=stated(location.path, root), note=one_line(location.note))


def _unchecked(problem: Problem, report: Report) -> Notice:
    import hashlib

    message, line = one_line(problem.message), problem.line or 1
    place = Location(stated(problem.path, report.root), line, 1, line, 1)
    if _is_outside(place.path):
        message = f"{one_line(problem.path)}: {message}"
        other = _standing_in(None, report.facts.files)
        place = _stated(other, report.root) if other else place
    data = f"{place.path}\0{message}".encode("utf-8", "surrogatepass")
    stays = hashlib.sha256(data, usedforsecurity=False).hexdigest()[:32]
    return Notice(UNCHECKED, "", Level.ERROR, UNCHECKED, (place,), message, (), stays)


# --------------------------------------------------------------------------- places


def anchor(finding: Finding, facts: Facts, known: Container[str]) -> Location:
    """Where a forge can show a finding: in one of the known files, which the repository has.

    For what is installed that is its declaration, for an environment the first line of the lock
    file, of pyproject.toml or of what else declares what is installed there.
    """
    own = next((one for one in finding.locations if one.path in known), None)
    if own is not None:
        return own
    judge = next((one for one in facts.interpreters if one.id == finding.interpreter), None)
    judges = None if judge is None else judge.judges
    files = [one for one in facts.files if judges is None or one.document.path in judges]
    return _standing_in(finding.distribution, files or facts.files) or finding.locations[0]


def _wishes(interpreters: Sequence[Interpreter]) -> Iterator[str]:
    """Files such as .python-version that say which Python a project is for."""
    for one in interpreters:
        for wish in one.environment.wishes if one.environment else ():
            yield wish.location.path


def _standing_in(distribution: str | None, files: Sequence[DependencyFile]) -> Location | None:
    """The distribution's declaration in the best file that has one, else the best's first line."""
    ordered = sorted(files, key=_rank)
    for file in ordered:
        for declaration in file.declarations:
            if declaration.name == distribution:
                return file.document.locate(declaration.span)
    return Location(ordered[0].document.path, 1, 1, 1, 1) if ordered else None


def _rank(file: DependencyFile) -> int:
    if any(one.kind == Kind.LOCK for one in file.declarations):
        return 0
    return 1 if os.path.basename(file.document.path) == "pyproject.toml" else 2


def _is_outside(path: str) -> bool:
    """Whether a path is no file of a repository: a folder, a program, or what lies elsewhere."""
    program = re.search(r"(?:^|/)(?:bin|Scripts)/[^/]*$", path)
    return path in {"", "."} or os.path.isabs(path) or path.startswith("../") or bool(program)
