"""Removals from TOML that people wrote: an element of an array, or an entry on its own line.

They undo what `_toml_edit` adds, with the array or table that it had to make.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sslfix.model import Document, Edit, Span

from . import _toml
from ._toml import Path, Place

_BLANK = re.compile(r"(?:\s+|#[^\r\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_COMMA = re.compile(r"[ \t]*,")
_NEWLINE_BEFORE = re.compile(r"(?:\r\n|\n)\Z")
_NEWLINE = re.compile(r"\r?\n")


def remove(document: Document, span: Span) -> Edit | None:
    """The edit that removes the string around a span, or the entry with just that span.

    None where that can't be done without touching its neighbours.
    """
    text, found = document.text, _toml.places(document.text)
    for path, place in found.items():
        if isinstance(path[-1], int) and _is_string_around(text, place.value, span):
            return _element(document, found, path)
        if place.whole == span and not place.is_table:
            return _entry(document, found, path)
    return None


def _is_string_around(text: str, value: Span, span: Span) -> bool:
    return text[value.start] in "\"'" and value.start < span.start and span.end < value.end


# --------------------------------------------------------------------------- elements


def _element(document: Document, found: Mapping[Path, Place], path: Path) -> Edit | None:
    text, array, number = document.text, path[:-1], path[-1]
    assert isinstance(number, int)
    own, whole = found[path].value, found[array].value
    previous = found[(*array, number - 1)].value if number else None
    following = found.get((*array, number + 1))
    if previous is None and following is None:
        return _last_element(document, found, array, own)
    line = _line(text, own)
    if line is None:
        return _inline(document, own, previous, following.value if following else None)
    if following is not None or previous is None:
        return Edit(document.path, line, "")
    opening = text[whole.start : found[(*array, 0)].value.start]
    closing = _closing(text, previous.end, line, whole.end - 1)
    if "\n" not in opening and closing is not None:
        return Edit(document.path, closing, "")  # neither bracket had a line of its own
    comma = _BLANK.match(text, previous.end)
    at = comma.end() if comma else previous.end
    if _COMMA.match(text, own.end):
        return Edit(document.path, line, "")
    return Edit(document.path, Span(at, line.end), text[at + 1 : line.start])


def _line(text: str, value: Span) -> Span | None:
    """The newline before a value and its own line up to the end, None if others stand on it."""
    before, rest = text[: value.start].rstrip(" \t"), _REST_OF_LINE.match(text, value.end)
    newline = _NEWLINE_BEFORE.search(before)
    return Span(newline.start(), rest.end()) if newline and rest else None


def _closing(text: str, start: int, line: Span, end: int) -> Span | None:
    """From `start` to the newline behind a line, if the bracket at `end` stands behind that."""
    newline = _NEWLINE.match(text, line.end)
    between = text[start : line.start].strip(" \t")
    if newline is None or between not in ("", ",") or text[newline.end() : end].strip(" \t"):
        return None
    return Span(start, newline.end())


def _inline(
    document: Document, own: Span, previous: Span | None, following: Span | None
) -> Edit | None:
    """An element that shares its line, with the comma and the blanks to a neighbour."""
    if following is not None:
        span, gap = Span(own.start, following.start), Span(own.end, following.start)
    else:
        assert previous is not None
        span, gap = Span(previous.end, own.end), Span(previous.end, own.start)
    plain = document.text[slice(*gap)].strip(" \t") == ","
    return Edit(document.path, span, "") if plain else None


def _last_element(
    document: Document, found: Mapping[Path, Place], array: Path, own: Span
) -> Edit | None:
    """The only element; the array goes as well if it is one that limits only."""
    text, whole = document.text, found[array].value
    if array[-1] == "constraint-dependencies":
        return _entry(document, found, array)
    line = _line(text, own)
    closing = line and _closing(text, whole.start + 1, line, whole.end - 1)
    if closing is not None:
        return Edit(document.path, closing, "")
    if line is not None:
        return Edit(document.path, line, "")
    content = text[whole.start + 1 : own.start] + text[own.end : whole.end - 1]
    if content.strip(" \t") not in ("", ","):
        return None
    return Edit(document.path, Span(whole.start + 1, whole.end - 1), "")


# --------------------------------------------------------------------------- entries


def _entry(document: Document, found: Mapping[Path, Place], path: Path) -> Edit | None:
    """The lines of an entry, with a table at the end of the file that holds nothing else."""
    text, place = document.text, found[path]
    table = next((one for one in _parents(path) if one in found and found[one].is_table), ())
    if table and _is_alone(text, found, table, path):
        return Edit(document.path, _table(text, found[table], place), "")
    start = text.rfind("\n", 0, place.key.start) + 1
    rest = _REST_OF_LINE.match(text, place.value.end)
    if rest is None or "," in rest[0].partition("#")[0] or text[start : place.key.start].strip():
        return None
    newline = _NEWLINE_BEFORE.search(text[:start])
    if newline is not None:
        return Edit(document.path, Span(newline.start(), rest.end()), "")
    behind = _NEWLINE.match(text, rest.end())
    return Edit(document.path, Span(start, behind.end() if behind else rest.end()), "")


def _parents(path: Path) -> list[Path]:
    return [path[:size] for size in range(len(path) - 1, 0, -1)]


def _is_alone(text: str, found: Mapping[Path, Place], table: Path, path: Path) -> bool:
    """Whether an entry is all that a table holds, one that `constrain` may have made for it.

    Empty tables are usual in a Pipfile: there it has to be the last one.
    """
    header, entry = found[table], found[path]
    alone = header.value.end == entry.value.end
    alone = alone and not text[header.value.start : entry.key.start].strip()
    if len(table) > 1:
        return alone and table == ("tool", "uv")
    return alone and max(found, key=lambda one: found[one].key.start)[: len(path)] == path


def _table(text: str, header: Place, entry: Place) -> Span:
    """From the empty line before a table's header to the end of its only entry's line."""
    start = text.rfind("\n", 0, header.key.start) + 1
    rest = _REST_OF_LINE.match(text, entry.value.end)
    end = rest.end() if rest else entry.value.end
    newline = _NEWLINE.match(text, end)
    if newline is None:  # the file did not end with one before
        start = _newline_before(text, start)
    blank = _newline_before(text, start)
    if newline is None or text[:blank].endswith("\n"):
        start = blank
    return Span(start, newline.end() if newline else end)


def _newline_before(text: str, at: int) -> int:
    newline = _NEWLINE_BEFORE.search(text[:at])
    return newline.start() if newline else at
