"""tox.ini: what the test environments install.

https://tox.wiki/en/stable/config.html#deps
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sslfix.model import DependencyFile, Document, Edit, Format, Problem, Span

from . import _pep508, requirements
from ._passage import Builder, Passage

if TYPE_CHECKING:
    from ._ini import Entry
    from ._tox import Outcome

_COMMENT = re.compile(r"(?<!\\)#")
_REFERENCE = re.compile(r"\{\[([^\[\]{}]+)\]\s*([^\s{}]+)\}")


def read(document: Document) -> DependencyFile:
    """The `deps` of all environments, and the files of their `constraints`."""
    return DependencyFile.of(document, FORMAT.name, list(outcomes(document)))


def outcomes(document: Document) -> Iterator[Outcome]:
    """What a text says, `deps` elsewhere that others refer to with it."""
    from . import _ini, _tox

    settings: dict[tuple[str, str], Entry] = {}
    for entry in _ini.entries(document):
        if isinstance(entry, Problem):
            yield entry
        else:
            settings.setdefault((entry.section, entry.key), entry)
    for place in _wanted(document.text, settings):
        yield from _requirements(document, settings[place])
    for (section, key), entry in settings.items():
        if key == "constraints" and _is_environment(section):
            for passage in _joined(document.text, entry):
                yield from _tox.constraints(passage)


def _is_environment(section: str) -> bool:
    return section == "testenv" or section.startswith("testenv:")


def _wanted(text: str, settings: Mapping[tuple[str, str], Entry]) -> Mapping[tuple[str, str], None]:
    """The settings that hold requirements: `deps`, and what these refer to (`{[base]deps}`)."""
    waiting = [
        (section, key) for section, key in settings if key == "deps" and _is_environment(section)
    ]
    wanted: dict[tuple[str, str], None] = {}
    while waiting:
        place = waiting.pop()
        if place in settings and place not in wanted:
            wanted[place] = None
            for line in settings[place].lines:
                waiting += [(one[1], one[2]) for one in _REFERENCE.finditer(text, *line)]
    return wanted


def _requirements(document: Document, entry: Entry) -> Iterator[Outcome]:
    from . import _factors, _tox

    own = _factors.marker(entry.section.partition(":")[2])
    for passage in _joined(document.text, entry):
        expression, start = _factors.split(passage.text)
        if not _tox.is_plain(passage.text[start:]):
            continue  # what is put in there is not known here
        section = f"{entry.section} {{{expression}}}" if expression else entry.section
        markers = [one for one in (own, _factors.marker(expression) if expression else "") if one]
        for outcome in requirements.read_line(document, passage, section, start):
            yield _tox.placed(outcome, markers)


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
