"""The edits of a plan, put before a resolver: do they fit what else the project asks for.

A remedy says which releases work. Whether the project's other requirements leave one of them, and
which is the newest, is asked of uv or pip; without one the remedy's own range is written. Lock
files need none of this: their tools resolve when they make them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from . import formats, plan, rehearse
from .language import say as _
from .model import (
    Declaration,
    DependencyFile,
    Document,
    Edit,
    Facts,
    Finding,
    Interpreter,
    Kind,
    Level,
    Matcher,
    Plan,
    Span,
)

if TYPE_CHECKING:
    from .apply.resolvers import Resolution

Texts = dict[str, str]
Progress = Callable[[str], None]
"""Called with one line about what is being done, for a person who waits."""


class _Root(NamedTuple):
    """What is resolved at once: a file's section, for an interpreter."""

    path: str
    section: str
    interpreter: Interpreter

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.path, self.section, self.interpreter.id)


class _Verdict(NamedTuple):
    """What a resolver says of edited files: versions to pin, or why they do not fit.

    `versions` is None where it could not tell: then no version is chosen.
    """

    versions: dict[str, str] | None
    conflict: str = ""


def settle(
    decided: Plan, texts: Texts, facts: Facts, match: Matcher, report: Progress
) -> tuple[Plan, Texts]:
    """The part of a rehearsed plan that a resolver can install, and the new texts by path.

    Exact pins get the newest version that fits. A fix for which there is none, though there was
    a solution before, is withheld with the resolver's words.
    """
    fixes, conflicts = [], []
    versions: dict[object, dict[str, str] | None] = {}
    world = _World(facts, rehearse.read_again(facts, texts), match, report)
    for finding in decided.fixes:
        verdict = world.verdict(finding)
        versions[finding.key] = verdict.versions
        if verdict.conflict:
            reason = verdict.conflict + plan.way_out(finding)
            conflicts.append(finding._replace(status="withheld", withheld=reason))
        else:
            fixes.append(finding)
    if conflicts:  # what is left may lead elsewhere without these
        rest, texts = rehearse.rehearse(Plan(tuple(fixes), ()), facts, match)
        rest, texts = settle(rest, texts, facts, match, report)
        withheld = (*decided.withheld, *conflicts, *rest.withheld)
        return Plan(rest.fixes, withheld), texts
    pinned = [
        one._replace(fix=plan.propose(one, facts, match, versions[one.key]) or one.fix)
        for one in fixes
    ]
    if pinned == fixes:
        return decided, texts
    return rehearse.rehearse(Plan(tuple(pinned), decided.withheld), facts, match)


class _World:
    """The files as they are and as they will be, and what resolvers said of them."""

    def __init__(self, before: Facts, after: Facts, match: Matcher, report: Progress) -> None:
        self._before, self._after = before, after
        self._match, self._report = match, report
        self._known: dict[object, _Verdict] = {}

    def verdict(self, finding: Finding) -> _Verdict:
        """What resolvers say of the files that a fix edits, for all interpreters together."""
        versions: dict[str, str] | None = {}
        for root in _roots(finding, self._before):
            if root.key not in self._known:
                self._known[root.key] = self._ask(root)
            verdict = self._known[root.key]
            if verdict.conflict:
                return verdict
            told = versions is not None and verdict.versions is not None
            versions = _lowest(versions, verdict.versions) if told else None
        return _Verdict(versions)

    def _ask(self, root: _Root) -> _Verdict:
        from .apply.resolvers import NoSolutionError, UnavailableError

        self._report(_("trying the change of {path} with a resolver").format(path=root.path))
        try:
            resolution = _resolve(root, self._after)
        except UnavailableError as error:
            text = _("{path} was not tried with a resolver: {reason}")
            self._report(text.format(path=root.path, reason=error.message))
            return _Verdict(None)
        except NoSolutionError as error:
            if self._resolved_before(root) is None:
                text = _("{path} fits together neither before nor after the change:\n{reason}")
                self._report(text.format(path=root.path, reason=error.message))
                return _Verdict(None)
            return _Verdict(None, _("the change does not fit the rest:\n") + error.message)
        return _Verdict(dict(resolution.versions), self._new_failure(root, resolution))

    def _resolved_before(self, root: _Root) -> Resolution | None:
        from .apply.resolvers import NoSolutionError, UnavailableError

        try:
            return _resolve(root, self._before)
        except (NoSolutionError, UnavailableError):
            return None

    def _new_failure(self, root: _Root, resolution: Resolution) -> str:
        """What would fail of all that a resolver chooses, and did not before; "" for nothing."""
        failing = self._failing(root, resolution)
        before = self._resolved_before(root) if failing else None
        known = self._failing(root, before).keys() if before else failing.keys()
        text = _("{resolver} would then install what fails here: {message}")
        new = (text.format(resolver=resolution.resolver, message=failing[one].message)
               for one in failing.keys() - known)  # fmt: skip
        return "\n".join(sorted(new))

    def _failing(self, root: _Root, resolution: Resolution) -> dict[object, Finding]:
        locked = _as_lock(root.path, resolution)
        person = root.interpreter._replace(distributions=(), judges=None)
        found = self._match(Facts((person,), (locked,)))
        return {(one.rule.id, one.distribution): one for one in found if one.level == Level.ERROR}


