"""Facts against rules: findings. A pure function, and the only place that decides what is wrong."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from . import specifiers
from .language import all_of
from .language import say as _
from .model import (
    Case,
    Declaration,
    DependencyFile,
    Detector,
    Distribution,
    Facts,
    Finding,
    Hit,
    Interpreter,
    Kind,
    Level,
    Location,
    Rule,
)


class _Declared(NamedTuple):
    """A declaration with the file it stands in and the versions that really can be chosen.

    `accepts` has the limits of the other declarations of the same distribution in the files
    that this one is read together with (`-r`, `-c`); those have the same `group`.
    """

    file: DependencyFile
    declaration: Declaration
    accepts: tuple[str, ...]
    group: int


def match(
    facts: Facts, rules: Iterable[Rule], detectors: Mapping[str, Detector]
) -> tuple[Finding, ...]:
    """What cannot work, in the order of files and lines; notes that repeat are left out."""
    findings: list[Finding] = []
    rules = tuple(rules)
    names = _names(rules)
    for interpreter in facts.interpreters:
        declared = tuple(_effective(facts, interpreter, names))
        near = _Neighbours(declared)
        present = {one.declaration.name for one in declared}
        present.update(one.name for one in interpreter.distributions)
        for rule in rules:
            for case in rule.cases:
                # Versions are compared, and packaging imported, only for what is there.
                if present.isdisjoint([*case.affected, *case.brought_by]):
                    continue
                if not applies(case, interpreter):
                    continue
                findings += _declared(rule, case, interpreter, near)
                findings += _brought(rule, case, interpreter, near, facts.files)
                findings += _installed(rule, case, interpreter)
        findings += _detected(facts, rules, detectors, interpreter)
    return tuple(sorted(_distinct(findings), key=order))


def describe(interpreter: Interpreter) -> str:
    """What reports call an interpreter: ".venv (Python 3.9.6)"."""
    if interpreter.source == "profile":
        return f"{interpreter.executable} (Python {interpreter.version})"
    environment = interpreter.environment
    place = environment.path if environment else interpreter.executable
    return f"{place} (Python {interpreter.version})" if interpreter.version else place


def _names(rules: Iterable[Rule]) -> frozenset[str]:
    """The distributions that any rule speaks of; the others are not looked at."""
    cases = [case for rule in rules for case in rule.cases]
    beside = {
        specifiers.split(wanted)[0]
        for case in cases
        for wanted in (*case.when.beside, *case.when.together)
    }
    return frozenset(
        beside.union(*(case.affected for case in cases)).union(*(case.brought_by for case in cases))
    )


# --------------------------------------------------------------------------- conditions


def applies(case: Case, interpreter: Interpreter) -> bool:
    when = case.when
    if when.python and not specifiers.holds(interpreter.version, when.python):
        return False
    if when.platform and when.platform != interpreter.markers.get("sys_platform"):
        return False
    if not when.ssl and not when.ssl_version:
        return True
    library = interpreter.ssl
    if library is None:
        return False
    negated, name = when.ssl.startswith("not "), when.ssl.replace("not ", "", 1)
    if name and (library.name == name) is negated:
        return False
    return not when.ssl_version or specifiers.holds(library.comparable, when.ssl_version)


def _beside(
    case: Case, interpreter: Interpreter, declared: Iterable[_Declared], *, drawn: bool = False
) -> str | None:
    """What the case needs beside it, in words, or None if that is neither declared nor installed.

    What is declared counts before what is installed. `drawn` says that nothing records which
    releases come along, so that what the affected distribution draws is the newest one.
    """
    declared = tuple(declared)
    found = [
        _present(wanted, case, interpreter, declared, drawn=drawn) for wanted in case.when.beside
    ]
    needed = [
        _present(wanted, case, interpreter, declared, drawn=drawn) for wanted in case.when.together
    ]
    if (found and not any(found)) or not all(needed):
        return None
    return all_of([*[one for one in found if one][:1], *needed])


def _present(
    wanted: str, case: Case, interpreter: Interpreter, declared: Iterable[_Declared], *, drawn: bool
) -> str:
    """Which release of a wanted distribution there is, in words; "" for none that is wanted."""
    name, specifier = specifiers.split(wanted)
    own = [one for one in declared if one.declaration.name == name]
    for one in own:
        told = one.declaration.version is not None or name not in case.when.refused
        if told and _is_affected(one, specifier):
            return f"{name} {one.declaration.version or one.declaration.specifier}".strip()
    if own:
        return ""
    installed = [one for one in interpreter.distributions if one.name == name]
    for distribution in installed:
        if specifiers.holds(distribution.version, specifier):
            return f"{name} {distribution.version}"
    newest = drawn and not installed and name in case.when.draws
    return _("the newest {name}").format(name=name) if newest else ""


class _Neighbours:
    """The declarations of the same project: in the same folder, or joined by `-r` and `-c`."""

    def __init__(self, declared: Sequence[_Declared]) -> None:
        self.all = declared
        self._numbers: dict[object, list[int]] = {}
        self._known: dict[tuple[int, str], tuple[_Declared, ...]] = {}
        for number, one in enumerate(declared):
            for key in (one.group, _folder(one.file)):
                self._numbers.setdefault(key, []).append(number)

    def of(self, one: _Declared) -> tuple[_Declared, ...]:
        """Those of one's project, itself among them, in the order of files and lines."""
        key = (one.group, _folder(one.file))
        if key not in self._known:
            numbers = {*self._numbers[key[0]], *self._numbers[key[1]]}
            self._known[key] = tuple(self.all[number] for number in sorted(numbers))
        return self._known[key]


