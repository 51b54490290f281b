"""conda's environment.yml, with what it has pip install.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Union

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

from . import _conda, _pep508, _yaml, requirements

_PIP = "pip"
_ITEM = re.compile(r"([ \t]*)- ")
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def read(document: Document) -> DependencyFile:
    """The packages of conda (section "conda") and pip's requirements (section "pip")."""
    outcomes: list[Union[Declaration, Include, Problem]] = []
    for item in _yaml.items(document, "dependencies"):
        if isinstance(item, Problem):
            outcomes.append(item)
        elif item.key == _PIP:
            outcomes += requirements.read_line(document, item.passage, _PIP)
        elif not item.key:
            outcomes += _package(document, item)
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _package(document: Document, item: _yaml.Item) -> Iterator[Union[Declaration, Problem]]:
    try:
        declaration = _conda.declare(item.passage)
    except _pep508.RequirementError as error:
        line = document.position(item.passage.pieces[0].start)[0]
        yield Problem(document.path, line, str(error))
        return
    if declaration is not None:
        yield declaration


def respecify(document: Document, declaration: Declaration, specifier: str) -> str:
    """The specifier in the author's style; conda knows no `===`."""
    if declaration.section == _conda.SECTION:
        specifier = specifier.replace("===", "==")
    return _pep508.respecify(document, declaration, specifier)


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """An item behind the last declaration of the list: conda's, unless pip's is asked for."""
    section = section or _conda.SECTION
    own = [one for one in file.declarations if one.section == section]
    if not own:
        return None
    text, last = file.document.text, own[-1].span
    column = file.document.position(last.start)[1]
    item = _ITEM.match(text, last.start - column + 1)
    rest = _REST_OF_LINE.match(text, last.end)
    if item is None or rest is None:
        return None
    newline = (re.search(r"\r\n|\n|\r", text) or ["\n"])[0]
    own_name = _conda.package_name(name) if section == _conda.SECTION else name
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
