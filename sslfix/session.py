"""One look at a project: gather the facts, match them, propose fixes. Nothing is written."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from . import detectors, match, plan, rules
from .collect import projects, targets
from .errors import ProbeError, UsageError
from .model import Facts, Finding, Interpreter, Matcher, Problem, Rule

PINS, ENVIRONMENT, SOURCE = "pins", "environment", "source"
ENVIRONMENT_DETECTOR = "stale-environment"


class Request(NamedTuple):
    """What a run was asked for, command line and configuration put together."""

    paths: tuple[str, ...] = (".",)
    python: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    only: tuple[str, ...] = (PINS, ENVIRONMENT, SOURCE)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    read_as: str | None = None
    unsafe: bool = False
    offline: bool = False


class Run(NamedTuple):
    """What one look at the world gave: facts, findings with their fixes, what was not read."""

    facts: Facts
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


# --------------------------------------------------------------------------- looking


def check(request: Request) -> Run:
    """Gather the facts, match them, and propose a fix for each finding."""
    facts, problems = _gather(request)
    matching = matcher(request)
    found = [_ignored(one) for one in matching(facts)]
    proposed = tuple(one._replace(fix=plan.propose(one, facts, matching)) for one in found)
    return Run(facts, proposed, problems)


def _gather(request: Request) -> tuple[Facts, tuple[Problem, ...]]:
    project = projects.read(
        request.paths,
        read_as=request.read_as,
        exclude=request.exclude,
        pins=PINS in request.only,
        source=SOURCE in request.only,
    )
    interpreters, problems = _interpreters(request)
    facts = Facts(interpreters, project.files, project.sources)
    return facts, (*project.problems, *problems)


def _interpreters(request: Request) -> tuple[tuple[Interpreter, ...], tuple[Problem, ...]]:
    if request.targets:
        profiles = (
            targets.find(name, f"i{number}") for number, name in enumerate(request.targets, 1)
        )
        return tuple(profiles), ()
    from .collect import interpreters

    found: list[Interpreter] = []
    problems: list[Problem] = []
    project = _project_folder(request.paths)
    judge_environment = ENVIRONMENT in request.only
    for number, choice in enumerate(interpreters.choose(project, request.python, os.environ), 1):
        try:
            one = interpreters.inspect(choice, f"i{number}", installed=judge_environment)
        except ProbeError as error:
            problems.append(Problem(error.executable, None, error.reason))
            continue
        if not judge_environment and one.ssl is None:
            reason = f"its SSL library is unknown, so pins are not judged: {one.ssl_error}"
            problems.append(Problem(one.executable, None, reason))
        found.append(one)
    if not found and not problems:
        reason = "no Python was found to judge for; name one with --python or --target"
        problems.append(Problem(project, None, reason))
    return tuple(found), tuple(problems)


def _project_folder(paths: Sequence[str]) -> str:
    """The folder whose environment counts: the path's own, else the working directory."""
    folder = paths[0] if os.path.isdir(paths[0]) else os.path.dirname(paths[0]) or "."
    has_own = any(
        os.path.lexists(os.path.join(folder, name))
        for name in (".venv", "venv", "pyproject.toml", "Pipfile", ".python-version")
    )
    below = not os.path.relpath(folder).startswith(os.pardir)
    return "." if below and not has_own else folder


def matcher(request: Request) -> Matcher:
    """`match` with the rules that are selected and all detectors.

    Raises UsageError where a word that selects or ignores means no rule.
    """
    every = rules.load()
    for word in (*request.select, *request.ignore):
        if not any(names(word, rule) for rule in every):
            raise UsageError(f"no rule is called {word}; sslfix rules lists them")
    chosen = tuple(one for one in every if _is_selected(one, request))
    known = detectors.all_detectors()
    if ENVIRONMENT not in request.only:
        del known[ENVIRONMENT_DETECTOR]
    return lambda facts: match.match(facts, chosen, known)


def _is_selected(rule: Rule, request: Request) -> bool:
    if any(names(word, rule) for word in request.ignore):
        return False
    return not request.select or any(names(word, rule) for word in request.select)


def names(word: str, rule: Rule) -> bool:
    """Whether a word of the command line (id, prefix of one, or name) means the rule."""
    return (word != "" and rule.id.startswith(word.upper())) or rule.name == word


_IGNORE = re.compile(r"#\s*sslfix:\s*ignore(?:\[([^\]]*)\])?")


def _ignored(finding: Finding) -> Finding:
    """The finding, marked where a comment on one of its lines silences it."""
    for location in finding.locations:
        comment = _IGNORE.search(location.snippet)
        words = (comment[1] or "SSL").split(",") if comment else []
        if any(names(word.strip(), finding.rule) for word in words):
            return finding._replace(status="ignored")
    return finding
