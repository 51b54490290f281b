"""Environments brought in line with the files: made anew, or other releases installed."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sslfix import formats
from sslfix.collect.environments import is_root
from sslfix.errors import ApplyError, UsageError
from sslfix.language import say as _
from sslfix.model import (
    Applicability,
    Environment,
    Facts,
    Finding,
    Install,
    Interpreter,
    Kind,
    Level,
    Recreate,
)
from sslfix.session import ENVIRONMENT, PINS, Request, Run, check, matcher
from sslfix.settle import Progress

from . import changes

if TYPE_CHECKING:
    from sslfix.apply.environments import LockInstall


def bring_in_line(run: Run, request: Request, progress: Progress) -> tuple[Run, list[Finding]]:
    """What is installed brought in line: dead environments made anew, then distributions.

    In that order: an environment made anew holds again what it held.
    """
    withheld: list[Finding] = []
    for kind in (Recreate, Install):
        done: set[str] = set()
        for finding, action in _acting(run, request, kind):
            people = run.facts.interpreters
            interpreter = next(one for one in people if one.id == finding.interpreter)
            try:
                if str(action) not in done:
                    _act(action, interpreter, run, request, progress)
                    done.add(str(action))
            except ApplyError as error:
                withheld.append(changes.withhold(finding, error))
        run = check(request) if done else run
    return run, withheld


def recover(run: Run, progress: Progress) -> bool:
    """Whether an environment was found half made by a run that was cut short, and put right."""
    from sslfix.apply import environments

    found = [environments.recover(one.path, progress) for one in run.unfinished]
    return any(found)


def remake(path: str, base: str, progress: Progress, *, offline: bool = False) -> None:
    """Make an environment, or that of a project's folder, anew with a Python ("" for the best).

    Raises ApplyError, with the old environment as it was, and UsageError where there is none.
    """
    from sslfix.apply import environments

    own = is_root(path)
    folder = posixpath.dirname(path.rstrip("/")) or "." if own else path
    request = Request((folder,), python=(path,) if own else (), only=(PINS, ENVIRONMENT))
    run = check(request)
    if recover(run, progress):
        run = check(request)
    project = os.path.abspath(folder)
    found = next((one for one in run.facts.interpreters if _belongs(one, project)), None)
    if found is None or found.environment is None:
        raise UsageError(_("{path} is no virtual environment and has none").format(path=path))
    environments.recreate(
        found,
        _chosen(base) if base else _base_for(found, found.environment, run, request),
        _ask,
        lock=_lock_of(found.environment.path, run.facts),
        project=project,
        offline=offline,
        report=progress,
    )


def _belongs(one: Interpreter, project: str) -> bool:
    """Whether an environment is a project's: in its folder, or poetry's or pipenv's for it.

    Not one that is merely active or on PATH.
    """
    from sslfix.apply import environments

    if one.environment is None:
        return False
    path = os.path.abspath(one.environment.path)
    return path.startswith(project + os.sep) or environments.owner_of(path, project) is not None


def remake_all(found: Sequence[Interpreter], progress: Progress, *, offline: bool) -> bool:
    """Whether all these environments could be made anew, one after the other, with a summary."""
    from sslfix.apply import environments

    def base_of(one: Interpreter) -> str:
        assert one.environment is not None, "only environments are given"
        return environments.find_base(one.environment, _wanted(one, one.environment), _ask)

    results = environments.recreate_all(found, _ask, base_of, offline=offline, report=progress)
    progress(environments.summary(results))
    return all(one.error is None for one in results)


def _chosen(word: str) -> str:
    """The executable that a word of the command line means."""
    from sslfix.collect import interpreters

    return interpreters.choose(".", [word], os.environ)[0].executable


def other_ways(run: Run, request: Request) -> Iterator[str]:
    """Lines that offer another Python of this machine where the pins fail for the SSL library."""
    from sslfix.apply import environments

    failing = {
        one.interpreter
        for one in run.findings
        if one.level == Level.ERROR and one.case.when.ssl + one.case.when.ssl_version
    }
    for one in run.facts.interpreters:
        environment = one.environment
        if one.id not in failing or environment is None or one.source != "asked":
            continue
        suits = _suitable(run, request, one)
        bases = environments.suitable(environment, _wanted(one, environment), _ask, suits)
        if bases and bases[0].ssl:
            text = _("another way: make {path} anew with {python}, whose {ssl} suits: {command}")
            command = f"sslfix env --recreate --python {bases[0].executable} {environment.path}"
            yield text.format(
                path=environment.path,
                python=f"Python {bases[0].version}",
                ssl=f"{bases[0].ssl.name} {bases[0].ssl.version}",
                command=command,
            )


def _acting(
    run: Run, request: Request, kind: type[Install | Recreate]
) -> Iterator[tuple[Finding, Install | Recreate]]:
    """The actions of one kind that may be carried out."""
    allowed = Applicability.UNSAFE if request.unsafe else Applicability.SAFE
    for finding in run.findings:
        too_low = finding.level == Level.NOTE and not changes.is_selected_note(finding, request)
        if finding.fix is None or finding.status != "open" or too_low:
            continue
        if finding.fix.applicability >= allowed:
            for action in finding.fix.actions:
                if isinstance(action, kind):
                    yield finding, action


def _act(
    action: Install | Recreate, interpreter: Interpreter, run: Run, request: Request, say: Progress
) -> None:
    from sslfix.apply import environments

    if isinstance(action, Install):
        text = _("installing {requirements} into {path}")
        say(text.format(requirements=", ".join(action.requirements), path=action.path))
        environments.install(
            interpreter, action.requirements, _ask, offline=request.offline, report=say
        )
        return
    environment = interpreter.environment
    assert environment is not None, "only an environment is made anew"
    environments.recreate(
        interpreter,
        _base_for(interpreter, environment, run, request),
        _ask,
        lock=_lock_of(environment.path, run.facts),
        project=os.path.abspath(request.paths[0]),
        offline=request.offline,
        report=say,
    )


def _base_for(one: Interpreter, environment: Environment, run: Run, request: Request) -> str:
    from sslfix.apply import environments

    wanted = _wanted(one, environment)
    try:
        return environments.find_base(environment, wanted, _ask, _suitable(run, request, one))
    except ApplyError:
        # None that the pins can use, or none at all: the pins can be fixed afterwards.
        return environments.find_base(environment, wanted, _ask)


def _wanted(one: Interpreter, environment: Environment) -> str:
    """The minor version that an environment is for: that of its distributions."""
    minor = ".".join(one.version.split(".")[:2])
    libraries = environment.libraries or (minor,)
    return minor if minor in libraries else libraries[-1]


def _suitable(run: Run, request: Request, old: Interpreter) -> Callable[[Interpreter], bool]:
    """Whether what the files pin and the environment holds works on a base's SSL library."""
    matching = matcher(request._replace(only=(PINS,)))

    def suits(base: Interpreter) -> bool:
        inside = base._replace(id="i0", distributions=old.distributions)
        found = matching(Facts((inside,), run.facts.files))
        return not any(one.level == Level.ERROR for one in found)

    return suits


def _ask(executable: str) -> Interpreter:
    """What an interpreter says of itself, and what is installed for it."""
    from sslfix.collect import interpreters

    return interpreters.inspect(interpreters.Choice(executable, "asked while repairing"), "i0")


def _lock_of(environment: str, facts: Facts) -> LockInstall | None:
    """The lock file beside an environment, which says what belongs into it."""
    from sslfix.apply.environments import LockInstall

    folder = posixpath.dirname(environment.rstrip("/"))
    for file in facts.files:
        path = file.document.path
        locked = any(one.kind == Kind.LOCK for one in file.declarations)
        if locked and formats.lock_of(file) and posixpath.dirname(path) == folder:
            return LockInstall(path, file.format)
    return None
