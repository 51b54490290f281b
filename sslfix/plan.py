"""Findings to fixes, and fixes to a plan that was tried on the text before anything is written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from . import formats, specifiers
from .language import all_of
from .language import say as _
from .model import (
    Advice,
    Applicability,
    Constrain,
    Declaration,
    DependencyFile,
    Distribution,
    Edit,
    Facts,
    Finding,
    Fix,
    Include,
    Install,
    Interpreter,
    Kind,
    Level,
    Lock,
    Matcher,
    Plan,
    Recreate,
    Relock,
    Remedy,
    Span,
)

# --------------------------------------------------------------------------- one finding


class _Task(NamedTuple):
    """A finding to cure, the remedies of its page that suit the interpreter, and the world."""

    finding: Finding
    remedies: tuple[Remedy, ...]
    facts: Facts
    match: Matcher


def propose(finding: Finding, facts: Facts, match: Matcher) -> Fix | None:
    """What would cure a finding, by the remedy of its page that suits this project best."""
    interpreter = next(one for one in facts.interpreters if one.id == finding.interpreter)
    remedies = tuple(one for one in finding.case.remedies if _suits(one, interpreter))
    task = _Task(finding, remedies, facts, match)
    if finding.case.when.detector == "stale-environment" and interpreter.environment is not None:
        return _recreate(task, interpreter.environment.path)
    if not remedies or not remedies[0].constraint:
        return _advice(remedies)  # the page's first choice is something that only a person can do
    subject = finding.subject
    if isinstance(subject, Distribution):
        return _install(task, subject, interpreter)
    if isinstance(subject, Declaration):
        file = next(one for one in facts.files if one.document.path == finding.locations[0].path)
        if subject.kind == Kind.LOCK or manifests(file, facts):
            return _relock(task, subject, file)
        return _edit(task, subject, file)
    return None


def _suits(remedy: Remedy, interpreter: Interpreter) -> bool:
    if remedy.platform and remedy.platform != interpreter.markers.get("sys_platform"):
        return False
    return not remedy.python or specifiers.holds(interpreter.version, remedy.python)


def _advice(remedies: Sequence[Remedy]) -> Fix | None:
    for remedy in remedies:
        if remedy.action:
            advice = Advice(remedy.action, remedy.commands)
            return Fix(remedy.action, Applicability.DISPLAY, (advice,), remedy.why)
    return None


def _recreate(task: _Task, path: str) -> Fix:
    remedy = task.remedies[0]
    action = Recreate(path, task.finding.message)
    return Fix(_("recreate {path}").format(path=path), remedy.applicability, (action,), remedy.why)


def _install(task: _Task, subject: Distribution, interpreter: Interpreter) -> Fix | None:
    """The release that the project's own files pin, if that one works, else the remedy's."""
    environment = interpreter.environment
    remedy = next((one for one in task.remedies if subject.name in one.constraint), None)
    if remedy is None or environment is None:
        return _advice(task.remedies)
    affected = task.finding.case.affected[subject.name]
    pinned = {
        one.version
        for file in task.facts.files
        for one in file.declarations
        if one.name == subject.name and one.version is not None
    }
    good = [version for version in pinned if not specifiers.holds(version, affected)]
    specifier = f"=={good[0]}" if len(pinned) == len(good) == 1 else remedy.constraint[subject.name]
    with_it = (
        one.name + remedy.constraint[one.name]
        for one in interpreter.distributions
        if one.name != subject.name
        and one.name in remedy.constraint
        and not specifiers.holds(one.version, remedy.constraint[one.name])
    )
    requirements = (subject.name + specifier, *with_it)
    title = _("install {requirements} into {path}").format(
        requirements=" ".join(requirements), path=environment.path
    )
    if environment.made_by == "conda":  # its own tool keeps the books of what is in it
        quoted = " ".join(f"'{requirement}'" for requirement in requirements)
        advice = Advice(title, (f"conda install -p {environment.path} {quoted}",))
        return Fix(title, Applicability.DISPLAY, (advice,), remedy.why)
    action = Install(environment.path, requirements)
    return Fix(title, remedy.applicability, (action,), remedy.why)


def _edit(task: _Task, subject: Declaration, file: DependencyFile) -> Fix | None:
    name = task.finding.distribution or subject.name
    if name != subject.name:
        return _constrain(task, name, file, subject.section)
    chosen = _choose(task, subject, file)
    if chosen is None:
        return _advice(task.remedies)
    remedy, specifier, applicability, others = chosen
    locks = _locks_of(task, file, name)
    specifier = locks[0][1].spell(specifier) if locks else specifier
    moving = [(subject, specifier), *((old, new.specifier) for old, new in others)]
    title = ", ".join(old.name + new for old, new in moving)
    if subject.hashes and not locks:
        return _repin(file, moving, title, chosen)
    edits = _moved(file, moving)
    if edits is None:
        what = _("change {declared} to {title} where it comes from: it is not edited by hand")
        what = what.format(declared=task.finding.declared, title=title)
        return Fix(title, Applicability.DISPLAY, (Advice(what),), remedy.why)
    if not locks:
        return Fix(title, applicability, edits, remedy.why)
    relocks = [_relocking(*one, name, specifier, subject.section) for one in locks]
    tools = all_of(dict.fromkeys(one.tool for one in relocks))
    title = _("{title}, then re-lock with {tool}").format(title=title, tool=tools)
    return Fix(title, applicability, (*edits, *relocks), remedy.why)


def _repin(
    file: DependencyFile, moving: Sequence[tuple[Declaration, str]], title: str, chosen: _Choice
) -> Fix:
    """Other releases with their hashes, which have to be asked for."""
    wanted = {one.name: specifier for one, specifier in moving}
    requirements = tuple(name + specifier for name, specifier in wanted.items())
    command = ("uv", "pip", "compile", "--no-deps", "--generate-hashes", "--no-header", "-")
    action = Relock(
        file.document.path, "uv", wanted, (), (("printf", "%s\\n", *requirements), command)
    )
    title = _("{title} with its hashes").format(title=title)
    return Fix(title, chosen.applicability, (action,), chosen.remedy.why)


def _locks_of(
    task: _Task, manifest: DependencyFile, name: str
) -> list[tuple[DependencyFile, Lock]]:
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
        waiting += [included_path(one, include) for include in one.includes]
        found += [one] if lock is None else []
    return found


def _relocking(file: DependencyFile, lock: Lock, name: str, specifier: str, section: str) -> Relock:
    """The re-lock of the sections that hold a distribution and come from a manifest's section."""
    held = [one.section for one in file.declarations if one.name == name]
    made = [one for one in held if lock.sections.get(one) in {None, section}]
    usual = [one for one, from_ in lock.sections.items() if from_ == section]
    sections = tuple(dict.fromkeys(made or usual or held))
    path, wanted = file.document.path, {name: specifier}
    return Relock(path, lock.tool, wanted, sections, lock.typed(wanted, sections))


