"""Additions to TOML that people wrote, as one edit that leaves all else as it is."""

from __future__ import annotations

import re

from sslfix.model import Document, Edit, Span

from . import _toml
from ._toml import Path

_BLANK = re.compile(r"(?:\s+|#[^\r\n]*)*")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?=\r?\n|$)")


def add_entry(document: Document, table: Path, key: str, value: str, comment: str) -> Edit | None:
    """`key = "value"` behind the last entry of a table; None where the table has no header."""
    line = f'{key} = "{value}"' + (f"  # {comment}" if comment else "")
    return _add_line(document, table, line)


def _add_line(document: Document, table: Path, line: str) -> Edit | None:
    place = _toml.places(document.text).get(table)
    if place is None or not place.is_table:
        return None
    rest = _REST_OF_LINE.match(document.text, place.value.end)
    at = rest.end() if rest else place.value.end
    return _checked(document, Span(at, at), _newline(document) + line)


def add_table(document: Document, table: str, key: str, value: str, comment: str) -> Edit | None:
    """A new table with one entry at the end of the file."""
    return _add_end(document, table, f'{key} = "{value}"' + (f"  # {comment}" if comment else ""))


def add_array(document: Document, table: str, key: str, value: str, comment: str) -> Edit | None:
    """`key = ["value"]` in a table, which is made at the end of the file if there is none."""
    newline = _newline(document)
    line = f'    "{value}",' + (f"  # {comment}" if comment else "")
    array = f"{key} = [{newline}{line}{newline}]"
    edit = _add_line(document, tuple(table.split(".")), array)
    return edit or _add_end(document, table, array)


def _add_end(document: Document, table: str, line: str) -> Edit | None:
    newline, end = _newline(document), len(document.text)
    ended = not document.text or document.text.endswith("\n")
    spaced = not document.text or document.text.endswith(newline * 2)
    gap, close = ("" if spaced else newline), newline
    if not ended:  # nor does it end with a newline then
        gap, close = newline + gap, ""
    return _checked(document, Span(end, end), f"{gap}[{table}]{newline}{line}{close}")


def add_element(document: Document, array: Path, value: str, comment: str) -> Edit | None:
    """The string `value` as the last element of an array, on a line of its own."""
    text, found = document.text, _toml.places(document.text)
    place, newline = found[array], _newline(document)
    count = 0
    while (*array, count) in found:
        count += 1
    last = found[(*array, count - 1)].value if count else None
    start = last.end if last else place.value.start + 1
    comma = _BLANK.match(text, start)
    has_comma = last is not None and comma is not None and text[comma.end()] == ","
    at = comma.end() + 1 if comma and has_comma else start
    rest = _REST_OF_LINE.match(text, at)
    between = rest[0] if rest else ""
    closes_here = not rest  # the bracket stands on the same line
    indent = _indent(text, last.start) if last else "    "
    element = f'{indent}"{value}"' + ("," if has_comma or closes_here or not last else "")
    element += f"  # {comment}" if comment else ""
    added = ("," if last and not has_comma else "") + between + newline + element
    if closes_here:
        added += newline
    return _checked(document, Span(at, at + len(between)), added)


def _indent(text: str, at: int) -> str:
    """The blanks before the first thing on a line, four where other things stand before it."""
    line = text[:at].rpartition("\n")[2]
    return line if line and not line.strip() else "    "


def _newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.text else "\n"


def _checked(document: Document, span: Span, text: str) -> Edit | None:
    """The edit, unless the table is written in a way (dotted keys) that it would break."""
    new = document.text[: span.start] + text + document.text[span.end :]
    if not isinstance(_toml.load(document._replace(text=new)), dict):
        return None
    return Edit(document.path, span, text)
