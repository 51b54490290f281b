"""The work in a clone: check, repair, and what came of it, by groups of files.

The diff is exactly what `sslfix --apply` makes with the project's own configuration.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sslfix import formats, match, rules
from sslfix.collect.configuration import Settings
from sslfix.collect.hints import AUTO
from sslfix.errors import UsageError
from sslfix.model import (
    Applicability,
    Edit,
    Facts,
    Finding,
    Level,
    Problem,
    Relock,
)
from sslfix.session import PINS, Request, check, request_for
from sslfix.settle import Progress

WORKFLOWS = ".github/workflows/"
"""What no token of a workflow may push to, and no bot should."""


class Judged(NamedTuple):
    """Who judges where the project does not say it: words of the command line."""

    targets: tuple[str, ...] = ()
    python: tuple[str, ...] = ()


class Group(NamedTuple):
    """Files that are fixed together, with the findings that are gone and those that stay."""

    paths: tuple[str, ...]
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...] = ()

    @property
    def main(self) -> str:
        """The file that the branch is named after: the lock file, if there is one."""
        actions = (one for each in self.fixed for one in (each.fix.actions if each.fix else ()))
        locks = sorted(one.path for one in actions if isinstance(one, Relock))
        return next(iter(locks), self.paths[0])


class Work(NamedTuple):
    """What was found and done: facts before and after, groups, and what is left to people.

    `steps` are the lines that were told meanwhile.
    """

    before: Facts
    after: Facts
    groups: tuple[Group, ...] = ()
    left: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    steps: tuple[str, ...] = ()


@contextmanager
def inside(folder: str) -> Iterator[None]:
    """Work in that folder: paths in reports are seen from there."""
    old = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(old)


def request(settings: Settings, judged: Judged) -> Request:
    """What is checked: pins, for the targets named or those that the project's own files name.

    Raises UsageError for a word of the setting `unsafe` that means no rule.
    """
    for reason in (rules.unknown(word, rules.load()) for word in settings.bot.unsafe):
        if reason:
            raise UsageError(f"[tool.sslfix.bot] unsafe: {reason}")
    asked = request_for((".",), settings)._replace(
        only=(PINS,), confined=True, unsafe_for=settings.bot.unsafe
    )
    if judged.targets or judged.python:
        return asked._replace(targets=judged.targets, python=judged.python)
    return asked if asked.targets or asked.python else asked._replace(targets=(AUTO,))


def done(asked: Request, changed: Callable[[], Sequence[str]], tell: Progress) -> Work:
    """Check the working directory and repair it; what changed, by groups of files."""
    from sslfix.repair import repair

    try:
        run = check(asked)
    except UsageError as error:
        if asked.targets != (AUTO,):
            raise
        tell(str(error))
        asked = asked._replace(targets=())
        run = check(asked)
    people = [match.describe(one) for one in run.facts.interpreters]
    tell(f"judged for {', '.join(people) or 'nobody'}")
    if not any(one.status == "open" for one in run.findings):
        return Work(run.facts, run.facts, (), _serious(run.findings), run.problems)
    steps: list[str] = []

    def note(line: str) -> None:
        steps.append(line)
        tell(line)

    report = repair(asked, note)
    findings = [_as_made(one, asked.unsafe_for) for one in report.findings]
    fixed = [one for one in findings if one.status == "fixed"]
    left = _serious(one for one in findings if one.status != "fixed")
    groups = sorted(_grouped(fixed, left, changed(), run.facts), key=lambda one: one.main)
    kept = tuple(one for one in groups if not _is_workflow(one))
    left += tuple(_unpushed(one) for group in groups if _is_workflow(group) for one in group.fixed)
    return Work(run.facts, report.facts, kept, left, report.problems, tuple(steps))


def _as_made(finding: Finding, unsafe: Sequence[str]) -> Finding:
    """The finding; one that went with the fix of another has no reason for its own."""
    fix = finding.fix
    if finding.status != "fixed" or fix is None or fix.applicability >= Applicability.SAFE:
        return finding
    if any(rules.names(word, finding.rule) for word in unsafe):
        return finding
    return finding._replace(fix=fix._replace(why="", applicability=Applicability.SAFE))


def _is_workflow(group: Group) -> bool:
    return any(path.startswith(WORKFLOWS) for path in group.paths)


def _unpushed(finding: Finding) -> Finding:
    why = f"the bot pushes nothing in {WORKFLOWS}"
    return finding._replace(status="withheld", withheld=why)


def _serious(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that a person should hear of."""
    return tuple(
        one for one in findings if one.level > Level.NOTE and one.status in {"open", "withheld"}
    )


def _grouped(
    fixed: Sequence[Finding], left: Sequence[Finding], changed: Sequence[str], facts: Facts
) -> Iterator[Group]:
    """The changed files in groups of which each can be taken without the others."""
    near = {one.document.path: formats.linked(one, facts.files) for one in facts.files}
    pools: list[set[str]] = []
    for touched in [*map(_touched, fixed), *({path} for path in changed)]:
        pool = touched.union(*(near.get(path, ()) for path in touched))
        apart = [one for one in pools if not one & pool]
        pools = [*apart, pool.union(*(one for one in pools if one & pool))]
    for pool in pools:
        paths = tuple(sorted(pool.intersection(changed)))
        own = tuple(one for one in fixed if _touched(one) & pool)
        if paths and own:
            yield Group(paths, own, tuple(one for one in left if one.locations[0].path in pool))


def _touched(finding: Finding) -> set[str]:
    """The files that a finding is in and that its fix changes."""
    actions = finding.fix.actions if finding.fix else ()
    paths = {one.path for one in actions if isinstance(one, (Edit, Relock))}
    return {*paths, finding.locations[0].path}
