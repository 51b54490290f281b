"""Whether what is installed in an environment can work: its pip, and its extension modules."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sslfix.collect.distributions import text_of
from sslfix.errors import ProbeError
from sslfix.language import say as _
from sslfix.model import Distribution, Interpreter, Unloadable

if TYPE_CHECKING:
    from sslfix.collect.binaries.image import Image
    from sslfix.collect.binaries.loader import Scope

# In RECORD, a line for each file: its path, a hash and its size.
_OF_PIP = re.compile(r"^(pip/[^,\"]+)\.py,[^,]*,(\d+)$", re.MULTILINE)
# Only modules whose names say so are surely no data.
_MODULE = re.compile(r"^\"?(.+\.(?:cpython-|abi3|pypy)[^/,\"]*so)\"?,", re.MULTILINE)
_NATIVE = re.compile(r"^Root-Is-Purelib:\s*false", re.MULTILINE | re.IGNORECASE)
# glibc's words and musl's. Any other failure may be cured by what is loaded before.
_SSL_LOST = re.compile(
    r"lib(?:ssl|crypto)\.so[\w.]*: cannot open shared object"
    r"|Error loading shared library lib(?:ssl|crypto)\.so"
)
_BUILT_HERE = re.compile(r"^Tag:.*-linux_\w+\s*$", re.MULTILINE)


def pip_failure(distributions: Iterable[Distribution]) -> str:
    """What of the environment's pip is missing or cut short, "" if nothing is.

    Each of its 300 to 500 modules is looked for, which takes 2 ms: what an interrupted upgrade
    leaves out may be any of them. One that is longer than its record was changed by somebody.
    """
    for one in distributions:
        if one.name != "pip" or not one.path.endswith(".dist-info"):
            continue
        record, folder = text_of(os.path.join(one.path, "RECORD")), os.path.dirname(one.path)
        for module, size in _OF_PIP.findall(record):
            lack = _lack(os.path.join(folder, module), int(size))
            if lack:
                return lack.format(version=one.version, path=f"{module}.py")
    return ""


def _lack(module: str, size: int) -> str:
    """What to say of a module of that size that is not whole, "" if it is."""
    try:
        is_short = os.stat(f"{module}.py").st_size < size
    except OSError:
        if os.path.exists(f"{module}.pyc"):  # compiled, and the source removed
            return ""
        return _("its pip {version} is not whole: {path} is missing")
    return _("its pip {version} is not whole: {path} is cut short") if is_short else ""


def unloadable(
    distributions: Iterable[Distribution], executable: str, environ: Mapping[str, str]
) -> tuple[Unloadable, ...]:
    """Extension modules that the interpreter surely cannot load, one for each distribution.

    Those made for another kind of machine, and those that need an SSL library that is gone. The
    latter are looked for among what was built on a machine like this one: wheels of an index
    bring theirs along (https://peps.python.org/pep-0599/).
    """
    native = [(one, text_of(os.path.join(one.path, "WHEEL"))) for one in distributions]
    native = [(one, wheel) for one, wheel in native if _NATIVE.search(wheel)]
    if not native:
        return ()
    from sslfix.collect.binaries import image

    try:
        program = image.load(os.path.realpath(executable))
        return tuple(_unloadable(native, program, environ))
    except (ProbeError, *image.DAMAGE):
        return ()


def other_libraries(interpreter: Interpreter, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The SSL libraries that come into a process besides that of `_ssl`, with who brings them.

    Several in one process are in order: each has its own settings and CA certificates.
    """
    from sslfix.collect import binaries
    from sslfix.collect.binaries import bundled

    try:
        own = binaries.binary(interpreter.executable, environ)
    except ProbeError:
        return ()
    folders = {os.path.dirname(one.path) for one in interpreter.distributions}
    found = bundled.apart(bundled.bundled(sorted(folders), own.scope, environ), own.ssl.libraries)
    lines = {(one.package, one.raw): None for one in found}
    return tuple(f"{package}: {raw}" for package, raw in lines)


def _unloadable(
    native: Iterable[tuple[Distribution, str]], program: Image, environ: Mapping[str, str]
) -> Iterator[Unloadable]:
    scope = None
    for one, wheel in native:
        modules = _modules(one)
        machine = _foreign(modules, program)
        if machine:
            yield Unloadable(one.path, one.name, one.version, machine=machine)
        elif _BUILT_HERE.search(wheel) and program.system == "linux":
            scope = scope or _scope(program, environ)
            error = _lacking(modules, os.path.dirname(one.path), scope, environ)
            if error:
                yield Unloadable(one.path, one.name, one.version, error=error)


def _modules(distribution: Distribution) -> list[str]:
    folder = os.path.dirname(distribution.path)
    names = _MODULE.findall(text_of(os.path.join(distribution.path, "RECORD")))
    return [os.path.join(folder, name) for name in names]


def _foreign(modules: Iterable[str], program: Image) -> str:
    """The kind of machine that the first module is for, "" if it is there for the program's too.

    A wheel may bring one module for several kinds.
    """
    from sslfix.collect.binaries import image

    first, found = "", ""
    for path in modules:
        if first and _stem(path) != first:
            break
        if _is_alike(path, program):  # which is quicker than to read all headers
            return ""
        try:
            one = image.load(path)
        except (ProbeError, *image.DAMAGE):
            continue
        first = _stem(path)
        same_system = type(one) is type(program)
        if same_system and one.machine in {program.machine, ""}:
            return ""
        found = one.machine if same_system else f"{one.system} {one.machine}"
    return found


def _is_alike(path: str, program: Image) -> bool:
    """Whether both are ELF files for the same processor, by the first of their headers."""
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(20)
    except OSError:
        return False
    own = program.data[:20]
    return own[:4] == b"\x7fELF" and (head[:6], head[18:]) == (own[:6], own[18:])


def _stem(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, name.partition(".")[0])


def _scope(program: Image, environ: Mapping[str, str]) -> Scope:
    from sslfix.collect.binaries import loader

    try:
        return loader.open_scope(program, environ)
    except loader.LoadError as error:
        raise ProbeError(program.path, str(error)) from error


def _lacking(modules: Iterable[str], folder: str, scope: Scope, environ: Mapping[str, str]) -> str:
    """What the import of the first module says that lacks its SSL library, "" if none does."""
    from sslfix.collect.binaries import bundled, image

    for path in modules:
        try:
            found = bundled.extension(image.load(path), folder, scope, environ)
        except (ProbeError, *image.DAMAGE):
            continue
        if found is not None and _SSL_LOST.search(found.error):
            return found.error
    return ""
