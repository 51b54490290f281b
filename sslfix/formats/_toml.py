"""Where the keys and values of a TOML text stand; tomli says whether it is valid and what it is.

https://toml.io/en/v1.0.0
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Document, Problem, Span

from ._passage import Builder, Passage

Path = tuple[Union[str, int], ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY = re.compile(r"[ \t]*([A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')[ \t]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,#\]}\r\n]+")
_ESCAPE = re.compile(r"\\(?:[ \t]*\r?\n\s*|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


class Place(NamedTuple):
    """Where a key and its value stand.

    For an element of an array `key` is its value; for a table under a header `value` reaches
    from behind the header to the end of its last own value.
    """

    key: Span
    value: Span
    is_table: bool = False

    @property
    def whole(self) -> Span:
        """From the key to the end of the value; of a table under a header its name there."""
        return self.key if self.is_table else Span(self.key.start, self.value.end)


def load(document: Document) -> Union[dict[str, object], Problem]:
    """The data of a TOML file, or the problem that tomli has with it."""
    import tomli

    try:
        return tomli.loads(document.text)
    except tomli.TOMLDecodeError as error:
        text = _("is not valid TOML: {reason}").format(reason=error.msg)
        return Problem(document.path, error.lineno, text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits; deep nesting
        text = _("is not readable TOML: {reason}").format(reason=error)
        return Problem(document.path, None, text)


def child(data: object, *path: str) -> object:
    """What stands under the keys of nested tables, or None."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def places(text: str) -> dict[Path, Place]:
    """The places of everything that valid TOML holds; elements of arrays are counted from 0."""
    found: dict[Path, Place] = {}
    last_index: dict[Path, int] = {}
    table: Path = ()
    at = _skip(text, 0)
    while at < len(text):
        if text[at] == "[":
            table, at = _header(text, at, last_index, found)
        else:
            at = _statement(text, at, table, found)
            if table in found:
                header = found[table]
                found[table] = header._replace(value=Span(header.value.start, at))
        at = _skip(text, at)
    return found


def find(found: Mapping[Path, Place], path: Path) -> Place:
    """The place of a key; what is made of dotted keys alone stands where the first of them does."""
    return found.get(path) or min(at for known, at in found.items() if known[: len(path)] == path)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _header(
    text: str, at: int, last_index: dict[Path, int], found: dict[Path, Place]
) -> tuple[Path, int]:
    """Record `[table]` or `[[array]]`; its path and the end of the header."""
    is_array = text.startswith("[[", at)
    keys, span, at = _keys(text, at + 1 + is_array)
    path: Path = ()
    for number, key in enumerate(keys, 1):
        path = (*path, key)
        if is_array and number == len(keys):
            last_index[path] = last_index.get(path, -1) + 1
        if path in last_index:
            path = (*path, last_index[path])
    end = at + 1 + is_array
    found[path] = Place(span, Span(end, end), is_table=True)
    return path, end


def _keys(text: str, at: int) -> tuple[list[str], Span, int]:
    """The parts of a dotted key, the span of the last one, and where it ends with its blanks."""
    keys: list[str] = []
    while True:
        match = _KEY.match(text, at)
        assert match is not None, "tomli has read this text"
        span = Span(*match.span(1))
        keys.append(string(text, span).text if match[1][0] in "\"'" else match[1])
        at = match.end()
        if not text.startswith(".", at):
            return keys, span, at
        at += 1


def _statement(text: str, at: int, table: Path, found: dict[Path, Place]) -> int:
    """Record `key = value` and what the value holds; the end of the value."""
    keys, span, at = _keys(text, at)
    start = _skip(text, at + 1)
    path = (*table, *keys)
    end = _value(text, start, path, found)
    found[path] = Place(span, Span(start, end))
    return end


def _value(text: str, at: int, path: Path, found: dict[Path, Place]) -> int:
    """Record what an array or inline table holds; the end of the value."""
    if text[at] in "\"'":
        match = _STRING.match(text, at)
    elif text[at] not in "[{":
        match = _SCALAR.match(text, at)
        return at + len(match[0].rstrip()) if match else at
    else:
        return _collection(text, at, path, found)
    assert match is not None, "tomli has read this text"
    return match.end()


def _collection(text: str, at: int, path: Path, found: dict[Path, Place]) -> int:
    opening, index = text[at], 0
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        if opening == "{":
            at = _statement(text, at, path, found)
        else:
            end = _value(text, at, (*path, index), found)
            found[(*path, index)] = Place(Span(at, end), Span(at, end))
            at, index = end, index + 1
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return at + 1


def contents(text: str, value: Span) -> Span:
    """The span between the quotes of a string."""
    raw = text[value.start : value.end]
    if len(raw) < 6 or raw[:3] not in ('"""', "'''"):
        return Span(value.start + 1, value.end - 1)
    newline = re.match(r"\r?\n", raw[3:])
    return Span(value.start + 3 + (newline.end() if newline else 0), value.end - 3)


def contents_at(text: str, found: Mapping[Path, Place], path: Path) -> Span | None:
    """The span between the quotes of the string under a key; None where the key has no place."""
    place = found.get(path)
    return contents(text, place.value) if place else None


def string(text: str, value: Span) -> Passage:
    """A string's text, escapes resolved, that knows where its characters stand."""
    start, end = contents(text, value)
    if text[value.start] == "'" or "\\" not in text[start:end]:
        return Passage.of(text, start, end)
    built = Builder()
    for escape in _ESCAPE.finditer(text, start, end):
        built.add(text[start : escape.start()], start)
        built.add(_unescape(escape[0][1:]), *escape.span())
        start = escape.end()
    built.add(text[start:end], start)
    return built.build()


def _unescape(code: str) -> str:
    if code[0] in "uUx":
        return chr(int(code[1:], 16))
    return "" if code[0].isspace() else _ESCAPES.get(code, code)
