"""Dependency-file formats: text to declarations with exact spans, one module each.

A module that ends with `FORMAT` is found by that; the others hold what several formats share.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from functools import cache

from sslfix import extensions
from sslfix.model import Declaration, DependencyFile, Document, Edit, Format, Include, Lock


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format of this folder, by module name."""
    return tuple(extensions.load(__name__, __path__[0], "FORMAT", Format))


def by_name(name: str) -> Format | None:
    """The format called `name` in any case, or the one that a file of that name has."""
    for format_ in all_formats():
        if format_.name.casefold() == name.casefold():
            return format_
    return for_path(name)


def for_path(path: str) -> Format | None:
    """The format that a file's name says, or None.

    A pattern with a `/` is held against the last two parts of the path.
    """
    folder_and_name = "/".join(["", *path.replace("\\", "/").split("/")][-2:])
    found = _named().match(folder_and_name)
    return all_formats()[int((found.lastgroup or "_0")[1:])] if found else None


@cache
def _named() -> re.Pattern[str]:
    """One expression for all patterns: hundreds of thousands of files may have to be told."""
    from fnmatch import translate

    whole = [[one if "/" in one else f"*/{one}" for one in each.patterns] for each in all_formats()]
    return re.compile(
        "|".join(f"(?P<_{at}>{'|'.join(map(translate, some))})" for at, some in enumerate(whole))
    )


def lock_of(file: DependencyFile) -> Lock | None:
    """How a file is made anew by its tool, None for one that people write."""
    format_ = by_name(file.format)
    return format_.lock(file) if format_ is not None and format_.lock is not None else None


def manifests(file: DependencyFile, lock: Lock) -> tuple[str, ...]:
    """The paths of the files that a lock file is made from."""
    folder = posixpath.join(posixpath.dirname(file.document.path), lock.folder)
    return tuple(posixpath.normpath(posixpath.join(folder, one)) for one in lock.manifests)


def included_path(file: DependencyFile, include: Include) -> str:
    """The path of an included file as documents state it; pip reads it beside the includer."""
    folder = posixpath.dirname(file.document.path)
    return posixpath.normpath(posixpath.join(folder, include.target))


def joined(file: DependencyFile, files: Sequence[DependencyFile]) -> list[DependencyFile]:
    """The files of the same project: in the same folder, or joined with it by `-r` and `-c`."""
    seen, folder = linked(file, files), posixpath.dirname(file.document.path)
    paths = ((one, one.document.path) for one in files)
    return [one for one, path in paths if path in seen or posixpath.dirname(path) == folder]


def linked(file: DependencyFile, files: Sequence[DependencyFile]) -> set[str]:
    """The paths of the files that are read together with one, by `-r` and `-c`, and its own."""
    near: dict[str, list[str]] = {}
    for one in files:
        for include in one.includes:
            target = included_path(one, include)
            near.setdefault(one.document.path, []).append(target)
            near.setdefault(target, []).append(one.document.path)
    seen, waiting = set(), [file.document.path]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += near.get(path, [])
    return seen


def for_source(data: bytes) -> Format | None:
    """The format that the content of a Python file of any name says, or None."""
    for format_ in all_formats():
        mark = format_.mark
        if mark and (data.startswith(mark) or b"\n" + mark in data):
            return format_
    return None


def removal(document: Document, format_: Format, declaration: Declaration) -> Edit | None:
    """The edit that takes a declaration out of a file, None where that can't be done cleanly."""
    from ._removal import removal

    return removal(document, format_, declaration)
