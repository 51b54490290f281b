"""poetry.lock, of all lock versions (1.0 and before, 1.1, 2.0, 2.1).

poetry writes these files in a narrow part of TOML, statement by statement. That part is read
here directly, many times faster than tomli; a file with anything else in it goes to tomli,
which then also says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix.model import Declaration, DependencyFile, Document, Format, Kind, Lock, Problem, Span

from . import _toml
from ._pep508 import normalize
from ._versions import join_markers

_STRING = r'"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"'
_KEY = r'(?:[A-Za-z0-9_-]+|"[^"\\\r\n]+")'
_LIST = rf"\[(?:{_STRING}(?:, ?{_STRING})*,?)?\]"
_PLAIN = rf"(?:{_STRING}|true|false|[0-9]+|{_LIST})"
_TABLE = rf"\{{ ?(?:{_KEY} = {_PLAIN}(?:, {_KEY} = {_PLAIN})* ?)?\}}"
_ARRAY = rf"\[\r?\n(?:[ \t]+(?:{_TABLE}|{_STRING}),?\r?\n)*\]"
_STATEMENT = re.compile(
    rf"(?:\[\[(?P<array>[^\]\r\n]+)\]\]|\[(?P<table>[^\]\r\n]+)\]"
    rf"|(?P<key>{_KEY}) = (?P<value>{_PLAIN}|{_TABLE}|{_ARRAY})|#[^\r\n]*|)[ \t]*(?:\r?\n|\Z)"
)
_STRINGS = re.compile(_STRING)
_MEMBER = re.compile(rf"({_KEY}) = ({_STRING})")

_WANTED = frozenset({"name", "version", "category", "groups", "markers", "marker", "files"})
_NOT_FROM_AN_INDEX = frozenset({"git", "url", "directory", "file"})


class _Locked:
    """One [[package]]: where its name (or else itself) stands, its fields, and its source's."""

    def __init__(self, name: Span) -> None:
        self.name = name
        self.fields: dict[str, object] = {}
        self.source: dict[str, object] = {}


class _Lock(NamedTuple):
    """What either way of reading finds; `hashes` are those kept outside the packages, by name."""

    packages: list[_Locked]
    hashes: Mapping[str, int]
    has_metadata: bool


def read(document: Document) -> DependencyFile:
    """What is locked, in file order."""
    lock = _scan(document.text)
    if lock is None:
        data = _toml.load(document)
        if isinstance(data, Problem):
            return DependencyFile(document, FORMAT.name, problems=(data,))
        lock = _parsed(document.text, data)
    outcomes = [_declaration(document, locked, lock.hashes) for locked in lock.packages]
    problems = [one for one in outcomes if isinstance(one, Problem)]
    if not lock.has_metadata:
        line, _ = document.position(len(document.text))
        message = "has no [metadata]: the file is cut short, or poetry did not write it"
        problems.append(Problem(document.path, line, message))
    return DependencyFile(
        document,
        FORMAT.name,
        tuple(one for one in outcomes if isinstance(one, Declaration)),
        problems=tuple(problems),
    )


# --------------------------------------------------------------------------- two ways to read


def _scan(text: str) -> _Lock | None:
    """The lock, if the text has nothing in it but what poetry itself writes."""
    packages: list[_Locked] = []
    hashes: dict[str, int] = {}
    table, at = "", 0
    while at < len(text):
        match = _STATEMENT.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["array"]:
            table = match["array"]
            if table == "package":
                packages.append(_Locked(Span(*match.span("array"))))
        elif match["table"]:
            table = match["table"]
        elif match["key"] and not _take(text, match, table, packages, hashes):
            return None
    return _Lock(packages, hashes, has_metadata="\n[metadata]" in text)


def _take(
    text: str,
    match: re.Match[str],
    table: str,
    packages: list[_Locked],
    hashes: dict[str, int],
) -> bool:
    """Keep a statement that matters; False for a key that stands there twice."""
    key, value = match["key"], match["value"]
    if table == "package" and key in _WANTED:
        target = packages[-1].fields
        if key == "name":
            packages[-1].name = _toml.contents(text, Span(*match.span("value")))
    elif table == "package.source" and packages:
        target = packages[-1].source
    else:
        if table in ("metadata.files", "metadata.hashes"):
            hashes[normalize(key.strip('"'))] = _count(value)
        return True
    known = key in target
    target[key] = _count(value) if key == "files" else _plain(value)
    return not known


