"""What a project's requirements resolve to, by uv or by pip: never by a resolver of our own.

They are asked in a copy of the project's folder that is made of links, with dependency files as
they will be. As in `pip install`, a source distribution may be built to learn what it requires.

A wrong diagnosis is worse than none: only where the resolver says that requirements contradict
each other, or that no release satisfies one, it is a conflict. All else that fails is no answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from sslfix.apply import installers
from sslfix.language import say as _
from sslfix.model import DependencyFile, Interpreter

from . import pip, questions, uv
from .answers import Arrival as Arrival
from .answers import NoSolutionError as NoSolutionError
from .answers import Prospect as Prospect
from .answers import Resolution as Resolution
from .answers import UnavailableError as UnavailableError
from .questions import Question

Answer = TypeVar("Answer", Resolution, Prospect)


def resolve(
    file: DependencyFile,
    section: str,
    files: Mapping[str, DependencyFile],
    interpreter: Interpreter,
    *,
    offline: bool = False,
) -> Resolution:
    """What `section` of a file resolves to, with what is installed together with it.

    `files` are those of the run by path, with their new texts. For a constraints file the files
    that it limits are resolved. What cannot be said to pip is left out: paths that poetry and its
    like declare, conda's packages, versions with alternatives (`^1 || ^3`). Raises
    NoSolutionError or UnavailableError.
    """
    if offline:
        raise UnavailableError(_("a resolver was not asked, as it needs the network"))
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        question = questions.question(file, section, files, os.path.realpath(scratch))
        return _first(_resolvers(interpreter), question, interpreter)


def foresee(
    interpreter: Interpreter,
    requirements: Sequence[str],
    files: Sequence[str] = (),
    limits: Sequence[str] = (),
) -> Prospect:
    """What installing would bring into the interpreter's environment, by pip or by uv.

    `requirements` are lines of a requirements file, read in the working directory; `files` and
    `limits` are what would stand behind `-r` and `-c`: of any name, so never in a line. That an
    environment was made by uv says that uv will install; else pip is asked first. Raises
    NoSolutionError or UnavailableError.
    """
    with tempfile.TemporaryDirectory(prefix="sslfix-") as scratch:
        folder = os.path.join(os.path.realpath(scratch), "")
        asked = os.path.join(folder, "sslfix-requirements.txt")
        with open(asked, "w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in requirements)
        own = (asked,) if requirements else ()
        question = Question(folder, os.getcwd(), (*own, *files), tuple(limits))
        return _first(_installers(interpreter), question, interpreter)


def _first(
    asking: Iterable[Callable[[Question], Answer]], question: Question, interpreter: Interpreter
) -> Answer:
    """The first answer that there is. Raises NoSolutionError or UnavailableError."""
    failures = []
    for ask in asking:
        try:
            return ask(question)
        except UnavailableError as error:
            failures.append(error)
    if not failures:
        raise UnavailableError(_nobody().format(version=interpreter.version))
    # A traceback tells of a resolver that is sick itself.
    raise min(failures, key=lambda error: "Traceback" in error.message)


def _nobody() -> str:
    """Why there is none to ask: uv may be here and be left alone."""
    from shutil import which

    if which("uv"):
        return _(
            "no pip for Python {version} is here to ask, and uv was not asked, as pip's settings "
            "name an index and uv does not read them"
        )
    return _("neither uv nor a pip for Python {version} is here to ask")


def _resolvers(interpreter: Interpreter) -> Iterator[Callable[[Question], Resolution]]:
    """Those that can be asked, best first, by the rules for installing."""
    found, made_by = _uv(interpreter)
    if found:
        yield partial(uv.ask, found, interpreter)
    if not found or made_by != "uv":
        for command in pip.pips(interpreter):
            yield partial(pip.ask, command)


def _installers(interpreter: Interpreter) -> Iterator[Callable[[Question], Prospect]]:
    """Those that can be asked what they would install, the one that most likely will first."""
    found, made_by = _uv(interpreter)
    uvs = [partial(uv.foresee, found, interpreter)] if found else []
    pips = (partial(pip.foresee, command, interpreter) for command in pip.pips(interpreter))
    if found and made_by == "uv":  # pip does not read uv's settings
        yield from uvs
    elif interpreter.source == "asked":
        yield from chain(pips, uvs)
    else:
        yield from chain(uvs, pips)


def _uv(interpreter: Interpreter) -> tuple[str | None, str]:
    """The uv that can be asked, and what made the environment."""
    environment = interpreter.environment
    made_by = environment.made_by if environment else ""
    place = environment.path if environment else interpreter.prefix or sys.prefix
    return installers.find_uv(place, made_by), made_by
