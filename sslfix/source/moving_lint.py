"""What linters and sorters have to be told, so that a patch stays where it was moved to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from sslfix.model import Edit, Span

from .moving_layout import Layout
from .moving_needs import Need, is_whole
from .moving_style import Style

_IMPORTS = (ast.Import, ast.ImportFrom)
_NOQA = re.compile(r"#\s*noqa\b(?P<codes>\s*:\s*[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)?", re.IGNORECASE)
_FILE_NOQA = re.compile(r"(?im)^[ \t]*#\s*(?:flake8|ruff)\s*:\s*noqa(?::.*\bE402\b|[ \t]*\r?$)")
# ruff heeds this one as well.
FILE_NOTE = "# flake8: noqa: E402"


def notes(
    found: Layout, unit: ast.stmt, style: Style, wanted: Sequence[Need] = ()
) -> tuple[tuple[Edit, ...], str]:
    """`# noqa: E402` for each import that follows code then, or one line for the whole file.

    The latter where a formatter would part an import from its comment. ruff puts what it reports
    above all imports, the patch as well (`--preview --unsafe-fixes`). `wanted` is what goes up.
    """
    if not style.e402 or _FILE_NOQA.search(found.document.text):
        return (), ""
    needs = {one.number: one for one in wanted}
    edits: list[Edit] = []
    later: list[int] = []
    is_awkward, follows = False, _is_code(unit)
    for number in range(found.first, len(found.statements)):
        statement, need = found.statements[number], needs.get(number)
        if need and is_whole(statement, need):
            continue
        if follows and isinstance(statement, _IMPORTS):
            edits += _note(found, number)
            is_awkward = is_awkward or _is_awkward(found, number, need.names if need else ())
            later.append(number)
        follows = follows or _is_code(statement)
    if edits and (is_awkward or (style.sorts and _would_join_comments(found, later))):
        return (), FILE_NOTE + found.newline
    return tuple(edits), ""


def _is_code(statement: ast.stmt) -> bool:
    """Whether imports after a statement are reported; ruff and pycodestyle agree on these."""
    if isinstance(statement, ast.Assign):
        names = [one.id for one in statement.targets if isinstance(one, ast.Name)]
        return not all(name.startswith("__") and name.endswith("__") for name in names or ["x"])
    return not isinstance(statement, (*_IMPORTS, ast.If, ast.Try))


def _is_awkward(found: Layout, number: int, gone: Sequence[int]) -> bool:
    """Whether a comment on its first line would not stay with all that is left of an import."""
    statement, text = found.statements[number], found.source(number)
    several = isinstance(statement, ast.Import) and len(statement.names) - len(gone) > 1
    cut = gone and "\n" in text and not text.partition("\n")[0].rstrip().endswith("(")
    return several or bool(cut) or "\\" in text or len(found.line(number).numbers) > 1


def _would_join_comments(found: Layout, later: Sequence[int]) -> bool:
    """Whether isort would make one of several comments ("# noqa: E402; why"), which is none."""
    modules: set[tuple[str | None, int]] = set()
    for number in later:
        statement, line = found.statements[number], found.line(number)
        text = found.document.text[line.start : line.end]
        if "#" in text and "\n" in text:
            return True
        if isinstance(statement, ast.ImportFrom):
            module = (statement.module, statement.level)
            if module in modules:
                return True
            modules.add(module)
    return False


def _note(found: Layout, number: int) -> Iterator[Edit]:
    """The edit that adds the code to the comment of an import's first line, if it lacks."""
    text, path = found.document.text, found.document.path
    start = found.spans[number].start
    newline = re.compile(r"\r?\n|\Z").search(text, start)
    line = text[start : newline.start() if newline else len(text)].rstrip()
    comment = _NOQA.search(line)
    if comment is None:
        yield Edit(path, Span(start + len(line), start + len(line)), "  # noqa: E402")
    elif comment["codes"] and "E402" not in comment["codes"].upper():
        end = start + comment.end()
        yield Edit(path, Span(end, end), ", E402")


def guarded(block: str, unit: ast.stmt, style: Style, newline: str) -> str:
    """The block with what keeps isort, and ruff's I001, from sorting across it."""
    if style.floats:
        return f"{block}{newline * (1 + isinstance(unit, _IMPORTS))}# isort: split"
    return f"{block}  # isort: skip" if style.sorts and isinstance(unit, _IMPORTS) else block