def _count(value: str) -> int:
    return value.count("hash = ") or len(_STRINGS.findall(value))


def _plain(value: str) -> object:
    """A string, an array of them or a table of them; all else as it is written."""
    if value.startswith('"'):
        return _toml.string(value, Span(0, len(value))).text
    if value.startswith("["):
        return [_plain(text) for text in _STRINGS.findall(value)]
    if value.startswith("{"):
        return {key.strip('"'): _plain(text) for key, text in _MEMBER.findall(value)}
    return value


def _parsed(text: str, data: Mapping[str, object]) -> _Lock:
    places = _toml.places(text)
    found = _toml.child(data, "package")
    packages = []
    for index, fields in enumerate(found if isinstance(found, list) else []):
        name = _toml.contents_at(text, places, ("package", index, "name"))
        locked = _Locked(name or _toml.find(places, ("package", index)).key)
        packages.append(locked)
        if isinstance(fields, Mapping):
            files, source = fields.get("files"), fields.get("source")
            locked.fields = {**fields, "files": len(files) if isinstance(files, list) else 0}
            locked.source = dict(source) if isinstance(source, Mapping) else {}
    hashes = dict(_outside(data))
    return _Lock(packages, hashes, has_metadata=_toml.child(data, "metadata") is not None)


def _outside(data: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for key in ("files", "hashes"):
        table = _toml.child(data, "metadata", key)
        for name, files in table.items() if isinstance(table, Mapping) else ():
            yield normalize(name), len(files) if isinstance(files, list) else 0


# --------------------------------------------------------------------------- declarations


def _declaration(
    document: Document, locked: _Locked, hashes: Mapping[str, int]
) -> Declaration | Problem:
    name, version = locked.fields.get("name"), locked.fields.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        line, _ = document.position(locked.name.start)
        return Problem(document.path, line, "expected a package with a name and a version")
    groups = locked.fields.get("groups") or [locked.fields.get("category", "")]
    section = ",".join(map(str, groups)) if isinstance(groups, list) else ""
    files = locked.fields.get("files") or hashes.get(normalize(name), 0)
    elsewhere = locked.source.get("type") in _NOT_FROM_AN_INDEX
    return Declaration(
        name=normalize(name),
        specifier=f"=={version}",
        span=locked.name,
        section=section,
        version=version,
        accepts=() if elsewhere else (f"=={version}",),
        marker=_marker(locked.fields, groups if isinstance(groups, list) else []),
        url=str(locked.source.get("url", "")) if elsewhere else "",
        hashes=files if isinstance(files, int) else 0,
        kind=Kind.LOCK,
    )


def _marker(fields: Mapping[str, object], groups: list[object]) -> str:
    """The marker; where groups have one each, that of any of them, "" if one group has none."""
    markers = fields.get("markers") or fields.get("marker") or ""
    if not isinstance(markers, Mapping):
        return str(markers)
    if any(group not in markers for group in groups):
        return ""
    return join_markers("or", [str(marker) for marker in markers.values()])


def add(constraint: Mapping[str, str], sections: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Poetry's command that limits these distributions, in their group, and changes no other."""
    wanted = tuple(f"{name}@{specifier}" for name, specifier in constraint.items())
    groups = [group for section in sections for group in section.split(",") if group]
    option = ("--group", groups[0]) if groups and "main" not in groups else ()
    return (("poetry", "add", "--lock", *option, *wanted),)


def lock(major: int, _: Mapping[str, str], __: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Poetry's command that locks an edited manifest; poetry 1 updates everything unless told."""
    return (("poetry", "lock") if major > 1 else ("poetry", "lock", "--no-update"),)


LOCK = Lock(
    tool="poetry",
    manifest="pyproject.toml",
    typed=add,
    rerun=lock,
    check=("poetry", "check", "--lock"),
)
FORMAT = Format(name="poetry.lock", patterns=("poetry.lock",), read=read, lock=LOCK)
