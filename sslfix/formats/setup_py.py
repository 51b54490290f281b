"""setup.py, read as syntax and never run: what `setup()` is given in literals.

What is computed (from files, versions, conditions) is left out.
https://setuptools.pypa.io/en/latest/userguide/dependency_management.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Format, Problem

from . import _pep508, _versions
from ._passage import Passage

if TYPE_CHECKING:
    import ast

_LISTS = ("install_requires", "setup_requires", "tests_require")
_LINE = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"\s#.*")


class _Literal(NamedTuple):
    """A string among the requirements of a section, under a marker of the section's."""

    node: ast.Constant
    section: str
    marker: str = ""


def read(document: Document) -> DependencyFile:
    """The requirements that stand in literals, each once."""
    outcomes: list[Union[Declaration, Problem]] = []
    if any(word in document.text for word in (*_LISTS, "extras_require")):
        try:
            outcomes += _outcomes(document)
        except RecursionError:
            text = _("is not valid Python: {reason}").format(reason="recursion")
            outcomes = [Problem(document.path, None, text)]
    return DependencyFile.of(document, FORMAT.name, outcomes)


def _outcomes(document: Document) -> Iterator[Union[Declaration, Problem]]:
    from . import _python  # imports ast

    tree = _python.parse(document)
    if isinstance(tree, Problem):
        yield tree
        return
    source, done = _python.Source(document), set()
    for literal in _literals(tree):
        if literal.node in done:
            continue
        done.add(literal.node)
        yield from _requirements(document, source.passage(literal.node), literal)


def _literals(tree: ast.Module) -> Iterator[_Literal]:
    import ast

    from . import _python

    values = _python.Values(tree.body)
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or "setup" not in _called(call):
            continue
        for name, value in values.items(_python.keywords(call)):
            if name in _LISTS:
                yield from (_Literal(node, name) for node in values.strings(value))
            elif name == "extras_require":
                for extra, listed in values.items(value):
                    # ":python_version < '3'" was a marker before PEP 508 had them.
                    key, _colon, marker = extra.partition(":")
                    for node in values.strings(listed):
                        section = ".".join(filter(None, (name, key.strip())))
                        yield _Literal(node, section, marker.strip())


def _called(call: ast.Call) -> tuple[str, ...]:
    """The last name of what is called: `setuptools.setup(...)`."""
    names = (getattr(call.func, "id", ""), getattr(call.func, "attr", ""))
    return tuple(name for name in names if isinstance(name, str))


def _requirements(
    document: Document, passage: Passage, literal: _Literal
) -> Iterator[Union[Declaration, Problem]]:
    """The requirements of one string: one on each line, mostly one in all."""
    for line in _LINE.finditer(passage.text):
        content = _COMMENT.sub("", line[0]).rstrip()
        start = line.start() + len(content) - len(content.lstrip())
        end = line.start() + len(content)
        if start >= end or passage.text[start] == "#":
            continue
        try:
            found = _pep508.declare(passage, start, end, section=literal.section)
        except _pep508.RequirementError as error:
            line_number = document.position(passage.span(start, end).start)[0]
            yield Problem(document.path, line_number, str(error))
            continue
        markers = [one for one in (literal.marker, found.marker) if one]
        found = found._replace(marker=_versions.join_markers("and", markers))
        whole = passage.pieces[0].verbatim
        yield found if whole else found._replace(specifier_span=None)


FORMAT = Format(name="setup.py", patterns=("setup.py",), read=read, respecify=_pep508.respecify)
