"""A whole declaration taken out of a file that people write: the inverse of `Format.constrain`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sslfix.model import Declaration, DependencyFile, Document, Edit, Format, Span

from . import _toml_removal, script

_QUOTE = r"[\"']{1,3}"
_LITERAL = (rf"[ \t]*[uU]?{_QUOTE}", rf"{_QUOTE}[ \t]*,[ \t]*(?:#.*)?")
# What may stand before and behind a declaration that has a line of its own.
_BESIDE = {
    "environment.yml": (rf"[ \t]*-[ \t]+(?:{_QUOTE})?", rf"(?:{_QUOTE})?[ \t]*(?:#.*)?"),
    "noxfile.py": _LITERAL,
    "requirements.txt": (r"[ \t]*", r".*"),
    "setup.cfg": (r"[ \t]+", r"[ \t]*(?:#.*)?"),
    "setup.py": _LITERAL,
    "tox.ini": (r"[ \t]+(?:[^\s=#][^=#]*:[ \t]*)?", r"[ \t]*(?:#.*)?"),
}
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_COMMENT_LINE = re.compile(r"\s*#")


def removal(document: Document, format_: Format, declaration: Declaration) -> Edit | None:
    """The edit that takes a declaration out, None where that can't be done cleanly.

    The new text has been read again: it says all that it did, without that declaration.
    """
    if format_.respecify is None:
        return None
    if format_.name.endswith(".py"):
        edit = _in_script(document, declaration) or _line(document, format_.name, declaration)
    elif format_.name in _BESIDE:
        edit = _line(document, format_.name, declaration)
    else:
        edit = _toml_removal.remove(document, declaration.span)
    if edit is None:
        return None
    text = document.text[: edit.span.start] + edit.text + document.text[edit.span.end :]
    old, new = format_.read(document), format_.read(document._replace(text=text))
    kept = [one for one in old.declarations if one.span != declaration.span]
    clean = len(kept) == len(old.declarations) - 1 and not _is_left_empty(format_, declaration, new)
    return edit if clean and _said(old, kept) == _said(new, new.declarations) else None


def _said(file: DependencyFile, declarations: Sequence[Declaration]) -> object:
    """What a file says, wherever it stands there."""
    nowhere = Span(0, 0)
    return (
        [
            one._replace(span=nowhere, specifier_span=one.specifier_span and nowhere)
            for one in declarations
        ],
        [one._replace(span=nowhere) for one in file.includes],
        [one.message for one in file.problems],
    )


def _is_left_empty(format_: Format, declaration: Declaration, new: DependencyFile) -> bool:
    """Whether a list that may not be empty is: conda's tools stumble over `- pip:` alone."""
    left = any(one.section == declaration.section for one in new.declarations)
    return format_.name == "environment.yml" and not left


def _in_script(document: Document, declaration: Declaration) -> Edit | None:
    """The removal from the TOML in a script's comment, said in places of the whole file."""
    block = script.contents(document)
    if block is None:
        return None
    starts = [block.span(at, at + 1).start for at in range(len(block.text))]
    starts.append(block.span(0, len(block.text)).end)
    if not {declaration.span.start, declaration.span.end}.issubset(starts):
        return None
    span = Span(starts.index(declaration.span.start), starts.index(declaration.span.end))
    edit = _toml_removal.remove(Document(document.path, block.text), span)
    if edit is None:
        return None
    return edit._replace(span=Span(starts[edit.span.start], starts[edit.span.end]))


# --------------------------------------------------------------------------- lines


def _line(document: Document, name: str, declaration: Declaration) -> Edit | None:
    """The line that a declaration has for itself, with those that continue it."""
    text, beside = document.text, _BESIDE.get(name)
    lines = list(_LINE.finditer(text))
    numbers = [
        number
        for number, line in enumerate(lines)
        if line.start() <= declaration.span.end and declaration.span.start <= line.end(1)
    ]
    first, last = numbers[0], numbers[-1]
    if name == "requirements.txt":
        while first and _continues(lines[first - 1][1]):
            first -= 1
        while _continues(lines[last][1]) and last + 1 < len(lines):
            last += 1
    before = text[lines[numbers[0]].start() : declaration.span.start]
    behind = text[declaration.span.end : lines[numbers[-1]].end(1)]
    if beside is None or not re.fullmatch(beside[0], before) or not re.fullmatch(beside[1], behind):
        return None
    if name.endswith(".py") and _only_argument(text, lines[first].start(), lines[last].end()):
        return None
    # `constrain` puts a line with the newline before it, at the end of the requirements behind it.
    start, end = lines[first].start(), lines[last].end()
    if first and (name != "requirements.txt" or not lines[last][2]):
        start, end = lines[first - 1].end(1), lines[last].end(1)
    return Edit(document.path, Span(start, end), "")


def _continues(line: str) -> bool:
    return line.endswith("\\") and not _COMMENT_LINE.match(line)


def _only_argument(text: str, start: int, end: int) -> bool:
    """Whether a call would be left without an argument; nox's `install` needs one."""
    return text[:start].rstrip().endswith("(") and text[end:].lstrip().startswith(")")
