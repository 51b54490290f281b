"""One look at a project: gather the facts, match them, propose fixes. Nothing is written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, NamedTuple

from . import baseline, detectors, ignoring, match, obsolete, rules
from .baseline import Baseline
from .collect import configuration, projects
from .errors import ProbeError, UsageError
from .ignoring import Ignore
from .language import say as _
from .model import DependencyFile, Facts, Finding, Interpreter, Level, Matcher, Problem, Rule

if TYPE_CHECKING:
    from .apply.room import Pending
    from .collect.configuration import Settings
    from .collect.hints import Choice

PINS, ENVIRONMENT, SOURCE = "pins", "environment", "source"


class Request(NamedTuple):
    """What a run was asked for, command line and configuration put together.

    Below the folder `top` configurations further down say what is ignored there too. Unsafe fixes
    are allowed for the rules that a word of `unsafe_for` means as well, and for notes of these.
    `confined` is for repositories of others: nothing outside of the working directory is read or
    changed.
    """

    paths: tuple[str, ...] = (".",)
    python: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    only: tuple[str, ...] = (PINS, ENVIRONMENT, SOURCE)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    baseline: Baseline | None = None
    top: str = ""
    exclude: tuple[str, ...] = ()
    read_as: str | None = None
    unsafe: bool = False
    offline: bool = False
    no_exec: bool = False
    unsafe_for: tuple[str, ...] = ()
    confined: bool = False


class Run(NamedTuple):
    """What one look at the world gave: facts, findings with their fixes, what was not read.

    `unfinished` are environments that another run of sslfix was making anew, or is.
    """

    facts: Facts
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]
    unfinished: tuple[Pending, ...] = ()


def request_for(paths: Sequence[str], settings: Settings) -> Request:
    """What the configuration asks for. Raises UsageError where its baseline cannot be read."""
    return Request(
        paths=tuple(paths),
        python=settings.python,
        targets=settings.targets,
        select=settings.select,
        ignore=settings.ignore,
        ignores=settings.ignores,
        baseline=configuration.known(settings.baseline) if settings.baseline else None,
        top=settings.top,
        exclude=settings.exclude,
    )


# --------------------------------------------------------------------------- looking


def check(request: Request) -> Run:
    """Gather the facts, match them, and propose a fix for each finding."""
    facts, problems = _gather(request)
    matching = matcher(request)
    found = matching(facts)
    proposed = _proposed(found, facts, matching) if found else ()
    unfinished = tuple(_unfinished(request, facts))
    problems += tuple(Problem(one.path, None, one.message) for one in unfinished)
    return Run(facts, proposed, problems, unfinished)


def _proposed(found: Sequence[Finding], facts: Facts, matching: Matcher) -> tuple[Finding, ...]:
    from . import plan

    return tuple(one._replace(fix=plan.propose(one, facts, matching)) for one in found)


def _unfinished(request: Request, facts: Facts) -> Iterator[Pending]:
    if ENVIRONMENT in request.only and not request.targets:
        from .apply import room

        files = (os.path.dirname(file.document.path) or "." for file in facts.files)
        for folder in dict.fromkeys([_project_folder(request.paths), *files]):
            yield from room.pending(folder)


def _gather(request: Request) -> tuple[Facts, tuple[Problem, ...]]:
    project = projects.read(
        request.paths,
        read_as=request.read_as,
        exclude=request.exclude,
        pins=PINS in request.only,
        source=SOURCE in request.only,
        words=_source_words(request),
        elsewhere=bool(request.targets),
        confined=request.confined,
    )
    people, problems = interpreters(request, project.files)
    facts = Facts(people, project.files, project.sources)
    return facts, (*project.problems, *problems)


def _source_words(request: Request) -> tuple[bytes, ...]:
    """The words of sources that matter by themselves; none if only the order of patches counts."""
    if not request.select and not request.ignore:
        return detectors.SOURCE_WORDS
    spoken = {case.when.detector for rule in selected(request) for case in rule.cases}
    return detectors.SOURCE_WORDS if spoken & detectors.OF_SINGLE_SOURCES else ()


def interpreters(
    request: Request, files: Sequence[DependencyFile] = ()
) -> tuple[tuple[Interpreter, ...], tuple[Problem, ...]]:
    """The interpreters that judge these files, by the contract's order; and which cannot."""
    if request.targets:
        chosen = _targets(request, files)
        return chosen.interpreters, chosen.problems
    found: list[Interpreter] = []
    problems: list[Problem] = []
    homes = {} if request.python else _own_homes([file.document.path for file in files])
    rest = {file.document.path for file in files}.difference(*homes.values())
    main = _project_folder(request.paths)
    if rest or not homes:
        homes = {main: homes.pop(main, frozenset()) | rest, **homes}
    for folder, own in homes.items():
        _inspect(request, folder, own if len(homes) > 1 else None, found, problems)
    if not found and not problems:
        reason = _("no Python was found to judge for; name one with --python or --target")
        problems.append(Problem(main, None, reason))
    return tuple(found), tuple(problems)


