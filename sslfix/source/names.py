"""The names that are gone, or will be, and where a module uses them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, Union

from sslfix.model import Document

from .scopes import Scopes, same, scopes_of


class Name(NamedTuple):
    """A name as `names.toml` knows it; the head of that file says what the fields are."""

    name: str
    gone: Mapping[str, str] = {}
    rule: str = ""
    deprecated: str = ""
    note: str = ""
    keywords: tuple[str, ...] = ()
    positional: int | None = None
    bare: bool = False
    called: bool = False
    option: bool = False
    argument: str = ""
    instead: str = ""
    read: str = ""

    @property
    def is_parameter(self) -> bool:
        """Whether the callable itself is still there."""
        return bool(self.keywords)


class Use(NamedTuple):
    """A place that uses such a name: a name, an attribute, a call or an import statement.

    `shown` is how the source names it: the parameter where that is what is gone.
    """

    name: Name
    node: Union[ast.expr, ast.stmt]
    shown: str


@lru_cache(maxsize=1)
def all_names() -> tuple[Name, ...]:
    """The names of names.toml in their order."""
    import os

    import tomli

    with open(os.path.join(os.path.dirname(__file__), "names.toml"), "rb") as stream:
        entries = tomli.load(stream)["name"]
    return tuple(Name(**{**one, "keywords": tuple(one.get("keywords", ()))}) for one in entries)


def uses(document: Document, wanted: frozenset[str] | None = None) -> tuple[Use, ...]:
    """Where the module uses one of the names (of those) without asking first whether it is there.

    A source that shows none of them is not parsed.
    """
    if not mentions(document.text, wanted):
        return ()
    scopes = scopes_of(document)
    found = _uses(scopes) if scopes else ()
    return tuple(one for one in found if wanted is None or one.name.name in wanted)


def mentions(text: str, wanted: frozenset[str] | None = None) -> bool:
    """Whether a source may use one of the names (of those), by its words alone."""
    return any(
        last in text and sign.search(text)
        for first, names in _signs(wanted).items()
        if first in text
        for last, sign in names
    )


@lru_cache(maxsize=8)
def _signs(wanted: frozenset[str] | None) -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """The last words of names, with what they look like in a source, by their first words."""
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for one in all_names():
        if wanted is not None and one.name not in wanted:
            continue
        first, last = one.name.partition(".")[0], one.name.rpartition(".")[2]
        found.setdefault(first, []).append((last, re.compile(_sign(one, last))))
    return found


def _sign(one: Name, last: str) -> str:
    """A pattern that is in every source that uses the name, and in few others."""
    if one.bare:
        return rf"{last}(?:\(\s*\)| as )"
    if one.is_parameter:
        sign = rf"\b(?:{'|'.join(one.keywords)})\s*="
        if one.positional is not None:  # as many commas, none of them far from the other
            sign += rf"|{last}(?: as |\((?:[^,]{{0,200}},){{{one.positional}}})"
        return sign
    if one.name == f"ssl.{last}" and one.rule and not one.called:
        return rf"ssl\.{last}(?!\w)|from ssl import|ssl as "
    return rf"{last}(?!\w)"


@lru_cache(maxsize=512)
def _uses(scopes: Scopes) -> tuple[Use, ...]:
    finder = _Finder(scopes)
    found = [use for node in scopes.nodes for use in finder.find(node)]
    made = finder.made() if found else set()
    return tuple(
        use
        for use in sorted(found, key=lambda one: (one.node.lineno, one.node.col_offset))
        if use.name.name not in made and not scopes.is_guarded(use.node)
    )


class _Finder:
    """Looks at one node after the other."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        every = all_names()
        self.calls: dict[str, list[Name]] = {}
        self.plain: dict[str, Name] = {}
        for one in every:
            if one.is_parameter or one.bare or one.called:
                self.calls.setdefault(one.name, []).append(one)
            else:
                self.plain[one.name] = one
        self.methods = {one.rpartition(".")[2] for one in self.calls if "()." in one}
        lasts = {one.name.rpartition(".")[2] for one in every}
        # The local names and attributes that may be one of them, under a name of its own as well.
        self.words = lasts.union(
            local
            for names in scopes.names.values()
            for local, meaning in names.items()
            if meaning and meaning.rpartition(".")[2] in lasts
        )

    def made(self) -> set[str]:
        """The names that the module itself sets: they are there."""
        return {
            self.scopes.meaning(node)
            for node in self.scopes.nodes
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
            if not isinstance(self.scopes.parents[node], ast.AugAssign)
        }

    def find(self, node: ast.AST) -> Iterator[Use]:
        if isinstance(node, ast.Call):
            if self._word(node.func) in self.words:
                yield from self._call(node)
        elif isinstance(node, (ast.Attribute, ast.Name)):
            if self._word(node) in self.words:
                yield from self._name(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from self._import(node)

    @staticmethod
    def _word(node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return node.id
        return node.attr if isinstance(node, ast.Attribute) else ""

    def _import(self, node: ast.Import | ast.ImportFrom) -> Iterator[Use]:
        if isinstance(node, ast.ImportFrom):
            origins = [] if node.level else [f"{node.module}.{one.name}" for one in node.names]
            origins += [node.module or ""] if not node.level else []
        else:
            origins = [one.name for one in node.names]
        for origin in origins:
            one = self.plain.get(same(origin))
            if one is not None and one.rule:
                yield Use(one, node, one.name.rpartition(".")[2])

    def _name(self, node: ast.Attribute | ast.Name) -> Iterator[Use]:
        parent = self.scopes.parents[node]
        if not isinstance(node.ctx, ast.Load) and not isinstance(parent, ast.AugAssign):
            return
        one = self.plain.get(self.scopes.meaning(node))
        if one is None or (isinstance(node, ast.Name) and self._is_imported(node, one)):
            return
        if one.option and not self._is_option(node):
            return
        if one.argument and not self._is_argument(node, one.argument):
            return
        yield Use(one, node, one.name.rpartition(".")[2])

    def _is_imported(self, node: ast.Name, one: Name) -> bool:
        """Whether the import of the name is what fails, or the local name means a module."""
        return bool(one.rule) and self.scopes.owner(node) is not None

    def _is_option(self, node: ast.expr) -> bool:
        statement = self.scopes.statement(node)
        target = statement.target if isinstance(statement, ast.AugAssign) else None
        return isinstance(target, ast.Attribute) and target.attr == "options"

    def _is_argument(self, node: ast.expr, callable_: str) -> bool:
        parent = self.scopes.parents[node]
        if isinstance(parent, ast.keyword):
            parent = self.scopes.parents[parent]
        return isinstance(parent, ast.Call) and self.scopes.meaning(parent.func) == callable_

    def _call(self, node: ast.Call) -> Iterator[Use]:
        for one in self.calls.get(self._callable(node.func), ()):
            if one.called or (one.bare and not node.args and not node.keywords):
                yield Use(one, node, one.name)
            elif one.is_parameter:
                yield from self._parameters(one, node)

    def _callable(self, function: ast.expr) -> str:
        """The dotted name of what is called; of a method, that of the object's class and `()`."""
        name = self.scopes.meaning(function)
        if name or not isinstance(function, ast.Attribute):
            return name
        owner = function.value
        if isinstance(owner, ast.Name) and function.attr in self.methods:
            made = self._made_by(owner)
            return f"{made}().{function.attr}" if made else ""
        return ""

    def _made_by(self, variable: ast.Name) -> str:
        """The class of a local variable that is only ever made by calling it."""
        scope = self.scopes.owner(variable)
        if scope is None:
            return ""
        classes = set()
        for node in self.scopes.nodes:
            if not isinstance(node, ast.Name) or node.id != variable.id:
                continue
            if isinstance(node.ctx, ast.Load) or self.scopes.owner(node) is not scope:
                continue
            parent = self.scopes.parents[node]
            value = parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
            if isinstance(parent, ast.withitem):
                value = parent.context_expr
            classes.add(self.scopes.meaning(value.func) if isinstance(value, ast.Call) else "")
        return classes.pop() if len(classes) == 1 else ""

    @staticmethod
    def _parameters(one: Name, node: ast.Call) -> Iterator[Use]:
        named = [key.arg for key in node.keywords if key.arg in one.keywords]
        more = one.positional is not None and len(node.args) > one.positional
        starred = any(isinstance(arg, ast.Starred) for arg in node.args)
        if named:
            yield Use(one, node, " and ".join(str(key) for key in named))
        elif more and not starred:
            yield Use(one, node, one.keywords[0])
