"""Which remedy suits a declaration, and what the declaration then says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sslfix import formats, specifiers
from sslfix.model import (
    Applicability,
    Declaration,
    DependencyFile,
    Finding,
    Kind,
    Level,
    Remedy,
    Span,
)

from .tasks import Task


class Choice(NamedTuple):
    """A remedy for a declaration: what it then says, and the others that move with it."""

    remedy: Remedy
    specifier: str
    applicability: Applicability
    others: tuple[tuple[Declaration, Declaration], ...]


def choose(task: Task, subject: Declaration, file: DependencyFile) -> Choice | None:
    """The first remedy that agrees with the author and with every interpreter, else the first.

    An exact pin says what was current when it was written: replacing it is as safe as the page
    says. A range says what the author wants: a remedy that contradicts it is unsafe.
    """
    contradicting: Choice | None = None
    for remedy in task.remedies:
        wanted = remedy.constraint.get(subject.name)
        if wanted is None:
            continue
        text = _specifier(task, subject, wanted, replace=_contradicts(subject, wanted))
        changed = subject._replace(specifier=text, accepts=(text,), version=None)
        others = tuple(_companions(task, remedy, subject, file))
        found = _complaints(task, file, subject, changed, others)
        if any(one.subject in (changed, *(after for _, after in others)) for one in found):
            continue
        choice = Choice(remedy, text, remedy.applicability, others)
        moving = [subject, *(old for old, _ in others)]
        moving += _alike(task, file, subject, found)
        if not any(_contradicts(one, remedy.constraint[one.name]) for one in moving):
            return choice
        unsafe = min(remedy.applicability, Applicability.UNSAFE)
        contradicting = contradicting or choice._replace(applicability=unsafe)
    return contradicting


def _contradicts(declaration: Declaration, wanted: str) -> bool:
    """Whether a range, by which the author says more than an exact pin does, excludes a remedy."""
    return declaration.version is None and all(
        specifiers.contradicts(accepted, wanted) for accepted in declaration.accepts
    )


def _companions(
    task: Task, remedy: Remedy, subject: Declaration, file: DependencyFile
) -> Iterator[tuple[Declaration, Declaration]]:
    """The file's other declarations that have to move with the subject, as they are and will be.

    Those that admit a release of the remedy stay as they are: the resolver moves them.
    """
    for one in file.declarations:
        wanted = remedy.constraint.get(one.name)
        if wanted is None or one.name == subject.name or not one.accepts:
            continue
        pinned = one.version is not None and not specifiers.holds(one.version, wanted)
        if pinned or _contradicts(one, wanted):
            wanted = _specifier(task, one, wanted, replace=True)
            yield one, one._replace(specifier=wanted, accepts=(wanted,), version=None)


def _specifier(task: Task, subject: Declaration, wanted: str, *, replace: bool) -> str:
    version = task.versions.get(subject.name)
    if subject.version is not None and version and specifiers.holds(version, wanted):
        return f"=={version}"
    plain = len(subject.accepts) == 1 and subject.accepts[0] == subject.specifier
    if replace or subject.version is not None or not plain:
        return wanted
    affected = task.finding.case.affected.get(subject.name, "")
    return specifiers.narrow(subject.specifier, wanted, affected)


def _alike(
    task: Task, file: DependencyFile, subject: Declaration, found: Iterable[Finding]
) -> Iterator[Declaration]:
    """What is read together with a declaration, and still lets in what fails when it does not."""
    paths = formats.linked(file, task.facts.files)
    for one in found:
        other = one.subject
        if isinstance(other, Declaration) and other.name == subject.name:
            together = other.section == subject.section or Kind.CONSTRAINT in (
                other.kind,
                subject.kind,
            )
            if together and other.kind != Kind.LOCK and one.locations[0].path in paths:
                yield other


def is_clean(task: Task, file: DependencyFile, old: Declaration | None, new: Declaration) -> bool:
    """Whether no interpreter has a complaint about `new` in the place of `old` (None: added)."""
    return not any(one.subject == new for one in _complaints(task, file, old, new))


def _complaints(
    task: Task,
    file: DependencyFile,
    old: Declaration | None,
    new: Declaration,
    others: Sequence[tuple[Declaration, Declaration]] = (),
) -> list[Finding]:
    """What would be wrong with `new` in the place of `old` (None: added), and with the rest.

    `others` are replaced with it. What a declaration brings in is its own affair: it did so
    before.
    """
    gone = [old, *(before for before, _ in others)]
    kept = (one for one in file.declarations if not any(one is other for other in gone))
    come = (new, *(after for _, after in others))
    near = formats.joined(file, task.facts.files)
    rest = (one for one in near if one.document.path != file.document.path)
    changed = file._replace(declarations=(*kept, *come))
    found = task.match(task.facts._replace(files=(*rest, changed), sources=()))
    return [
        one
        for one in found
        if one.level > Level.NOTE
        and one.status != "ignored"
        and isinstance(one.subject, Declaration)
        and one.distribution == one.subject.name
    ]


def for_limit(task: Task, name: str) -> Remedy | None:
    """The first remedy for a distribution that no interpreter has a complaint about."""
    for remedy in task.remedies:
        if name in remedy.constraint:
            wanted = remedy.constraint[name]
            limit = Declaration(name, wanted, Span(0, 0), accepts=(wanted,))
            if is_clean(task, task.facts.files[0]._replace(includes=()), None, limit):
                return remedy
    return None
