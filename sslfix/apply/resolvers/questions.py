"""What is given to a resolver for a file."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import formats
from sslfix.language import say as _
from sslfix.model import DependencyFile, Kind

from . import copies, declared
from .answers import UnavailableError


class Question(NamedTuple):
    """The files to give to a resolver, as seen from `folder`, and the scratch folder around it.

    `prereleases` says that a file holds `--pre`, which uv reads on its command line only.
    """

    scratch: str
    folder: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    prereleases: bool = False

    def cleaned(self, text: str) -> str:
        """What a resolver said, without the names of files that the user does not know."""
        text = text.replace(f"{self.folder}/", "").replace(self.scratch, "")
        return _OWN_FILES.sub("", text)


_OWN_FILES = re.compile(r" \(from -[rc] sslfix-\S+ \(line \d+\)\)|->-[rc] sslfix-\S+ \(line \d+\)")


def question(
    file: DependencyFile, section: str, files: Mapping[str, DependencyFile], scratch: str
) -> Question:
    if file.format == "requirements.txt":
        return _as_written(file, files, scratch)
    texts = {
        "sslfix-requirements.txt": "\n".join(declared.requirements(file, section)),
        "sslfix-constraints.txt": "\n".join(declared.limits(file, overriding=False)),
        "sslfix-overrides.txt": "\n".join(declared.limits(file, overriding=True)),
    }
    if not texts["sslfix-requirements.txt"]:
        raise UnavailableError(_nothing(file))
    copies.copy(copies.reached([file], files), files, scratch)
    folder = copies.copied(os.path.dirname(os.path.abspath(file.document.path)), scratch)
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    asked, limits, overrides = ((name,) if text else () for name, text in texts.items())
    return Question(scratch, folder, asked, limits, overrides)


def _nothing(file: DependencyFile) -> str:
    text = _("{path} asks for nothing that pip or uv could resolve")
    return text.format(path=file.document.path)


def _as_written(
    file: DependencyFile, files: Mapping[str, DependencyFile], scratch: str
) -> Question:
    """The file itself, which pip and uv read with its options and all that it includes."""
    asking = [file]
    if file.declarations and all(one.kind == Kind.CONSTRAINT for one in file.declarations):
        asking = list(_limited_by(file, files))
    if not asking:
        raise UnavailableError(_nothing(file))
    reached = copies.reached(asking, files)
    texts = [one.document.text for one in reached]
    named = [path for text in texts for path in _LOCAL.findall(text)]
    folder = _working_folder(asking[0], named)
    projects = [os.path.normpath(os.path.join(folder, path)) for path in named]
    copies.copy(reached, files, scratch, projects)
    paths = [os.path.relpath(os.path.abspath(one.document.path), folder) for one in asking]
    prereleases = any(_PRE.search(text) for text in texts)
    return Question(scratch, copies.copied(folder, scratch), tuple(paths), prereleases=prereleases)


_PRE = re.compile(r"^[ \t]*--pre\b", re.MULTILINE)


def _limited_by(
    file: DependencyFile, files: Mapping[str, DependencyFile]
) -> Iterator[DependencyFile]:
    path = posixpath.normpath(file.document.path)
    for one in files.values():
        limits = {
            formats.included_path(one, include) for include in one.includes if include.constraint
        }
        if one.format == file.format and path in limits:
            yield one


_LOCAL = re.compile(
    r"^[ \t]*(?:(?:-e|--editable)[ \t=]*)?(\.{1,2}(?:/[^\s;\[#]*)?)(?=[\s;\[#]|$)",
    re.MULTILINE,
)


def _working_folder(file: DependencyFile, named: Sequence[str]) -> str:
    """Where a person would run pip: local projects are named relative to that folder.

    It is the file's own or one above, up to the working directory: `-e .` may stand in
    requirements/dev.txt.
    """
    first = folder = os.path.dirname(os.path.abspath(file.document.path))
    while not all(_is_there(folder, one) for one in named):
        if folder in {os.getcwd(), os.path.dirname(folder)}:
            return first
        folder = os.path.dirname(folder)
    return folder


def _is_there(folder: str, path: str) -> bool:
    found = os.path.join(folder, path)
    if os.path.normpath(path) not in {".", ".."}:
        return os.path.exists(found)
    return any(os.path.exists(os.path.join(found, name)) for name in ("pyproject.toml", "setup.py"))
