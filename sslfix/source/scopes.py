"""What a name stands for at its place, and whether somebody asked before it is used.

A name counts as a module's only where imports alone bind it in the scope that it is looked up in:
a parameter or a variable of the same name may be anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

from sslfix.model import Document

from .syntax import parse

# Other spellings of a module that end in the same one.
SAME = (
    ("requests.packages.urllib3", "urllib3"),
    ("pip._vendor.urllib3", ""),
    ("six.moves.http_client", "http.client"),
    ("six.moves.urllib.request", "urllib.request"),
    ("httplib", "http.client"),
    ("urllib2", "urllib.request"),
)
Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (*Function, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Names = dict[str, "str | None"]  # None: it may be anything

# A test with one of these asks which Python, library or name there is.
_ASKS = re.compile(
    r"hasattr|getattr|version_info|hexversion|sys\.version|python_version|PYTHON_VERSION"
    r"|OPENSSL_VERSION|\bPY_?[23]|\b(?:IS|is)_?[Pp][Yy]|python_?[23]|six\.|TYPE_CHECKING"
    r"|\b_?(?:HAS|HAVE|has|have)_(?!ssl\b|SSL\b|tls\b|TLS\b)|SUPPORT|supports_|[sS]kip"
    r"|SSLContext\b|create_default_context|__dict__|\bdir\(|\bvars\(|find_spec"
)
_MISSING = ("AttributeError", "ImportError", "ModuleNotFoundError", "NameError", "TypeError")


class Scopes:
    """The scopes of a syntax tree, and the parents of its nodes."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.nodes: list[ast.AST] = []
        self.parents: dict[ast.AST, ast.AST] = {}
        self.names: dict[ast.AST, Names] = {tree: {}}
        self._globals: dict[ast.AST, set[str]] = {}
        self.stars: set[str] = set()
        waiting: list[ast.AST] = [tree]
        while waiting:  # as ast.walk() does, in half of its time
            node = waiting.pop()
            self.nodes.append(node)
            for field in _FIELDS[type(node)]:
                value = getattr(node, field, None)
                for child in value if isinstance(value, list) else (value,):
                    if isinstance(child, ast.AST):
                        self.parents[child] = node
                        waiting.append(child)
        self._bind()

    # ----------------------------------------------------------------------- what names are

    def _bind(self) -> None:
        for node in self.nodes:
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                self._globals.setdefault(self.scope(node), set()).update(node.names)
        for node in self.nodes:
            if not isinstance(node, _BINDING):
                continue
            for name, meaning in _bound(node):
                if name == "*":
                    self.stars.add(meaning or "")
                elif not self._is_fallback(node):
                    self._note(node, name, same(meaning) if meaning else None)

    def _note(self, node: ast.AST, name: str, meaning: str | None) -> None:
        own = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        scope = self.scope(self.parents[node] if own else node)
        while scope is not self.tree and name in self._globals.get(scope, ()):
            scope = self.scope(self.parents[scope])
        names = self.names.setdefault(scope, {})
        if names.setdefault(name, meaning) != meaning:
            names[name] = None

    def _is_fallback(self, node: ast.AST) -> bool:
        """Whether this is the name in `ssl = None`, which says that there is no module."""
        parent = self.parents.get(node)
        if not isinstance(parent, ast.Assign) or not isinstance(parent.value, ast.Constant):
            return False
        return parent.value.value in {None, False}

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, class, comprehension or module that a node's names belong to."""
        while node is not self.tree and not isinstance(node, _SCOPES):
            node = self.parents[node]
        return node

    def meaning(self, node: ast.AST) -> str:
        """The dotted name that a name or an attribute stands for, "" where it may be anything."""
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return same(f"{owner}.{node.attr}") if owner else ""
        if not isinstance(node, ast.Name):
            return ""
        scope = start = self.scope(node)
        while True:
            names = self.names.get(scope, {})
            if node.id in names and (scope is start or not isinstance(scope, ast.ClassDef)):
                return same(names[node.id] or "")
            if scope is self.tree:
                break
            scope = self.scope(self.parents[scope])
        return f"{next(iter(self.stars))}.{node.id}" if len(self.stars) == 1 else ""

    def owner(self, node: ast.Name) -> ast.AST | None:
        """The scope in which a name is bound, None where it is not in this module."""
        scope = self.scope(node)
        while node.id not in self.names.get(scope, {}):
            if scope is self.tree:
                return None
            scope = self.scope(self.parents[scope])
        return scope

    # ----------------------------------------------------------------------- who asked before

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Each node above with the child that leads down to this one, the nearest first."""
        while node in self.parents:
            yield self.parents[node], node
            node = self.parents[node]

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement that a node belongs to."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def is_guarded(self, node: ast.AST) -> bool:
        """Whether the use is tried, or comes after a question about the Python that runs."""
        inside = True  # of the same function: what runs later is not tried
        for parent, child in self.above(node):
            if isinstance(parent, ast.Try) and inside and _holds(parent.body, child):
                if any(_catches(handler, node) for handler in parent.handlers):
                    return True
            elif isinstance(parent, (ast.With, ast.AsyncWith)) and inside:
                if any(_ignores(item.context_expr) for item in parent.items):
                    return True
            elif self._is_asked(parent, child) or self._left_before(parent, child):
                return True
            if isinstance(parent, Function):
                inside = False
        return False

    def _is_asked(self, parent: ast.AST, child: ast.AST) -> bool:
        if isinstance(parent, (ast.If, ast.While, ast.IfExp)):
            orelse = parent.orelse if isinstance(parent.orelse, list) else [parent.orelse]
            is_else = _holds(orelse, child)
            return child is not parent.test and self._asks(parent.test, otherwise=is_else)
        if isinstance(parent, ast.BoolOp):
            before = parent.values[: next(n for n, one in enumerate(parent.values) if one is child)]
            return any(self._asks(one) for one in before)
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return any(self._asks(one) for one in parent.decorator_list)
        return False

    def _left_before(self, parent: ast.AST, child: ast.AST) -> bool:
        """Whether a question in front of the statement may have left its block."""
        for field in ("body", "orelse", "finalbody"):
            body = getattr(parent, field, None)
            if isinstance(body, list) and _holds(body, child):
                for one in body:
                    if one is child:
                        return False
                    if isinstance(one, ast.If) and self._asks(one.test) and _leaves(one):
                        return True
        return False

    def _asks(self, test: ast.expr, *, otherwise: bool = False) -> bool:
        """Whether a test is a question, or a variable holds the answer to one.

        A context that was made answers one for the other branch: there is none.
        """
        if _ASKS.search(ast.unparse(test)):
            return True
        return any(
            isinstance(node, ast.Name)
            and (self._answers.get(node.id) or (otherwise and node.id in self._answers))
            and not isinstance(self.parents[node], ast.Attribute)
            for node in ast.walk(test)
        )

    @cached_property
    def _answers(self) -> dict[str, bool]:
        """The variables that are given what a question answers; False for a context."""
        return {
            target.id: "SSLContext" not in text and "create_default_context" not in text
            for node in self.nodes
            if isinstance(node, ast.Assign)
            for text in (ast.unparse(node.value),)
            if _ASKS.search(text)
            for target in node.targets
            if isinstance(target, ast.Name)
        }


# Fields without names, calls or statements in them.
_PLAIN = frozenset({"ctx", "op", "ops", "id", "attr", "name", "kind", "lineno", "type_comment"})
_BINDING = (
    ast.Name, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
    ast.arg, ast.ExceptHandler,
)  # fmt: skip


class _Fields(dict["type[ast.AST]", "tuple[str, ...]"]):
    """The fields of each kind of node in which others may stand."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = tuple(field for field in kind._fields if field not in _PLAIN)
        return self[kind]


