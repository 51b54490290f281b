"""Python source read as syntax, never run: literals, where they stand, and the names for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import accumulate

from sslfix.language import say as _
from sslfix.model import Document, Problem

from ._passage import Passage, Piece

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_PLAIN = re.compile(r"[uU]?([rR]?)(\"\"\"|'''|\"|')(.*)\2", re.DOTALL)


def parse(document: Document) -> ast.Module | Problem:
    """The syntax tree, or why this Python cannot parse the text."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes like "\d": not ours to say
            return ast.parse(document.text)
    except SyntaxError as error:
        text = _("is not valid Python: {reason}").format(reason=error.msg)
        return Problem(document.path, error.lineno or None, text)
    except (ValueError, RecursionError, MemoryError) as error:
        text = _("is not valid Python: {reason}").format(reason=error)
        return Problem(document.path, None, text)


class Source:
    """A text that knows where the literals of its syntax tree stand."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        lines = (len(line[0]) for line in _LINE.finditer(document.text))
        self._starts = [0, *accumulate(lines)]

    def passage(self, node: ast.Constant) -> Passage:
        """The text of a string literal; verbatim if it has no escapes and is in one piece."""
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        plain = _PLAIN.fullmatch(self._text, start, end)
        if plain and plain[2] not in plain[3] and (plain[1] or "\\" not in plain[3]):
            return Passage.of(self._text, *plain.span(3))
        return Passage(str(node.value), (Piece(0, start, end, verbatim=False),))

    def _offset(self, line: int, column: int) -> int:
        """The offset of a position; ast counts columns in bytes of UTF-8."""
        start, stop = self._starts[line - 1 : line + 1]
        before = self._text[start:stop].encode()[:column]
        return start + len(before.decode(errors="ignore"))


class Values:
    """What the names of a module stand for, as far as its own statements say so plainly."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self._names: dict[str, list[ast.expr]] = {}
        for statement in body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    self._assign(target, statement.value)
            elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
                self._assign(statement.target, statement.value)
            elif isinstance(statement, ast.AugAssign):
                self._add(statement.target, statement.value)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._call(statement.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if not isinstance(target, ast.Name):
            self._add(target, value)
            return
        uses_itself = any(
            isinstance(node, ast.Name) and node.id == target.id for node in ast.walk(value)
        )
        before = self._names.get(target.id, []) if uses_itself else []
        self._names[target.id] = [*before, value]

    def _add(self, target: ast.expr, value: ast.expr) -> None:
        """What `a += value` or `a["key"] = value` adds to a name."""
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            value, target = ast.Dict([target.slice], [value]), target.value
        if isinstance(target, ast.Name):
            self._names.setdefault(target.id, []).append(value)

    def _call(self, call: ast.Call) -> None:
        function = call.func
        if isinstance(function, ast.Attribute) and len(call.args) == 1:
            if function.attr == "append":
                self._add(function.value, ast.List(call.args))
            elif function.attr in ("extend", "update"):
                self._add(function.value, call.args[0])

    def strings(
        self, node: ast.expr, seen: set[object] | None = None, *, whole: bool = True
    ) -> Iterator[ast.Constant]:
        """The string literals of a list, followed through names, `+` and keys of dicts.

        `whole` allows for a string in the list's place: one that is a part of a sum is no
        requirement, as in `"urllib3>=" + MINIMUM`. No name is followed twice.
        """
        seen = set() if seen is None else seen
        if isinstance(node, ast.Constant):
            if whole and isinstance(node.value, str):
                yield node
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            for element in node.elts:
                if isinstance(element, ast.Starred):
                    yield from self.strings(element.value, seen)
                elif isinstance(element, (ast.Constant, ast.Name)):
                    yield from self.strings(element, seen)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            yield from self.strings(node.left, seen, whole=False)
            yield from self.strings(node.right, seen, whole=False)
        elif isinstance(node, ast.Call) and _is_copy(node):
            yield from self.strings(node.args[0], seen, whole=False)
        else:
            for value in self._meant(node, seen):
                yield from self.strings(value, seen, whole=whole)

    def _meant(self, node: ast.expr, seen: set[object]) -> list[ast.expr]:
        """What a name, or a key of one, stands for; nothing where that was asked before."""
        if isinstance(node, ast.Name) and node.id not in seen:
            seen.add(node.id)
            return self._names.get(node.id, [])
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            asked = (ast.dump(node.value), node.slice.value)
            if asked not in seen:
                seen.add(asked)
                found = self.items(node.value)
                return [value for key, value in found if key == node.slice.value]
        return []

    def items(
        self, node: ast.expr, seen: set[object] | None = None
    ) -> Iterator[tuple[str, ast.expr]]:
        """The keys and values of a dict, followed through names, `**` and `|`."""
        seen = set() if seen is None else seen
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if key is None:
                    yield from self.items(value, seen)
                elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        elif isinstance(node, ast.Name):
            for value in self._meant(node, seen):
                yield from self.items(value, seen)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            yield from self.items(node.left, seen)
            yield from self.items(node.right, seen)
        elif isinstance(node, ast.Call) and _calls(node, "dict"):
            for value in node.args:
                yield from self.items(value, seen)
            yield from self.items(keywords(node), seen)


def keywords(call: ast.Call) -> ast.Dict:
    """The keyword arguments of a call as a dict."""
    keys: list[ast.expr | None] = [
        ast.Constant(one.arg) if one.arg else None for one in call.keywords
    ]
    return ast.Dict(keys, [one.value for one in call.keywords])


def _calls(call: ast.Call, *names: str) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in names


def _is_copy(call: ast.Call) -> bool:
    """Whether a call gives the same elements: `list(a)`, `sorted(a)`."""
    return len(call.args) == 1 and _calls(call, "list", "set", "sorted", "tuple")
