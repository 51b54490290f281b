"""Where a Python's files lie, and its version, as it would find them out when it starts.

By getpath.c and getpath.py of CPython and initpath.py of PyPy: from pyvenv.cfg's `home`, or the
executable's own folder after its links, upwards to the folder that has the standard library.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sslfix.collect import environments
from sslfix.collect.probe import UndecidedError
from sslfix.errors import ProbeError
from sslfix.language import say as _

from .image import Image
from .loader import Scope

_MINOR = re.compile(r"(?:python|pypy)(\d)\.?(\d+)", re.IGNORECASE)
_FULL = re.compile(rb"\d\.\d+\.\d+(?:(?:a|b|rc)\d+)?\+?")
_PYPY = re.compile(rb"(\d\.\d+\.\d+) \([^()]*\)\n\[PyPy (\d+\.\d+\.\d+)")
_FOLDER = re.compile(rb"/[\x21-\x7e]{1,200}")
_PACKAGES = ("site-packages", "dist-packages")


class Version(NamedTuple):
    """What an executable is: `release` is PyPy's own number, else the same as `python`."""

    implementation: str
    python: str
    release: str

    @property
    def minor(self) -> str:
        """The number that names its folders: "3.9"."""
        return ".".join(self.python.split(".")[:2])

    @property
    def numbers(self) -> tuple[int, ...]:
        """Major and minor number."""
        return tuple(int(part) for part in self.minor.split("."))


class Layout(NamedTuple):
    """The folders that `sys.prefix`, `sys.base_prefix` and `os.__file__` would tell."""

    prefix: str
    base_prefix: str
    stdlib: str
    site_packages: tuple[str, ...]


# --------------------------------------------------------------------------- version


def version(scope: Scope, executable: str) -> Version:
    """The version that stands in the executable or its libpython; ProbeError if none does.

    pyvenv.cfg's is not asked: it stays as it was when the base is upgraded.
    """
    for image in reversed(list(scope.cores())):
        if "pypy" in os.path.basename(image.path):
            found = _of_pypy(image)
        else:
            text = _of_cpython(image, executable)
            found = Version("cpython", text, text) if text else None
        if found:
            return found
    raise UndecidedError(executable, _("holds no version of Python"))


def _of_pypy(image: Image) -> Version | None:
    """By the text of `sys.version`."""
    for at, _end in image.places(b"\n[PyPy ", (*image.constants, *image.variables)):
        match = _PYPY.search(image.data[max(at - 200, 0) : at + 50])
        if match:
            return Version("pypy", match[1].decode(), match[2].decode())
    return None


def _of_cpython(image: Image, executable: str) -> str:
    """The text PY_VERSION, "" for none or several: of a minor version that names hint at.

    The version of SQLite, where it is linked in, looks alike. Without a hint that fits, it is the
    only text that can be one: Py_Version is there since 3.11.
    """
    for minor in _hints(image.path, executable):
        found = set(image.texts(f"{minor}.".encode(), _FULL))
        if len(found) == 1:
            return found.pop().decode()
    modern = bool(image.defines(("Py_Version",)))
    texts = {text.decode() for start in (b"3.", b"2.") for text in image.texts(start, _FULL)}
    fit = [one for one in texts if (Version("", one, "").numbers >= (3, 11)) == modern]
    return fit[0] if len(fit) == 1 else ""


def _hints(*paths: str) -> Iterator[str]:
    """Minor versions in the names of the files, then of the folders in the `lib` beside them."""
    names = [os.path.basename(os.path.realpath(path)) for path in paths]
    yield from (f"{match[1]}.{match[2]}" for match in map(_MINOR.search, names) if match)
    for path in paths:
        folder = os.path.join(_above(path), "lib")
        beside = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        found = map(_MINOR.fullmatch, beside)
        yield from (f"{match[1]}.{match[2]}" for match in found if match)


# --------------------------------------------------------------------------- folders


def find(scope: Scope, executable: str, found: Version, environ: Mapping[str, str]) -> Layout:
    """Where its files lie; ProbeError where no standard library of that version is found."""
    root, config = _environment(executable)
    old_base = environments.orig_prefix(root or _above(executable))
    base = _base(executable, old_base, config.get("home", ""), scope, found)
    if not base:
        text = _("has no standard library: no lib/python{version} was found for it")
        raise ProbeError(executable, text.format(version=found.minor))
    prefix = root or (_above(executable) if old_base else base)
    return Layout(
        prefix=prefix,
        base_prefix=base,
        stdlib=_library(base, found),
        site_packages=tuple(_site_packages(prefix, base, found, environ)),
    )


def _above(executable: str) -> str:
    return os.path.dirname(os.path.dirname(executable))


def _environment(executable: str) -> tuple[str, Mapping[str, str]]:
    """The environment that the executable stands in, and what its pyvenv.cfg says."""
    folder = os.path.dirname(executable)
    for root in (os.path.dirname(folder), folder):
        try:
            with open(
                os.path.join(root, environments.CONFIG), encoding="utf-8", errors="replace"
            ) as file:
                return root, environments.parse(file.read(1 << 16))
        except OSError:
            continue
    return "", {}


def _base(executable: str, old_base: str, home: str, scope: Scope, found: Version) -> str:
    """The prefix whose standard library is used, "" for none."""
    if old_base:
        return old_base if _library(old_base, found) else ""
    starts = [home, os.path.realpath(home)] if home else []
    starts += [os.path.dirname(os.path.realpath(executable))]
    for start in starts:
        for folder in _upwards(start):
            if _library(folder, found):
                return folder
    return next(_compiled_in(scope, found), "")


def _compiled_in(scope: Scope, found: Version) -> Iterator[str]:
    """The prefix that it was built for, where it looks at last."""
    for image in scope.cores():
        for text in image.texts(b"/", _FOLDER):
            folder = text.decode()
            if _library(folder, found):
                yield folder


def _upwards(folder: str) -> Iterator[str]:
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _library(prefix: str, found: Version) -> str:
    """The standard library of that version in the prefix, "" for none."""
    name = "pypy" if found.implementation == "pypy" else "python"
    for folder in (f"lib/{name}{found.minor}", f"lib64/{name}{found.minor}", "Lib"):
        path = os.path.join(prefix, folder)
        if os.path.isfile(os.path.join(path, "os.py")):
            return path
    return ""


def _site_packages(
    prefix: str, base: str, found: Version, environ: Mapping[str, str]
) -> Iterator[str]:
    """Where distributions are installed, in the order of sys.path."""
    name = ("pypy" if found.implementation == "pypy" else "python") + found.minor
    if prefix != base or found.numbers < (3,):
        yield from (os.path.join(prefix, "lib", name, one) for one in _PACKAGES)
        return
    home = environ.get("HOME", "")
    folders = [os.path.join(home, ".local/lib", name, "site-packages")] if home else []
    for library in (f"local/lib/{name}", "lib/python3", f"lib/{name}", f"lib64/{name}", "Lib"):
        folders += [os.path.join(prefix, library, one) for one in _PACKAGES]
    yield from (folder for folder in folders if os.path.isdir(folder))
