"""Limits taken back when nothing needs them any more."""

from __future__ import annotations

from sslfix import formats, reasons
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.model import Advice, Applicability, Declaration, DependencyFile, Edit, Fix, Relock, Span

from . import declared, locks
from .tasks import Task


def lift(task: Task, subject: Declaration) -> Fix:
    """A limit taken back: what sslfix added goes, what it changed says again what it said."""
    remedy, path = task.remedies[0], task.finding.locations[0].path
    file = next(one for one in task.facts.files if one.document.path == path)
    told = next(reasons.read(file, subject))
    if told.was is None:
        edits, title = _removed(file, subject), _("remove {declared}")
    else:
        edits, title = _restored(file, subject, told), _("{name}{was} again, as it was")
    title = title.format(declared=task.finding.declared, name=subject.name, was=told.was)
    if edits is None:
        advice = Advice(title)
        return Fix(title, Applicability.DISPLAY, (advice,), remedy.why)
    relocks = _relocks(task, file, subject, told)
    if relocks:
        tools = all_of(dict.fromkeys(one.tool for one in relocks))
        title = _("{title}, then re-lock with {tool}").format(title=title, tool=tools)
    return Fix(title, remedy.applicability, (*edits, *relocks), remedy.why)


def _relocks(
    task: Task, file: DependencyFile, subject: Declaration, told: reasons.Reason
) -> list[Relock]:
    """Lock files made to agree; what they hold moves only where an exact pin is back."""
    was = told.was or ""
    wanted = {subject.name: was} if was.startswith("==") else {}
    relocks = [declared.hashing(file, wanted)] if subject.hashes else []
    for locked, lock in locks.made_from(task, file, subject.name):
        held = [one.section for one in locked.declarations if one.name == subject.name]
        sections = tuple(dict.fromkeys(held))
        typed = lock.typed(wanted, sections)
        relocks.append(Relock(locked.document.path, lock.tool, wanted, sections, typed))
    return relocks


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
    path, text = file.document.path, file.document.text
    start = len(text[: told.span.start].rstrip(" \t"))
    silence = Edit(path, Span(start, told.span.end), "")
    if subject.hashes:
        return (silence,)
    return (Edit(path, subject.specifier_span, told.was or ""), silence)
