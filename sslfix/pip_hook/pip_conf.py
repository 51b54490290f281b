"""pip.conf: what pip reads there, and our path in it, every other byte kept.

pip takes a command's own section before [global], and the file of an environment before that of
the user: values replace each other, they are not put together. So what was in effect before is
written beside our path. https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sslfix.errors import ReadError
from sslfix.formats import _ini
from sslfix.language import say as _
from sslfix.model import Document, Span

from . import blocks

if TYPE_CHECKING:
    from sslfix.formats._ini import Entry

Values = Mapping["tuple[str, str]", "tuple[str, ...]"]
"""(section, key) to the paths that the value names; those of our keys only."""

FILE_NAME = "pip.ini" if os.name == "nt" else "pip.conf"
NAME = "sslfix-constraints.txt"
GLOBAL = "global"
COMMANDS = ("install", "download", "wheel", "lock")
CONSTRAINT, BUILD = "constraint", "build-constraint"
_START = r"(?:\A|(?<=[\r\n]))[ \t]*"
_OURS = re.compile(rf"\S*[/\\]{re.escape(NAME)}(?!\S)")
_SETTING = re.compile(rf"(?:{BUILD}|{CONSTRAINT}) =(?: {_OURS.pattern})?")


def spelled(path: str) -> str:
    """The path as a value names it: pip splits values at blanks, and reads them in any encoding.

    https://github.com/pypa/pip/blob/26.0/src/pip/_internal/cli/parser.py (_update_defaults)
    """
    if re.fullmatch(r"[!-~]+", path):
        return path
    from urllib.parse import quote_from_bytes

    return "file://" + quote_from_bytes(path.encode("utf-8", "surrogateescape"))


def is_ours(value: str) -> bool:
    """Whether a path in a value is that of a constraints file of this hook."""
    return _OURS.fullmatch(value) is not None


def effective(values: Values, command: str, key: str) -> tuple[str, ...]:
    """What a command of pip takes: its own section's value, else that of [global]."""
    return values.get((command, key)) or values.get((GLOBAL, key)) or ()


def values(document: Document) -> Values:
    """The paths under our keys as pip reads them; ReadError where pip cannot read the file."""
    found = _read(document)
    kept = {(section, key): text for (section, key), text in found.items() if _counts(section, key)}
    return {place: tuple(text.split()) for place, text in kept.items()}


def _counts(section: str, key: str) -> bool:
    return section in {GLOBAL, *COMMANDS} and key in {CONSTRAINT, BUILD}


def _read(document: Document) -> dict[tuple[str, str], str]:
    """All values by section and normalised key."""
    from configparser import Error, RawConfigParser
    from io import StringIO

    parser = RawConfigParser()
    try:
        parser.read_file(StringIO(document.text, newline=None), document.path)
    except Error as error:
        text = _("pip cannot read it: {reason}")
        reason = " ".join(error.message.split())
        raise ReadError(document.path, text.format(reason=reason)) from None
    return {
        (section, _normalised(key)): value
        for section in parser.sections()
        for key, value in parser.items(section)
    }


def _normalised(key: str) -> str:
    return key.lower().replace("_", "-").removeprefix("--")


# --------------------------------------------------------------------------- adding


def add(document: Document, lower: Values, path: str, *, builds: bool, new: bool) -> str:
    """The text with our path among the constraints of every command of pip.

    `lower` is what files say that this one is read after. `builds` asks for build-constraint as
    well: pip from 25.3 on then refuses --no-build-isolation, so it is only added to where it stands
    already. ReadError where that cannot be done without changing what else the file says.
    """
    clean = document._replace(text=remove(document))
    own = values(clean)
    inherited = {place: _others(named) for place, named in lower.items()}
    merged = {**inherited, **own}
    places = {place for place, named in merged.items() if named}
    places.add((GLOBAL, CONSTRAINT))
    if builds:
        places.add((GLOBAL, BUILD))
    missing = {place: (*merged.get(place, ()), path) for place in places if place not in own}
    text = _extended(clean, own.keys() & places, path)
    text = _inserted(clean._replace(text=text), missing, new=new)
    _require_kept(
        clean, text, {**missing, **{one: (path, *own[one]) for one in places & own.keys()}}
    )
    return text


def _others(named: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for one in named if not is_ours(one))


