"""Edits of the files that people write: another specifier, a limit that was not there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sslfix import formats, reasons, specifiers
from sslfix.model import Constrain, Declaration, DependencyFile, Edit, Facts, Kind

from .tasks import Task


def moved(
    task: Task, file: DependencyFile, changes: Iterable[tuple[Declaration, str]]
) -> tuple[Edit, ...] | None:
    """The edits that make each declaration say its specifier, None if one cannot be edited.

    A limit says why it is there.
    """
    edits: list[Edit | None] = []
    for declaration, specifier in changes:
        edit = _respecify(file, declaration, specifier)
        if edit is None:
            return None
        edits += [edit, reasons.remark(task.finding, file, declaration)]
    return tuple(edit for edit in edits if edit)


def _respecify(file: DependencyFile, subject: Declaration, specifier: str) -> Edit | None:
    format_ = formats.by_name(file.format)
    span = subject.specifier_span
    if format_ is None or format_.respecify is None or span is None:
        return None
    return Edit(file.document.path, span, format_.respecify(file.document, subject, specifier))


def added(
    task: Task,
    requirement: str,
    file: DependencyFile,
    section: str = "",
    constrain: Constrain | None = None,
) -> Edit | None:
    format_ = formats.by_name(file.format)
    constrain = constrain or (format_.constrain if format_ else None)
    if constrain is None:
        return None
    name, specifier = specifiers.split(requirement)
    return constrain(file, name, specifier, reasons.comment(task.finding, name), section)


_PUBLISHED = re.compile(
    r"project\.|optional\.|poetry\.dependencies|(?:options\.)?(?:install_requires|extras_require)"
)


def publishes(file: DependencyFile, edit: Edit) -> bool:
    """Whether an edit adds to what is installed along with a project."""
    format_, document = formats.by_name(file.format), file.document
    text = document.text[: edit.span.start] + edit.text + document.text[edit.span.end :]
    again = format_.read(document._replace(text=text)).declarations if format_ else ()
    end = edit.span.start + len(edit.text)
    return any(
        edit.span.start <= one.span.start < end
        and one.kind == Kind.REQUIREMENT
        and _PUBLISHED.match(one.section)
        for one in again
    )


def constraints_file(file: DependencyFile, facts: Facts) -> DependencyFile | None:
    """The constraints file in use, unless a tool writes it."""
    included = {formats.included_path(file, one) for one in file.includes if one.constraint}
    for one in facts.files:
        if one.document.path in included and formats.lock_of(one) is None:
            return one
    return None
