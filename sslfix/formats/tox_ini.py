"""tox.ini: what the test environments install.

https://tox.wiki/en/stable/config.html#deps
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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

from . import _pep508, _versions, requirements
from ._passage import Builder, Passage

if TYPE_CHECKING:
    from ._ini import Entry

_Outcome = Union[Declaration, Include, Problem]

_COMMENT = re.compile(r"(?<!\\)#")
_REFERENCE = re.compile(r"\{\[([^\[\]{}]+)\]\s*([^\s{}]+)\}")
_FOLDER = re.compile(r"\{(?:toxinidir|tox_root)\}/?")


def read(document: Document) -> DependencyFile:
    """The `deps` of all environments, and those elsewhere that they refer to."""
    from . import _ini

    outcomes: list[_Outcome] = []
    settings: dict[tuple[str, str], Entry] = {}
    for entry in _ini.entries(document):
        if isinstance(entry, Problem):
            outcomes.append(entry)
        else:
            settings.setdefault((entry.section, entry.key), entry)
    for place in _wanted(document.text, settings):
        outcomes += _requirements(document, settings[place])
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _wanted(text: str, settings: Mapping[tuple[str, str], Entry]) -> Mapping[tuple[str, str], None]:
    """The settings that hold requirements: `deps`, and what these refer to (`{[base]deps}`)."""
    waiting = [
        (section, key)
        for section, key in settings
        if key == "deps" and (section == "testenv" or section.startswith("testenv:"))
    ]
    wanted: dict[tuple[str, str], None] = {}
    while waiting:
        place = waiting.pop()
        if place in settings and place not in wanted:
            wanted[place] = None
            for line in settings[place].lines:
                waiting += [(one[1], one[2]) for one in _REFERENCE.finditer(text, *line)]
    return wanted


def _requirements(document: Document, entry: Entry) -> Iterator[_Outcome]:
    from . import _factors

    own = _factors.marker(entry.section.partition(":")[2])
    for passage in _joined(document.text, entry):
        expression, start = _factors.split(passage.text)
        if "{" in _FOLDER.sub("", passage.text[start:]):
            continue  # what is put in there is not known here
        section = f"{entry.section} {{{expression}}}" if expression else entry.section
        markers = [one for one in (own, _factors.marker(expression) if expression else "") if one]
        for outcome in requirements.read_line(document, passage, section, start):
            yield _placed(outcome, markers)


def _placed(outcome: _Outcome, markers: list[str]) -> _Outcome:
    """A declaration for the Pythons of its environment; a file beside tox.ini."""
    if isinstance(outcome, Include):
        return outcome._replace(target=_FOLDER.sub("", outcome.target))
    if isinstance(outcome, Declaration) and markers:
        own = [outcome.marker] if outcome.marker else []
        return outcome._replace(marker=_versions.join_markers("and", [*markers, *own]))
    return outcome


def _joined(text: str, entry: Entry) -> Iterator[Passage]:
    """The lines of a value, those that end in a backslash joined with the next."""
    pending = Builder()
    for line in entry.lines:
        continued = text.endswith("\\", *line)
        comment = _COMMENT.search(text, *line)
        end = comment.start() if comment else line.end - continued
        pending.add(text[line.start : end].rstrip(), line.start)
        if not continued:
            yield pending.build()
            pending = Builder()
    if entry.lines and text.endswith("\\", *entry.lines[-1]):
        yield pending.build()


def constrain(
    file: DependencyFile, name: str, specifier: str, comment: str, section: str = ""
) -> Edit | None:
    """A line behind the last requirement of an environment, under the same factors."""
    text = file.document.text
    own = [one for one in file.declarations if one.section == (section or "testenv")]
    if not own:
        return None
    at = own[-1].span.end
    line = text[: own[-1].span.start].splitlines(keepends=True)[-1:]
    before = line[0] if line and not line[0].endswith(("\n", "\r")) else ""
    indented = before if before[:1].isspace() else "    "
    rest = re.compile(r"[^\r\n]*").match(text, at)
    end = rest.end() if rest else at
    newline = (re.search(r"\r\n|\n|\r", text) or ["\n"])[0]
    added = f"{newline}{indented}{name}{specifier}" + (f"  # {comment}" if comment else "")
    return Edit(file.document.path, Span(end, end), added)


FORMAT = Format(
    name="tox.ini",
    patterns=("tox.ini",),
    read=read,
    respecify=_pep508.respecify,
    constrain=constrain,
)