def _extended(document: Document, places: Iterable[tuple[str, str]], path: str) -> str:
    """The text with our path as the first one in each of these values."""
    text, wanted = document.text, set(places)
    found = [one for one in _entries(document) if (one.section, _normalised(one.key)) in wanted]
    for entry in reversed(found):
        if entry.lines:
            start = entry.lines[0].start
            text = f"{text[:start]}{path} {text[start:]}"
            continue
        start = _start_of_line(text, entry.head.start)
        note = blocks.note(text[start : entry.head.start], blocks.newline_of(text))
        text = f"{text[:start]}{note}{text[start : entry.head.end]} {path}{text[entry.head.end :]}"
    return text


def _start_of_line(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _entries(document: Document) -> Iterator[Entry]:
    for one in _ini.entries(document):
        if isinstance(one, _ini.Entry):
            yield one


def _inserted(document: Document, missing: Values, *, new: bool) -> str:
    """The text with a block for each section that lacks something, new sections at its start."""
    text = document.text
    newline = blocks.newline_of(text)
    top: list[str] = []
    for section in sorted({place[0] for place in missing}):
        named = {key: paths for (own, key), paths in missing.items() if own == section}
        lines = [line for key in (CONSTRAINT, BUILD) for line in _entry(key, named.get(key, ()))]
        header = re.search(rf"{_START}\[{section}\][^\r\n]*(?P<newline>\r\n|\r|\n|\Z)", text)
        if header is None:
            top += [f"[{section}]", *lines]
            continue
        inner = blocks.block(lines, newline, blocks.indent_at(text, header.end()))
        if not header["newline"]:
            inner = newline + inner.removesuffix(newline)
        text = text[: header.end()] + inner + text[header.end() :]
    indent = blocks.indent_at(text, 0)
    return blocks.block(top, newline, indent, new=new) + text if top else text


def _entry(key: str, paths: tuple[str, ...]) -> list[str]:
    if len(paths) > 1:
        return [f"{key} =", *(f"    {path}" for path in paths)]
    return [f"{key} = {path}" for path in paths]


def _require_kept(before: Document, text: str, changed: Values) -> None:
    """Raise ReadError where pip would not read exactly what is meant in the new text."""
    wanted = {place: value.split() for place, value in _read(before).items()}
    wanted.update({place: list(paths) for place, paths in changed.items()})
    found = {place: value.split() for place, value in _read(before._replace(text=text)).items()}
    if found != wanted:
        lines = "; ".join(f"[{one}] {key} = {' '.join(changed[one, key])}" for one, key in changed)
        message = _("cannot be edited without changing what else it says; write by hand: {lines}")
        raise ReadError(before.path, message.format(lines=lines))


# --------------------------------------------------------------------------- removing


def remove(document: Document) -> str:
    """The text without our blocks and paths; what others wrote stays, byte for byte.

    A setting that names our path alone goes as a whole: `pip config` drops the comments around it.
    """
    text = blocks.without(document.text, _SETTING)
    for entry in reversed(list(_entries(document._replace(text=text)))):
        if _normalised(entry.key) in {CONSTRAINT, BUILD}:
            text = _freed(text, entry)
    return blocks.without_comments(text)


def _freed(text: str, entry: Entry) -> str:
    """The text without our paths in that setting, or without the setting if it names no other."""
    found = [one for line in entry.lines for one in _OURS.finditer(text, line.start, line.end)]
    if not found:
        return text
    value = Span(entry.lines[0].start, entry.lines[-1].end)
    alone = len(found) == sum(len(text[slice(*line)].split()) for line in entry.lines)
    if alone and not blocks.has_note(text, entry.head.start):
        return _without_line(text, Span(entry.head.start, value.end))
    for one in reversed(found):
        behind = re.compile(r"\s*").match(text, one.end(), value.end)
        assert behind is not None, "it matches the empty text"
        is_last = behind.end() == value.end
        start = len(text[: one.start()].rstrip()) if is_last else one.start()
        text = text[:start] + text[behind.end() :]
        value = Span(value.start, value.end - (behind.end() - start))
    return text


def _without_line(text: str, span: Span) -> str:
    start = _start_of_line(text, span.start)
    end = re.compile(r"[ \t]*(?:\r\n|\r|\n|\Z)").match(text, span.end)
    return text[:start] + text[end.end() if end else span.end :]


def is_bare(text: str) -> bool:
    """Whether there is nothing but headers of sections: what `pip config` leaves behind."""
    return re.fullmatch(r"(?:\s*\[[^\]\r\n]*\])*\s*", text) is not None
