"""What a program surely runs before it patches: its modules, in the order in which they run."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from contextlib import suppress

from sslfix.model import Document
from sslfix.source import holders, patches
from sslfix.source.meanings import Meanings, Names, OwnFunction
from sslfix.source.modules import Modules, above, is_test, join
from sslfix.source.program import Late, Place, Start
from sslfix.source.quiet import RISKS, Quiet
from sslfix.source.statements import DEPTH, Statements
from sslfix.source.syntax import parse


class _Done(Exception):  # noqa: N818 - nothing is wrong
    """It has surely patched: what follows does not matter."""


class Run(Statements):
    """One program, followed from its first statement; `late` is the result.

    `seen` are the paths that were run, True for those that surely run. What leads to no patch is
    run once for all programs that start in the same folder (`quiet`).
    """

    def __init__(self, modules: Modules, quiet: Quiet, start: Start) -> None:
        meanings = Meanings(modules, quiet.home, quiet.names)
        super().__init__(meanings, quiet.effects, quiet.python)
        self.start, self.quiet = start, quiet
        self.main = start.document if start.is_script else None
        self.seen: dict[str, bool] = {}
        self.workers: list[tuple[Place, ast.stmt]] = []
        self.outside = (0, 0)  # the doubts and what was held when the module began
        self.late: list[Late] = []
        with suppress(_Done):
            self.run_program()

    def run_program(self) -> None:
        """Run all that starts the program, then what patches at its end."""
        configuration, path = self.start.configuration, self.start.document.path
        if configuration:
            self.run_path(configuration.path)
        self.run_packages(path)
        self.run_path(path)
        self.run_named(path, [self.start.function])
        if configuration:
            self.run_named(configuration.path, self.start.hooks)
        for place, statement in self.workers:
            self.statement = statement
            self.patch(place, patches_ssl=True)
        if self.start.after:
            self.patch(self.start.after, patches_ssl=True)

    def run_named(self, path: str, functions: Iterable[str]) -> None:
        """Run the functions of a module that somebody else calls by their names."""
        for name in functions:
            called = self.meanings.of_path(path).get(name)
            if isinstance(called, OwnFunction):
                self.run_body(called)

    def run_packages(self, path: str) -> None:
        """Run the packages above the program: of a script nobody knows whether it runs in them.

        Nor of a test whether pytest runs it, with the `conftest.py` above it.
        """
        names = [join(folder, "__init__.py") for folder in above(path)]
        if is_test(path):
            names += [join(folder, "conftest.py") for folder in above(path)]
        for name in reversed(names):
            is_conftest = name.endswith("conftest.py")
            if name != path and (is_conftest or not self.start.in_package):
                with self.doubt():
                    self.run_path(name)
            else:
                self.run_path(name)

    def run_path(self, path: str) -> None:
        """Run a module: once where it may run, and once where it surely does."""
        document = self.modules.documents.get(path)
        if document is None or self.depth > DEPTH or self.has_run(self.seen.get(path)):
            return
        if self.quiet.has(path) and document is not self.start.document:
            self.take(path)
            return
        self.seen[path] = not self.doubts
        tree = parse(document)
        if tree:
            names = self.meanings.own.setdefault(path, {})
            before = self.statement, self.outside
            self.statement, self.outside = None, (self.doubts, len(self.held))
            if not self.run(tree.body, document, names):
                self.fail()
            self.statement, self.outside = before

    def take(self, path: str) -> None:
        """Note what a module that leads to no patch does, and what it imports."""
        held, run = self.quiet.held(path, self.depth)
        if not self.doubts:
            self.seen.update(dict.fromkeys(run, True))
            if not self.is_patched:
                for one, effect in held:
                    place = one._replace(via=self.via + one.via)
                    if effect == RISKS:
                        self.risk(place)
                    else:
                        self.held.append((place, effect))

    def run_value(self, statement: ast.stmt, document: Document, names: Names) -> None:
        """Make the calls of a simple statement; note gunicorn's choice of a worker."""
        super().run_value(statement, document, names)
        is_ours = document is self.start.configuration and not self.doubts
        worker = patches.green_worker(statement) if is_ours else ""
        if worker:
            place = Place(document, statement, patches.of_worker(worker), self.via)
            self.workers.append((place, statement))

    def patch(self, place: Place, *, patches_ssl: bool | None) -> None:
        """Note that ssl is patched here, too late or in time; None says that it only may be.

        Under a condition that nobody knows it may never be: then only a module counts that both
        imports and patches whenever it runs.
        """
        if patches_ssl is False or self.is_patched:
            return
        doubts, count = self.outside if self.doubts else (0, 0)
        held = self.held[count:] if self.doubts == doubts else []
        if patches_ssl and held:
            worst = [one for one in held if one[1] == holders.RECURSES] or held
            is_plain = self.doubts == doubts and not self.calls
            self.late.append(Late(place, *worst[0], self.start, self.statement, is_plain))
        self.is_patched = True
        if not self.doubts:
            raise _Done
