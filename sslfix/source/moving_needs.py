"""What a patch needs from the statements above it, and what these do besides."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .syntax import bound, qualified

# Patch when they are imported.
PATCHING_MODULES = frozenset(("grequests", "locust"))
# Imports of these change nothing that a patch could depend on, wherever they stand.
HARMLESS = frozenset(("eventlet", "gevent", "os", "sys"))


class Need(NamedTuple):
    """A statement by its number, and the numbers of the names that are needed of an import."""

    number: int
    names: tuple[int, ...] = ()


def needs(statements: Sequence[ast.stmt], first: int, unit: int) -> tuple[Need, ...] | None:
    """The statements from `first` on that the statement `unit` cannot do without, in order.

    `unit` is the last of them. None where they do not stand in the module's own imports and
    plain assignments, or where something else would get another meaning if they moved.
    """
    if isinstance(statements[unit], ast.Assign):
        return None  # gunicorn's worker_class: what patches is elsewhere
    found: dict[int, set[int]] = {unit: _patching(statements[unit])}
    waiting = [unit]
    while waiting:
        user = waiting.pop()
        for chain in _used(statements[user]):
            maker = _maker(statements, first, user, chain)
            if maker is None:
                return None
            if maker.number >= 0:
                waiting += [] if maker.number in found else [maker.number]
                found.setdefault(maker.number, set()).update(maker.names)
    wanted = tuple(Need(number, tuple(sorted(names))) for number, names in sorted(found.items()))
    if not all(_is_movable(statements[one.number]) for one in wanted):
        return None
    return None if _changes_meaning(statements, first, wanted) else wanted


def is_whole(statement: ast.stmt, need: Need) -> bool:
    """Whether all of a statement is needed."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return len(need.names) in {0, len(statement.names)}
    return True


def _patching(unit: ast.stmt) -> set[int]:
    """The names of a patching import without those that would come before it once more."""
    if not isinstance(unit, ast.Import):
        return set()
    found = {
        number
        for number, alias in enumerate(unit.names)
        if alias.name.partition(".")[0] in PATCHING_MODULES
    }
    return found or set(range(len(unit.names)))


def _used(statement: ast.stmt) -> Iterator[str]:
    """The dotted names that a statement uses and does not bind itself."""
    own = {name for name, _meaning in _all_bindings(statement)}
    inner: set[ast.AST] = set()
    for one in ast.walk(statement):
        if isinstance(one, ast.Attribute):
            inner.add(one.value)
        if isinstance(one, (ast.Attribute, ast.Name)) and one not in inner:
            chain = qualified(one, {})
            if chain and chain.partition(".")[0] not in own:
                yield chain


def _maker(statements: Sequence[ast.stmt], first: int, user: int, chain: str) -> Need | None:
    """What binds the first part of a dotted name; number -1 for a builtin, None if unknown."""
    name = chain.partition(".")[0]
    makers = [
        number
        for number in range(first, user)
        if any(name == one for one, _meaning in _all_bindings(statements[number]))
    ]
    if not makers:
        return Need(-1) if hasattr(builtins, name) else None
    if not isinstance(statements[makers[-1]], (ast.Import, ast.ImportFrom)):
        return Need(makers[-1])
    best: tuple[int, Need] | None = None
    for number in makers:
        statement = statements[number]
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for place, alias in enumerate(statement.names):
                size = _reaches(statement, alias, chain)
                if size and (best is None or size >= best[0]):
                    best = (size, Need(number, (place,)))
    return best[1] if best else None


def _reaches(statement: ast.Import | ast.ImportFrom, alias: ast.alias, chain: str) -> int:
    """How much of a dotted name an import provides, in letters; 0 if it cannot be used."""
    if alias.asname or isinstance(statement, ast.ImportFrom):
        name = alias.asname or alias.name
        return len(name) if chain.partition(".")[0] == name else 0
    if not f"{chain}.".startswith(f"{alias.name}."):
        return 0
    # `import gevent` does not import gevent.monkey.
    missing = alias.name == "gevent" and chain.startswith("gevent.monkey.")
    return 0 if missing else len(alias.name)


