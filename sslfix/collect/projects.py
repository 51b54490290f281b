"""Projects: which files below a path count, and reading them.

Paths in documents are relative to the working directory, with `/`, as reports show them.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix import formats, patterns
from sslfix.collect import sources
from sslfix.detectors import SOURCE_WORDS
from sslfix.errors import ReadError
from sslfix.formats.text import decode
from sslfix.language import say as _
from sslfix.model import DependencyFile, Document, Format, Include, Kind, Problem

# Never the project's own: environments, caches, other people's packages, version control.
SKIPPED = frozenset({
    ".bzr", ".eggs", ".git", ".hg", ".mypy_cache", ".nox", ".pytest_cache", ".ruff_cache",
    ".sslfix-old", ".svn", ".tox", ".venv", "__pycache__", "__pypackages__", "node_modules",
    "site-packages", "venv",
})  # fmt: skip
_PYTHON = sources.PYTHON


class Project(NamedTuple):
    """What was found and read below the paths that were asked for."""

    files: tuple[DependencyFile, ...]
    sources: tuple[Document, ...]
    problems: tuple[Problem, ...]


class _Found(NamedTuple):
    """A file to read: where it is, as which format, and what is wrong with it already."""

    path: str
    format: Format | None
    problem: str = ""


def read(
    paths: Sequence[str],
    *,
    read_as: str | None = None,
    exclude: Sequence[str] = (),
    pins: bool = True,
    source: bool = True,
    words: Sequence[bytes] = SOURCE_WORDS,
    elsewhere: bool = False,
    confined: bool = False,
) -> Project:
    """All dependency files and Python sources at or below `paths`.

    What can't be read becomes a `Problem`; the other files are read all the same. `elsewhere`
    counts files of formats in folders that another Python than the project's is made from.
    Sources with one of the `words` are wanted, and all where one of them patches ssl. `confined`
    leaves alone what files name outside of the working directory.
    """
    if source and not pins and read_as is None:
        alone = _sources_alone(paths, exclude, words)
        if alone is not None:
            return Project((), alone, ())
    found = [
        one
        for path in paths
        for one in _find(path, read_as, elsewhere=elsewhere)
        if not patterns.matches(one.path, exclude)
    ]
    problems = [Problem(one.path, None, one.problem) for one in found if one.problem]
    good = {one.path: one for one in _each_once(found) if not one.problem}
    files: list[DependencyFile] = []
    texts = list(sources.contents(path for path in good if path.endswith(_PYTHON)))
    if pins:
        named = [one for one in good.values() if one.format is not None]
        files, unread = _read_files([*named, *_scripts(texts, good)], confined=confined)
        problems += unread
    documents: tuple[Document, ...] = ()
    if source:
        starts = sources.contents(path for path in good if sources.is_start(path))
        documents = tuple(sources.wanted([*texts, *starts], words))
    return Project(tuple(files), documents, tuple(problems))


def _sources_alone(
    paths: Sequence[str], exclude: Sequence[str], words: Sequence[bytes]
) -> tuple[Document, ...] | None:
    """The sources at or below paths, without looking for dependency files; None for others."""
    if not all(map(_holds_sources, paths)):
        return None
    texts = [text for path in paths for text in _matching(path, exclude, words)]
    if not sources.are_all(texts):
        every = [listed(path) if os.path.isdir(path) else [show(path)] for path in paths]
        texts = [text for some in every for text in _contents(some, exclude)]
    return tuple(sources.wanted(dict(texts).items(), words))


def _holds_sources(path: str) -> bool:
    """Whether it is a source, or a folder that is not called as a dependency file.

    Most names need no look at the formats, which takes 10 ms.
    """
    if not os.path.isdir(path):
        return path.endswith(_PYTHON) and os.path.isfile(path)
    shown = show(path)
    name = shown.rpartition("/")[2].strip(".")
    return not ("." in name or name == "Pipfile") or formats.for_path(shown) is None


def _matching(
    folder: str, exclude: Sequence[str], words: Sequence[bytes]
) -> Iterator[tuple[str, bytes]]:
    """The sources that git finds one of the words in; all of them where there is no checkout."""
    if not os.path.isdir(folder):
        return _contents([show(folder)], exclude)
    names = sources.grep(folder, words)
    if names is None:
        return _contents(_walk(folder), exclude)
    shown = [show(os.path.join(folder, name)) for name in names if _is_own(name)]
    return _contents(shown, exclude)


def _contents(paths: Iterable[str], exclude: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    kept = (path for path in paths if path.endswith(_PYTHON) or sources.is_start(path))
    return sources.contents(path for path in kept if not patterns.matches(path, exclude))


def _is_own(name: str) -> bool:
    return SKIPPED.isdisjoint(name.split("/")[:-1])


# --------------------------------------------------------------------------- finding


def _each_once(found: Sequence[_Found]) -> Iterator[_Found]:
    """What was found, without links to files that were found as well."""
    links = {one.path for one in found if os.path.islink(one.path)}
    real = {os.path.realpath(one.path) for one in found if links and one.path not in links}
    for one in found:
        if one.path not in links or os.path.realpath(one.path) not in real:
            yield one


def _find(path: str, read_as: str | None, *, elsewhere: bool) -> Iterator[_Found]:
    if not os.path.lexists(path):
        yield _Found(show(path), None, _("no such file or directory"))
    elif not os.path.isdir(path):
        yield _named(path, read_as)
    elif read_as is not None or formats.for_path(show(path)) is not None:
        yield _Found(show(path), None, _("is a directory, not a dependency file"))
    else:
        for one in _below(path):
            if one.format is None or elsewhere or not one.format.elsewhere:
                yield one
            elif sources.is_start(one.path):
                yield one._replace(format=None)


def _named(path: str, read_as: str | None) -> _Found:
    if path.endswith(_PYTHON) and not read_as:
        return _Found(show(path), formats.for_path(show(path)))
    format_ = format_of(show(path), read_as)
    if format_ is None:
        return _Found(show(path), None, unknown_format())
    return _Found(show(path), format_)


def format_of(path: str, read_as: str | None) -> Format | None:
    """The format named, else what the file's name says; a text file is a requirements file."""
    if read_as:
        return formats.by_name(read_as)
    plain = path.endswith((".txt", ".in", ".pip", ".reqs"))
    usual = "requirements.txt" if plain else "script.py" if path.endswith(_PYTHON) else ""
    return formats.for_path(path) or (formats.by_name(usual) if usual else None)


