"""gevent or eventlet patching ssl after a module took its own reference to SSLContext (SSL601).

The module-level statements of each program are followed in the order in which they run, through
the project's own modules, found by their paths among the sources. What only may run (the branches
of an `if`, an `except`) is followed for itself and leaves no trace behind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple, Union

from sslfix.detectors._bindings import bound, parse, qualified, span
from sslfix.detectors._holders import HOLDERS
from sslfix.language import say as _
from sslfix.model import Detector, Document, Facts, Hit, Interpreter, Location

# A module that patches has one of these in its text.
WORDS = ("patch_all", "patch_ssl", "monkey_patch", "grequests", "locust", "worker_class")
# How deep imports are followed, well within Python's own limit on recursion.
DEPTH = 60
# Both call gevent.monkey.patch_all() when they are imported.
PATCHING_MODULES = frozenset(("grequests", "locust"))
PATCHES = (
    "gevent.monkey.patch_all",
    "gevent.monkey.patch_ssl",
    "eventlet.monkey_patch",
    "eventlet.patcher.monkey_patch",
)
PROGRAMS = ("__main__.py", "wsgi.py", "asgi.py", "manage.py")
# Often programs, but not where another module imports them.
MAYBE_PROGRAMS = ("app.py", "application.py", "main.py", "run.py", "server.py")
# The positional place of `ssl` in gevent.monkey.patch_all().
SSL_ARGUMENT = 6


class Place(NamedTuple):
    """A statement or call, what it does, and the imports that led to its module."""

    document: Document
    node: Union[ast.stmt, ast.expr]
    what: str
    via: tuple[Place, ...] = ()

    def locate(self, note: str) -> Location:
        return self.document.locate(span(self.document, self.node), note)


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each patch that surely runs after the import of such a module."""
    del interpreter  # the order is the same on any
    if not any(_mentions_patch(document) for document in facts.sources):
        return ()
    starts = [source for source in facts.sources if _may_start(source)]
    project = Project(facts.sources)
    runs = [Run(project, source) for source in starts]
    # A module that others import runs in their order, not alone.
    imported = {path for run in runs for path in run.seen if path != run.program.path}
    hits: dict[Location, Hit] = {}
    for run in runs:
        if _is_program(run.program) or run.program.path not in imported:
            for patch, holder in run.late:
                hit = _hit(patch, holder)
                hits.setdefault(hit.locations[0], hit)
    return tuple(hits.values())


def _mentions_patch(document: Document) -> bool:
    return any(word in document.text for word in WORDS)


def _may_start(document: Document) -> bool:
    name = document.path.rpartition("/")[2]
    return _mentions_patch(document) or _is_program(document) or name in MAYBE_PROGRAMS


def _is_program(document: Document) -> bool:
    return document.path.rpartition("/")[2] in PROGRAMS or "__main__" in document.text


def _hit(patch: Place, holder: Place) -> Hit:
    late = _("patches ssl after {module} was imported")
    holding = _("{module} takes its own reference to ssl.SSLContext here")
    via = _("this imports {module}")
    message = _("{patch} comes too late: {module} is imported before it")
    return Hit(
        rule="SSL601",
        locations=(
            patch.locate(late.format(module=holder.what)),
            holder.locate(holding.format(module=holder.what)),
            *(place.locate(via.format(module=place.what)) for place in holder.via),
        ),
        message=message.format(patch=patch.what, module=holder.what),
        detail=_("every HTTPS request then ends in a RecursionError"),
    )


class Project:
    """The sources by their paths; parsed, and their imports resolved, once for all programs."""

    def __init__(self, sources: Iterable[Document]) -> None:
        self.documents = {document.path: document for document in sources}
        self.tree = cache(parse)
        self.targets = cache(self._targets)

    def _targets(
        self, statement: ast.Import | ast.ImportFrom, path: str
    ) -> list[tuple[list[str], str]]:
        """The dotted names that an import may load, each with the paths that it then runs."""
        folders = list(_folders(path))
        names = [alias.name for alias in statement.names]
        if isinstance(statement, ast.ImportFrom):
            if statement.level:
                folders = folders[statement.level - 1 : statement.level]
            if statement.module:
                names = [statement.module, *(f"{statement.module}.{name}" for name in names)]
        return [(self._own(folders, name), name) for name in names]

    def _own(self, folders: Iterable[str], name: str) -> list[str]:
        """The paths of the project's modules that an import of that name runs, packages first."""
        for folder in folders:
            place, paths = folder, []
            for part in name.split("."):
                place = _join(place, part)
                paths += [f"{place}{end}" for end in ("/__init__.py", ".py")]
            found = [path for path in paths if path in self.documents]
            if found:
                return found
        return []


