"""A program of the project: how it starts, the places that it passes, the patches that are late."""

from __future__ import annotations

import ast
from typing import NamedTuple, Union

from sslfix.model import Document, Location, Span
from sslfix.source.syntax import span


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
    only a file's name says that it is a program. `configuration` is gunicorn's, which runs first,
    `hooks` are the functions of it that gunicorn calls last. `after` is what patches when all of it
    was imported. `function` is what a console script calls then.
    """

    document: Document
    is_script: bool = True
    in_package: bool = False
    is_sure: bool = True
    configuration: Document | None = None
    hooks: tuple[str, ...] = ()
    after: Place | None = None
    function: str = ""

    @property
    def home(self) -> str:
        """The folder in which absolute imports are looked for first: that of a script."""
        return "" if self.in_package else self.document.path.rpartition("/")[0]


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