def unknown_format() -> str:
    """What to tell a person whose file is of no known format."""
    known = ", ".join(one.name for one in formats.all_formats())
    text = _("not a dependency file that sslfix knows by its name; say which with --as ({known})")
    return text.format(known=known)


def _below(folder: str) -> Iterator[_Found]:
    for path in sorted(listed(folder)):
        format_ = formats.for_path(path)
        if os.path.isdir(path):
            yield _Found(path, None, _("is a directory, not a dependency file"))
        elif format_ is not None or path.endswith(_PYTHON) or sources.is_start(path):
            yield _Found(path, format_)


def listed(folder: str) -> list[str]:
    """Files below a folder that version control does not ignore; folders that look like files."""
    tracked = _git_files(folder)
    if tracked is None:
        return list(_walk(folder))
    own = (os.path.join(folder, name) for name in tracked if _is_own(name))
    return [show(path) for path in own if os.path.lexists(path)]


def _git_files(folder: str) -> list[str] | None:
    """What git tracks or does not ignore below a folder; None outside a checkout or without git."""
    import subprocess

    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        result = subprocess.run(
            command, cwd=folder, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return None
    if result.returncode != 0:
        return None
    return [os.fsdecode(name) for name in result.stdout.split(b"\0") if name]


def _walk(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names and parent != folder:
            folders.clear()
            continue
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in folders:
            exact = formats.for_path(name)
            if exact is not None and name in exact.patterns:
                yield show(os.path.join(parent, name))
        shown = show(parent)
        for name in names:
            yield name if shown == "." else f"{shown}/{name}"


def show(path: str) -> str:
    """A path as reports show it: relative to the working directory, with `/`."""
    try:
        path = os.path.relpath(path)
    except ValueError:  # Windows: on another drive
        path = os.path.normpath(path)
    return path.replace(os.sep, "/")


# --------------------------------------------------------------------------- reading


def _read_files(
    found: Iterable[_Found], *, confined: bool
) -> tuple[list[DependencyFile], list[Problem]]:
    files: dict[str, DependencyFile] = {}
    problems: list[Problem] = []
    waiting = [(one.path, one.format, False) for one in found]
    while waiting:
        path, format_, constraint = waiting.pop(0)
        if path in files or format_ is None:
            continue
        try:
            file = read_file(path, format_, constraint=constraint)
        except ReadError as error:
            problems.append(Problem(error.path, error.line, error.message))
            continue
        files[path] = file
        problems += file.problems
        manifests = _manifests(file)
        if confined and not all(map(_is_below, manifests)):
            problems.append(Problem(path, None, _("is made from a file outside of the repository")))
            manifests = [one for one in manifests if _is_below(one)]
        waiting += [(one, format_of(one, None), False) for one in manifests]
        for include in file.includes:
            target, problem = _target(file, include)
            if confined and target and not _is_below(target):
                line, _column = file.document.position(include.span.start)
                text = _("includes {target}: outside of the repository, not looked at")
                problem = Problem(path, line, text.format(target=include.target))
            if problem:
                problems.append(problem)
            elif target:
                waiting.append((target, formats.by_name("requirements.txt"), include.constraint))
    problems += _circles(files)
    return sorted(files.values(), key=lambda one: one.document.path), problems


def _manifests(file: DependencyFile) -> list[str]:
    """The files that a lock file is made from, if they are there: a fix belongs into them."""
    lock = formats.lock_of(file)
    return [one for one in formats.manifests(file, lock) if os.path.isfile(one)] if lock else []


def read_file(path: str, format_: Format, *, constraint: bool = False) -> DependencyFile:
    """One dependency file. Raises ReadError where there is no text to be had."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            text = _("is a device or a pipe, not a dependency file")
            if os.path.isdir(path):
                text = _("is a directory, not a dependency file")
            raise ReadError(path, text)
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        text = _("cannot be read: {reason}").format(reason=error.strerror)
        raise ReadError(path, text) from None
    file = format_.read(decode(path, data, format_.name, _fallback(data)))
    if constraint:
        kinds = (one._replace(kind=Kind.CONSTRAINT) for one in file.declarations)
        file = file._replace(declarations=tuple(kinds))
    return file


def _fallback(data: bytes) -> str:
    """What pip decodes a requirements file with that is no UTF-8: the locale's encoding."""
    if data.isascii():
        return "utf-8"
    import locale

    return locale.getpreferredencoding(False)


def _target(file: DependencyFile, include: Include) -> tuple[str, Problem | None]:
    """The path of an included file, or the problem with it."""
    line, _column = file.document.position(include.span.start)
    if "://" in include.target or "${" in include.target:
        text = _("includes {target}: not looked at").format(target=include.target)
        return "", Problem(file.document.path, line, text)
    folder = posixpath.dirname(file.document.path)
    path = posixpath.normpath(posixpath.join(folder, include.target))
    if os.path.isfile(path):
        return path, None
    text = _("includes {target}, which does not exist")
    if os.path.isdir(path):
        text = _("includes {target}, which is a directory")
    return "", Problem(file.document.path, line, text.format(target=include.target))


def _is_below(path: str) -> bool:
    """Whether a path as reports show it leads into the working directory, and not to git's own."""
    first = posixpath.normpath(path).split("/")[0]
    return first not in {"", os.pardir, ".git"} and not os.path.isabs(path)


def _circles(files: dict[str, DependencyFile]) -> Iterator[Problem]:
    """A problem for each file that includes itself, on its own or through others."""
    for path, file in files.items():
        for include in file.includes:
            target = _target(file, include)[0]
            if target and path in _reachable(target, files):
                line = file.document.position(include.span.start)[0]
                text = _("includes itself through {target}; pip refuses that")
                if target == path:
                    text = _("includes itself; pip refuses that")
                yield Problem(path, line, text.format(target=include.target))


def _reachable(start: str, files: dict[str, DependencyFile]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen or path not in files:
            continue
        seen.add(path)
        targets = (_target(files[path], include)[0] for include in files[path].includes)
        waiting += filter(None, targets)
    return seen


def _scripts(texts: Iterable[tuple[str, bytes]], known: Mapping[str, _Found]) -> Iterator[_Found]:
    """The Python files that hold requirements, though their names do not say so."""
    for path, data in texts:
        format_ = formats.for_source(data) if known[path].format is None else None
        if format_ is not None:
            yield _Found(path, format_)
