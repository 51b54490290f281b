"""Limits taken back when nothing needs them any more."""

from __future__ import annotations

from sslfix import formats, reasons, specifiers
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.model import (
    Advice,
    Applicability,
    Declaration,
    DependencyFile,
    Document,
    Edit,
    Fix,
    Kind,
    Relock,
    Span,
)

from . import declared, locks
from .tasks import Task


def lift(task: Task, subject: Declaration) -> Fix:
    """A limit taken back: what sslfix added goes, what it changed says again what it said.

    What people limited loses the limit, and the comment beside it that says why.
    """
    remedy, path = task.remedies[0], task.finding.locations[0].path
    file = next(one for one in task.facts.files if one.document.path == path)
    edits, title, was = _taken_back(task, file, subject)
    if edits is None:
        advice = Advice(title)
        return Fix(title, Applicability.DISPLAY, (advice,), remedy.why)
    relocks = _relocks(task, file, subject, was)
    if relocks:
        tools = all_of(dict.fromkeys(one.tool for one in relocks))
        title = _("{title}, then re-lock with {tool}").format(title=title, tool=tools)
    return Fix(title, remedy.applicability, (*edits, *relocks), remedy.why)


def _taken_back(
    task: Task, file: DependencyFile, subject: Declaration
) -> tuple[tuple[Edit, ...] | None, str, str]:
    """The edits, a title for them, and the specifier that is then there."""
    told = next(reasons.read(file, subject), None)
    declared = task.finding.declared
    if told is None:
        was = specifiers.without_limits(subject.accepts[0])
        if subject.version is not None or subject.hashes:
            return None, _("raise {declared} as any other pin").format(declared=declared), was
        if subject.kind == Kind.CONSTRAINT and not was:
            edits, title = _removed(file, subject), _("remove {declared}")
        else:
            edits = _loosened(file, subject, was)
            title = _("{name}{was} instead of {declared}")
    elif told.was is None:
        was, edits, title = "", _removed(file, subject), _("remove {declared}")
    else:
        was, edits, title = (
            told.was,
            _restored(file, subject, told),
            _("{name}{was} again, as it was"),
        )
    return edits, title.format(declared=declared, name=subject.name, was=was), was


def _relocks(task: Task, file: DependencyFile, subject: Declaration, was: str) -> list[Relock]:
    """Lock files made to agree; what they hold moves only where an exact pin is back."""
    wanted = {subject.name: was} if was.startswith("==") else {}
    relocks = [declared.hashing(file, wanted)] if subject.hashes else []
    for locked, lock in locks.made_from(task, file, subject.name):
        held = [one.section for one in locked.declarations if one.name == subject.name]
        sections = tuple(dict.fromkeys(held))
        typed = lock.typed(wanted, sections)
        relocks.append(Relock(locked.document.path, lock.tool, wanted, sections, typed))
    return relocks


def _loosened(
    file: DependencyFile, subject: Declaration, specifier: str
) -> tuple[Edit, ...] | None:
    """The declaration with a wider specifier, and without the comment beside it."""
    format_ = formats.by_name(file.format)
    if format_ is None or format_.respecify is None or subject.specifier_span is None:
        return None
    path, document = file.document.path, file.document
    edit = Edit(path, subject.specifier_span, format_.respecify(document, subject, specifier))
    said = reasons.people_say(file, subject)
    if said is None or not said.beside:
        return (edit,)
    return (edit, _silenced(document, said.span))


def _silenced(document: Document, span: Span) -> Edit:
    """A comment taken out with the blanks before it."""
    start = len(document.text[: span.start].rstrip(" \t"))
    return Edit(document.path, Span(start, span.end), "")


def _removed(file: DependencyFile, subject: Declaration) -> tuple[Edit, ...] | None:
    format_ = formats.by_name(file.format)
    edit = formats.removal(file.document, format_, subject) if format_ else None
    return (edit,) if edit else None


def _restored(
    file: DependencyFile, subject: Declaration, told: reasons.Reason
) -> tuple[Edit, ...] | None:
    """The specifier as the author wrote it, and the comment gone with the blanks before it.

    That of a hashed pin is written with its hashes, which have to be asked for.
    """
    if subject.specifier_span is None:
        return None
    silence = _silenced(file.document, told.span)
    if subject.hashes:
        return (silence,)
    return (Edit(file.document.path, subject.specifier_span, told.was or ""), silence)
