"""What the names of the project's modules stand for, as far as their statements were run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Union

from sslfix.model import Document
from sslfix.source import patches
from sslfix.source.modules import Modules, join
from sslfix.source.syntax import Import, bound


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


class Meanings:
    """The names of modules by the paths of these; `others` were run for all programs alike."""

    def __init__(self, modules: Modules, home: str, others: Mapping[str, Names]) -> None:
        self.modules, self.home, self.others = modules, home, others
        self.own: dict[str, Names] = {}

    def of(self, place: str) -> Names:
        """The names of a module."""
        return self.of_path(self.modules.path(place))

    def of_path(self, path: str) -> Names:
        """The names of a module by its file."""
        found = self.own.get(path)
        return self.others.get(path, {}) if found is None else found

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
            names, below = self.of(owner.place), join(owner.place, name)
            if name in names or not self.modules.is_known(below):
                return names.get(name)
            return OwnModule(below)
        return None

    def bound(
        self, statement: Import, first: str | None, document: Document
    ) -> Iterator[tuple[str, Value]]:
        """The names that an import binds, with what they stand for; `first` is where it leads."""
        for name, meaning in bound(statement):
            if isinstance(statement, ast.Import):
                root = self.modules.find(meaning, 0, document.path, self.home)
                place = join(root or "", meaning.replace(".", "/"))
                yield name, meaning if root is None else OwnModule(place)
            elif first is None and name == "*":
                prefix = meaning[:-1]
                known = (one for one in patches.PATCHES if one.startswith(prefix))
                yield from ((one[len(prefix) :], one) for one in known)
            elif first is None:
                yield name, None if statement.level else meaning
            elif name == "*":
                yield from self.of(first).items()
            else:
                yield name, self.attribute(OwnModule(first), meaning.rpartition(".")[2])

    def assign(self, statement: ast.stmt, value: ast.expr | None, names: Names) -> None:
        """Note what an assignment makes of its names."""
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, (ast.Name, ast.Attribute)):
                names[target.id] = self.value(value, names)
            elif isinstance(target, ast.Name):
                names[target.id] = None
            elif isinstance(target, ast.Attribute):
                owner = self.value(target.value, names)
                if isinstance(owner, OwnModule):
                    self.of(owner.place)[target.attr] = None
            elif target is not None:
                for each in ast.walk(target):
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        names[each.id] = None
