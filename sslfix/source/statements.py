"""What statements surely do when they run, one after the other.

Imports are followed through the project's own modules, calls through its own functions. What only
may run (the branches of an `if`, an `except`, the body of a loop) is followed for itself and leaves
no trace behind. Whatever cannot be told is taken for harmless.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sslfix.language import say as _
from sslfix.model import Document
from sslfix.source import holders, patches
from sslfix.source.conditions import Truth, is_main_guard, truth
from sslfix.source.evaluation import (
    Function,
    calls,
    handed_on,
    is_lazy,
    may_return,
    own_calls,
    value_of,
    written,
)
from sslfix.source.meanings import Meanings, Names, OwnFunction, Value
from sslfix.source.modules import join
from sslfix.source.program import Place
from sslfix.source.syntax import Import, bound

# How deep imports and calls are followed, well within Python's own limit on recursion.
DEPTH = 60
_IMPORTERS = ("importlib.import_module", "__import__", "builtins.__import__")
_ANYTHING = (*_IMPORTERS, "exec", "runpy.run_path", "runpy.run_module")
# What a class or a function stands for that is not followed, and may patch.
_MAY = "(may patch)"
_ENDS = ("sys.exit", "exit", "quit", "os._exit", "os.abort")
# Modules that are there wherever the others are: Python's own (as far as this one knows) and what
# patches.
_THERE = frozenset((
    "gevent", "eventlet", *sys.builtin_module_names, *getattr(sys, "stdlib_module_names", ()),
))  # fmt: skip
_TRY: tuple[type[ast.Try], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))


class Statements:
    """Runs statements; `held` is what they surely import that does something to ssl.

    `via` is the way to what runs, `above` how many steps led to where that begins. `calls` is how
    many functions deep it is, `doubts` how many conditions deep that nobody knows. `main` is the
    script that was started.
    """

    def __init__(
        self, meanings: Meanings, effects: holders.Holders, python: tuple[int, ...]
    ) -> None:
        self.meanings, self.modules = meanings, meanings.modules
        self.effects, self.python = effects, python
        self.via: tuple[Place, ...] = ()
        self.above = 0
        self.main: Document | None = None
        self.called: dict[ast.FunctionDef, bool] = {}
        self.calls = 0
        self.held: list[tuple[Place, str]] = []
        self.statement: ast.stmt | None = None
        self.doubts = 0
        self.guards = 0  # how many `try` go on where an import in them fails
        self.kept: list[int] = []  # how much was held when the statement before may have failed
        self.is_patched = False

    @property
    def depth(self) -> int:
        """How many imports and calls deep it is."""
        return self.above + len(self.via)

    # ----------------------------------------------------------------------- what differs

    def run_path(self, path: str) -> None:
        """Run a module of the project."""
        raise NotImplementedError

    def patch(self, place: Place, *, patches_ssl: bool | None) -> None:
        """Note that ssl is patched here; None says that it only may be."""
        raise NotImplementedError

    # ----------------------------------------------------------------------- statements

    def run(self, body: list[ast.stmt], document: Document, names: Names) -> bool:
        """Run statements one after the other; False where they surely leave the function.

        After one that may leave it, the others only may run.
        """
        for number, statement in enumerate(body, 1):
            outer, self.statement = self.statement, statement
            self.hand_on(statement, names)
            goes_on = self.run_statement(statement, document, names)
            self.leave_unsure(statement, document, names)
            self.statement = outer
            if not goes_on:
                return False
            if self.calls and may_return(statement):
                with self.doubt():
                    return self.run(body[number:], document, names)
        return True

    def hand_on(self, statement: ast.stmt, names: Names) -> None:
        """Take ssl for patched where something that patches it is handed on: it may be called."""
        is_definition = isinstance(statement, (*Function, ast.ClassDef))
        for one in handed_on(statement):
            value = self.meanings.value(one, names)
            if isinstance(value, OwnFunction) and not is_definition:
                if self.may_patch(value.node, value.document, value.names):
                    self.is_patched = True
            elif isinstance(value, str) and (value in patches.PATCHES or value.startswith(_MAY)):
                self.is_patched = True

    def leave_unsure(self, statement: ast.stmt, document: Document, names: Names) -> None:
        """Take ssl for patched where the statement may have called what patches it."""
        if not self.is_patched and patches.mentions_patch(document):
            self.is_patched = self.patching(own_calls(statement), names)

    def may_patch(self, statement: ast.stmt, document: Document, names: Names) -> bool:
        """Whether something in a function or a class patches, by what is written out in it."""
        if not patches.mentions_patch(document):
            return False
        made, imports = written(statement)
        inner = dict(names)
        for one in imports:
            inner.update(bound(one))
        return self.patching(made, inner)

    def patching(self, made: Iterable[ast.Call], names: Names) -> bool:
        """Whether one of the calls patches ssl, or may."""
        return any(
            value in patches.PATCHES and patches.patches_ssl(str(value), one) is not False
            for one in made
            for value in (self.meanings.value(one.func, names),)
        )

    def run_statement(self, statement: ast.stmt, document: Document, names: Names) -> bool:
        """Run one statement; False where it surely leaves the function or the module."""
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self.run_import(statement, document, names)
        elif isinstance(statement, Function):
            self.define(statement, document, names)
        elif isinstance(statement, ast.ClassDef):
            self.run_expressions(statement.decorator_list, document, names)
            self.run(statement.body, document, dict(names))
            names[statement.name] = _MAY if self.may_patch(statement, document, names) else None
        elif isinstance(statement, (ast.Return, ast.Raise)):
            self.run_value(statement, document, names)
            return False
        elif isinstance(statement, ast.If):
            return self.run_if(statement, document, names)
        elif isinstance(statement, (ast.With, ast.AsyncWith)):
            return self.run_with(statement, document, names)
        elif isinstance(statement, _TRY):
            return self.run_try(statement, document, names)
        elif hasattr(statement, "body") or hasattr(statement, "cases"):
            self.run_loop(statement, document, names)
        else:
            self.run_value(statement, document, names)
            self.meanings.assign(statement, value_of(statement), names)
            return not self.is_end(statement, names)
        return True

    def is_end(self, statement: ast.stmt, names: Names) -> bool:
        """Whether the program ends there."""
        value = statement.value if isinstance(statement, ast.Expr) else None
        return isinstance(value, ast.Call) and self.meanings.value(value.func, names) in _ENDS

    def define(
        self,
        statement: ast.FunctionDef | ast.AsyncFunctionDef,
        document: Document,
        names: Names,
    ) -> None:
        """Bind the name of a function, and call its decorators."""
        self.run_expressions(statement.decorator_list, document, names)
        names[statement.name] = _MAY if self.may_patch(statement, document, names) else None
        if isinstance(statement, ast.FunctionDef):
            may_wait = names[statement.name] == _MAY and is_lazy(statement)
            names[statement.name] = _MAY if may_wait else OwnFunction(document, statement, names)
        self.run_decorators(statement.decorator_list, document, names)

    def run_if(self, statement: ast.If, document: Document, names: Names) -> bool:
        """Run the branch that is surely taken, or each for itself."""
        test = truth(statement.test, self.python)
        if is_main_guard(statement.test):
            test = Truth.TRUE if document is self.main else Truth.FALSE
        if test is not Truth.UNKNOWN:
            body = statement.body if test is Truth.TRUE else statement.orelse
            return self.run(body, document, names)
        self.run_expressions([statement.test], document, names)
        return self.run_branches([statement.body, statement.orelse], document, names)

    def run_with(
        self, statement: ast.With | ast.AsyncWith, document: Document, names: Names
    ) -> bool:
        """Run the body; one in `contextlib.suppress()` as that of a `try`."""
        made = [one.context_expr for one in statement.items]
        self.run_expressions(made, document, names)
        called = [self.meanings.value(one.func, names) for one in made if isinstance(one, ast.Call)]
        with self.guard(goes_on="contextlib.suppress" in called):
            goes_on = self.run(statement.body, document, names)
        return goes_on or "contextlib.suppress" in called

    def run_try(self, statement: ast.Try, document: Document, names: Names) -> bool:
        """Run the body as if nothing went wrong, the handlers as what may run.

        Where a handler goes on, what follows an import that may fail only may run.
        """
        handlers = [one.body for one in statement.handlers]
        with self.guard(goes_on=not all(self.leaves(one, names) for one in handlers)):
            goes_on = self.run(statement.body, document, names)
            self.run_branches(handlers, document, dict(names))
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
        count, doubts, kept = len(self.held), self.doubts, len(self.kept)
        self.doubts += 1
        yield
        self.doubts = doubts
        del self.held[count:], self.kept[kept:]

    @contextmanager
    def guard(self, *, goes_on: bool) -> Iterator[None]:
        """Run what is left where an import in it fails, if the program goes on then."""
        doubts, kept = self.doubts, len(self.kept)
        self.guards += goes_on
        yield
        self.guards -= goes_on
        if goes_on and len(self.kept) > kept:
            self.doubts = doubts
            del self.held[self.kept[kept] :], self.kept[kept:]

    def fail(self) -> None:
        """Take what follows for what only may run, up to the end of the `try` around it."""
        self.kept.append(len(self.held))
        self.doubts += 1

    def risk(self, place: Place) -> None:  # noqa: ARG002 - who leaves it to others needs it
        """Note an import that fails where the module is not installed."""
        if self.guards:
            self.fail()

    def leaves(self, body: list[ast.stmt], names: Names) -> bool:
        """Whether a handler surely ends the import or the program."""
        return any(isinstance(one, ast.Raise) or self.is_end(one, names) for one in body)

    # ----------------------------------------------------------------------- modules named

    def run_import(self, statement: Import, document: Document, names: Names) -> None:
        """Run the project's own modules that it names; note what the others do to ssl."""
        level = statement.level if isinstance(statement, ast.ImportFrom) else 0
        bases = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            below = (one.name for one in statement.names if one.name != "*")
            bases = [module, *(f"{module}.{name}" if module else name for name in below)]
        first = self.import_name(bases[0], level, document, statement)
        is_from = isinstance(statement, ast.ImportFrom)
        attributes = self.meanings.of(first) if is_from and first is not None else {}
        for name in bases[1:]:
            if name.rpartition(".")[2] not in attributes:
                self.import_name(name, level, document, statement)
        names.update(self.meanings.bound(statement, first, document))

    def import_name(
        self, name: str, level: int, document: Document, node: ast.stmt | ast.expr
    ) -> str | None:
        """Import a module by its name; where it stands, None if it is not the project's."""
        found = self.modules.find(name, level, document.path, self.meanings.home)
        if found is None:
            if not level:
                self.import_foreign(name, document, node)
            return None
        note = _("this imports {module}").format(module="." * level + name)
        via, self.via = self.via, (*self.via, Place(document, node, name, note=note))
        paths = list(self.modules.paths(found, name))
        for path in paths:
            self.run_path(path)
        self.via = via
        if level and name and not paths:
            self.risk(Place(document, node, name, self.via))
        return join(found, name.replace(".", "/"))

    def import_foreign(self, name: str, document: Document, node: ast.stmt | ast.expr) -> None:
        """Note what somebody else's module does to ssl."""
        effect = self.effects.effect(name)
        if self.guards and effect and self.effects.is_missing(name):
            self.fail()
        elif effect == holders.PATCHES:
            self.patch(Place(document, node, f"import {name}", self.via), patches_ssl=True)
        elif effect and not self.is_patched:
            self.held.append((Place(document, node, name, self.via), effect))
        elif not effect and name.partition(".")[0] not in _THERE:
            self.risk(Place(document, node, name, self.via))

    # ----------------------------------------------------------------------- calls

    def run_value(self, statement: ast.stmt, document: Document, names: Names) -> None:
        """Make the calls of the expression that a simple statement evaluates."""
        value = value_of(statement)
        self.run_expressions([value] if value is not None else [], document, names)

    def run_expressions(
        self, expressions: Iterable[ast.expr], document: Document, names: Names
    ) -> None:
        """Make the calls that expressions surely make, inner ones first."""
        for expression in expressions:
            for call in calls(expression):
                self.run_call(call, document, names)

    def run_decorators(self, decorators: list[ast.expr], document: Document, names: Names) -> None:
        """Call the decorators, the last first; what makes them was called before."""
        for decorator in reversed(decorators):
            if not isinstance(decorator, ast.Call):
                self.run_function(self.meanings.value(decorator, names), document, decorator)

    def run_call(self, call: ast.Call, document: Document, names: Names) -> None:
        """Do what a call does: patch, import by a name that is written out, or run a function."""
        called = self.meanings.value(call.func, names)
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
        elif called in _ANYTHING or (isinstance(called, str) and called.startswith(_MAY)):
            self.is_patched = True

    def run_function(self, called: Value, document: Document, node: ast.expr) -> None:
        """Run the body of one of the project's functions: once where it may run, once surely."""
        if not isinstance(called, OwnFunction) or is_lazy(called.node):
            return
        if self.depth > DEPTH or self.has_run(self.called.get(called.node)):
            return
        name = called.node.name
        note = _("this calls {function}").format(function=f"{name}()")
        via, self.via = self.via, (*self.via, Place(document, node, name, note=note))
        if self.is_replaced(called):
            with self.doubt():
                self.run_body(called)
        else:
            self.run_body(called)
        self.via = via

    def is_replaced(self, called: OwnFunction) -> bool:
        """Whether a decorator of the project decides what a call of the function does."""
        decorators = (
            one.func if isinstance(one, ast.Call) else one for one in called.node.decorator_list
        )
        values = (self.meanings.value(one, called.names) for one in decorators)
        return any(isinstance(one, OwnFunction) for one in values)

    def has_run(self, before: bool | None) -> bool:
        """Whether what ran before (surely, perhaps, or not) tells all that it would tell now."""
        return before is not None and (before or self.doubts > 0)

    def run_body(self, called: OwnFunction) -> None:
        """Run the body of a function, whatever it is given."""
        self.called[called.node] = not self.doubts
        self.calls += 1
        arguments = called.node.args
        every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        names: Names = {**called.names, **dict.fromkeys(one.arg for one in every)}
        self.run(called.node.body, called.document, names)
        self.calls -= 1
