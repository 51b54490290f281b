"""What a program surely runs before it patches: its statements, in the order in which they run.

Imports are followed through the project's own modules, calls through its own functions. What only
may run (the branches of an `if`, an `except`, the body of a loop) is followed for itself and leaves
no trace behind. Whatever cannot be told is taken for harmless.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Document, Location, Span
from sslfix.source import holders, patches
from sslfix.source.conditions import Truth, is_main_guard, truth
from sslfix.source.modules import Modules, above, join
from sslfix.source.syntax import Import, bound, parse, span

# How deep imports and calls are followed, well within Python's own limit on recursion.
DEPTH = 60
_IMPORTERS = ("importlib.import_module", "__import__", "builtins.__import__")
_LAZY = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRY: tuple[type[ast.Try], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


class Place(NamedTuple):
    """A statement, call or passage, what it does, and the steps that led to its module."""

    document: Document
    node: Union[ast.stmt, ast.expr, Span]
    what: str
    via: tuple[Place, ...] = ()
    note: str = ""

    @property
    def span(self) -> Span:
        """The characters of it."""
        return self.node if isinstance(self.node, Span) else span(self.document, self.node)

    def locate(self, note: str) -> Location:
        """Its location with a note."""
        return self.document.locate(self.span, note)


class Start(NamedTuple):
    """How a program starts: its first module, and whether as a script or imported by its name.

    `in_package` says that the packages above it surely run before it. `is_sure` is False where
    only a file's name says that it is a program. `before` are modules that run first (gunicorn's
    configuration), `after` is what patches when all of it was imported. `function` is what a
    console script calls then.
    """

    document: Document
    is_script: bool = True
    in_package: bool = False
    is_sure: bool = True
    before: tuple[Document, ...] = ()
    after: Place | None = None
    function: str = ""


class Late(NamedTuple):
    """A patch that runs after what it should have come before.

    `holder` is the first import that made it late, `effect` what that does (`holders.RECURSES` or
    `HOLDS`). `statement` is the one in which the patch stands, None outside Python sources.
    `is_plain` says that it stands at the top of its module, under no condition.
    """

    patch: Place
    holder: Place
    effect: str
    start: Start
    statement: ast.stmt | None
    is_plain: bool


class OwnModule(NamedTuple):
    """A module or namespace of the project, as the value of a name."""

    place: str


class OwnFunction(NamedTuple):
    """A function of the project, as the value of a name, with the names of its module."""

    document: Document
    node: ast.FunctionDef
    names: Names


Value = Union[str, OwnModule, OwnFunction, None]
"""What a name stands for: somebody else's dotted name, something of the project, or anything."""
Names = dict[str, Value]


class _Done(Exception):  # noqa: N818 - nothing is wrong
    """It has surely patched: what follows does not matter."""