class _Choice(NamedTuple):
    """A remedy for a declaration: what it then says, and the others that move with it."""

    remedy: Remedy
    specifier: str
    applicability: Applicability
    others: tuple[tuple[Declaration, Declaration], ...]


def _choose(task: _Task, subject: Declaration, file: DependencyFile) -> _Choice | None:
    """The first remedy that agrees with the author and with every interpreter, else the first.

    An exact pin says what was current when it was written: replacing it is as safe as the page
    says. A range says what the author wants: a remedy that contradicts it is unsafe.
    """
    contradicting: _Choice | None = None
    for remedy in task.remedies:
        wanted = remedy.constraint.get(subject.name)
        if wanted is None:
            continue
        specifier = _specifier(task.finding, subject, wanted, replace=_contradicts(subject, wanted))
        changed = subject._replace(specifier=specifier, accepts=(specifier,), version=None)
        others = tuple(_companions(remedy, subject, file))
        if not _is_clean(task, file, subject, changed, others):
            continue
        choice = _Choice(remedy, specifier, remedy.applicability, others)
        moving = [subject, *(old for old, _ in others)]
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
    remedy: Remedy, subject: Declaration, file: DependencyFile
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
            yield one, one._replace(specifier=wanted, accepts=(wanted,), version=None)


def _specifier(finding: Finding, subject: Declaration, wanted: str, *, replace: bool) -> str:
    plain = len(subject.accepts) == 1 and subject.accepts[0] == subject.specifier
    if replace or subject.version is not None or not plain:
        return wanted
    return specifiers.narrow(subject.specifier, wanted, finding.case.affected.get(subject.name, ""))


