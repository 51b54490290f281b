"""noxfile.py, read as syntax and never run: the literals that `session.install()` is given.

https://nox.thea.codes/en/stable/config.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Format, Include, Problem

from . import _pep508, _versions, script

if TYPE_CHECKING:
    import ast

    from ._passage import Passage
    from ._python import Source, Values

_Outcome = Union[Declaration, Include, Problem]


def read(document: Document) -> DependencyFile:
    """What the sessions install, each literal once, and what the file itself needs (PEP 723)."""
    outcomes: list[_Outcome] = list(script.outcomes(document))
    if ".install(" in document.text:
        try:
            outcomes += _outcomes(document)
        except RecursionError:
            text = _("is not valid Python: {reason}").format(reason="recursion")
            outcomes.append(Problem(document.path, None, text))
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _outcomes(document: Document) -> Iterator[_Outcome]:
    import ast

    from . import _install, _python

    tree = _python.parse(document)
    if isinstance(tree, Problem):
        yield tree
        return
    source, values = _python.Source(document), _python.Values(tree.body)
    done: set[ast.Constant] = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.args.args:
            marker = _marker(function, values)
            for call in _installs(function):
                words = _words(call, source, values, done)
                for one in _install.arguments(document, words, function.name):
                    yield _limited(one, marker)


def _installs(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls of `install` of the function's first parameter, its session."""
    import ast

    session = function.args.args[0].arg
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            own = isinstance(owner, ast.Name) and owner.id == session
            if own and node.func.attr == "install":
                yield node


def _words(
    call: ast.Call, source: Source, values: Values, done: set[ast.Constant]
) -> Iterator[Passage | None]:
    """The arguments, those that are names or starred ones followed; None for computed ones."""
    import ast

    for argument in call.args:
        starred = argument.value if isinstance(argument, ast.Starred) else None
        found = list(values.strings(starred or argument))
        if not found and starred is None:
            yield None
        for node in found:
            if node not in done:
                done.add(node)
                yield source.passage(node)


def _marker(function: ast.FunctionDef, values: Values) -> str:
    """The Pythons of `@nox.session(python=["3.8", "3.9"])` as a marker, "" for any."""
    import ast

    from . import _factors

    for decorator in function.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "python":
                return _factors.any_of(str(one.value) for one in values.strings(keyword.value))
    return ""


def _limited(outcome: _Outcome, marker: str) -> _Outcome:
    """A declaration for the Pythons of its session."""
    if not marker or not isinstance(outcome, Declaration):
        return outcome
    own = [outcome.marker] if outcome.marker else []
    return outcome._replace(marker=_versions.join_markers("and", [marker, *own]))


FORMAT = Format(name="noxfile.py", patterns=("noxfile.py",), read=read, respecify=_pep508.respecify)
