"""Python sources as syntax trees: their spans, and what the names of a module stand for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Union

from sslfix.model import Document, Span

_LINE_END = re.compile(r"\r\n|\r|\n")
Import = Union[ast.Import, ast.ImportFrom]


@lru_cache(maxsize=1 << 14)
def parse(document: Document) -> ast.Module | None:
    """The syntax tree, or None for a source that this Python cannot parse: not ours to judge.

    Trees have no cycles, so that the collector need not look through them: it took two thirds of
    the time where some hundred are kept (3.8 s of CPU instead of 11.3 for gevent's repository).
    """
    import gc
    import warnings

    is_enabled = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence", in somebody's old code
            return ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    finally:
        gc.freeze()
        if is_enabled:
            gc.enable()


def bound(statement: Import) -> Iterator[tuple[str, str]]:
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


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _LINE_END.finditer(text))]


def _offset(text: str, line: int, column: int) -> int:
    start = _line_starts(text)[line - 1]
    return start + len(text[start : start + column].encode()[:column].decode(errors="ignore"))
