"""Fixes of what people declare: another specifier, hashes, a limit for what comes along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslfix import reasons
from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.model import Action, Advice, Applicability, Declaration, DependencyFile, Fix, Relock

from . import edits, locks, markers, remedies
from .tasks import Task, by_hand


def edit(task: Task, subject: Declaration, file: DependencyFile) -> Fix | None:
    """The declaration changed, or a limit beside it for what it brings along."""
    name = task.finding.distribution or subject.name
    if name != subject.name:
        return _constrain(task, name, file, subject.section)
    chosen = remedies.choose(task, subject, file)
    if chosen is None:
        return by_hand(task.remedies)
    remedy, specifier, applicability, others = chosen
    made_from_it = locks.made_from(task, file, name)
    specifier = made_from_it[0][1].spell(specifier) if made_from_it else specifier
    moving = [(subject, specifier), *((old, new.specifier) for old, new in others)]
    title = ", ".join(old.name + new for old, new in moving)
    if subject.hashes and not made_from_it:
        return _repin(task, file, moving, title, chosen)
    changed = edits.moved(task, file, moving)
    if changed is None:
        what = _("change {declared} to {title} where it comes from: it is not edited by hand")
        what = what.format(declared=task.finding.declared, title=title)
        return Fix(title, Applicability.DISPLAY, (Advice(what),), remedy.why)
    if not made_from_it:
        return Fix(title, applicability, changed, remedy.why)
    relocks = [locks.relocking(*one, name, specifier, subject.section) for one in made_from_it]
    tools = all_of(dict.fromkeys(one.tool for one in relocks))
    title = _("{title}, then re-lock with {tool}").format(title=title, tool=tools)
    return Fix(title, applicability, (*changed, *relocks), remedy.why)


def _repin(
    task: Task,
    file: DependencyFile,
    moving: Sequence[tuple[Declaration, str]],
    title: str,
    chosen: remedies.Choice,
) -> Fix:
    """Other releases with their hashes, which have to be asked for."""
    remarks = (reasons.remark(task.finding, file, one) for one, _specifier in moving)
    action = hashing(file, {one.name: specifier for one, specifier in moving})
    title = _("{title} with its hashes").format(title=title)
    actions: tuple[Action, ...] = (*(one for one in remarks if one), action)
    return Fix(title, chosen.applicability, actions, chosen.remedy.why)


def hashing(file: DependencyFile, wanted: Mapping[str, str]) -> Relock:
    """Those releases with the hashes of all their files, in a file that people write."""
    requirements = tuple(name + specifier for name, specifier in wanted.items())
    command = ("uv", "pip", "compile", "--no-deps", "--generate-hashes", "--no-header", "-")
    typed = (("printf", "%s\\n", *requirements), command)
    return Relock(file.document.path, "uv", wanted, (), typed)


def _constrain(task: Task, name: str, file: DependencyFile, section: str) -> Fix | None:
    """A limit for a distribution that the project does not name, where its tool reads one."""
    remedy = remedies.for_limit(task, name)
    if remedy is None:
        return by_hand(task.remedies)
    place = edits.constraints_file(file, task.facts) or file
    requirement, path = name + remedy.constraint[name], place.document.path
    marked = requirement
    if place.format == "requirements.txt":
        marked += markers.marker(markers.who_needs(task, name, file))
    added = edits.added(task, marked, place, section if place is file else "")
    if added is None:
        what = _("limit {requirement} in {path}, which has no place that sslfix may edit")
        advice = Advice(what.format(requirement=requirement, path=path))
        return Fix(requirement, Applicability.DISPLAY, (advice,), remedy.why)
    applicability = remedy.applicability
    if edits.publishes(place, added):  # what a project asks for is not widened without being asked
        applicability = min(applicability, Applicability.UNSAFE)
    title = _("{requirement} in {path}").format(requirement=requirement, path=path)
    return Fix(title, applicability, (added,), remedy.why)