class Run:
    """One program, followed from its first statement; `late` is the result.

    `seen` are the paths that were run, True for those that surely run.
    """

    def __init__(
        self, modules: Modules, effects: holders.Holders, start: Start, python: tuple[int, ...]
    ) -> None:
        self.modules, self.effects, self.start, self.python = modules, effects, start, python
        self.seen: dict[str, bool] = {}
        self.spaces: dict[str, Names] = {}
        self.via: tuple[Place, ...] = ()
        self.called: dict[ast.FunctionDef, bool] = {}
        self.calls = 0
        self.holders: list[tuple[Place, str]] = []
        self.statement: ast.stmt | None = None
        self.workers: list[tuple[Place, ast.stmt]] = []
        self.program = "" if start.in_package else start.document.path
        self.doubts = 0
        self.outside = (0, 0)  # the doubts and the holders there were when the module began
        self.is_patched = False
        self.late: list[Late] = []
        with suppress(_Done):
            self.run_program()

    # ----------------------------------------------------------------------- modules

    def run_program(self) -> None:
        """Run all that starts the program, then what patches at its end."""
        for document in self.start.before:
            self.run_path(document.path)
        path = self.start.document.path
        self.run_packages(path)
        self.run_path(path)
        called = self.spaces.get(path, {}).get(self.start.function)
        if isinstance(called, OwnFunction):
            self.run_body(called)
        for place, statement in self.workers:
            self.statement = statement
            self.patch(place, patches_ssl=True)
        if self.start.after:
            self.patch(self.start.after, patches_ssl=True)

    def run_packages(self, path: str) -> None:
        """Run the packages above the program: of a script nobody knows whether it runs in them."""
        names = [join(folder, "__init__.py") for folder in above(path)]
        for name in reversed(names):
            if not self.start.in_package and name != path:
                with self.doubt():
                    self.run_path(name)
            else:
                self.run_path(name)

    def run_path(self, path: str) -> None:
        """Run a module of the project: once where it may run, and once where it surely does."""
        document = self.modules.documents.get(path)
        if document is None or len(self.via) > DEPTH:
            return
        if self.has_run(self.seen.get(path)):
            return
        self.seen[path] = not self.doubts
        tree = parse(document)
        if tree:
            names = self.spaces.setdefault(path, {})
            before = self.statement, self.outside
            self.statement, self.outside = None, (self.doubts, len(self.holders))
            self.run(tree.body, document, names)
            self.statement, self.outside = before

    def has_run(self, before: bool | None) -> bool:
        """Whether what ran before (surely, perhaps, or not) tells all that it would tell now."""
        return before is not None and (before or self.doubts > 0)

    # ----------------------------------------------------------------------- statements

    def run(self, body: list[ast.stmt], document: Document, names: Names) -> bool:
        """Run statements one after the other; False where they surely leave the function.

        After one that may leave it, the others only may run.
        """
        for number, statement in enumerate(body, 1):
            outer, self.statement = self.statement, statement
            if any(self.value(one, names) in patches.PATCHES for one in _handed_on(statement)):
                self.is_patched = True  # whoever got it may have called it
            goes_on = self.run_statement(statement, document, names)
            self.statement = outer
            if not goes_on:
                return False
            if self.calls and _may_return(statement):
                with self.doubt():
                    return self.run(body[number:], document, names)
        return True

    def run_statement(self, statement: ast.stmt, document: Document, names: Names) -> bool:
        """Run one statement; False where it surely leaves the function or the module."""
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self.run_import(statement, document, names)
        elif isinstance(statement, _Function):
            self.run_expressions(statement.decorator_list, document, names)
            names[statement.name] = None
            if isinstance(statement, ast.FunctionDef):
                names[statement.name] = OwnFunction(document, statement, names)
            self.run_decorators(statement.decorator_list, document, names)
        elif isinstance(statement, ast.ClassDef):
            self.run_expressions(statement.decorator_list, document, names)
            self.run(statement.body, document, dict(names))
            names[statement.name] = None
        elif isinstance(statement, (ast.Return, ast.Raise)):
            self.run_expressions(filter(None, [_value_of(statement)]), document, names)
            return False
        elif isinstance(statement, ast.If):
            return self.run_if(statement, document, names)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            self.run_expressions((one.context_expr for one in statement.items), document, names)
            return self.run(statement.body, document, names)
        elif isinstance(statement, _TRY):
            return self.run_try(statement, document, names)
        elif any(hasattr(statement, name) for name in ("body", "cases")):
            self.run_loop(statement, document, names)
        else:
            value = _value_of(statement)
            self.run_expressions([value] if value is not None else [], document, names)
            self.bind(statement, document, names)
        return True

    def run_if(self, statement: ast.If, document: Document, names: Names) -> bool:
        """Run the branch that is surely taken, or each for itself."""
        test = truth(statement.test, self.python)
        if is_main_guard(statement.test):
            is_main = self.start.is_script and document is self.start.document
            test = Truth.TRUE if is_main else Truth.FALSE
        if test is not Truth.UNKNOWN:
            body = statement.body if test is Truth.TRUE else statement.orelse
            return self.run(body, document, names)
        self.run_expressions([statement.test], document, names)
        return self.run_branches([statement.body, statement.orelse], document, names)

    def run_try(self, statement: ast.Try, document: Document, names: Names) -> bool:
        """Run the body as if nothing went wrong, the handlers as what may run."""
        goes_on = self.run(statement.body, document, names)
        self.run_branches([one.body for one in statement.handlers], document, dict(names))
        goes_on = goes_on and self.run(statement.orelse, document, names)
        may_go_on = goes_on or bool(statement.handlers)
        return self.run(statement.finalbody, document, names) and may_go_on

    def run_loop(self, statement: ast.stmt, document: Document, names: Names) -> None:
        """Run the bodies of a loop or a match, each as what may run."""
        bodies = [getattr(statement, name, []) for name in ("body", "orelse")]
        cases = [case.body for case in getattr(statement, "cases", ())]
        self.run_branches([*cases, *bodies], document, names)

    def run_branches(self, bodies: list[list[ast.stmt]], document: Document, names: Names) -> bool:
        """Run each for itself; False where all leave the function. One that patches may have."""
        before, may_be_patched, goes_on = self.is_patched, self.is_patched, False
        for body in bodies:
            self.is_patched = before
            with self.doubt():
                goes_on = self.run(body, document, names) or goes_on
            may_be_patched = may_be_patched or self.is_patched
        self.is_patched = may_be_patched
        return goes_on

    @contextmanager
    def doubt(self) -> Iterator[None]:
        """Run what only may run: what it imports is forgotten, whether it patches is not."""
        count = len(self.holders)
        self.doubts += 1
        yield
        self.doubts -= 1
        del self.holders[count:]

    # ----------------------------------------------------------------------- modules named

    def run_import(self, statement: Import, document: Document, names: Names) -> None:
        """Run the project's own modules that it names; note what the others do to ssl."""
        level = statement.level if isinstance(statement, ast.ImportFrom) else 0
        bases = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom):
            bases = [statement.module or ""]
            bases += [
                join(bases[0].replace(".", "/"), one.name).replace("/", ".")
                for one in statement.names
                if one.name != "*"
            ]
        first = self.import_name(bases[0], level, document, statement)
        for name in bases[1:]:
            is_attribute = first is not None and name.rpartition(".")[2] in self.space(first)
            if not is_attribute:
                self.import_name(name, level, document, statement)
        names.update(self.bound(statement, first, document))

    def import_name(
        self, name: str, level: int, document: Document, node: ast.stmt | ast.expr
    ) -> str | None:
        """Import a module by its name; where it stands, None if it is not the project's."""
        found = self.modules.find(name, level, document.path, self.program)
        if found is None:
            if not level:
                self.import_foreign(name, document, node)
            return None
        note = _("this imports {module}").format(module="." * level + name)
        via, self.via = self.via, (*self.via, Place(document, node, name, note=note))
        for path in self.modules.paths(found, name):
            self.run_path(path)
        self.via = via
        return join(found, name.replace(".", "/"))

    def import_foreign(self, name: str, document: Document, node: ast.stmt | ast.expr) -> None:
        """Note what somebody else's module does to ssl."""
        effect = self.effects.effect(name)
        if effect == holders.PATCHES:
            self.patch(Place(document, node, f"import {name}", self.via), patches_ssl=True)
        elif effect and not self.is_patched:
            self.holders.append((Place(document, node, name, self.via), effect))

    def bound(
        self, statement: Import, first: str | None, document: Document
    ) -> Iterator[tuple[str, Value]]:
        """The names that an import binds, with what they stand for."""
        for name, meaning in bound(statement):
            if isinstance(statement, ast.Import):
                root = self.modules.find(meaning, 0, document.path, self.program)
                place = join(root or "", meaning.replace(".", "/"))
                yield name, meaning if root is None else OwnModule(place)
            elif first is None and name == "*":
                prefix = meaning[:-1]
                known = (one for one in patches.PATCHES if one.startswith(prefix))
                yield from ((one[len(prefix) :], one) for one in known)
            elif first is None:
                yield name, None if statement.level else meaning
            elif name == "*":
                yield from self.space(first).items()
            else:
                yield name, self.attribute(OwnModule(first), meaning.rpartition(".")[2])

    # ----------------------------------------------------------------------- names

    def space(self, place: str) -> Names:
        return self.spaces.get(self.modules.path(place), {})

    def value(self, node: ast.expr, names: Names) -> Value:
        """What an expression stands for."""
        if isinstance(node, ast.Name):
            return names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return self.attribute(self.value(node.value, names), node.attr)
        return None

    def attribute(self, owner: Value, name: str) -> Value:
        """What a name in a module stands for."""
        if isinstance(owner, str):
            return f"{owner}.{name}"
        if isinstance(owner, OwnModule):
            names, below = self.space(owner.place), join(owner.place, name)
            if name in names or not self.modules.is_known(below):
                return names.get(name)
            return OwnModule(below)
        return None

    def bind(self, statement: ast.stmt, document: Document, names: Names) -> None:
        """Note what an assignment makes of its names."""
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        value = _value_of(statement)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, (ast.Name, ast.Attribute)):
                names[target.id] = self.value(value, names)
            else:
                for each in ast.walk(target) if target is not None else ():
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        names[each.id] = None
        if not self.doubts and patches.green_worker(statement, document.path):
            what = _("the worker's monkey patch")
            self.workers.append((Place(document, statement, what, self.via), statement))

    # ----------------------------------------------------------------------- calls

    def run_expressions(
        self, expressions: Iterable[ast.expr], document: Document, names: Names
    ) -> None:
        """Make the calls that expressions surely make, inner ones first."""
        for expression in expressions:
            for call in _calls(expression):
                self.run_call(call, document, names)

    def run_decorators(self, decorators: list[ast.expr], document: Document, names: Names) -> None:
        for decorator in reversed(decorators):
            if not isinstance(decorator, ast.Call):
                self.run_function(self.value(decorator, names), document, decorator)

    def run_call(self, call: ast.Call, document: Document, names: Names) -> None:
        """Do what a call does: patch, import by a name that is written out, or run a function."""
        called = self.value(call.func, names)
        if isinstance(called, OwnFunction):
            self.run_function(called, document, call)
        elif called in patches.PATCHES:
            self.patch(
                Place(document, call, f"{called}()", self.via),
                patches_ssl=patches.patches_ssl(str(called), call),
            )
        elif called in _IMPORTERS and call.args and isinstance(call.args[0], ast.Constant):
            name = call.args[0].value
            if isinstance(name, str) and not name.startswith("."):
                self.import_name(name, 0, document, call)

    def run_function(self, called: Value, document: Document, node: ast.expr) -> None:
        """Run the body of one of the project's functions, as `run_path` runs a module."""
        if not isinstance(called, OwnFunction) or _is_lazy(called.node):
            return
        if len(self.via) > DEPTH or self.has_run(self.called.get(called.node)):
            return
        name = called.node.name
        note = _("this calls {function}").format(function=f"{name}()")
        via, self.via = self.via, (*self.via, Place(document, node, name, note=note))
        self.run_body(called)
        self.via = via

    def run_body(self, called: OwnFunction) -> None:
        """Run the body of a function, whatever it is given."""
        self.called[called.node] = not self.doubts
        self.calls += 1
        arguments = called.node.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        names: Names = {**called.names, **dict.fromkeys(one.arg for one in every)}
        self.run(called.node.body, called.document, names)
        self.calls -= 1

    # ----------------------------------------------------------------------- patches

    def patch(self, place: Place, *, patches_ssl: bool | None) -> None:
        """Note that ssl is patched here, too late or in time; None says that it only may be.

        Under a condition that nobody knows it may never be: then only a module counts that both
        imports and patches whenever it runs.
        """
        if patches_ssl is False or self.is_patched:
            return
        doubts, count = self.outside if self.doubts else (0, 0)
        held = self.holders[count:] if self.doubts == doubts else []
        if patches_ssl and held:
            worst = [one for one in held if one[1] == holders.RECURSES] or held
            is_plain = not self.doubts and not self.calls
            self.late.append(Late(place, *worst[0], self.start, self.statement, is_plain))
        self.is_patched = True
        if not self.doubts:
            raise _Done


@cache
def _is_lazy(function: ast.FunctionDef) -> bool:
    """Whether calling it runs nothing of its body: a generator."""
    return any(_holds(one, (ast.Yield, ast.YieldFrom)) for one in function.body)


@cache
def _may_return(statement: ast.stmt) -> bool:
    """Whether a statement with others in it may leave the function."""
    return _holds(statement, (ast.Return,))


def _holds(statement: ast.stmt, kinds: tuple[type[ast.AST], ...]) -> bool:
    """Whether a statement has such a node that belongs to the same function."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, kinds):
            return True
        if not isinstance(node, (*_Function, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return False


def _value_of(statement: ast.stmt) -> ast.expr | None:
    """The expression that a simple statement evaluates."""
    found = getattr(statement, "value", None) or getattr(statement, "exc", None)
    return found if isinstance(found, ast.expr) else None


@cache
def _handed_on(statement: ast.stmt) -> tuple[ast.expr, ...]:
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
def _calls(expression: ast.expr) -> tuple[ast.Call, ...]:
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