def _is_affected(one: _Declared, affected: str) -> bool:
    """Whether the declaration leads to an affected release, on its own and with its limits.

    `requests` beside a constraint `requests==2.32.2` is not at fault: the constraint is.
    """
    if one.declaration.version is not None:
        return specifiers.holds(one.declaration.version, affected)
    return any(
        specifiers.reaches(own, affected) and specifiers.reaches(limited, affected)
        for own, limited in zip(one.declaration.accepts, one.accepts)
    )


# --------------------------------------------------------------------------- declarations


def _effective(
    facts: Facts, interpreter: Interpreter, names: frozenset[str]
) -> Iterator[_Declared]:
    """The declarations that count for this interpreter, with what the others leave of them."""
    groups = _groups(facts.files)
    counting = [
        (file, declaration)
        for file in facts.files
        if interpreter.judges is None or file.document.path in interpreter.judges
        for declaration in file.declarations
        if declaration.name in names
        and marker_holds(
            declaration.marker, interpreter.markers, extras=declaration.kind == Kind.LOCK
        )
    ]
    # What is always read together: a section's own limits, and constraints with every section.
    limits: dict[tuple[int, str, str | None], dict[str, None]] = {}
    for file, declaration in counting:
        if declaration.kind != Kind.LOCK and len(declaration.accepts) == 1:
            section = None if declaration.kind == Kind.CONSTRAINT else declaration.section
            key = (groups[file.document.path], declaration.name, section)
            limits.setdefault(key, {})[declaration.accepts[0]] = None
    for file, declaration in counting:
        accepts = declaration.accepts
        if declaration.kind != Kind.LOCK:
            place = (groups[file.document.path], declaration.name)
            sections = (None, declaration.section)
            beside = [one for section in sections for one in limits.get((*place, section), {})]
            accepts = tuple(_limited(own, beside) for own in accepts)
        yield _Declared(file, declaration, accepts, groups[file.document.path])


def _limited(own: str, beside: Sequence[str]) -> str:
    """What others leave of a specifier; it is whole where they leave nothing, as two files may."""
    others = [one for one in beside if one != own]
    if any(specifiers.contradicts(own, one) for one in others if own and one):
        return own
    return specifiers.intersect([own, *others])


def _groups(files: Iterable[DependencyFile]) -> dict[str, int]:
    """A number for each file's path, the same for files that `-r` and `-c` join."""
    group = {file.document.path: number for number, file in enumerate(files)}
    for file in files:
        folder = posixpath.dirname(file.document.path)
        for include in file.includes:
            target = posixpath.normpath(posixpath.join(folder, include.target))
            if target in group:
                old, new = group[target], group[file.document.path]
                group = {path: new if one == old else one for path, one in group.items()}
    return group


