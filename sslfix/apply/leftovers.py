"""Files in an environment that no distribution owns: what a person or a tool put there by hand.

A folder of which no distribution owns a part stands for all it holds.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from glob import escape, glob
from typing import NamedTuple

from sslfix.apply.installed import sites
from sslfix.errors import ApplyError

# Made with every environment by venv, virtualenv 16 to 21 and uv, or by pip and setuptools in it.
_TOP = re.compile(
    r"bin|Scripts|lib|Lib|lib-python|lib_pypy|pyvenv\.cfg|pip-selfcheck\.json|CACHEDIR\.TAG|\.lock"
    r"|\.sslfix-.*"
)
_SCRIPTS = re.compile(
    r"(python|pypy|pypyc)w?(\d+(\.\d+)?t?)?(d|m|-config)?(\.exe)?"
    r"|lib(python|pypy)[\w.-]*\.(so|dylib)[\d.]*"
    r"|activate(\.(csh|fish|nu|ps1|xsh|bat|sh))?|Activate\.ps1|activate_this\.py"
    r"|deactivate(\.(bat|csh|nu))?|pydoc\.bat"
    r"|(pip|wheel|easy_install)-?(\d+(\.\d+)?)?(\.exe)?"
)
_PACKAGES = re.compile(
    r"~.*|_virtualenv\.(py|pth)|.*\.virtualenv|.*\.dist-info|.*\.egg-info|.*\.egg|.*\.egg-link"
    r"|easy-install\.pth|__editable__.*"
)
_LIBRARY = re.compile(
    r"site-packages|dist-packages|(no-global-site-packages|orig-prefix)\.txt|EXTERNALLY-MANAGED"
)
_PYTHON = re.compile(r"(python|pypy)\d[\d.]*t?")
_CACHED = re.compile(r"__pycache__|.*\.py[co]")
_NOTHING = re.compile("(?!)")
# Distributions may share them with a person.
_SHARED = ("doc", "etc", "include", "Include", "lib", "lib64", "local", "man", "share")
# What cannot be read or copied stays where it is; a full disk is no such thing.
_UNREADABLE = frozenset({errno.EACCES, errno.EPERM, errno.ENXIO, errno.ENOENT})


class Taken(NamedTuple):
    """The relative paths of what was copied, and of what was not and is not in the new one."""

    copied: tuple[str, ...]
    left: tuple[str, ...]


class Recorded(NamedTuple):
    """A row of a RECORD, its path relative to the environment; `info` is that of the dist-info."""

    path: str
    digest: str
    size: str
    info: str


def strays(environment: str, owned: set[str] | None = None) -> tuple[str, ...]:
    """Relative paths of what no distribution owns, sorted; folders stand for all they hold."""
    look = _Look(environment, owners_of(recorded(environment)) if owned is None else owned)
    found = set(look.below("", _TOP, deep=False))
    for folder in ("bin", "Scripts"):
        found.update(look.below(folder, _SCRIPTS))
    for folder in _SHARED:
        # A link leads to another place, or to one that is looked at anyway.
        if not os.path.islink(os.path.join(environment, folder)):
            found.update(look.below(folder, _PYTHON))
    found = {path for path in found if not _is_of_old_debian(environment, path)}
    for site in sites(environment):
        relative = os.path.relpath(site, environment)
        found.update(look.below(relative, _PACKAGES))
        found.update(look.library(os.path.dirname(relative)))
    return tuple(sorted(found))


def _is_of_old_debian(environment: str, path: str) -> bool:
    """Whether it is one of the links from `local` by which Debian's virtualenv 16 leads back."""
    return path.startswith("local/") and os.path.islink(os.path.join(environment, path))


class _Look:
    """A look through the folders of an environment."""

    def __init__(self, environment: str, owned: set[str]) -> None:
        self.environment = environment
        self.owned = owned

    def below(self, folder: str, usual: re.Pattern[str], *, deep: bool = True) -> Iterator[str]:
        """What no distribution owns below a folder, but not what is named as usual right there."""
        for entry in _scan(os.path.join(self.environment, folder)):
            path = os.path.join(folder, entry.name)
            if usual.fullmatch(entry.name) or _CACHED.fullmatch(entry.name):
                continue
            if path not in self.owned and (folder or entry.name not in _SHARED):
                if _holds(entry):
                    yield path
            elif deep and entry.is_dir(follow_symlinks=False):
                yield from self.below(path, _NOTHING)

    def library(self, folder: str) -> Iterator[str]:
        """What was added to the folder around site-packages, where old virtualenvs put links.

        With `--always-copy` they put the whole library there, and an orig-prefix.txt.
        """
        absolute = os.path.join(self.environment, folder)
        if os.path.lexists(os.path.join(absolute, "orig-prefix.txt")):
            return
        for path in self.below(folder, _LIBRARY):
            if not os.path.islink(os.path.join(self.environment, path)):
                yield path