def _is_movable(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return all(alias.name != "*" for alias in statement.names)
    if isinstance(statement, ast.If):
        is_main = "__name__" in {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}
        return not is_main and all(map(_is_movable, (*statement.body, *statement.orelse)))
    if isinstance(statement, ast.Try):
        return all(map(_is_movable, _in_try(statement)))
    if isinstance(statement, ast.Assign):
        return all(isinstance(target, ast.Name) for target in statement.targets)
    return isinstance(statement, (ast.Expr, ast.Pass))


def _changes_meaning(statements: Sequence[ast.stmt], first: int, wanted: Sequence[Need]) -> bool:
    """Whether a name that moves up is bound to something else by what it passes."""
    moved = {one.number for one in wanted}
    names: dict[str, str] = {}
    for one in wanted:
        names.update(_of(statements[one.number], one.names))
    passed = (number for number in range(first, wanted[-1].number) if number not in moved)
    return any(
        names.get(name, meaning) != meaning
        for number in passed
        for name, meaning in _all_bindings(statements[number])
    ) or any(_is_split_badly(statements[one.number], one, names) for one in wanted)


def _is_split_badly(statement: ast.stmt, need: Need, names: Mapping[str, str]) -> bool:
    """Whether names that stay behind in an import would hide those that moved up."""
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    rest = [place for place in range(len(statement.names)) if place not in need.names]
    return any(names.get(name, meaning) != meaning for name, meaning in _of(statement, rest))


def _of(statement: ast.stmt, places: Sequence[int]) -> Iterator[tuple[str, str]]:
    """What a statement binds; of an import only the names at these places."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        pairs = list(_bindings(statement))
        yield from (pairs[place] for place in places)
    else:
        yield from _all_bindings(statement)


def _all_bindings(statement: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a statement may bind in its module."""
    yield from _bindings(statement)
    if not isinstance(statement, _SCOPES):
        for one in ast.iter_child_nodes(statement):
            yield from _all_bindings(one)


_SCOPES = (
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.DictComp,
    ast.FunctionDef,
    ast.GeneratorExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
)


def _bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a node binds, each with what it stands for as far as imports tell."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from bound(node)
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, f"line {node.lineno}"
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, f"line {node.lineno}"


# --------------------------------------------------------------------------- effects


def has_effects(statement: ast.stmt) -> bool:
    """Whether a statement may do more than import, define and name constants."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return any(alias.name == "*" for alias in statement.names)
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        inner = (*statement.decorator_list, *statement.args.defaults)
        return any(map(_may_act, inner))
    if isinstance(statement, ast.ClassDef):
        heads = (*statement.bases, *statement.keywords, *statement.decorator_list)
        return any(map(_may_act, heads)) or any(map(has_effects, statement.body))
    if isinstance(statement, ast.If):
        bodies = (*statement.body, *statement.orelse)
        return _may_act(statement.test) or any(map(has_effects, bodies))
    if isinstance(statement, ast.Try):
        return any(map(has_effects, _in_try(statement)))
    return not isinstance(statement, ast.Pass) and _acts(statement)


def _acts(statement: ast.stmt) -> bool:
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        is_plain = all(isinstance(one, (ast.Name, ast.Tuple)) for one in targets)
        return not is_plain or (statement.value is not None and _may_act(statement.value))
    return not isinstance(statement, ast.Expr) or _may_act(statement.value)


def _in_try(statement: ast.Try) -> Iterator[ast.stmt]:
    yield from statement.body
    for handler in statement.handlers:
        yield from handler.body
    yield from (*statement.orelse, *statement.finalbody)


def _may_act(expression: ast.AST) -> bool:
    """Whether an expression calls anything but logging.getLogger()."""
    active = (ast.Await, ast.Call, ast.NamedExpr, ast.Yield, ast.YieldFrom)
    found = [one for one in ast.walk(expression) if isinstance(one, active)]
    return any(
        not isinstance(one, ast.Call) or qualified(one.func, {}).rpartition(".")[2] != "getLogger"
        for one in found
    )


def is_harmless(statement: ast.stmt, names: Sequence[int]) -> bool:
    """Whether an import may run earlier without anybody noticing."""
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and (statement.module or "").partition(".")[0] in HARMLESS
    if isinstance(statement, ast.Import):
        return all(statement.names[one].name.partition(".")[0] in HARMLESS for one in names)
    return False
