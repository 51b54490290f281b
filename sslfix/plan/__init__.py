"""Findings to fixes, and fixes to a plan. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sslfix import specifiers
from sslfix.language import say as _
from sslfix.model import (
    Advice,
    Applicability,
    Declaration,
    Distribution,
    Facts,
    Finding,
    Fix,
    Install,
    Interpreter,
    Kind,
    Level,
    Matcher,
    Plan,
    Recreate,
    Remedy,
)

from . import declared, lifting, locks
from .tasks import Task, by_hand


def propose(
    finding: Finding, facts: Facts, match: Matcher, versions: Mapping[str, str] | None = None
) -> Fix | None:
    """What would cure a finding, by the remedy of its page that suits this project best.

    `versions` are those that a resolver chose: they replace exact pins.
    """
    interpreter = next(one for one in facts.interpreters if one.id == finding.interpreter)
    remedies = tuple(one for one in finding.case.remedies if suits(one, interpreter))
    task = Task(finding, remedies, facts, match, versions or {})
    if not remedies or not remedies[0].constraint:
        # The page's first choice is something that only a detector's findings or a person can do.
        return _detected(task, interpreter) or by_hand(remedies)
    subject = finding.subject
    if isinstance(subject, Distribution):
        return _install(task, subject, interpreter)
    if isinstance(subject, Declaration):
        file = next(one for one in facts.files if one.document.path == finding.locations[0].path)
        if subject.kind == Kind.LOCK or locks.manifests(file, facts):
            return locks.relock(task, subject, file)
        return declared.edit(task, subject, file)
    return None


def _detected(task: Task, interpreter: Interpreter) -> Fix | None:
    detector, subject = task.finding.case.when.detector, task.finding.subject
    makes_anew = detector == "stale-environment" and _is_for_sslfix(task.remedies)
    if makes_anew and interpreter.environment is not None:
        return _recreate(task, interpreter.environment.path)
    if detector.startswith("obsolete") and isinstance(subject, Declaration):
        return lifting.lift(task, subject)
    return _in_source(task, interpreter) if detector in {"patch-order", "removed-names"} else None


def _in_source(task: Task, interpreter: Interpreter) -> Fix | None:
    from . import sources  # `ast` and what reads code: only where there is a finding in some

    if task.finding.case.when.detector == "patch-order":
        return sources.move(task, interpreter)
    return sources.modernise(task)


def suits(remedy: Remedy, interpreter: Interpreter) -> bool:
    if remedy.platform and remedy.platform != interpreter.markers.get("sys_platform"):
        return False
    return not remedy.python or specifiers.holds(interpreter.version, remedy.python)


def _is_for_sslfix(remedies: Sequence[Remedy]) -> bool:
    """Whether the first remedy is more than an advice."""
    return bool(remedies) and remedies[0].applicability > Applicability.DISPLAY


def _recreate(task: Task, path: str) -> Fix:
    remedy = task.remedies[0]
    action = Recreate(path, task.finding.message)
    return Fix(_("recreate {path}").format(path=path), remedy.applicability, (action,), remedy.why)


def _install(task: Task, subject: Distribution, interpreter: Interpreter) -> Fix | None:
    """The release that the project's own files pin, if that one works, else the remedy's."""
    environment = interpreter.environment
    remedy = next((one for one in task.remedies if subject.name in one.constraint), None)
    if remedy is None or environment is None:
        return by_hand(task.remedies)
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
    if finding.fix.applicability < allowed and finding.case.when.detector in {
        "obsolete",
        "obsolete-told",
    }:
        return _(
            "another Python may need it still; name those that count (targets or python under "
            "[tool.sslfix]), or use --unsafe"
        )
    if finding.fix.applicability < allowed:
        return _("it may not be what the author wants; --unsafe applies it") + way_out(finding)
    if finding.level == Level.NOTE and not selected(finding):
        option = f"--select {finding.rule.id}"
        return _("notes are fixed only when selected ({option})").format(option=option)
    return ""


def way_out(finding: Finding) -> str:
    """What a person can do instead of a fix that changes what is required, as a last line."""
    remedies = () if finding.case.when.detector else finding.case.remedies
    action = next((one.action for one in remedies if one.action), "")
    return "\n" + _("another way: {action}").format(action=action) if action else ""