class Run:
    """One program, followed from its first statement: `late` are the patches that come too late.

    Each comes with the import that made it late. `seen` are the paths that were run.
    """

    def __init__(self, project: Project, program: Document) -> None:
        self.project = project
        self.program = program
        self.seen: set[str] = set()
        self.via: tuple[Place, ...] = ()
        self.holders: list[Place] = []
        self.patched = False
        self.late: list[tuple[Place, Place]] = []
        for folder in reversed(list(_folders(program.path))):
            self.run_path(_join(folder, "__init__.py"))
        self.run_path(program.path)

    def run_path(self, path: str) -> None:
        """Run a module of the project, once."""
        document = self.project.documents.get(path)
        if document is None or path in self.seen or len(self.via) > DEPTH:
            return
        self.seen.add(path)
        tree = self.project.tree(document)
        if tree:
            names: dict[str, str] = {}
            self.run(tree.body, document, names)
            self.run_gunicorn_workers(tree, document)

    def run(self, body: Iterable[ast.stmt], document: Document, names: dict[str, str]) -> None:
        """Run statements that surely run."""
        for statement in body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                names.update(_bound(statement))
                self.run_import(statement, document)
            elif isinstance(statement, (ast.Expr, ast.Assign)):
                if isinstance(statement.value, ast.Call):
                    self.run_call(statement.value, document, names)
            elif isinstance(statement, ast.If) and _is_main_guard(statement.test):
                if document is self.program:
                    self.run(statement.body, document, names)
            else:
                for branch, is_sure in _bodies(statement):
                    (self.run if is_sure else self.try_out)(branch, document, names)

    def try_out(self, body: Iterable[ast.stmt], document: Document, names: dict[str, str]) -> None:
        """Run statements that only may run, and forget what they did.

        Their modules stay seen: run once for each branch, they would take exponential time.
        """
        count, patched = len(self.holders), self.patched
        self.run(body, document, names)
        del self.holders[count:]
        self.patched = patched

    def run_import(self, statement: ast.Import | ast.ImportFrom, document: Document) -> None:
        """Run the project's own modules that it names; note what the others do to ssl."""
        for paths, name in self.project.targets(statement, document.path):
            if paths and paths != [document.path]:
                via = self.via
                self.via = (*via, Place(document, statement, name))
                for path in paths:
                    self.run_path(path)
                self.via = via
            elif isinstance(statement, ast.ImportFrom) and statement.level:
                continue  # the package's own module of that name, though it was not found
            elif name in PATCHING_MODULES:
                self.patch(Place(document, statement, f"import {name}"))
            elif _is_holder(name):
                self.holders.append(Place(document, statement, name, self.via))

    def run_call(self, call: ast.Call, document: Document, names: Mapping[str, str]) -> None:
        name = qualified(call.func, names)
        if name in PATCHES and _patches_ssl(name, call):
            self.patch(Place(document, call, f"{name}()"))

    def run_gunicorn_workers(self, tree: ast.Module, document: Document) -> None:
        """Patch at the end of a configuration: gunicorn's gevent and eventlet workers do."""
        if not document.path.rpartition("/")[2].startswith("gunicorn"):
            return
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
                value = str(statement.value.value).lower()
                is_green = "gevent" in value or "eventlet" in value
                if is_green and [ast.dump(t) for t in statement.targets] == [_WORKER_CLASS]:
                    self.patch(Place(document, statement, _("the worker's monkey patch")))

    def patch(self, place: Place) -> None:
        if not self.patched and self.holders:
            self.late.append((place, self.holders[0]))
        self.patched = True


_WORKER_CLASS = ast.dump(ast.Name("worker_class", ast.Store()))


def _folders(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_holder(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in HOLDERS for count in range(1, len(parts) + 1))


def _bound(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds; of a star import those that patch."""
    for name, meaning in bound(statement):
        if name == "*":
            yield from ((p.rpartition(".")[2], p) for p in PATCHES if p.startswith(meaning[:-1]))
        else:
            yield name, meaning


def _is_main_guard(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
    )


def _bodies(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The bodies of a compound statement in order, and whether each surely runs."""
    if isinstance(statement, (ast.With, ast.AsyncWith, ast.ClassDef)):
        yield statement.body, True
    elif isinstance(statement, ast.If):
        if "TYPE_CHECKING" not in ast.dump(statement.test):
            yield statement.body, False
        yield statement.orelse, False
    elif isinstance(statement, (ast.For, ast.While)):
        yield statement.body, False
    elif isinstance(statement, ast.Try):
        yield statement.body, True
        yield from ((handler.body, False) for handler in statement.handlers)
        yield statement.orelse, True
        yield statement.finalbody, True


def _patches_ssl(name: str, call: ast.Call) -> bool:
    """Whether a call surely patches ssl, as far as its arguments are written out."""
    arguments: dict[str, object] = {}
    positional = enumerate(call.args)
    for key, value in (*positional, *((k.arg, k.value) for k in call.keywords)):
        if key is None or not isinstance(value, ast.Constant):
            return False
        arguments["ssl" if key == SSL_ARGUMENT else str(key)] = value.value
    if name.startswith("gevent."):
        return bool(arguments.get("ssl", True))
    # https://eventlet.readthedocs.io/en/latest/patching.html: socket takes ssl along.
    every = arguments.pop("all", True not in arguments.values())
    return bool(arguments.get("socket", every))


DETECTOR = Detector("patch-order", detect)
