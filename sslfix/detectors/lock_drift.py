"""Environments that hold other releases than the lock file beside them (SSL535)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from sslfix.language import all_of, counted
from sslfix.language import say as _
from sslfix.model import (
    Declaration,
    DependencyFile,
    Detector,
    Distribution,
    Facts,
    Hit,
    Interpreter,
    Kind,
    Location,
)

RULE = "SSL535"
_NAMED = 3


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """One hit for the environment, with the first few distributions, if any differs.

    What is installed and not locked, or locked and not installed, is no difference: extras, groups
    and tools of the developer's own are like that. Nor is what was installed from a URL or folder.
    """
    environment = interpreter.environment
    if environment is None:
        return ()
    folder = posixpath.dirname(environment.path)
    files = [
        file
        for file in facts.files
        if posixpath.dirname(file.document.path) == folder and _judged(file, interpreter)
    ]
    differing = list(_differing(files, interpreter))
    if not differing:
        return ()
    text = _("{name} {installed} (locked: {locked})")
    words = [
        text.format(name=one.name, installed=one.version, locked=all_of(locked))
        for one, _file, locked in differing
    ]
    if len(words) > _NAMED:
        more = counted("{number} more", "{number} more", len(words) - _NAMED)
        words = [*words[:_NAMED], more]
    path = differing[0][1]
    message = _("{path} does not hold what {lock} says").format(path=environment.path, lock=path)
    return (Hit(RULE, (Location(path, 1, 1, 1, 1),), message, all_of(words)),)


def _judged(file: DependencyFile, interpreter: Interpreter) -> bool:
    return interpreter.judges is None or file.document.path in interpreter.judges


def _differing(
    files: list[DependencyFile], interpreter: Interpreter
) -> Iterator[tuple[Distribution, str, list[str]]]:
    """The distributions of which no lock file has the installed release, with one that differs."""
    locked: dict[str, list[tuple[str, Declaration]]] = {}
    for file in files:
        for one in file.declarations:
            if one.kind == Kind.LOCK and not one.url and _counts(one, interpreter):
                locked.setdefault(one.name, []).append((file.document.path, one))
    for distribution in interpreter.distributions:
        wanted = locked.get(distribution.name, [])
        versions = list(dict.fromkeys(one.version for _path, one in wanted if one.version))
        direct = distribution.direct_url or distribution.editable
        if wanted and not direct and not _is_among(distribution.version, versions):
            yield distribution, wanted[0][0], versions


def _counts(locked: Declaration, interpreter: Interpreter) -> bool:
    """Whether the entry is surely meant for this interpreter, without any extra."""
    if not locked.marker:
        return True
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    try:
        return Marker(locked.marker).evaluate({**interpreter.markers, "extra": ""})
    except (InvalidMarker, UndefinedEnvironmentName):
        return False


def _is_among(version: str, others: list[str]) -> bool:
    """Whether any of the versions is the same; a local label that only one has does not count."""
    if version in others:
        return True
    from packaging.version import InvalidVersion, Version

    try:
        own = Version(version)
        parsed = [Version(one) for one in others]
    except InvalidVersion:
        return True  # legacy versions are compared by nobody
    return any(own == one or (one.local is None and own.public == one.public) for one in parsed)


DETECTOR = Detector(name="lock-drift", detect=detect)