def _targets(request: Request, files: Sequence[DependencyFile]) -> Choice:
    """The targets asked for; `auto` reads what the path names, or else what its project does."""
    from .collect import hints

    path = request.paths[0]
    near = path if os.path.isdir(path) else os.path.dirname(path) or "."
    folders = (near, _project_folder(request.paths))
    return hints.choose(request.targets, folders, request.exclude, files)


def elsewhere(request: Request, run: Run) -> Iterator[str]:
    """Lines on what works here and fails on targets that the project itself names.

    With targets: on what is named beside them and that no target is known for.
    """
    from .collect import hints

    if request.targets:
        yield from _targets(request, run.facts.files).notes
    if request.targets or request.python:
        return
    try:
        people = _targets(request._replace(targets=(hints.AUTO,)), run.facts.files).interpreters
    except UsageError:
        return  # it names none
    matching = matcher(request)
    known = {(one.rule.id, one.locations[0]) for one in run.findings}
    for one in people:
        found = matching(run.facts._replace(interpreters=(one,), sources=()))
        failing = (each for each in found if each.level == Level.ERROR)
        new = next(
            (each for each in failing if (each.rule.id, each.locations[0]) not in known), None
        )
        if new is not None:
            text = _("not judged: {place}, where {declared} fails; judge it with --target auto")
            yield text.format(place=one.chosen_because, declared=new.declared or new.message)


def _own_homes(paths: Sequence[str]) -> dict[str, frozenset[str]]:
    """Folders at or above the files that have an environment of their own, with those files."""
    homes: dict[str, set[str]] = {}
    for path in paths:
        folder = os.path.dirname(path)
        while folder and not _has_environment(folder):
            folder = os.path.dirname(folder)
        if folder:
            homes.setdefault(folder, set()).add(path)
    return {folder: frozenset(found) for folder, found in homes.items()}


def _has_environment(folder: str) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in (".venv", "venv"))


def _inspect(
    request: Request,
    folder: str,
    judges: frozenset[str] | None,
    found: list[Interpreter],
    problems: list[Problem],
) -> None:
    """Add the interpreters of a project's folder, which judge those files (None: all)."""
    from .collect import interpreters

    judge_environment = ENVIRONMENT in request.only
    no_exec = request.no_exec
    answer = interpreters.answer_unrun if no_exec else interpreters.answer
    for choice in interpreters.choose(folder, request.python, os.environ, no_exec=no_exec):
        try:
            one = interpreters.inspect(
                choice, f"i{len(found) + 1}", installed=judge_environment, answer=answer
            )
        except ProbeError as error:
            problems.append(Problem(error.executable, None, error.reason))
            continue
        if not judge_environment and one.ssl is None:
            reason = _("its SSL library is unknown, so pins are not judged: {reason}")
            reason = reason.format(reason=one.ssl_error)
            problems.append(Problem(one.executable, None, reason))
        found.append(one._replace(judges=judges))


def _project_folder(paths: Sequence[str]) -> str:
    """The folder whose environment counts: the path's own, else the working directory."""
    folder = paths[0] if os.path.isdir(paths[0]) else os.path.dirname(paths[0]) or "."
    has_own = _has_environment(folder) or any(
        os.path.lexists(os.path.join(folder, name))
        for name in ("pyproject.toml", "Pipfile", ".python-version")
    )
    below = not os.path.relpath(folder).startswith(os.pardir)
    return "." if below and not has_own else projects.show(folder)


def matcher(request: Request) -> Matcher:
    """`match` with the rules that are selected and all detectors.

    Raises UsageError where a word that selects or ignores means no rule.
    """
    every, chosen = rules.load(), selected(request)
    known = detectors.of_environments() if ENVIRONMENT in request.only else {}
    limits = [one for one in chosen if one.cases[0].when.detector in obsolete.DETECTORS]
    declared = bool(request.targets or request.python)
    nested = configuration.nested(request.top)

    def matching(facts: Facts) -> tuple[Finding, ...]:
        looking = {**known, **detectors.of_code()} if facts.sources else known
        found = list(match.match(facts, chosen, looking))
        for rule in limits if facts.files else ():
            found += obsolete.find(facts, rule, every, declared=declared)
        return _ignored(sorted(found, key=match.order), facts, request, nested)

    return matching


def selected(request: Request) -> tuple[Rule, ...]:
    """The rules that are selected and not ignored; UsageError for a word that means none."""
    every = rules.load()
    for word in (*request.select, *request.ignore):
        reason = rules.unknown(word, every)
        if reason:
            raise UsageError(reason)
    return tuple(one for one in every if _is_selected(one, request))


def _is_selected(rule: Rule, request: Request) -> bool:
    if any(rules.names(word, rule) for word in request.ignore):
        return False
    return not request.select or any(rules.names(word, rule) for word in request.select)


def _ignored(
    findings: Sequence[Finding],
    facts: Facts,
    request: Request,
    nested: Callable[[str], tuple[Ignore, ...]],
) -> tuple[Finding, ...]:
    """The findings, those marked that the project does not want to hear of."""
    texts = {file.document.path: file.document.text for file in facts.files}
    today = time.strftime("%Y-%m-%d")
    marked = tuple(
        ignoring.marked(one, texts, (*request.ignores, *nested(one.locations[0].path)), today)
        for one in findings
    )
    return marked if request.baseline is None else baseline.marked(marked, request.baseline)
