"""Where the statements of a module stand in its text, with what belongs to them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

from sslfix.model import Document, Span

from .syntax import parse, span

# What parts two statements on one line.
_JOINT = re.compile(r"[ \t\f]*;(?:[ \t\f]|\\\r?\n)*")
# What may follow the last statement of a line.
_TAIL = re.compile(r"(?:[ \t\f;]|\\\r?\n)*(?:#[^\r\n]*)?")
_BLANK = re.compile(r"[ \t\f]*\r?\n")
_COMMENT = re.compile(r"[ \t\f]*#")
# All that may stand between two logical lines, but for an escaped line end.
_SPACE = re.compile(r"(?:[ \t\f]*(?:#[^\r\n]*)?\r?\n)*[ \t\f]*")
_NEWLINE = re.compile(r"\r?\n")
_ABOUT_FILE = re.compile(r"#!|coding[:=]|-\*-|copyright|licen[cs]e|noqa|\.py\b", re.IGNORECASE)
# Lines that only count among the first two of a file: the shebang and the encoding.
_HEAD_LINES = 2


class Line(NamedTuple):
    """A logical line: the statements on it by their numbers, and its places.

    `comments` is where the comment block directly above it begins (or `start`), `start` the first
    statement, `end` the end of the line with its comment, `next` the beginning of the next one.
    """

    numbers: tuple[int, ...]
    comments: int
    start: int
    end: int
    next: int


class Layout(NamedTuple):
    """A module's statements in order, their spans, and their logical lines.

    `first` is the number of the first statement after the docstring and the `__future__` imports.
    """

    document: Document
    statements: tuple[ast.stmt, ...]
    spans: tuple[Span, ...]
    lines: tuple[Line, ...]
    first: int

    @property
    def newline(self) -> str:
        found = _NEWLINE.search(self.document.text)
        return found[0] if found else "\n"

    def source(self, number: int) -> str:
        start, end = self.spans[number]
        return self.document.text[start:end]

    def line(self, number: int) -> Line:
        return next(one for one in self.lines if number in one.numbers)

    def at(self, offset: int) -> int | None:
        """The number of the statement at an offset."""
        for number, (start, end) in enumerate(self.spans):
            if start <= offset < end:
                return number
        return None


def layout(document: Document) -> Layout | None:
    """The layout of a module; None for one that cannot be parsed, or with unusual line ends."""
    tree = parse(document)
    text = document.text
    if tree is None or "\r" in text.replace("\r\n", ""):
        return None
    spans = [_with_decorators(document, one) for one in tree.body]
    groups: list[list[int]] = []
    for number, (start, _end) in enumerate(spans):
        if groups and _JOINT.fullmatch(text[spans[number - 1].end : start]):
            groups[-1].append(number)
        else:
            groups.append([number])
    lines: list[Line] = []
    for group in groups:
        lines.append(_line(text, group, spans, lines[-1].next if lines else 0))
    ends = [0, *(one.next for one in lines)]
    if not all(_SPACE.fullmatch(text, end, one.start) for end, one in zip(ends, lines)):
        return None
    return Layout(document, tuple(tree.body), tuple(spans), tuple(lines), _first(tree.body))


def _with_decorators(document: Document, statement: ast.stmt) -> Span:
    found = span(document, statement)
    decorators: Iterable[ast.expr] = getattr(statement, "decorator_list", ())
    starts = [document.text.rfind("@", 0, span(document, one).start) for one in decorators]
    return Span(min([found.start, *starts]), found.end)


def _line(text: str, group: list[int], spans: list[Span], after: int) -> Line:
    start, last = spans[group[0]].start, spans[group[-1]].end
    tail = _TAIL.match(text, last)
    end = tail.end() if tail else last
    newline = _NEWLINE.match(text, end)
    begin = text.rfind("\n", 0, start) + 1
    comments = begin
    while comments > after:
        above = text.rfind("\n", 0, comments - 1) + 1
        if above < after or not _COMMENT.match(text, above):
            break
        comments = above
    return Line(tuple(group), comments, begin, end, newline.end() if newline else end)


def _first(statements: list[ast.stmt]) -> int:
    for number, one in enumerate(statements):
        is_docstring = (
            number == 0
            and isinstance(one, ast.Expr)
            and isinstance(one.value, ast.Constant)
            and isinstance(one.value.value, str)
        )
        is_future = isinstance(one, ast.ImportFrom) and one.module == "__future__"
        if not is_docstring and not is_future:
            return number
    return len(statements)


def top(found: Layout) -> int | None:
    """The offset before which nothing but comments, the docstring and `__future__` stand.

    None where the next statement stands on one line with those.
    """
    text, first = found.document.text, found.first
    if first == len(found.statements) or first - 1 in found.line(first).numbers:
        return None
    if first:
        return skip_blanks(text, found.line(first - 1).next)
    line = found.line(0)
    return line.start if _is_header(text, line) else line.comments


def _is_header(text: str, line: Line) -> bool:
    """Whether the comments right above the first statement are about the file.

    They are on its first lines; a single one, unless it is a shebang or the like, is not.
    """
    block = text[line.comments : line.start]
    is_one = block.count("\n") < _HEAD_LINES
    begins_file = text.count("\n", 0, line.comments) < _HEAD_LINES
    return begins_file and not (is_one and _ABOUT_FILE.search(block) is None)


def skip_blanks(text: str, offset: int, at_most: int | None = None) -> int:
    """The offset after the empty lines that begin there."""
    count = 0
    while count != at_most:
        blank = _BLANK.match(text, offset)
        if blank is None:
            break
        offset, count = blank.end(), count + 1
    return offset


def above_blanks(text: str, offset: int) -> int:
    """The offset at which the empty lines begin that end there."""
    while offset:
        above = text.rfind("\n", 0, offset - 1) + 1
        if not _BLANK.fullmatch(text, above, offset):
            break
        offset = above
    return offset


def blanks_before(text: str, offset: int) -> int:
    """How many empty lines end there."""
    return text.count("\n", above_blanks(text, offset), offset)


def blanks_after(text: str, offset: int) -> int:
    """How many empty lines begin there."""
    return text.count("\n", offset, skip_blanks(text, offset))
