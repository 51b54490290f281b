"""pipenv's Pipfile.lock, from the plain layout of 2017 on.

The two upper levels are walked here so that positions are known; json's own decoder reads the
rest. https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Callable

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Format, Kind, Lock, Problem, Span

from . import _pipenv
from ._pep508 import RequirementError

_BLANK = re.compile(r"[ \t\r\n]*")
# Given a key, its span and where its value begins: where the value ends.
_Member = Callable[[str, Span, int], int]


class _Reader:
    """Collects declarations and problems, so that those before an error are kept."""

    def __init__(self, document: Document) -> None:
        from json import JSONDecoder

        self.document = document
        self.declarations: list[Declaration] = []
        self.problems: list[Problem] = []
        self._decode = JSONDecoder().raw_decode

    def read(self) -> None:
        """Read the whole file; what is wrong with it ends up in `problems`."""
        from json import JSONDecodeError

        try:
            self._expect("", self._blank(self._object(self._blank(0), self._category)))
        except JSONDecodeError as error:
            message = _("is not valid JSON: {reason}").format(reason=error.msg)
            self.problems.append(Problem(self.document.path, error.lineno, message))
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits; deep nesting
            message = _("is no readable JSON: {reason}").format(reason=error)
            self.problems.append(Problem(self.document.path, None, message))

    def _category(self, category: str, key: Span, at: int) -> int:
        text = self.document.text
        if category != "_meta" and text.startswith("{", at):
            return self._object(at, partial(self._entry, category))
        end = self._decode(text, at)[1]
        if category != "_meta":
            text = _("expected an object of locked distributions in {category}")
            self._problem(key, text.format(category=category))
        return end

    def _entry(self, category: str, name: str, key: Span, at: int) -> int:
        entry, end = self._decode(self.document.text, at)
        try:
            declaration = _pipenv.declare(name, entry, key, category)
            self.declarations.append(declaration._replace(kind=Kind.LOCK))
        except RequirementError as error:
            self._problem(key, str(error))
        return end

    def _problem(self, span: Span, message: str) -> None:
        line, _ = self.document.position(span.start)
        self.problems.append(Problem(self.document.path, line, message))

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self.document.text, at)
        return match.end() if match else at

    def _object(self, at: int, member: _Member) -> int:
        """Walk the object at `at`; where it ends."""
        text = self.document.text
        self._expect("{", at)
        at = self._blank(at + 1)
        if text.startswith("}", at):
            return at + 1
        while True:
            self._expect('"', at)
            key, end = self._decode(text, at)
            colon = self._blank(end)
            self._expect(":", colon)
            at = self._blank(member(key, Span(at + 1, end - 1), self._blank(colon + 1)))
            if text.startswith("}", at):
                return at + 1
            self._expect(",", at)
            at = self._blank(at + 1)

    def _expect(self, sign: str, at: int) -> None:
        """Raise JSONDecodeError unless `sign`, or the end for "", stands at `at`."""
        if self.document.text[at : at + 1] != sign:
            from json import JSONDecodeError

            message = _("expected '{sign}'") if sign else _("expected the end of the file")
            raise JSONDecodeError(message.format(sign=sign), self.document.text, at)


def read(document: Document) -> DependencyFile:
    """What is locked, in all categories; broken entries and what follows broken JSON left out."""
    reader = _Reader(document)
    reader.read()
    return DependencyFile(
        document,
        FORMAT.name,
        tuple(reader.declarations),
        problems=tuple(reader.problems),
    )


def upgrade(constraint: Mapping[str, str], sections: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Pipenv's commands that change these distributions and no other.

    One for each category: `--dev` alone leaves the develop entries as they were, and `pipenv lock`
    updates everything (tried with pipenv 2026.10).
    """
    if not constraint:
        return (("pipenv", "upgrade"),)
    options = {"default": (), "develop": ("--dev",)}
    wanted = tuple(name + specifier for name, specifier in constraint.items())
    return tuple(
        ("pipenv", "upgrade", *options.get(section, ("--categories", section)), *wanted)
        for section in sections
    )


def _rerun(
    major: int, constraint: Mapping[str, str], sections: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Pipenv's commands that lock an edited Pipfile.

    Without a name, `pipenv upgrade` looks for what the Pipfile no longer admits, from 2024.4 on.
    With one it writes an entry of its own into the Pipfile, over a table with extras.
    """
    if major < 2025 or not constraint:
        return upgrade(constraint, sections)
    return (("pipenv", "upgrade", "--categories", " ".join(sections)),)


LOCK = Lock(
    tool="pipenv",
    manifests=("Pipfile",),
    typed=upgrade,
    rerun=_rerun,
    check=("pipenv", "verify"),
    sections={"default": "packages", "develop": "dev-packages"},
    # A named `pipenv upgrade` writes its specifier into the Pipfile so; the lock has a hash of it.
    spell=lambda specifier: ",".join(sorted(specifier.split(","))),
    on_project_python=True,
)
FORMAT = Format(name="Pipfile.lock", patterns=("Pipfile.lock",), read=read, lock=lambda _: LOCK)
