"""What the names of a Python module stand for, as far as its import statements tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import islice

from sslfix.model import Document, Span

_LINE_END = re.compile(r"\r\n|\r|\n")


def parse(document: Document) -> ast.Module | None:
    """The syntax tree, or None for a source that this Python cannot parse: not ours to judge."""
    try:
        return ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def bound(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds, each with the dotted name that it stands for."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield alias.asname or alias.name, f"{statement.module or ''}.{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            yield alias.name.partition(".")[0], alias.name.partition(".")[0]


def qualified(expression: ast.expr, names: Mapping[str, str]) -> str:
    """The dotted name of an expression with its first part resolved; "" for anything else."""
    if isinstance(expression, ast.Name):
        return names.get(expression.id, expression.id)
    if isinstance(expression, ast.Attribute):
        owner = qualified(expression.value, names)
        return f"{owner}.{expression.attr}" if owner else ""
    return ""


def span(document: Document, node: ast.stmt | ast.expr) -> Span:
    """The characters of a node; ast counts lines from 1, and columns in bytes of UTF-8."""
    return Span(
        _offset(document.text, node.lineno, node.col_offset),
        _offset(document.text, node.end_lineno or node.lineno, node.end_col_offset or 0),
    )


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for end in islice(_LINE_END.finditer(text), line - 1):
        start = end.end()
    return start + len(text[start : start + column].encode()[:column].decode(errors="ignore"))
