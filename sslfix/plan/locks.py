"""Fixes of what tools lock: their manifests edited, and the lock files made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sslfix import formats
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.model import (
    Advice,
    Applicability,
    Declaration,
    DependencyFile,
    Edit,
    Facts,
    Fix,
    Lock,
    Relock,
    Remedy,
)

from . import edits, markers, remedies
from .tasks import Task, by_hand


def relock(task: Task, subject: Declaration, file: DependencyFile) -> Fix | None:
    """The manifest limited, then the lock file made anew by its own tool."""
    lock = formats.lock_of(file)
    if lock is None:
        return by_hand(task.remedies)
    path = formats.manifests(file, lock)[0]
    limited = _limit(task, subject, file, lock) if manifests(file, task.facts) else None
    if limited is None:
        return _relock_by_hand(task, subject, lock, path)
    path = limited.edits[0].path if limited.edits else path
    wanted, sections = {subject.name: limited.specifier}, (subject.section,)
    declared = (one for manifest in manifests(file, task.facts) for one in manifest.declarations)
    named = any(one.name == subject.name for one in declared)
    typed = lock.typed if named or lock.limit is None else lock.limit
    action = Relock(file.document.path, lock.tool, wanted, sections, typed(wanted, sections))
    relocks = [action, *_beside(task, subject, file, limited)]
    title = _("{requirement} in {path}, then re-lock with {tool}").format(
        requirement=subject.name + limited.specifier,
        path=path,
        tool=all_of(dict.fromkeys(one.tool for one in relocks)),
    )
    return Fix(title, limited.applicability, (*limited.edits, *relocks), limited.remedy.why)


def _beside(
    task: Task, subject: Declaration, file: DependencyFile, limited: _Limited
) -> Iterator[Relock]:
    """The re-locks of other lock files with the same distribution, from the same manifests."""
    edited = {one.path for one in limited.edits}
    for manifest in task.facts.files:
        if manifest.document.path not in edited:
            continue
        for other, lock in made_from(task, manifest, subject.name):
            if other is not file and any(one.name == subject.name for one in other.declarations):
                yield relocking(other, lock, subject.name, limited.specifier, "")


def _relock_by_hand(task: Task, subject: Declaration, lock: Lock, path: str) -> Fix | None:
    remedy = remedies.for_limit(task, subject.name)
    if remedy is None:
        return by_hand(task.remedies)
    wanted = {subject.name: remedy.constraint[subject.name]}
    commands = tuple(" ".join(one) for one in lock.typed(wanted, (subject.section,)))
    requirement = f"{subject.name}{wanted[subject.name]}"
    what = _("limit {requirement} in {path}, which could not be edited")
    advice = Advice(what.format(requirement=requirement, path=path), commands)
    return Fix(requirement, Applicability.DISPLAY, (advice,), remedy.why)


class _Limited(NamedTuple):
    """A manifest that excludes what fails: the edits that make it so, and what it then says."""

    edits: tuple[Edit, ...]
    specifier: str
    applicability: Applicability
    remedy: Remedy


def _limit(task: Task, subject: Declaration, file: DependencyFile, lock: Lock) -> _Limited | None:
    """The manifests' own declarations changed, or one added if that section has none."""
    section = lock.sections.get(subject.section)
    found = manifests(file, task.facts)
    own = [
        (manifest, one)
        for manifest in found
        for one in manifest.declarations
        if one.name == subject.name and section in {None, one.section}
    ]
    if own:
        return _limit_own(task, own, lock)
    remedy = remedies.for_limit(task, subject.name)
    if remedy is None:
        return None
    specifier = lock.spell(remedy.constraint[subject.name])
    limited = _Limited((), specifier, remedy.applicability, remedy)
    place = _place(task, subject.name, found, file)
    own_way = lock.constrain if place.format == "pyproject.toml" else None
    within = section or subject.section
    requirement = subject.name + specifier
    if lock.forks:
        forked = markers.fork(subject) or markers.who_needs(task, subject.name, file)
        requirement += markers.marker(forked)
    edit = edits.added(task, requirement, place, within, own_way)
    if edit is None:
        return limited if lock.unaided else None
    return limited._replace(edits=(edit,))


def _limit_own(
    task: Task, own: Sequence[tuple[DependencyFile, Declaration]], lock: Lock
) -> _Limited | None:
    limited = _Limited((), own[0][1].specifier, Applicability.SAFE, task.remedies[0])
    for manifest, declaration in own:
        if remedies.is_clean(task, manifest, declaration, declaration):
            continue
        chosen = remedies.choose(task, declaration, manifest)
        if chosen is None:
            return None
        specifier = lock.spell(chosen.specifier)
        moving = ((old, lock.spell(new.specifier)) for old, new in chosen.others)
        changed = edits.moved(task, manifest, ((declaration, specifier), *moving))
        if changed is None:
            return None
        applicability = min(limited.applicability, chosen.applicability)
        limited = _Limited((*limited.edits, *changed), specifier, applicability, chosen.remedy)
    return limited


def _place(
    task: Task, name: str, found: Sequence[DependencyFile], file: DependencyFile
) -> DependencyFile:
    """Which of a lock file's manifests takes a limit.

    The one that another lock file is made from that holds the same distribution (`dev.in` includes
    `base.in`); else the constraints file in use; else the first.
    """
    for manifest in found:
        for other, _lock in made_from(task, manifest, name):
            if other is not file and found[0] not in manifests(other, task.facts):
                return _place(task, name, manifests(other, task.facts), other)
    used = (edits.constraints_file(one, task.facts) for one in found)
    return next((one for one in used if one is not None), found[0])


def relocking(file: DependencyFile, lock: Lock, name: str, specifier: str, section: str) -> Relock:
    """The re-lock of the sections that hold a distribution and come from a manifest's section."""
    held = [one.section for one in file.declarations if one.name == name]
    made = [one for one in held if lock.sections.get(one) in {None, section}]
    usual = [one for one, from_ in lock.sections.items() if from_ == section]
    sections = tuple(dict.fromkeys(made or usual or held))
    path, wanted = file.document.path, {name: specifier}
    return Relock(path, lock.tool, wanted, sections, lock.typed(wanted, sections))


def made_from(task: Task, manifest: DependencyFile, name: str) -> list[tuple[DependencyFile, Lock]]:
    """The lock files that an edit of a manifest makes out of date: they have to be made anew."""
    found = []
    for file in task.facts.files:
        lock = formats.lock_of(file)
        if lock is None:
            continue
        own = manifest.document.path in formats.manifests(file, lock)
        if not own and all(one.name != name for one in file.declarations):
            continue
        if any(one is manifest for one in manifests(file, task.facts)):
            found.append((file, lock))
    return found


def manifests(file: DependencyFile, facts: Facts) -> list[DependencyFile]:
    """What a lock file is made from, as far as it was read: its manifests and what they include.

    Of a lock file that they include (`-c requirements.txt`), again what that is made from.
    """
    found: list[DependencyFile] = []
    lock, known = formats.lock_of(file), {one.document.path: one for one in facts.files}
    waiting = list(formats.manifests(file, lock)) if lock else []
    seen = {file.document.path}
    while waiting:
        one = known.get(waiting.pop(0))
        if one is None or one.document.path in seen:
            continue
        seen.add(one.document.path)
        lock = formats.lock_of(one)
        waiting += formats.manifests(one, lock) if lock else ()
        waiting += [formats.included_path(one, include) for include in one.includes]
        found += [one] if lock is None else []
    return found