def _is_clean(
    task: _Task,
    file: DependencyFile,
    old: Declaration | None,
    new: Declaration,
    others: Sequence[tuple[Declaration, Declaration]] = (),
) -> bool:
    """Whether no interpreter has a complaint about `new` in the place of `old` (None: added).

    `others` are replaced with it, and nothing may be wrong with them either.
    """
    gone = [old, *(before for before, _ in others)]
    kept = (one for one in file.declarations if not any(one is other for other in gone))
    come = (new, *(after for _, after in others))
    rest = tuple(one for one in task.facts.files if one.document.path != file.document.path)
    changed = file._replace(declarations=(*kept, *come))
    found = task.match(task.facts._replace(files=(*rest, changed), sources=()))
    return not any(one.level > Level.NOTE and one.subject in come for one in found)


def _moved(
    file: DependencyFile, changes: Iterable[tuple[Declaration, str]]
) -> tuple[Edit, ...] | None:
    """The edits that make each declaration say its specifier, None if one cannot be edited."""
    edits = [_respecify(file, declaration, specifier) for declaration, specifier in changes]
    return None if None in edits else tuple(edit for edit in edits if edit)


def _respecify(file: DependencyFile, subject: Declaration, specifier: str) -> Edit | None:
    format_ = formats.by_name(file.format)
    span = subject.specifier_span
    if format_ is None or format_.respecify is None or span is None:
        return None
    return Edit(file.document.path, span, format_.respecify(file.document, subject, specifier))


def _constrain(task: _Task, name: str, file: DependencyFile, section: str) -> Fix | None:
    """A limit for a distribution that the project does not name, where its tool reads one."""
    remedy = _clean_remedy(task, name)
    if remedy is None:
        return _advice(task.remedies)
    place = _constraints_file(file, task.facts) or file
    requirement, path = name + remedy.constraint[name], place.document.path
    edit = _added(task, requirement, place, section if place is file else "")
    if edit is None:
        what = _("limit {requirement} in {path}, which has no place that sslfix may edit")
        advice = Advice(what.format(requirement=requirement, path=path))
        return Fix(requirement, Applicability.DISPLAY, (advice,), remedy.why)
    applicability = remedy.applicability
    if _publishes(place, edit):  # what a project asks for is not widened without being asked
        applicability = min(applicability, Applicability.UNSAFE)
    title = _("{requirement} in {path}").format(requirement=requirement, path=path)
    return Fix(title, applicability, (edit,), remedy.why)


_PUBLISHED = re.compile(
    r"project\.|optional\.|poetry\.dependencies|(?:options\.)?(?:install_requires|extras_require)"
)


def _publishes(file: DependencyFile, edit: Edit) -> bool:
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


def _clean_remedy(task: _Task, name: str) -> Remedy | None:
    """The first remedy for a distribution that no interpreter has a complaint about."""
    for remedy in task.remedies:
        if name in remedy.constraint:
            wanted = remedy.constraint[name]
            limit = Declaration(name, wanted, Span(0, 0), accepts=(wanted,))
            if _is_clean(task, task.facts.files[0]._replace(includes=()), None, limit):
                return remedy
    return None


