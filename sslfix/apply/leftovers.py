"""Files in an environment that no distribution owns: what a person or a tool put there by hand.

Looked at are the top folder, the scripts, site-packages, and share and etc in their depth (Jupyter
keeps kernels and settings there), not the depths of packages.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from glob import escape, glob

from sslfix.apply.installed import sites

# Made with every environment, or by the installers.
_COMMON = (
    "bin", "Scripts", "include", "Include", "lib", "lib64", "Lib", "local", "share", "etc", "man",
    "doc", "pyvenv.cfg", "pip-selfcheck.json", "CACHEDIR.TAG", ".lock",
)  # fmt: skip
_SCRIPTS = (
    "python*", "pypy*", "libpython*", "pydoc.bat", "activate*", "Activate*", "deactivate*",
    "pip*", "easy_install*", "wheel*", "__pycache__",
)  # fmt: skip
_PACKAGES = (
    "__pycache__", "~*", "_virtualenv.*", "*.virtualenv", "*.dist-info", "*.egg-info", "*.egg",
    "*.egg-link", "easy-install.pth", "__editable__*",
)  # fmt: skip


def strays(environment: str) -> tuple[str, ...]:
    """Relative paths of what no distribution owns, sorted; folders stand for all they hold."""
    owned = _owned(environment)
    places = [("", _COMMON), ("bin", _SCRIPTS), ("Scripts", _SCRIPTS)]
    places += [(os.path.relpath(site, environment), _PACKAGES) for site in sites(environment)]
    found = {
        path
        for folder, usual in places
        for path in _entries(environment, folder)
        if path not in owned
        and not any(fnmatch(os.path.basename(path), pattern) for pattern in usual)
    }
    for folder in ("etc", "share"):
        found.update(_deep(environment, folder, owned))
    return tuple(sorted(found))


def _deep(environment: str, folder: str, owned: set[str]) -> Iterator[str]:
    """What no distribution owns below a folder that may be shared with some that do."""
    for path in _entries(environment, folder):
        absolute = os.path.join(environment, path)
        if path not in owned:
            yield path
        elif os.path.isdir(absolute) and not os.path.islink(absolute):
            yield from _deep(environment, path, owned)


def distributions(environment: str) -> set[str]:
    """The names of all whose metadata stand in site-packages, by the folders' names alone."""
    from packaging.utils import canonicalize_name

    names: set[str] = set()
    for site in sites(environment):
        for metadata in glob(f"{escape(site)}/[!~]*"):
            stem, kind = os.path.splitext(os.path.basename(metadata))
            if kind in {".dist-info", ".egg-info", ".egg-link"}:
                name = stem if kind == ".egg-link" else stem.split("-")[0]
                names.add(canonicalize_name(name))
    return names


def _entries(environment: str, folder: str) -> list[str]:
    absolute = os.path.join(environment, folder)
    names = os.listdir(absolute) if os.path.isdir(absolute) else []
    return [os.path.join(folder, name) for name in names]


def _owned(environment: str) -> set[str]:
    """All paths that a RECORD lists, relative to the environment, and their folders."""
    owned = set()
    for site in sites(environment):
        for record in glob(f"{escape(site)}/*.dist-info/RECORD"):
            for entry in _recorded(record):
                path = os.path.relpath(os.path.join(site, entry), environment)
                while path and path not in owned:
                    owned.add(path)
                    path = os.path.dirname(path)
    return owned


def _recorded(record: str) -> Iterator[str]:
    import csv

    with open(record, encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row:
                yield row[0]


def take_over_added(old: str, new: str) -> tuple[str, ...]:
    """Append what a person added at the end of the old bin/activate to the new one.

    All makers end it with `hash -r`, some within an `if`; the path of the script if there was any.
    """
    script = os.path.join("bin", "activate")
    try:
        with open(os.path.join(old, script), encoding="utf-8", newline="") as file:
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return ()
    last = max((at for at, line in enumerate(lines) if "hash -r" in line), default=len(lines))
    added = "\n".join(lines[last + 1 :]).removeprefix("fi\n").lstrip("\n")
    if not added.strip() or not os.path.isfile(os.path.join(new, script)):
        return ()
    with open(os.path.join(new, script), "a", encoding="utf-8", newline="") as file:
        file.write("\n" + added)
    return (script,)


def take_over(paths: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    """Copy what `new` has not got from `old`; the paths that were copied.

    What belongs to another Python's library, or to a folder that is not there, stays behind.
    """
    from shutil import copy2, copytree

    copied = []
    for path in paths:
        source, target = os.path.join(old, path), os.path.join(new, path)
        if path.startswith(("etc/", "share/")):
            os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target) or not os.path.isdir(os.path.dirname(target)):
            continue
        if os.path.isdir(source) and not os.path.islink(source):
            copytree(source, target, symlinks=True)
        else:
            copy2(source, target, follow_symlinks=False)
        copied.append(path)
    return tuple(copied)
