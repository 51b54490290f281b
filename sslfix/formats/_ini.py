"""INI files as configparser reads them, and where their values stand.

https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Document, Problem, Span

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")
_SECTION = re.compile(r"\[(.+)\]")
_DELIMITER = re.compile(r"[=:]")


class Entry(NamedTuple):
    """A setting: `lines` are the lines of its value, stripped, without blanks and comments.

    `inline` says that the value stands on the key's own line alone, `head` is the key with what
    follows on that line.
    """

    section: str
    key: str
    lines: tuple[Span, ...]
    inline: bool
    head: Span


class _Open(NamedTuple):
    """A setting whose value may go on in the next line, which then is indented deeper."""

    key: str
    lines: list[Span]
    inline: bool
    head: Span


def entries(document: Document) -> Iterator[Union[Entry, Problem]]:
    """The settings in the order of the text, and a problem for each line that is nothing."""
    section: str | None = None
    entry: _Open | None = None
    indent = 0
    for own, content in _contents(document.text):
        text = document.text[slice(*content)]
        if section is not None and entry is not None and own > indent:
            entry = entry._replace(inline=False)
            entry.lines.append(content)
            continue
        if section is not None and entry is not None:
            yield Entry(section, entry.key, tuple(entry.lines), entry.inline, entry.head)
        entry, indent = None, own
        header = _SECTION.match(text)
        delimiter = _DELIMITER.search(text, 1) if section is not None else None
        if header:
            section = header[1]
        elif delimiter:
            value = text[delimiter.end() :].lstrip()
            lines = [Span(content.end - len(value), content.end)] if value else []
            entry = _Open(text[: delimiter.start()].rstrip(), lines, True, content)
        else:
            line = document.position(content.start)[0]
            message = _('expected "key = value" or "[section]", found "{text}"')
            yield Problem(document.path, line, message.format(text=text))
    if section is not None and entry is not None:
        yield Entry(section, entry.key, tuple(entry.lines), entry.inline, entry.head)


def _contents(text: str) -> Iterator[tuple[int, Span]]:
    """Each line without the blanks around it, and how many stand before it.

    Empty lines and comments are left out.
    """
    for line in _LINE.finditer(text):
        content = line[1].strip()
        if content and content[0] not in "#;":
            indent = len(line[1]) - len(line[1].lstrip())
            start = line.start() + indent
            yield indent, Span(start, start + len(content))
