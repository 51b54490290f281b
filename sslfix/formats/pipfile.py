"""pipenv's Pipfile.

https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Union

from sslfix.model import Declaration, DependencyFile, Document, Edit, Format, Problem

from . import _pep508, _pipenv, _toml, _toml_edit
from ._toml import Path

# https://github.com/pypa/pipenv/blob/main/pipenv/utils/pipfile.py (NON_CATEGORY_SECTIONS)
_OTHER_TABLES = frozenset({"build-system", "pipenv", "requires", "scripts", "source"})


def read(document: Document) -> DependencyFile:
    """The declarations of all categories, or the problem that makes the file unreadable."""
    data = _toml.load(document)
    if isinstance(data, Problem):
        return DependencyFile(document, FORMAT.name, problems=(data,))
    outcomes = list(_entries(document, data))
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _entries(
    document: Document, data: Mapping[str, object]
) -> Iterator[Union[Declaration, Problem]]:
    places = _toml.places(document.text)
    for section, table in data.items():
        if section in _OTHER_TABLES or not isinstance(table, Mapping):
            continue
        for name, entry in table.items():
            path: Path = (section, name)
            place = _toml.find(places, path)
            try:
                declaration = _pipenv.declare(name, entry, place.whole, section)
            except _pep508.RequirementError as error:
                line, _ = document.position(place.key.start)
                yield Problem(document.path, line, str(error))
                continue
            version = _toml.contents_at(
                document.text, places, path if isinstance(entry, str) else (*path, "version")
            )
            yield declaration._replace(specifier_span=None if declaration.url else version)


def respecify(document: Document, declaration: Declaration, specifier: str) -> str:
    """The specifier in the author's style, `*` for any version."""
    return _pep508.respecify(document, declaration, specifier) or "*"


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """An entry in a category, by default [packages], which is made if there is none."""
    document, table = file.document, section or "packages"
    if isinstance(_toml.load(document), Problem):
        return None
    edit = _toml_edit.add_entry(document, (table,), name, specifier, comment)
    return edit or _toml_edit.add_table(document, table, name, specifier, comment)


FORMAT = Format(
    name="Pipfile", patterns=("Pipfile",), read=read, respecify=respecify, constrain=constrain
)
