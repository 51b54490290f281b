"""Limits for some interpreters only: the markers that tell these from the others."""

from __future__ import annotations

from collections.abc import Sequence

from sslfix.model import Declaration, DependencyFile, Interpreter, Level

from .tasks import Task


def fork(locked: Declaration) -> str:
    """The marker that limits a limit to the fork that a locked distribution is for."""
    alternatives = [f"({one})" for one in locked.marker.split(" | ") if one]
    if not alternatives or "extra" in locked.marker:  # uv's own names for groups in conflict
        return ""
    return " or ".join(alternatives) if len(alternatives) > 1 else locked.marker


def marker(marker: str) -> str:
    return f" ; {marker}" if marker else ""


def who_needs(task: Task, name: str, file: DependencyFile) -> str:
    """The marker for those judged interpreters that need a limit.

    "" if all do, or if neither their version nor their platform tells them from the others.
    """
    path = file.document.path
    judged = [one for one in task.facts.interpreters if one.judges is None or path in one.judges]
    if len(judged) < 2:
        return ""
    found = [one for one in task.match(task.facts) if one.distribution == name]
    failing = {one.interpreter for one in found if one.level > Level.NOTE}
    needing = [one for one in judged if one.id in failing]
    others = [one for one in judged if one.id not in failing]
    return _apart(needing, others) if needing and others else ""


def _apart(some: Sequence[Interpreter], others: Sequence[Interpreter]) -> str:
    mine, theirs = (sorted(map(_minor, people)) for people in (some, others))
    if mine[-1] < theirs[0]:  # those between are nobody's: they are left alone
        major, minor = mine[-1]
        return f"python_version < '{major}.{minor + 1}'"
    if mine[0] > theirs[-1]:
        return "python_version >= '{}.{}'".format(*mine[0])
    here, there = ({one.markers["sys_platform"] for one in people} for people in (some, others))
    if here & there:
        return ""
    return " or ".join(f"sys_platform == '{one}'" for one in sorted(here))


def _minor(interpreter: Interpreter) -> tuple[int, int]:
    major, minor = interpreter.version.split(".")[:2]
    return int(major), int(minor)