def marker_holds(marker: str, environment: Mapping[str, str], *, extras: bool = True) -> bool:
    """Whether a marker holds for the interpreter, with any extras and groups or with none.

    Of several, joined by " | ", any has to. A marker that packaging cannot read is taken to hold:
    its file is reported by its tool.
    """
    if not marker:
        return True
    if " | " in marker:
        return any(marker_holds(one, environment, extras=extras) for one in marker.split(" | "))
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    # `extra == 'x'` in metadata, `'x' in extras` in PEP 751's lock files
    named = {one[0] or one[1] for one in _EXTRAS.findall(marker)} if extras else set()
    try:
        parsed = Marker(marker)
        if "extras" in marker or "dependency_groups" in marker:
            asked = {"extras": named, "dependency_groups": named}
            return parsed.evaluate({**environment, **asked}, context="lock_file")
        return any(parsed.evaluate({**environment, "extra": one}) for one in ("", *named))
    except (InvalidMarker, UndefinedEnvironmentName):
        return True


_EXTRAS = re.compile(
    r"""extra\s*[!=]=\s*['"]([^'"]*)['"]|['"]([^'"]*)['"]\s+(?:not\s+)?in\s+(?:extras|dep)"""
)


def _declared(
    rule: Rule, case: Case, interpreter: Interpreter, near: _Neighbours
) -> Iterator[Finding]:
    for one in near.all:
        affected = case.affected.get(one.declaration.name)
        if affected is None or not _is_affected(one, affected):
            continue
        around = near.of(one)
        drawn = not any(other.declaration.kind == Kind.LOCK for other in around)
        beside = _beside(case, interpreter, around, drawn=drawn)
        if beside is None:
            continue
        declaration = one.declaration
        pinned = declaration.version is not None
        sure = pinned or any(specifiers.within(accepted, affected) for accepted in one.accepts)
        yield _finding(
            rule,
            case,
            interpreter,
            level=rule.level if sure else min(rule.level, Level.WARNING),
            message=case.message if pinned else _lets_in(rule.level),
            location=one.file.document.locate(declaration.span),
            subject=declaration,
            name=declaration.name,
            version=declaration.version,
            declared=_text(declaration),
            beside=beside,
        )


def _lets_in(level: Level) -> str:
    return {
        Level.ERROR: _("{declared} lets in a release of {name} that fails here"),
        Level.WARNING: _("{declared} lets in a release of {name} that can fail here"),
        Level.NOTE: _("{declared} lets in a release of {name} that warns here"),
    }[level]


def _brings_in(level: Level) -> str:
    return {
        Level.ERROR: _("{declared} brings in a release of {name} that fails here"),
        Level.WARNING: _("{declared} brings in a release of {name} that can fail here"),
        Level.NOTE: _("{declared} brings in a release of {name} that warns here"),
    }[level]


def _text(declaration: Declaration) -> str:
    extras = f"[{','.join(declaration.extras)}]" if declaration.extras else ""
    blank = " " if declaration.specifier[:1].isalnum() or declaration.specifier[:1] == "^" else ""
    return f"{declaration.name}{extras}{blank}{declaration.specifier}"


def _brought(
    rule: Rule,
    case: Case,
    interpreter: Interpreter,
    near: _Neighbours,
    files: Iterable[DependencyFile],
) -> Iterator[Finding]:
    """A distribution that the project does not name comes in with one that it names.

    Only where no lock file says which release was chosen: there the lock file itself is judged.
    """
    locked = {_folder(file) for file in files if _is_lock(file)}
    for name in case.affected:
        settled = locked | {_folder(one.file) for one in near.all if one.declaration.name == name}
        for one in near.all:
            bringer = case.brought_by.get(one.declaration.name)
            folder = _folder(one.file)
            if bringer is None or folder in settled or one.declaration.kind != Kind.REQUIREMENT:
                continue
            beside = _beside(case, interpreter, near.of(one), drawn=True)
            if beside is not None and _is_affected(one, bringer):
                settled.add(folder)
                yield _finding(
                    rule,
                    case,
                    interpreter,
                    level=min(rule.level, Level.WARNING),
                    message=_brings_in(rule.level),
                    location=one.file.document.locate(one.declaration.span),
                    subject=one.declaration,
                    name=name,
                    version=None,
                    declared=_text(one.declaration),
                    beside=beside,
                )


