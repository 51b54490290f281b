"""conda's environment.yml, with what it has pip install.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from sslfix.model import (
    Declaration,
    DependencyFile,
    Document,
    Edit,
    Format,
    Include,
    Problem,
    Span,
)

from . import _pep508, requirements

if TYPE_CHECKING:
    from ._yaml import Item

_Outcome = Union[Declaration, Include, Problem]

_CONDA, _PIP = "conda", "pip"
_ITEM = re.compile(r"([ \t]*)- ")
_BRACKET = re.compile(r"[\[{]")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def read(document: Document) -> DependencyFile:
    """The packages of conda (section "conda") and pip's requirements (section "pip")."""
    from . import _yaml

    outcomes: list[_Outcome] = []
    for item in _yaml.items(document, "dependencies"):
        outcomes += [item] if isinstance(item, Problem) else _declared(document, item)
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _declared(document: Document, item: Item) -> Iterator[_Outcome]:
    found: Iterator[_Outcome] = iter(())
    if item.key == _PIP:
        found = requirements.read_line(document, item.passage, _PIP)
    elif not item.key:
        found = _package(document, item)
    for one in found:
        if isinstance(one, Declaration) and item.bare:
            yield one._replace(specifier_span=None)
        else:
            yield one


def _package(document: Document, item: Item) -> Iterator[Union[Declaration, Problem]]:
    from . import _conda

    try:
        declaration = _conda.declare(item.passage, _CONDA)
    except _pep508.RequirementError as error:
        line = document.position(item.passage.pieces[0].start)[0]
        yield Problem(document.path, line, str(error))
        return
    if declaration is not None:
        yield declaration


def respecify(document: Document, declaration: Declaration, specifier: str) -> str:
    """The specifier in the author's style, and in conda's spelling in its own list."""
    from . import _conda

    respecified = _conda.spell if declaration.section == _CONDA else _pep508.respecify
    return respecified(document, declaration, specifier)


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """An item behind the last declaration of the list: conda's, unless pip's is asked for."""
    section = section or _CONDA
    own = [one for one in file.declarations if one.section == section]
    if not own:
        return None
    text, last = file.document.text, own[-1].span
    column = file.document.position(last.start)[1]
    item = _ITEM.match(text, last.start - column + 1)
    rest = _REST_OF_LINE.match(text, last.end)
    if item is None or rest is None or _BRACKET.search(text, item.end(), last.start):
        return None
    newline = (re.search(r"\r\n|\n|\r", text) or ["\n"])[0]
    from . import _conda

    own_name = _conda.package_name(name) if section == _CONDA else name
    added = f"{newline}{item[0]}{own_name}{specifier}" + (f"  # {comment}" if comment else "")
    return Edit(file.document.path, Span(rest.end(), rest.end()), added)


FORMAT = Format(
    name="environment.yml",
    patterns=(
        "environment*.yml",
        "environment*.yaml",
        "*environment.yml",
        "*environment.yaml",
        "conda.yml",
        "conda.yaml",
    ),
    read=read,
    respecify=respecify,
    constrain=constrain,
)
