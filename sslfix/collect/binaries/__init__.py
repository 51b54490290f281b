"""Interpreters read from their files, without running anything.

For those that cannot run, those that must not be run, and for speed: it takes less time than
asking (`benchmarks/binaries.py`). What a running interpreter says counts for more: LD_PRELOAD and
whatever else it is started with do not stand in its files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from sslfix.collect.probe import Answer, UndecidedError, interpreter
from sslfix.errors import ProbeError
from sslfix.language import say as _
from sslfix.model import Interpreter

from . import ssl_module
from .image import DAMAGE, Image, damage, load
from .layout import Layout, Version, find, version
from .loader import Library, LoadError, Scope, open_scope
from .ssl_module import SslModule

__all__ = [
    "Binary",
    "Library",
    "SslModule",
    "answer",
    "binary",
    "differs",
    "foreign_machine",
    "read",
]

_NAMES = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows", "freebsd": "FreeBSD"}


class Binary(NamedTuple):
    """All that the files of an interpreter tell; `scope` is what starts with it."""

    executable: str
    scope: Scope
    version: Version
    layout: Layout
    ssl: SslModule


def read(executable: str, environ: Mapping[str, str], *, partly: bool = False) -> Interpreter:
    """The interpreter as its files describe it; ProbeError says why they cannot.

    `partly` is for one that cannot be started: what it lacks for that is no reason to say nothing.
    """
    return interpreter(answer(executable, environ, partly=partly))


def answer(executable: str, environ: Mapping[str, str], *, partly: bool = False) -> Answer:
    """What the interpreter would answer to the probe; ProbeError says why it cannot be told."""
    found = binary(executable, environ, partly=partly)
    place, what = found.layout, found.version
    return {
        "version": what.python,
        "implementation": what.implementation,
        "markers": markers(found.scope.images[0], what),
        "executable": found.executable,
        "prefix": place.prefix,
        "base_prefix": place.base_prefix,
        "stdlib": place.stdlib,
        "site_packages": list(place.site_packages),
        "ssl": found.ssl.raw if not found.ssl.error else None,
        "ssl_error": found.ssl.error or None,
        "source": "binary",
    }


def binary(executable: str, environ: Mapping[str, str], *, partly: bool = False) -> Binary:
    """The interpreter's files, as far as they matter here; ProbeError says what is wrong."""
    path = os.path.abspath(executable)
    try:
        image = load(path)
        scope = open_scope(image, environ, partly=partly)
        what = version(scope, path)
        place = find(scope, path, what, environ)
        ssl = ssl_module.read(scope, place.stdlib, what.numbers, environ)
    except LoadError as error:
        raise ProbeError(path, _("cannot start: {reason}").format(reason=error)) from error
    except DAMAGE as error:
        raise UndecidedError(path, damage(error)) from error
    if not ssl.raw and not ssl.error:
        raise UndecidedError(path, _("holds no version of its SSL library"))
    return Binary(path, scope, what, place, ssl)


def markers(image: Image, what: Version) -> dict[str, str]:
    """The marker environment (PEP 508); of another system than this one as far as it is known."""
    here = os.uname()
    native = here.sysname == _NAMES.get(image.system)
    # A program for another processor that runs here is told this machine's name.
    machine = here.machine if native and _is_native(image, here.machine) else image.machine
    platform = image.system
    if platform == "linux" and what.numbers < (3,):
        platform = "linux2"
    name = what.implementation
    return {
        "implementation_name": name,
        "implementation_version": what.release.replace("rc", "c").rstrip("+"),
        "os_name": "nt" if image.system == "win32" else "posix",
        "platform_machine": machine,
        "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}[name],
        "platform_release": here.release if native else "",
        "platform_system": _NAMES.get(image.system, ""),
        "platform_version": here.version if native else "",
        "python_full_version": what.python,
        "python_version": what.minor,
        "sys_platform": platform,
    }


def foreign_machine(executable: str) -> str:
    """The kind of machine that a program is for, "" if it is this one; ProbeError as in `load`."""
    image, here = load(executable), os.uname()
    if _NAMES.get(image.system) != here.sysname:
        return f"{_NAMES.get(image.system, image.system)} {image.machine}".strip()
    return "" if _is_native(image, here.machine) else image.machine


def _is_native(image: Image, machine: str) -> bool:
    return image.machine == machine or (image.machine == "i686" and machine == "x86_64")


def differs(asked: Interpreter, read: Interpreter) -> str | None:
    """What the interpreter says of itself that its files do not, None if nothing.

    What it says counts: it may be started with another library (LD_PRELOAD).
    """
    for said, found in (
        (f"{asked.implementation} {asked.version}", f"{read.implementation} {read.version}"),
        (_ssl(asked), _ssl(read)),
    ):
        if said != found:
            text = _("it says {said}, but its files are those of {found}")
            return text.format(said=said, found=found)
    return None


def _ssl(one: Interpreter) -> str:
    if one.ssl is not None:
        return one.ssl.raw
    return _("no SSL library ({reason})").format(reason=one.ssl_error)