_FIELDS = _Fields()


@lru_cache(maxsize=512)
def scopes_of(document: Document) -> Scopes | None:
    """The scopes of a source, None for one that this Python cannot parse."""
    tree = parse(document)
    return Scopes(tree) if tree else None


def same(name: str) -> str:
    """The name by which the table knows a module."""
    for other, usual in SAME:
        if name == other or name.startswith(other + "."):
            return usual + name[len(other) :] if usual else ""
    return name


def _bound(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    """The names that a node binds, with what they stand for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
    elif isinstance(node, ast.ImportFrom):
        origin = "." * node.level + (node.module or "")
        for alias in node.names:
            star = alias.name == "*"
            yield alias.asname or alias.name, origin if star else f"{origin}.{alias.name}"
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id, None
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, None
    elif isinstance(node, ast.arg):
        yield node.arg, None
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name, None


def _holds(body: Sequence[ast.AST], child: ast.AST) -> bool:
    return any(one is child for one in body)


def _catches(handler: ast.ExceptHandler, node: ast.AST) -> bool:
    """Whether a handler is there for a name that is missing.

    One for anything is, where an import is tried, where it does nothing, or has another way.
    """
    caught = "" if handler.type is None else ast.unparse(handler.type)
    if any(name in caught for name in _MISSING):
        return True
    if caught and not re.search(r"\b(?:Base)?Exception\b", caught):
        return False
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    body = "\n".join(ast.unparse(one) for one in handler.body)
    return bool(re.fullmatch(r"pass|continue", body) or re.search(r"\bssl|SSLContext|wrap_", body))


def _ignores(expression: ast.expr) -> bool:
    text = ast.unparse(expression)
    return "suppress" in text or "raises" in text.lower() or "catch_warnings" in text


def _leaves(statement: ast.If) -> bool:
    ends = (ast.Return, ast.Raise, ast.Continue, ast.Break)
    return any(body and isinstance(body[-1], ends) for body in (statement.body, statement.orelse))
