"""What a module hands to threads: functions, and the objects that several threads then share.

Only what is written out counts: a pool, or threads that are started more than once, which run a
function of this module or a method of the object itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple, Union

from .scopes import Function, Scopes

POOLS = frozenset({
    "concurrent.futures.ThreadPoolExecutor", "concurrent.futures.thread.ThreadPoolExecutor",
    "multiprocessing.pool.ThreadPool", "multiprocessing.dummy.Pool",
})  # fmt: skip
_EACH = frozenset({"map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async"})
_ONE = frozenset({"submit", "apply_async"})
_LOOPS = (
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.GeneratorExp,
    ast.DictComp,
)
Runs = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]


class Start(NamedTuple):
    """A call that starts threads: what they run, and what it is given."""

    call: ast.Call
    target: ast.expr
    given: tuple[ast.expr, ...]


class Shared(NamedTuple):
    """An object, by the call that makes it; where threads use it, and the call that starts them."""

    made: ast.Call
    use: ast.expr
    start: ast.Call


class Threads:
    """The threads that a module starts."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.starts = tuple(self._starts())

    # ----------------------------------------------------------------------- starting

    def _starts(self) -> Iterator[Start]:
        """Those that surely start more than one thread on the same target."""
        found = [
            (start, sure)
            for node in self.scopes.nodes
            if isinstance(node, ast.Call)
            for start, sure in self._start(node)
            if not self._is_waited_for(node)
        ]
        for start, sure in found:
            text = ast.dump(start.target)
            again = sum(ast.dump(other.target) == text for other, _sure in found) > 1
            if sure or again or self._is_repeated(start.call):
                yield start

    def _start(self, call: ast.Call) -> Iterator[tuple[Start, bool]]:
        name = self.scopes.meaning(call.func)
        keywords = {one.arg: one.value for one in call.keywords}
        if name == "threading.Thread" and "target" in keywords:
            given = keywords.get("args")
            more = given.elts if isinstance(given, (ast.Tuple, ast.List)) else []
            yield self._unwrapped(call, keywords["target"], more), False
        elif name == "asyncio.to_thread" and call.args:
            yield self._unwrapped(call, call.args[0], call.args[1:]), False
        elif isinstance(call.func, ast.Attribute) and call.args:
            method = call.func.attr
            if method == "run_in_executor" and len(call.args) > 1:
                if self._is_default_or_pool(call.args[0]):
                    yield self._unwrapped(call, call.args[1], call.args[2:]), False
            elif method in _EACH | _ONE and self._is_pool(call.func.value):
                more = call.args[1:] if method in _ONE else []
                yield self._unwrapped(call, call.args[0], more), method in _EACH

    def _unwrapped(self, call: ast.Call, target: ast.expr, given: Iterable[ast.expr]) -> Start:
        more = tuple(given)
        while isinstance(target, ast.Call) and target.args:
            if self.scopes.meaning(target.func) != "functools.partial":
                break
            more = (*target.args[1:], *(one.value for one in target.keywords), *more)
            target = target.args[0]
        return Start(call, target, more)

    def _is_repeated(self, call: ast.Call) -> bool:
        for parent, child in self.scopes.above(call):
            if isinstance(parent, _LOOPS) and child is not getattr(parent, "iter", None):
                return True
            if isinstance(parent, Function):
                return False
        return False

    def _is_waited_for(self, call: ast.Call) -> bool:
        """Whether the next one surely starts after the end of this: `p.submit(f).result()`."""
        parent = self.scopes.parents[call]
        names = {one.id for one in getattr(parent, "targets", ()) if isinstance(one, ast.Name)}
        loops = (one for one, _child in self.scopes.above(call) if isinstance(one, _LOOPS))
        after = getattr(next(loops, None), "body", None) if names else None
        return (
            isinstance(parent, ast.Await)
            or (isinstance(parent, ast.Attribute) and parent.attr in _WAITS)
            or any(_waits_for(one, names) for one in (after if isinstance(after, list) else ()))
        )

    def _is_default_or_pool(self, executor: ast.expr) -> bool:
        is_default = isinstance(executor, ast.Constant) and executor.value is None
        return is_default or self._is_pool(executor)

    def _is_pool(self, executor: ast.expr) -> bool:
        """Whether it surely is a pool of more than one thread."""
        made = executor if isinstance(executor, ast.Call) else self.maker(executor)
        if made is None or self.scopes.meaning(made.func) not in POOLS:
            return False
        sizes = [*made.args[:1], *(k.value for k in made.keywords if k.arg in _SIZES)]
        return not any(isinstance(one, ast.Constant) and one.value == 1 for one in sizes)

    # ----------------------------------------------------------------------- objects

    def maker(self, reference: ast.expr) -> ast.Call | None:
        """The call that alone makes what a name or `self.name` stands for."""
        key = self.key(reference)
        makers = self.made.get(key, []) if key else []
        return makers[0] if len(makers) == 1 else None

    @cached_property
    def made(self) -> dict[object, list[ast.Call | None]]:
        """The calls that make what is bound to each name; None for what something else makes."""
        makers: dict[object, list[ast.Call | None]] = {}
        for node in self.scopes.nodes:
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
                key, value = self.key(node), self._value(node)
                if key and not (isinstance(value, ast.Constant) and value.value is None):
                    call = value if isinstance(value, ast.Call) else None
                    makers.setdefault(key, []).append(call)
        return makers

    def _value(self, target: ast.expr) -> ast.expr | None:
        parent = self.scopes.parents[target]
        if isinstance(parent, ast.withitem):
            return parent.context_expr
        return parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None

    def key(self, reference: ast.expr) -> tuple[ast.AST, str] | None:
        """The scope and name of a variable; of `self.name` its class and `.name`."""
        if isinstance(reference, ast.Name):
            owner = self.scopes.owner(reference)
            return (owner, reference.id) if owner is not None else None
        if isinstance(reference, ast.Attribute) and isinstance(reference.value, ast.Name):
            owner = self._class(reference) if reference.value.id == "self" else None
            return (owner, "." + reference.attr) if owner is not None else None
        return None

    def _class(self, node: ast.AST) -> ast.ClassDef | None:
        for parent, _child in self.scopes.above(node):
            if isinstance(parent, ast.ClassDef):
                return parent
        return None

    # ----------------------------------------------------------------------- sharing

    def shared(self, classes: Iterable[str]) -> Iterator[Shared]:
        """The objects of these classes that several threads use, each once."""
        wanted, seen = frozenset(classes), set()
        for start in self.starts:
            for use in self._uses(start):
                made = None if self.is_locked(use) else self.maker(use)
                if made is None or self.scopes.meaning(made.func) not in wanted or made in seen:
                    continue
                if not self._is_made_again(made, start):
                    seen.add(made)
                    yield Shared(made, use, start.call)

    def is_locked(self, node: ast.AST) -> bool:
        """Whether it is used inside a `with` that lets one thread in at a time."""
        return any(
            re.search(
                "lock|mutex|semaphore|condition", ast.unparse(item.context_expr), re.IGNORECASE
            )
            for parent, _child in self.scopes.above(node)
            if isinstance(parent, (ast.With, ast.AsyncWith))
            for item in parent.items
        )

    def _is_made_again(self, made: ast.Call, start: Start) -> bool:
        """Whether each thread gets one of its own: made in the loop that starts it."""
        loops = [one for one, _child in self.scopes.above(made) if isinstance(one, _LOOPS)]
        around = [one for one, _child in self.scopes.above(start.call)]
        return any(loop in around for loop in loops)

    def _uses(self, start: Start) -> Iterator[ast.expr]:
        """What the threads of a start use that is not made in them."""
        yield from start.given
        if isinstance(start.target, ast.Attribute):
            yield start.target.value
        functions = self.functions(start)
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
                    key = self.key(node)
                    if key and not self._is_inside(key[0], functions):
                        yield node

    def _is_inside(self, scope: ast.AST, functions: Iterable[Runs]) -> bool:
        above = {scope, *(parent for parent, _child in self.scopes.above(scope))}
        return any(function in above for function in functions)

    def functions(self, start: Start) -> tuple[Runs, ...]:
        """The functions of this module that the threads run, as far as their names tell."""
        waiting, found = [start.target], []
        while waiting:
            function = self._function(waiting.pop())
            if function is not None and function not in found:
                found.append(function)
                waiting += [n.func for n in ast.walk(function) if isinstance(n, ast.Call)]
        return tuple(found)

    def _function(self, reference: ast.expr) -> Runs | None:
        if isinstance(reference, ast.Lambda):
            return reference
        key = self.key(reference)
        if key is None:
            return None
        wanted = key[1].lstrip(".")
        for node in self.scopes.nodes:
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if node.name == wanted and self.scopes.scope(self.scopes.parents[node]) is key[0]:
                return node
        return None


_SIZES = ("max_workers", "processes")
_WAITS = ("join", "result", "get", "wait")


def _waits_for(statement: ast.stmt, names: Collection[str]) -> bool:
    """Whether a statement waits for the thread or the result in one of the variables."""
    value = getattr(statement, "value", None)
    function = value.func if isinstance(value, ast.Call) else None
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _WAITS
        and isinstance(function.value, ast.Name)
        and function.value.id in names
    )
