"""Which Python a project is for, by its pyproject.toml, Pipfile and .python-version.

Read line by line and not as TOML, because it is read with each environment and parsing takes
longer than all else: a key stands on a line of its own below the header of its table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from sslfix.collect.distributions import text_of
from sslfix.collect.projects import show
from sslfix.model import Document, PythonWish, Span

_LINE = re.compile(
    r"^[ \t]*\[(?P<table>[^\[\]\r\n]+)\][ \t]*(?:#.*)?$"
    r"|^[ \t]*(?P<key>requires-python|python|python_version|python_full_version)"
    r"[ \t]*=[ \t]*([\"'])(?P<value>[^\"'\r\n]+)\3",
    re.MULTILINE,
)
_MINOR = re.compile(r"(\d+\.\d+)(?:\.\d+)*")


def read(folder: str) -> tuple[PythonWish, ...]:
    """What the files in the folder say of the Python, in the order of files and lines."""
    return (
        *_pyproject(os.path.join(folder, "pyproject.toml")),
        *_pipfile(os.path.join(folder, "Pipfile")),
        *_version_file(os.path.join(folder, ".python-version")),
    )


def _pyproject(path: str) -> Iterator[PythonWish]:
    document = Document(show(path), text_of(path))
    for table, key, value, span in _entries(document):
        accepts: tuple[str, ...] = ()
        if (table, key) == ("project", "requires-python"):
            accepts = (value,)
        elif (table, key) == ("tool.poetry.dependencies", "python"):
            accepts = _of_poetry(value)
        if accepts:
            yield PythonWish(value, accepts, document.locate(span))


def _of_poetry(constraint: str) -> tuple[str, ...]:
    from sslfix.formats import _versions

    # A bare version is that release alone to poetry; its authors mean all its patches.
    minor = _MINOR.fullmatch(constraint)
    return (f"=={minor[1]}.*",) if minor else _versions.poetry(constraint) or ()


def _pipfile(path: str) -> Iterator[PythonWish]:
    document = Document(show(path), text_of(path))
    for table, key, value, span in _entries(document):
        minor = _MINOR.fullmatch(value)
        if table == "requires" and key in {"python_version", "python_full_version"} and minor:
            yield PythonWish(value, (f"=={minor[1]}.*",), document.locate(span), binding=False)


def _entries(document: Document) -> Iterator[tuple[str, str, str, Span]]:
    table = ""
    for found in _LINE.finditer(document.text):
        if found["table"]:
            table = found["table"].strip()
        else:
            yield table, found["key"], found["value"], Span(*found.span())


def _version_file(path: str) -> Iterator[PythonWish]:
    """What pyenv and uv choose by: all its versions, if each is a plain one."""
    text = text_of(path)
    words = [word for line in text.splitlines() for word in line.split("#")[0].split()]
    minors = [_MINOR.fullmatch(word) for word in words]
    if not words or not all(minors):
        return
    document = Document(show(path), text)
    start = text.index(words[0])
    yield PythonWish(
        " ".join(words),
        tuple(f"=={minor[1]}.*" for minor in minors if minor),
        document.locate(Span(start, start + len(words[0]))),
        binding=False,
    )