def _resolve(root: _Root, facts: Facts) -> Resolution:
    from .apply import resolvers

    files = {file.document.path: file for file in facts.files}
    return resolvers.resolve(files[root.path], root.section, files, root.interpreter)


def _as_lock(path: str, resolution: Resolution) -> DependencyFile:
    """What a resolver chose, as if a lock file said it."""
    declarations = (
        Declaration(name, f"=={version}", Span(0, 0), version=version, kind=Kind.LOCK)
        for name, version in resolution.versions.items()
    )
    return DependencyFile(Document(path, ""), resolution.resolver, tuple(declarations))


def _lowest(some: dict[str, str] | None, others: dict[str, str] | None) -> dict[str, str]:
    """The versions that the oldest of several interpreters can have."""
    from packaging.version import Version

    some, others = some or {}, others or {}
    both = {name: min(some[name], others[name], key=Version) for name in some.keys() & others}
    return {**some, **others, **both}


# --------------------------------------------------------------------------- what to resolve


def _roots(finding: Finding, facts: Facts) -> Iterator[_Root]:
    """What a fix changes for a resolver: nothing where a tool makes the lock file anew."""
    subject = finding.subject
    actions = finding.fix.actions if finding.fix else ()
    if not isinstance(subject, Declaration) or not all(isinstance(one, Edit) for one in actions):
        return
    path = finding.locations[0].path
    for file in _including(path, facts.files):
        section = subject.section if file.document.path == path else ""
        people = [one for one in facts.interpreters if _judges(one, file)]
        for one in (*people, *_oldest(people, file)):
            yield _Root(file.document.path, section, one)


def _judges(one: Interpreter, file: DependencyFile) -> bool:
    return one.judges is None or file.document.path in one.judges


# In pyproject.toml and the heads of scripts, in setup.cfg and setup.py, and for poetry.
_PYTHON = re.compile(
    r"""(?m)^[#\s]*(?:requires-python|python_requires|python)\s*=\s*["']?([^"'\r\n]+)"""
)
_FROM = re.compile(r"(?:>=|\^|~=?|==)\s*(\d+)\.(\d+)")


def _oldest(people: Sequence[Interpreter], file: DependencyFile) -> Iterator[Interpreter]:
    """The oldest Python that a project admits, if it is older than all that are judged.

    A release that cannot be installed there is none for the project.
    """
    found = _PYTHON.search(file.document.text)
    first = _FROM.search(found[1]) if found else None
    if first is None or not people:
        return
    minor = (int(first[1]), int(first[2]))
    person = min(people, key=_minor)
    if minor < _minor(person):
        text = f"{minor[0]}.{minor[1]}"
        markers = {**person.markers, "python_version": text, "python_full_version": f"{text}.0"}
        yield person._replace(
            id=text, executable="", version=f"{text}.0", markers=markers, source="profile"
        )


def _minor(interpreter: Interpreter) -> tuple[int, int]:
    major, minor = interpreter.version.split(".")[:2]
    return int(major), int(minor)


def _including(path: str, files: Iterable[DependencyFile]) -> list[DependencyFile]:
    """The files that ask for something and are, or include, the file; none that tools write."""
    found, waiting, files = [], [path], tuple(files)
    while waiting:
        one = waiting.pop(0)
        for file in files:
            own = file.document.path == one
            if own and any(each.kind == Kind.REQUIREMENT for each in file.declarations):
                found += [file] if formats.lock_of(file) is None else []
            includes = (formats.included_path(file, each) for each in file.includes)
            if file not in found and one in includes:
                waiting.append(file.document.path)
    return found