def _folder(file: DependencyFile) -> str:
    return posixpath.dirname(file.document.path)


def _is_lock(file: DependencyFile) -> bool:
    return any(declaration.kind == Kind.LOCK for declaration in file.declarations)


def _installed(rule: Rule, case: Case, interpreter: Interpreter) -> Iterator[Finding]:
    for distribution in interpreter.distributions:
        affected = case.affected.get(distribution.name)
        if affected is None or not specifiers.holds(distribution.version, affected):
            continue
        beside = _beside(case, interpreter, ())
        if beside is not None:
            yield _finding(
                rule,
                case,
                interpreter,
                level=rule.level,
                message=case.message,
                location=Location(distribution.path, 1, 1, 1, 1, note=_("installed here")),
                subject=distribution,
                name=distribution.name,
                version=distribution.version,
                declared=None,
                beside=beside,
            )


def _finding(
    rule: Rule,
    case: Case,
    interpreter: Interpreter,
    *,
    level: Level,
    message: str,
    location: Location,
    subject: Declaration | Distribution,
    name: str,
    version: str | None,
    declared: str | None,
    beside: str,
) -> Finding:
    words = {
        "beside": beside,
        "declared": declared or "",
        "name": name,
        "version": version or "",
        "ssl": _ssl_text(interpreter),
        "library": interpreter.ssl.name if interpreter.ssl else "",
        "python": interpreter.version,
        "interpreter": describe(interpreter),
    }
    remedies = (one.filled(words) for one in case.remedies)
    return Finding(
        rule=rule,
        case=case._replace(remedies=tuple(remedies)),
        level=level,
        message=message.format_map(words),
        detail=case.detail.format_map(words),
        interpreter=interpreter.id,
        locations=(location,),
        distribution=name,
        version=version,
        declared=declared,
        subject=subject,
    )


def _ssl_text(interpreter: Interpreter) -> str:
    return f"{interpreter.ssl.name} {interpreter.ssl.version}" if interpreter.ssl else ""


# --------------------------------------------------------------------------- detectors


def _detected(
    facts: Facts,
    rules: Iterable[Rule],
    detectors: Mapping[str, Detector],
    interpreter: Interpreter,
) -> Iterator[Finding]:
    spoken = {
        case.when.detector: None
        for rule in rules
        for case in rule.cases
        if case.when.detector in detectors
    }
    by_id = {rule.id: rule for rule in rules}
    for name in spoken:
        for hit in detectors[name].detect(facts, interpreter):
            if hit.rule in by_id and applies(by_id[hit.rule].cases[0], interpreter):
                yield _from_hit(by_id[hit.rule], hit, interpreter)


def _from_hit(rule: Rule, hit: Hit, interpreter: Interpreter) -> Finding:
    case = rule.cases[0]
    remedies = tuple([one.worded(hit.words) for one in case.remedies])
    return Finding(
        rule=rule,
        case=case._replace(remedies=remedies),
        level=rule.level,
        message=hit.message,
        detail=hit.detail,
        interpreter=interpreter.id,
        locations=hit.locations,
        distribution=hit.distribution,
        version=hit.version,
    )


def _distinct(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each finding once: what stands in the source does not depend on the interpreter."""
    seen: set[object] = set()
    for finding in findings:
        where = finding.interpreter if finding.subject is not None else ""
        key = (finding.rule.id, finding.locations, finding.distribution, where)
        if key not in seen:
            seen.add(key)
            yield finding


def order(finding: Finding) -> tuple[str, int, int, str]:
    """Where reports show a finding: by file, line and column, then by rule."""
    place = finding.locations[0]
    return (place.path, place.line, place.column, finding.rule.id)
