"""The lists of texts in a YAML file, and where they stand.

No YAML library tells where the characters of a value stand and keeps the author's file, except
ruamel.yaml, which takes longer to import than a check of a clean project; and a list of plain texts
is all that is needed. What is more than that is a problem, never skipped without a word.
https://yaml.org/spec/1.2.2/
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Document, Problem

from ._passage import Builder, Passage

_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")
_KEY = re.compile(r"(?:\"([^\"\\]*)\"|'([^']*)'|([^\s\"'#\[\]{},&*!|>%@`-][^\s:#]*))\s*:(?=\s|$)")
_COMMENT = re.compile(r"(?:^|(?<=\s))#")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
_ESCAPE = re.compile(r"''|\\(?:([\"\\/ ])|.)")
_FLOW = re.compile(
    rf"(?P<text>{_QUOTED.pattern}|[^\s,\[\]{{}}&*!|>%@`\"'#][^,\[\]{{}}#]*)|\s+|,|#[^\r\n]*"
)
_FLOW_KEY = re.compile(rf"\{{\s*{_KEY.pattern}\s*\[")
_FLOW_END = re.compile(r"\s*\}")
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+")


class Item(NamedTuple):
    """A text of a list; `key` is that of the mapping in the list that it belongs to, or "".

    `bare` says that it stands in brackets without quotes, where a comma would end it.
    """

    passage: Passage
    key: str = ""
    bare: bool = False


class _Line(NamedTuple):
    """A line that says something: where its first character stands, and how far it is indented."""

    text: str
    start: int
    indent: int


def items(document: Document, key: str) -> Iterator[Union[Item, Problem]]:
    """The texts of the list under a top-level key, with those of the lists inside it."""
    lines = list(_lines(document.text))
    for number, line in enumerate(lines):
        found = _KEY.match(line.text) if line.indent == 0 else None
        if found is None or _name(found) != key:
            continue
        rest = line.text[found.end() :].strip()
        at = line.start + len(line.text) - len(line.text[found.end() :].lstrip())
        if rest.startswith("["):
            yield from _flow(document, at, "")
        elif rest and rest not in ("~", "null") and not _ANCHOR.fullmatch(rest):
            yield _problem(document, at, rest)
        else:
            yield from _Block(document, lines[number + 1 :]).read()


def _lines(text: str) -> Iterator[_Line]:
    """The lines without comments and the blanks behind them; empty ones are left out."""
    for line in _LINE.finditer(text):
        content = line[1].strip()
        if content and not content.startswith("#"):
            indent = len(line[1]) - len(line[1].lstrip())
            quoted = _QUOTED.match(content.lstrip("- "))
            done = len(content) - len(content.lstrip("- ")) + quoted.end() if quoted else 0
            comment = _COMMENT.search(content, done)
            kept = content[: comment.start()].rstrip() if comment else content
            yield _Line(kept, line.start() + indent, indent)


def _name(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3] or ""


def _problem(document: Document, at: int, text: str) -> Problem:
    message = _('sslfix cannot read {what} here ("{text}"), so this place was not judged')
    message = message.format(what=_what(text), text=text)
    return Problem(document.path, document.position(at)[0], message)


def _what(text: str) -> str:
    """What a text in YAML is that is not read here."""
    if text.startswith(("{{", "{%")):
        return _("a template")
    whats = {
        ">": _("a text of several lines"),
        "|": _("a text of several lines"),
        "&": _("an anchor"),
        "*": _("an alias"),
        "!": _("a tag"),
        "{": _("a mapping in braces"),
    }
    return whats.get(text[:1], _("what is no list of texts"))


class _Block:
    """Reads a list of one item on a line, with the lists that its mappings hold."""

    def __init__(self, document: Document, lines: list[_Line]) -> None:
        self._document = document
        self._lines = lines
        self._lists: list[tuple[int, str]] = []  # the open lists: indentation, key
        self._key: str | None = None  # of the mapping that the last item began
        self._pending: list[tuple[str, int]] = []  # the lines of the last item, if it is plain

    def read(self) -> Iterator[Union[Item, Problem]]:
        """The texts of the lists up to the next top-level key."""
        for line in self._lines:
            is_item = line.text == "-" or line.text.startswith("- ")
            if line.indent == 0 and not is_item:
                break
            if is_item and not self._continues(line.indent):
                yield from self._flush()
                yield from self._item(line)
            elif self._pending and line.indent > self._lists[-1][0]:
                self._pending.append((line.text, line.start))
            elif self._key is not None:
                inner = _KEY.match(line.text)
                self._key = _name(inner) if inner else self._key
            else:
                yield _problem(self._document, line.start, line.text)
        yield from self._flush()

    def _continues(self, indent: int) -> bool:
        """Whether a dash at that indentation goes on with a plain text: no list can begin there."""
        deeper = bool(self._lists) and indent > self._lists[-1][0]
        return deeper and self._key is None and bool(self._pending)

    def _item(self, line: _Line) -> Iterator[Union[Item, Problem]]:
        while len(self._lists) > 1 and line.indent < self._lists[-1][0]:
            self._lists.pop()
        if not self._lists or line.indent > self._lists[-1][0]:
            self._lists.append((line.indent, self._key or ""))
        self._key = None
        content = line.text[1:].lstrip()
        start = line.start + len(line.text) - len(content)
        mapping = _KEY.match(content)
        flow = _FLOW_KEY.match(self._document.text, start)
        if flow is not None:
            self._key = _name(flow)
            yield from _flow_mapping(self._document, flow)
        elif mapping is not None:
            self._key = _name(mapping)
            yield from self._value(content[mapping.end() :].lstrip(), start + len(content))
        else:
            yield from self._text(content, start)

    def _value(self, value: str, end: int) -> Iterator[Union[Item, Problem]]:
        """What stands behind a key, if it is a list or might stand for one."""
        at = end - len(value)
        if value.startswith("["):
            yield from _flow(self._document, at, self._key or "")
        elif value.startswith((">", "|", "*", "!", "{")):
            yield _problem(self._document, at, value)

    def _text(self, content: str, start: int) -> Iterator[Union[Item, Problem]]:
        quoted = _QUOTED.match(content)
        if quoted and quoted.end() == len(content):
            passage = _unquoted(content, start)
            if passage is not None:
                yield Item(passage, self._lists[-1][1])
                return
        if content[:1] in tuple("[]{}&*!|>%@`\"'") and content:
            yield _problem(self._document, start, content)
            self._key = ""  # the lines that belong to it are left out
        elif content:
            self._pending = [(content, start)]

    def _flush(self) -> Iterator[Item]:
        """The plain text that has ended; its lines are joined by a blank."""
        built, end = Builder(), 0
        for number, (text, start) in enumerate(self._pending):
            if number:
                built.add(" ", end, start)
            built.add(text, start)
            end = start + len(text)
        if self._pending:
            yield Item(built.build(), self._lists[-1][1])
        self._pending = []


def _unquoted(text: str, start: int) -> Passage | None:
    """What a quoted text means; None where it has an escape that is not known here."""
    single, done, built = text[0] == "'", 1, Builder()
    for escape in _ESCAPE.finditer(text, 1, len(text) - 1):
        if single != (escape[0] == "''"):
            continue
        if not single and escape[1] is None:
            return None
        built.add(text[done : escape.start()], start + done)
        built.add(escape[0][1], start + escape.start(), start + escape.end())
        done = escape.end()
    built.add(text[done:-1], start + done)
    return built.build()


_Flow = Generator[Union[Item, Problem], None, int]


def _flow_mapping(document: Document, found: re.Match[str]) -> _Flow:
    """The texts of the list in `{key: [...]}`; returns where that ends, -1 for nowhere."""
    at = yield from _flow(document, found.end() - 1, _name(found))
    end = _FLOW_END.match(document.text, at) if at >= 0 else None
    if end is None and at >= 0:
        yield _problem(document, found.start(), found[0])
    return end.end() if end else -1


def _flow(document: Document, at: int, key: str) -> _Flow:
    """The texts of a list in brackets; returns where it ends, -1 for nowhere."""
    at += 1
    while not document.text.startswith("]", at):
        mapping = None if key else _FLOW_KEY.match(document.text, at)
        if mapping is not None:
            at = yield from _flow_mapping(document, mapping)
            if at < 0:
                return -1
            continue
        token = _FLOW.match(document.text, at)
        if token is None:
            yield _problem(document, min(at, len(document.text)), document.text[at : at + 10])
            return -1
        text = (token["text"] or "").rstrip()
        bare = not text.startswith(("'", '"'))
        passage = Passage.of(document.text, at, at + len(text)) if bare else _unquoted(text, at)
        if text:
            yield Item(passage, key, bare) if passage else _problem(document, at, text)
        at = token.end()
    return at + 1
