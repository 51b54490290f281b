"""What a statement or an expression itself evaluates, calls, and hands on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache

from sslfix.source.syntax import Import

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_LAZY = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@cache
def is_lazy(function: ast.FunctionDef) -> bool:
    """Whether calling it runs nothing of its body: a generator."""
    return any(_holds(one, (ast.Yield, ast.YieldFrom)) for one in function.body)


@cache
def may_return(statement: ast.stmt) -> bool:
    """Whether a statement with others in it may leave the function."""
    return _holds(statement, (ast.Return,))


def _holds(statement: ast.stmt, kinds: tuple[type[ast.AST], ...]) -> bool:
    """Whether a statement has such a node that belongs to the same function."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            return True
        if not isinstance(node, (*Function, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return False


def value_of(statement: ast.stmt) -> ast.expr | None:
    """The expression that a simple statement evaluates."""
    found = getattr(statement, "value", None) or getattr(statement, "exc", None)
    return found if isinstance(found, ast.expr) else None


@cache
def handed_on(statement: ast.stmt) -> tuple[ast.expr, ...]:
    """The names in a statement itself that are neither called there nor only bound to another."""
    parts = [
        one for one in ast.iter_child_nodes(statement) if isinstance(one, (ast.expr, ast.withitem))
    ]
    nodes = [node for part in parts for node in ast.walk(part)]
    plain: set[ast.AST] = {node.func for node in nodes if isinstance(node, ast.Call)}
    if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value:
        plain.add(statement.value)
    return tuple(
        node for node in nodes if isinstance(node, (ast.Name, ast.Attribute)) and node not in plain
    )


@cache
def own_calls(statement: ast.stmt) -> tuple[ast.Call, ...]:
    """All calls written in a statement itself, whether it surely makes them or not."""
    kinds = (ast.expr, ast.withitem, ast.keyword, ast.arguments)
    parts = [one for one in ast.iter_child_nodes(statement) if isinstance(one, kinds)]
    return tuple(node for part in parts for node in ast.walk(part) if isinstance(node, ast.Call))


@cache
def written(statement: ast.stmt) -> tuple[tuple[ast.Call, ...], tuple[Import, ...]]:
    """All calls and all imports written in a statement and those in it."""
    nodes = tuple(ast.walk(statement))
    imports = tuple(one for one in nodes if isinstance(one, (ast.Import, ast.ImportFrom)))
    return tuple(one for one in nodes if isinstance(one, ast.Call)), imports


@cache
def calls(expression: ast.expr) -> tuple[ast.Call, ...]:
    """The calls that an expression surely makes, in the order in which they are made."""
    return tuple(_each_call(expression))


def _each_call(expression: ast.expr) -> Iterator[ast.Call]:
    if isinstance(expression, (*_LAZY, ast.Constant, ast.Name)):
        return
    parts: Iterable[ast.AST] = ast.iter_child_nodes(expression)
    if isinstance(expression, ast.BoolOp):
        parts = expression.values[:1]
    elif isinstance(expression, ast.IfExp):
        parts = [expression.test]
    for part in parts:
        inner = part.value if isinstance(part, ast.keyword) else part
        if isinstance(inner, ast.expr):
            yield from _each_call(inner)
    if isinstance(expression, ast.Call):
        yield expression