def _scan(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _holds(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a folder with more in it than caches."""
    if not entry.is_dir(follow_symlinks=False) or not os.access(entry.path, os.R_OK | os.X_OK):
        return True
    return any(_holds(one) for one in _scan(entry.path) if not _CACHED.fullmatch(one.name))


def distributions(environment: str) -> set[str]:
    """The names of all whose metadata stand in site-packages, by the names of files and folders.

    An empty folder is what is left of one.
    """
    from packaging.utils import canonicalize_name

    names: set[str] = set()
    for site in sites(environment):
        for metadata in glob(f"{escape(site)}/[!~]*"):
            stem, kind = os.path.splitext(os.path.basename(metadata))
            if kind in {".dist-info", ".egg-info", ".egg-link"}:
                if os.path.isdir(metadata) and not _scan(metadata):
                    continue
                name = stem if kind == ".egg-link" else stem.split("-")[0]
                names.add(canonicalize_name(name))
    return names


def owners_of(rows: Sequence[Recorded]) -> set[str]:
    """All paths that distributions recorded, and their folders."""
    owned = set()
    for row in rows:
        path = row.path
        while path and path not in owned:
            owned.add(path)
            path = os.path.dirname(path)
    return owned


def recorded(environment: str) -> list[Recorded]:
    """What the distributions' RECORDs list, or the file that setuptools wrote instead."""
    import csv

    rows = []
    for site in sites(environment):
        relative = os.path.relpath(site, environment)
        for record in glob(f"{escape(site)}/*.dist-info/RECORD"):
            with open(record, encoding="utf-8", errors="replace", newline="") as file:
                for row in csv.reader(file):
                    if row:
                        path, digest, size = [*row, "", ""][:3]
                        place = os.path.normpath(os.path.join(relative, path))
                        rows.append(Recorded(place, digest, size, os.path.dirname(record)))
        for listed in glob(f"{escape(site)}/*.egg-info/installed-files.txt"):
            info = os.path.dirname(listed)
            with open(listed, encoding="utf-8", errors="replace") as file:
                inside = os.path.join(relative, os.path.basename(info))
                places = [os.path.normpath(os.path.join(inside, line.strip())) for line in file]
            rows += [Recorded(place, "", "", info) for place in places]
    return rows


def take_over(paths: Sequence[str], old: str, new: str) -> Taken:
    """Copy what `new` has not got from `old`, and say what could not be.

    What belongs to another Python's library, or into a package that is not there, stays behind,
    as do sockets and the like.
    """
    copied, left = [], []
    for path in paths:
        target = os.path.join(new, path)
        if os.path.lexists(target):
            continue
        if not _has_room(new, path):
            left.append(path)
            continue
        refused = _copy(os.path.join(old, path), target)
        left += [os.path.relpath(one, old) for one in refused]
        if os.path.lexists(target):
            copied.append(path)
    return Taken(tuple(copied), tuple(left))


def _has_room(new: str, path: str) -> bool:
    """Whether the folder for a path is there, or may be made."""
    first, *rest = path.split(os.sep)
    parent = os.path.dirname(os.path.join(new, path))
    its_python = len(rest) > 1 and first in {"lib", "Lib", "lib64"} and _PYTHON.fullmatch(rest[0])
    if first in _SHARED and rest and not its_python:
        os.makedirs(parent, exist_ok=True)
    return os.path.isdir(parent)


def _copy(source: str, target: str) -> list[str]:
    """Copy a file or a folder; the paths of what cannot be copied. ApplyError if the disk fails."""
    import shutil

    refused: list[str] = []

    def one(path: str, place: str) -> None:
        mode = os.lstat(path).st_mode
        try:
            if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
                shutil.copy2(path, place, follow_symlinks=False)
                return
        except OSError as error:
            if error.errno not in _UNREADABLE:
                raise
        refused.append(path)

    try:
        if os.path.isdir(source) and not os.path.islink(source):
            shutil.copytree(source, target, symlinks=True, copy_function=one)
        else:
            one(source, target)
    except shutil.Error as error:
        raise ApplyError("; ".join(f"{path}: {why}" for path, _, why in error.args[0])) from error
    except OSError as error:
        raise ApplyError(f"{source}: {error.strerror}") from error
    return refused
