"""pylock.toml, the lock file that PEP 751 specifies for all tools.

It is made anew where its header says that `uv pip compile` wrote it.

https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Format, Kind, Problem

from . import _archive, _compiled, _toml
from ._pep508 import normalize

_ELSEWHERE = {"vcs": "url", "directory": "path", "archive": "url"}


def read(document: Document) -> DependencyFile:
    """What is locked, in file order."""
    data = _toml.load(document)
    if isinstance(data, Problem):
        return DependencyFile(document, FORMAT.name, problems=(data,))
    outcomes = list(_packages(document, data))
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _packages(
    document: Document, data: Mapping[str, object]
) -> Iterator[Union[Declaration, Problem]]:
    places = _toml.places(document.text)
    packages = data.get("packages", [])
    for number, package in enumerate(packages if isinstance(packages, list) else []):
        path = ("packages", number)
        name = package.get("name") if isinstance(package, Mapping) else None
        span = _toml.contents_at(document.text, places, (*path, "name"))
        if not isinstance(name, str) or span is None:
            line = document.position(_toml.find(places, path).key.start)[0]
            yield Problem(document.path, line, _("expected a package with a name"))
            continue
        url = _url(package)
        version = package.get("version") or _archive.version(url, normalize(name))
        yield Declaration(
            name=normalize(name),
            specifier=f"=={version}" if version else "",
            span=span,
            version=str(version) if version else None,
            accepts=(f"=={version}",) if version and not url else (),
            marker=str(package.get("marker", "")),
            url=url,
            hashes=_hashes(package),
            kind=Kind.LOCK,
        )


def _url(package: Mapping[str, object]) -> str:
    """Where a package comes from that is not taken from an index."""
    for source, key in _ELSEWHERE.items():
        table = package.get(source)
        if isinstance(table, Mapping):
            return str(table.get(key) or table.get("path") or "")
    return ""


def _hashes(package: Mapping[str, object]) -> int:
    wheels, sdist = package.get("wheels"), package.get("sdist")
    files = [*(wheels if isinstance(wheels, list) else []), sdist]
    return sum(isinstance(file, Mapping) and bool(file.get("hashes")) for file in files)


FORMAT = Format(
    name="pylock.toml",
    patterns=("pylock.toml", "pylock.*.toml"),
    read=read,
    lock=_compiled.lock_of,
)
