"""The [[package]] tables of lock files, as poetry, pdm and uv write them.

They write a narrow part of TOML, statement by statement. That part is read here directly, many
times faster than tomli; a file with anything else in it goes to tomli, which then also says what
is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Callable, NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Kind, Problem, Span

from . import _toml
from ._pep508 import normalize

_STRING = r'"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"'
_KEY = r'(?:[A-Za-z0-9_-]+|"[^"\\\r\n]+")'
_LIST = rf"\[(?:{_STRING}(?:, ?{_STRING})*,?)?\]"
_PLAIN = rf"(?:{_STRING}|true|false|[0-9]+|{_LIST})"
_FLAT = rf"\{{ ?(?:{_KEY} = {_PLAIN}(?:, {_KEY} = {_PLAIN})* ?)?\}}"
_VALUE = rf"(?:{_PLAIN}|{_FLAT})"
_TABLE = rf"\{{ ?(?:{_KEY} = {_VALUE}(?:, {_KEY} = {_VALUE})* ?)?\}}"
_ARRAY = rf"\[(?:\r?\n(?:[ \t]+(?:{_TABLE}|{_STRING}),?\r?\n)*|{_TABLE})\]"
_STATEMENT = (
    rf"(?:\[\[(?P<array>[^\[\]\r\n]+)\]\]|\[(?P<table>[^\[\]\r\n]+)\]"
    rf"|(?P<key>{_KEY}) = (?P<value>{_PLAIN}|{_TABLE}|{_ARRAY}|\[{_ARRAY}(?:, {_ARRAY})*\])"
    r"|#[^\r\n]*|)[ \t]*(?:\r?\n|\Z)"
)
_STRINGS = re.compile(_STRING)
_MEMBER = re.compile(rf"({_KEY}) = ({_STRING})")

# What an array of tables is called that holds packages; uv's first lock files said distribution.
_PACKAGES = frozenset({"package", "distribution"})
_WANTED = frozenset(
    {
        *("name", "version", "extras", "groups", "category", "source"),
        *("marker", "markers", "resolution-markers", "environment-markers"),
        *("files", "wheels", "sdist", "git", "path", "url", "subdirectory"),
    }
)
_FILES = frozenset({"files", "wheels", "sdist"})


class Package:
    """One [[package]]: where its name (or else itself) stands, and its fields.

    `files`, `wheels` and `sdist` are counts of hashes.
    """

    def __init__(self, name: Span) -> None:
        self.name = name
        self.fields: dict[str, object] = {}

    def text(self, field: str) -> str:
        """A field that is text, "" if there is none."""
        value = self.fields.get(field)
        return value if isinstance(value, str) else ""

    def texts(self, field: str) -> list[str]:
        """A field that is an array of texts."""
        value = self.fields.get(field)
        return [str(one) for one in value] if isinstance(value, list) else []

    @property
    def source(self) -> Mapping[str, object]:
        """The table that says where the package comes from."""
        value = self.fields.get("source")
        return value if isinstance(value, Mapping) else {}

    @property
    def hashes(self) -> int:
        """How many hashes stand in the package itself."""
        counts = [self.fields.get(field) for field in _FILES]
        return sum(one for one in counts if isinstance(one, int))


class Packages(NamedTuple):
    """What either way of reading finds.

    `hashes` counts those kept outside the packages, by what their table calls the package,
    normalized. `tables` are the names of the tables and arrays of tables that there are.
    """

    packages: list[Package]
    hashes: Mapping[str, int]
    tables: frozenset[str]


def load(document: Document) -> Union[Packages, Problem]:
    """What is locked, in file order, or why the file cannot be read."""
    found = scan(document.text)
    if found is not None:
        return found
    data = _toml.load(document)
    return data if isinstance(data, Problem) else parse(document.text, data)


def read(
    document: Document,
    name: str,
    declare: Callable[[Package, Packages], Declaration | None],
    last: str = "",
) -> DependencyFile:
    """The file as a format of that name reads it; `declare` is None for what has no name.

    `last` is the table that stands at the end of a file that was not cut short.
    """
    found = load(document)
    if isinstance(found, Problem):
        return DependencyFile(document, name, problems=(found,))
    outcomes: list[Declaration | Problem] = []
    for package in found.packages:
        declaration = declare(package, found)
        if declaration is None:
            line = document.position(package.name.start)[0]
            text = _("expected a package with a name and a version")
            outcomes.append(Problem(document.path, line, text))
        else:
            outcomes.append(declaration)
    if last and last not in found.tables:
        line = document.position(len(document.text))[0]
        text = _("has no [{table}]: the file is cut short, or {tool} did not write it")
        tool = name.partition(".")[0]
        outcomes.append(Problem(document.path, line, text.format(table=last, tool=tool)))
    return DependencyFile.of(document, name, outcomes)


def declare(package: Package, url: str) -> Declaration | None:
    """The declaration of a package by its name, version and where it comes from, if it has both.

    What does not come from an index is found by its `url`, and need not have a version.
    """
    name, version = package.text("name"), package.text("version")
    if not name or not (version or url):
        return None
    specifier = f"=={version}" if version else ""
    return Declaration(
        name=normalize(name),
        specifier=specifier,
        span=package.name,
        version=version or None,
        accepts=() if url else (specifier,),
        url=url,
        hashes=package.hashes,
        kind=Kind.LOCK,
    )


# --------------------------------------------------------------------------- two ways to read


def scan(text: str) -> Packages | None:
    """The packages, if the text has nothing in it but what the lockers themselves write."""
    packages: list[Package] = []
    hashes: dict[str, int] = {}
    tables: set[str] = set()
    table, at = "", 0
    statement = re.compile(_STATEMENT)  # takes 10 ms, which only a lock file is worth
    while at < len(text):
        match = statement.match(text, at)
        if match is None:
            return None
        at = match.end()
        name = match["array"] or match["table"]
        if name:
            table = name
            tables.add(table)
            if match["array"] and table in _PACKAGES:
                packages.append(Package(Span(*match.span("array"))))
        elif match["key"] and not _take(text, match, table, packages, hashes):
            return None
    return Packages(packages, hashes, frozenset(tables))


def _take(
    text: str, match: re.Match[str], table: str, packages: list[Package], hashes: dict[str, int]
) -> bool:
    """Keep a statement that matters; False for a key that stands there twice."""
    key, value = match["key"], match["value"]
    target: dict[str, object]
    if table in _PACKAGES and key in _WANTED:
        target = packages[-1].fields
        if key == "name":
            packages[-1].name = _toml.contents(text, Span(*match.span("value")))
    elif table == "package.source" and packages:
        source = packages[-1].fields.setdefault("source", {})
        if not isinstance(source, dict):
            return False
        target = source
    else:
        if table in ("metadata.files", "metadata.hashes"):
            hashes[normalize(key.strip('"'))] = _count(value)
        return True
    known = key in target
    target[key] = _count(value) if key in _FILES else _plain(value)
    return not known


def _count(value: str) -> int:
    return value.count("hash = ") or (0 if "{" in value else len(_STRINGS.findall(value)))


def _plain(value: str) -> object:
    """A string, an array of them or a table of them; None for all else."""
    if value.startswith('"'):
        return _toml.string(value, Span(0, len(value))).text
    if value.startswith("["):
        return [_plain(text) for text in _STRINGS.findall(value)]
    if value.startswith("{"):
        return {key.strip('"'): _plain(text) for key, text in _MEMBER.findall(value)}
    return None


def parse(text: str, data: Mapping[str, object]) -> Packages:
    """The packages of any TOML, whatever it looks like."""
    places = _toml.places(text)
    packages = []
    for array in sorted(_PACKAGES):
        found = _toml.child(data, array)
        for index, fields in enumerate(found if isinstance(found, list) else []):
            name = _toml.contents_at(text, places, (array, index, "name"))
            package = Package(name or _toml.find(places, (array, index)).key)
            packages.append(package)
            if isinstance(fields, Mapping):
                package.fields = {**fields, **dict(_counts(fields))}
    tables = frozenset(
        ".".join(key for key in path if isinstance(key, str))
        for path, place in places.items()
        if place.is_table
    )
    return Packages(packages, dict(_outside(data)), tables)


def _counts(fields: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for field in _FILES & fields.keys():
        files = fields[field]
        found = files if isinstance(files, list) else [files]
        yield (
            field,
            sum(
                isinstance(one, str) or (isinstance(one, Mapping) and "hash" in one)
                for one in found
            ),
        )


def _outside(data: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    for key in ("files", "hashes"):
        table = _toml.child(data, "metadata", key)
        for name, files in table.items() if isinstance(table, Mapping) else ():
            yield normalize(name), len(files) if isinstance(files, list) else 0