def _added(
    task: _Task,
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
    return constrain(file, name, specifier, f"sslfix: {task.finding.rule.id}", section)


def _constraints_file(file: DependencyFile, facts: Facts) -> DependencyFile | None:
    """The constraints file in use, unless a tool writes it."""
    included = {included_path(file, one) for one in file.includes if one.constraint}
    for one in facts.files:
        if one.document.path in included and formats.lock_of(one) is None:
            return one
    return None


def included_path(file: DependencyFile, include: Include) -> str:
    """The path of an included file as documents state it; pip reads it beside the includer."""
    folder = posixpath.dirname(file.document.path)
    return posixpath.normpath(posixpath.join(folder, include.target))


def _relock(task: _Task, subject: Declaration, file: DependencyFile) -> Fix | None:
    """The manifest limited, then the lock file made anew by its own tool."""
    lock = formats.lock_of(file)
    if lock is None:
        return _advice(task.remedies)
    path = formats.manifests(file, lock)[0]
    limited = _limit(task, subject, file, lock) if manifests(file, task.facts) else None
    if limited is None:
        return _relock_by_hand(task, subject, lock, path)
    path = limited.edits[0].path if limited.edits else path
    wanted, sections = {subject.name: limited.specifier}, (subject.section,)
    typed = lock.typed(wanted, sections)
    action = Relock(file.document.path, lock.tool, wanted, sections, typed)
    title = _("{requirement} in {path}, then re-lock with {tool}").format(
        requirement=subject.name + limited.specifier, path=path, tool=lock.tool
    )
    return Fix(title, limited.applicability, (*limited.edits, action), limited.remedy.why)


def _relock_by_hand(task: _Task, subject: Declaration, lock: Lock, path: str) -> Fix | None:
    remedy = _clean_remedy(task, subject.name)
    if remedy is None:
        return _advice(task.remedies)
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


def _limit(task: _Task, subject: Declaration, file: DependencyFile, lock: Lock) -> _Limited | None:
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
    remedy = _clean_remedy(task, subject.name)
    if remedy is None:
        return None
    specifier = lock.spell(remedy.constraint[subject.name])
    limited = _Limited((), specifier, remedy.applicability, remedy)
    place = _place(task, subject.name, found, file)
    own_way = lock.constrain if place.format == "pyproject.toml" else None
    within = section or subject.section
    requirement = subject.name + specifier + (_fork(subject) if lock.forks else "")
    edit = _added(task, requirement, place, within, own_way)
    if edit is None:
        return limited if lock.unaided else None
    return limited._replace(edits=(edit,))


def _fork(locked: Declaration) -> str:
    """The marker that limits a limit to the fork that a locked distribution is for."""
    alternatives = [f"({one})" for one in locked.marker.split(" | ") if one]
    if not alternatives or "extra" in locked.marker:  # uv's own names for groups in conflict
        return ""
    marker = " or ".join(alternatives) if len(alternatives) > 1 else locked.marker
    return f" ; {marker}"


def _place(
    task: _Task, name: str, found: Sequence[DependencyFile], file: DependencyFile
) -> DependencyFile:
    """Which of a lock file's manifests takes a limit.

    The one that another lock file is made from that holds the same distribution (`dev.in` includes
    `base.in`); else the constraints file in use; else the first.
    """
    for manifest in found:
        for other, _lock in _locks_of(task, manifest, name):
            if other is not file and found[0] not in manifests(other, task.facts):
                return _place(task, name, manifests(other, task.facts), other)
    used = (_constraints_file(one, task.facts) for one in found)
    return next((one for one in used if one is not None), found[0])


def _limit_own(
    task: _Task, own: Sequence[tuple[DependencyFile, Declaration]], lock: Lock
) -> _Limited | None:
    limited = _Limited((), own[0][1].specifier, Applicability.SAFE, task.remedies[0])
    for manifest, declaration in own:
        if _is_clean(task, manifest, declaration, declaration):
            continue
        chosen = _choose(task, declaration, manifest)
        if chosen is None:
            return None
        specifier = lock.spell(chosen.specifier)
        moving = ((old, lock.spell(new.specifier)) for old, new in chosen.others)
        edits = _moved(manifest, ((declaration, specifier), *moving))
        if edits is None:
            return None
        applicability = min(limited.applicability, chosen.applicability)
        limited = _Limited((*limited.edits, *edits), specifier, applicability, chosen.remedy)
    return limited


# --------------------------------------------------------------------------- all findings


def make(
    findings: Iterable[Finding], allowed: Applicability, selected: Callable[[Finding], bool]
) -> Plan:
    """Which fixes will be carried out, and why the others will not be.

    Fixes of notes are taken only when the user selected their rule.
    """
    fixes, withheld = [], []
    for finding in findings:
        reason = _withheld(finding, allowed, selected)
        if reason:
            withheld.append(finding._replace(status="withheld", withheld=reason))
        else:
            fixes.append(finding)
    return Plan(tuple(fixes), tuple(withheld))


def _withheld(finding: Finding, allowed: Applicability, selected: Callable[[Finding], bool]) -> str:
    if finding.fix is None or finding.fix.applicability == Applicability.DISPLAY:
        return _("only a person can do this")
    if finding.fix.applicability < allowed:
        return _("it may not be what the author wants; --unsafe applies it")
    if finding.level == Level.NOTE and not selected(finding):
        option = f"--select {finding.rule.id}"
        return _("notes are fixed only when selected ({option})").format(option=option)
    return ""
