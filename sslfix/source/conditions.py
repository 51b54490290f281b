"""Which branch a condition surely takes."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from enum import Enum
from typing import Callable


class Truth(Enum):
    """What a condition surely is, if anything."""

    TRUE = 1
    FALSE = 2
    UNKNOWN = 3


_COMPARE: Mapping[type[ast.cmpop], Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_NOT = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.UNKNOWN: Truth.UNKNOWN}


def truth(test: ast.expr, python: tuple[int, ...]) -> Truth:
    """What a condition is on that Python: constants, TYPE_CHECKING, `sys.version_info`."""
    found = Truth.UNKNOWN
    if isinstance(test, ast.Constant):
        found = _of(bool(test.value))
    elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        found = _NOT[truth(test.operand, python)]
    elif isinstance(test, (ast.Name, ast.Attribute)):
        name = test.id if isinstance(test, ast.Name) else test.attr
        found = Truth.FALSE if name == "TYPE_CHECKING" else Truth.UNKNOWN
    elif isinstance(test, ast.BoolOp):
        every = {truth(one, python) for one in test.values}
        decisive = Truth.FALSE if isinstance(test.op, ast.And) else Truth.TRUE
        rest = Truth.UNKNOWN if Truth.UNKNOWN in every else _NOT[decisive]
        found = decisive if decisive in every else rest
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        found = _versions(test, python)
    return found


def _versions(test: ast.Compare, python: tuple[int, ...]) -> Truth:
    compare = _COMPARE.get(type(test.ops[0]))
    left, right = test.left, test.comparators[0]
    try:
        value = ast.literal_eval(right)
    except (ValueError, TypeError):
        return Truth.UNKNOWN
    text = ast.unparse(left)
    if compare is None or not text.startswith("sys.version_info") or not python:
        return Truth.UNKNOWN
    if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
        return _of(compare(python, value)) if text in _WHOLE else Truth.UNKNOWN
    if isinstance(value, int) and text in {"sys.version_info[0]", "sys.version_info.major"}:
        return _of(compare(python[:1], (value,)))
    return Truth.UNKNOWN


_WHOLE = ("sys.version_info", "sys.version_info[:2]", "sys.version_info[0:2]")


def _of(value: bool) -> Truth:
    return Truth.TRUE if value else Truth.FALSE


def is_main_guard(test: ast.expr) -> bool:
    """Whether it is `__name__ == "__main__"`, either way round."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.ops[0], ast.Eq)
        and any(
            isinstance(one, ast.Name) and one.id == "__name__"
            for one in (test.left, test.comparators[0])
        )
    )
