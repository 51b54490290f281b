"""Moving a patch to the top of its module, with what it needs; all else stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sslfix.language import say as _
from sslfix.model import Document, Edit, Span

from . import moving_lint
from .moving_layout import (
    Layout,
    Line,
    above_blanks,
    blanks_after,
    blanks_before,
    layout,
    skip_blanks,
    top,
)
from .moving_needs import Need, has_effects, is_harmless, is_whole, needs
from .moving_style import Style

# A comment with one of these words is about the patch, whatever else stands below it.
_ABOUT = re.compile(r"gevent|eventlet|\bgreen|\bpatch|monkey", re.IGNORECASE)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Move(NamedTuple):
    """The edits that put a patch to the top; `why_unsafe` says what may have to come before it."""

    edits: tuple[Edit, ...]
    safe: bool
    why_unsafe: str = ""


class Piece(NamedTuple):
    """A part of what goes to the top, without its line end.

    `blanks` is how many empty lines stood between it and the one before, None if more did.
    """

    text: str
    is_import: bool
    blanks: int | None = None


def move_to_top(document: Document, patch: Span, style: Style) -> Move | None:
    """The edits after which the patch runs before all but docstring and `__future__` imports.

    `patch` is the statement, or a part of it. It takes along the imports and assignments that it
    needs and the comments that belong to it. None where it stands there already, or where only a
    person can tell what to do: in a function, under `if __name__ == "__main__"`, in a condition
    with more than the patch in it.
    """
    found = layout(document)
    unit = found.at(patch.start) if found else None
    if found is None or unit is None:
        return None
    wanted = needs(found.statements, found.first, unit)
    place = top(found)
    if wanted is None or place is None or _stands_on_top(found, wanted):
        return None
    moved = _moved(found, wanted)
    statement = found.statements[unit]
    notes, file_note = moving_lint.notes(found, statement, style, wanted)
    apart = style.sorts or style.floats
    block = _joined(list(_pieces(found, wanted, place, apart=apart)), found.newline, apart=apart)
    block = file_note + moving_lint.guarded(block, statement, style, found.newline)
    removed = (Edit(document.path, span, "") for span in _removed(found, wanted, place))
    edits = (_inserted(found, place, moved, block), *removed, *notes)
    return _move(document, edits, _why_unsafe(found, wanted))


def on_top(document: Document, source: Document, patch: Span, style: Style) -> Move | None:
    """The edits after which a module begins with the patch that another one makes too late."""
    found, other = layout(document), layout(source)
    unit = other.at(patch.start) if other else None
    place = top(found) if found else None
    if found is None or other is None or unit is None or place is None:
        return None
    wanted = needs(other.statements, other.first, unit)
    if wanted is None or not all(_may_be_copied(other.statements[one.number]) for one in wanted):
        return None
    statement = other.statements[unit]
    notes, file_note = moving_lint.notes(found, statement, style)
    block = _joined([_copied(other, one) for one in wanted], found.newline, apart=True)
    block = file_note + moving_lint.guarded(block, statement, style, found.newline)
    edits = (_inserted(found, place, frozenset(), block), *notes)
    why = _("the patch stands in {path}, which other programs may import alone")
    return _move(document, edits, why.format(path=source.path))


def _may_be_copied(statement: ast.stmt) -> bool:
    is_relative = isinstance(statement, ast.ImportFrom) and statement.level > 0
    return isinstance(statement, (*_IMPORTS, ast.Expr)) and not is_relative


def _move(document: Document, edits: Iterable[Edit], why_unsafe: str) -> Move | None:
    """The move with its edits in order, if what they make is a module."""
    edits = tuple(sorted(edits, key=lambda one: one.span))
    pieces, done = [], 0
    for edit in edits:
        pieces += [document.text[done : edit.span.start], edit.text]
        done = edit.span.end
    text = "".join([*pieces, document.text[done:]])
    made = layout(document._replace(text=text))
    return Move(edits, not why_unsafe, why_unsafe) if made else None


def _stands_on_top(found: Layout, wanted: Sequence[Need]) -> bool:
    """Whether nothing else comes before the patch; more names of the same module may."""
    numbers = [one.number for one in wanted]
    whole = all(
        _is_whole(found, one) or isinstance(found.statements[one.number], ast.ImportFrom)
        for one in wanted
    )
    return whole and numbers == list(range(found.first, found.first + len(numbers)))


def _is_whole(found: Layout, need: Need) -> bool:
    return is_whole(found.statements[need.number], need)


def _why_unsafe(found: Layout, wanted: Sequence[Need]) -> str:
    moved, unit = _moved(found, wanted), wanted[-1].number
    for number in range(found.first, unit):
        statement = found.statements[number]
        acts = number not in moved and has_effects(statement)
        need = next((one for one in wanted[:-1] if one.number == number), None)
        if acts or (need and not is_harmless(statement, need.names)):
            line = found.document.position(found.spans[number].start)[0]
            text = _("what line {line} does may have to come before the patch")
            if need:
                text = _("what line {line} does would come before the patch")
            return text.format(line=line)
    return ""


# --------------------------------------------------------------------------- what goes up


def _joined(pieces: Sequence[Piece], newline: str, *, apart: bool) -> str:
    """The pieces below each other; isort wants an empty line after imports, if asked to sort."""
    text = pieces[0].text
    for before, piece in zip(pieces, pieces[1:]):
        ends = before.is_import and not piece.is_import
        blanks = int(ends) if piece.blanks is None else piece.blanks
        text += newline * (1 + max(blanks, int(ends and apart))) + piece.text
    return text


def _pieces(found: Layout, wanted: Sequence[Need], place: int, *, apart: bool) -> Iterator[Piece]:
    moved = _moved(found, wanted)
    end = -1  # of the whole line that was taken last
    for line in found.lines:
        here = [one for one in wanted if one.number in line.numbers]
        if not here:
            continue
        if not _goes(line, moved):
            yield from _some(found, here, moved, apart=apart)
            continue
        start = _begin(found, line, moved, place)
        close = end >= 0 and not found.document.text[end:start].strip()
        blanks = blanks_before(found.document.text, start) if close else None
        yield from _whole(found, line, start, blanks, apart=apart)
        end = line.next


def _moved(found: Layout, wanted: Iterable[Need]) -> frozenset[int]:
    """The numbers of the statements that go up as they are."""
    return frozenset(one.number for one in wanted if _is_whole(found, one))


def _goes(line: Line, moved: frozenset[int]) -> bool:
    """Whether all of a line goes up."""
    return moved.issuperset(line.numbers)


def _begin(found: Layout, line: Line, moved: frozenset[int], place: int) -> int:
    """Where a line that goes up begins, with the comments that are about it."""
    text = found.document.text
    comments = text[line.comments : line.start]
    last = line
    for one in found.lines:
        if one.comments == last.next and one.comments == one.start and _goes(one, moved):
            last = one
    stands_alone = last.next >= len(text) or blanks_after(text, last.next) > 0
    if line.comments < place or not (stands_alone or _ABOUT.search(comments)):
        return line.start
    return line.comments


def _whole(
    found: Layout, line: Line, start: int, blanks: int | None, *, apart: bool
) -> Iterator[Piece]:
    text = found.document.text
    is_import = isinstance(found.statements[line.numbers[-1]], _IMPORTS)
    if not apart or len(line.numbers) == 1:
        yield Piece(text[start : line.end], is_import, blanks)
        return
    # isort would move `import x; x.patch()` together.
    for number in line.numbers:
        begin = start if number == line.numbers[0] else found.spans[number].start
        end = line.end if number == line.numbers[-1] else found.spans[number].end
        is_import = isinstance(found.statements[number], _IMPORTS)
        yield Piece(text[begin:end], is_import, blanks if number == line.numbers[0] else 0)


def _some(
    found: Layout, here: Sequence[Need], moved: frozenset[int], *, apart: bool
) -> Iterator[Piece]:
    """The pieces of a line that stays in part."""
    before: Piece | None = None
    for one in here:
        piece = _copied(found, one)
        if before and not apart and one.number in moved and one.number - 1 in moved:
            before = Piece(f"{before.text}; {piece.text}", piece.is_import)
            continue
        if before:
            yield before
        before = piece
    if before:
        yield before


def _copied(found: Layout, need: Need) -> Piece:
    """A statement, or an import with only the names that are needed."""
    statement = found.statements[need.number]
    if _is_whole(found, need):
        text = found.document.text[found.spans[need.number].start : _end(found, need.number)]
        return Piece(text, isinstance(statement, _IMPORTS))
    assert isinstance(statement, _IMPORTS), "else it is whole"
    some = [statement.names[place] for place in need.names]
    if isinstance(statement, ast.ImportFrom):
        part = ast.ImportFrom(statement.module, some, statement.level)
        return Piece(ast.unparse(part), is_import=True)
    return Piece(ast.unparse(ast.Import(some)), is_import=True)


def _end(found: Layout, number: int) -> int:
    """Where a statement ends; the comment behind one of several lines is its own."""
    line, end = found.line(number), found.spans[number].end
    is_last = number == line.numbers[-1]
    return line.end if is_last and "\n" in found.source(number) else end


def _inserted(found: Layout, place: int, moved: frozenset[int], block: str) -> Edit:
    """The edit that puts the block there, with the empty lines that set it apart."""
    text, newline = found.document.text, found.newline
    above = place > 0 and not blanks_before(text, place)
    rest = next((one for one in range(found.first, len(found.spans)) if one not in moved), None)
    statement = None if rest is None else found.statements[rest]
    is_definition = isinstance(statement, (ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef))
    block = newline * above + block + newline * (3 if is_definition else 2)
    return Edit(found.document.path, Span(place, place), block)


# --------------------------------------------------------------------------- what is left


def _removed(found: Layout, wanted: Sequence[Need], place: int) -> Iterator[Span]:
    """The places of what went up, with the empty lines that nothing stands between any more."""
    moved, text = _moved(found, wanted), found.document.text
    merged: list[Span] = []
    for line in found.lines:
        if not _goes(line, moved):
            yield from _cut(found, line.numbers, moved)
            continue
        start = _begin(found, line, moved, place)
        if merged and not text[merged[-1].end : start].strip():
            start = merged.pop().start
        merged.append(Span(start, line.next))
    for start, end in merged:
        if text[end:].strip():
            blanks = min(blanks_before(text, start), blanks_after(text, end))
            yield Span(start, skip_blanks(text, end, blanks))
        else:
            yield Span(above_blanks(text, start), end)
    for one in wanted:
        if not _is_whole(found, one):
            yield from _names_cut(found, one)


def _cut(found: Layout, numbers: Sequence[int], moved: frozenset[int]) -> Iterator[Span]:
    """What is taken out of a line of which something stays."""
    spans = found.spans
    runs: list[list[int]] = []
    for number in numbers:
        if number in moved:
            if runs and runs[-1][-1] == number - 1:
                runs[-1].append(number)
            else:
                runs.append([number])
    for run in runs:
        if run[-1] != numbers[-1]:
            yield Span(spans[run[0]].start, spans[run[-1] + 1].start)
        else:
            yield Span(spans[run[0] - 1].end, _end(found, run[-1]))


_NAME = re.compile(r"[^\s,()]+(?:\s+as\s+\w+)?")


def _names_cut(found: Layout, need: Need) -> Iterator[Span]:
    """What is taken out of an import; nothing where a comment or a line end is in the way."""
    text, start = found.source(need.number), found.spans[need.number].start
    if "#" in text or "\\" in text:
        return
    head = re.match(r"from\s.*?\simport\b|from\s*\.+.*?\bimport\b|import\b", text, re.DOTALL)
    if head is None:
        return
    names = [Span(*one.span()) for one in _NAME.finditer(text, head.end())]
    stay = [place for place in range(len(names)) if place not in need.names]
    for place in need.names:
        later = [one for one in stay if one > place]
        if later:
            yield Span(start + names[place].start, start + names[place + 1].start)
        else:
            yield Span(start + names[place - 1].end, start + names[place].end)
