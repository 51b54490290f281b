"""Which SSL library `_ssl` would run with, what it was built for, and why it would not load."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Callable, NamedTuple

from sslfix.errors import ProbeError

from .image import Image, load
from .loader import Library, LoadError, Scope, extend

_SSL_FILE = re.compile(r"_ssl(?:\.[\w-]+)?\.(?:so|pyd)|_ssl_d\.pyd")
_SSL_NAMES = ("libssl", "libcrypto", "libeay32", "ssleay32", "libboringssl", "libaws_lc")
_NEEDLES = (b"LibreSSL ", b"OpenSSL ", b"BoringSSL ", b"AWS-LC ")
# A version, and nothing or what ends in a year or a bracket: prose that begins alike does not.
_TEXT = re.compile(rb"[\w-]+ \d+\.\d+[\w.+-]*(?: [\x20-\x7e]{0,80}(?:[12]\d{3}|\))| )?")
_IMPORTED = re.compile(rb"^from _ssl import (\([^)]*\)|[^\r\n(]*)", re.MULTILINE)

# What macOS keeps in a cache instead of files; the version by the number in the name.
_APPLE = {"libssl.46.dylib": "LibreSSL 2.8.3", "libssl.48.dylib": "LibreSSL 3.3.6"}


class SslModule(NamedTuple):
    """The module `_ssl`: its file, or the one that it is built into.

    `libraries` are those of SSL that it loads, none where they are linked in. `built_for` is what
    its symbols tell ("1.0.2", "1.1.0", "1.1.1", "3", "LibreSSL", or ""). `raw` is what
    `ssl.OPENSSL_VERSION` would be, or `error` what `import ssl` would raise.
    """

    path: str
    built_in: bool = False
    built_for: str = ""
    libraries: tuple[Library, ...] = ()
    raw: str = ""
    error: str = ""


def read(
    scope: Scope, stdlib: str, version: tuple[int, ...], environ: Mapping[str, str]
) -> SslModule:
    """What `import ssl` would give in the process of that scope, with that standard library."""
    core = _first(scope, lambda one: bool(one.defines(("PyInit__ssl", "init_ssl"))))
    path = "" if core else _file(stdlib)
    if core is None and not path:
        core = _first(scope, lambda one: bool(text_of(one)))  # its symbols were stripped
    if core is None and not path:
        return SslModule("", error=_not_found("_ssl", version))
    try:
        module = core or load(path)
        after = scope if core else extend(scope, module, environ)
    except LoadError as error:
        return SslModule(path, built_for=built_for(load(path)), error=f"ImportError: {error}")
    except ProbeError as error:
        return SslModule(path, error=f"ImportError: {error}")
    return SslModule(
        module.path,
        built_in=core is not None,
        built_for=built_for(module),
        libraries=tuple(one for one in after.libraries if is_ssl(one.name)),
        raw=_raw(module, after),
        error=_misfit(module, stdlib, version, built_in=core is not None),
    )


def is_ssl(name: str) -> bool:
    """Whether a library of that name is one of SSL, also where a wheel has renamed it."""
    return os.path.basename(name).lower().startswith(_SSL_NAMES)


def built_for(module: Image) -> str:
    """The release of the library that the module's undefined symbols can only be meant for."""
    wanted = {one.name: one.version for one in module.wants() if one.name[:1] in "OS"}
    versions = {version for _library, version in module.requires()} | set(wanted.values())
    if any(one.startswith("OPENSSL_3") for one in versions):
        return "3"
    if "OPENSSL_1_1_1" in versions:
        return "1.1.1"
    if "OPENSSL_1_1_0" in versions:
        return "1.1.0"
    if "SSLeay" in wanted:
        return "1.0.2"
    # macOS and Windows have no versions of symbols.
    if "OpenSSL_version" in wanted and module.system not in {"darwin", "win32"}:
        return "LibreSSL"
    return ""


def text_of(image: Image) -> str:
    """The version text that the library, or what has it linked in, holds; "" for none."""
    for needle in _NEEDLES:
        for text in image.texts(needle, _TEXT):
            return text.decode()
    return ""


def _first(scope: Scope, has_it: Callable[[Image], bool]) -> Image | None:
    """The program or its libpython, whichever has `_ssl` linked in."""
    return next((one for one in scope.cores() if has_it(one)), None)


def _file(stdlib: str) -> str:
    for folder in (
        os.path.join(stdlib, "lib-dynload"),
        os.path.join(os.path.dirname(stdlib), "DLLs"),
        stdlib,
    ):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            if _SSL_FILE.fullmatch(name) or name.startswith("_pypy_openssl."):
                return os.path.join(folder, name)
    return ""


def _raw(module: Image, scope: Scope) -> str:
    """What `ssl.OPENSSL_VERSION` would be; PyPy's is that of the headers it was built with."""
    libraries = [one for one in scope.libraries if is_ssl(one.name)]
    by_path = {one.path: one for one in scope.images}
    # With OpenSSL 3 only libcrypto has the text.
    libraries.sort(key=lambda one: "crypto" not in os.path.basename(one.name))
    images = [by_path[one.path] for one in libraries if one.path in by_path]
    if os.path.basename(module.path).startswith("_pypy_"):
        images.insert(0, module)
    for image in (*images, module):
        text = text_of(image)
        if text:
            return text
    leaves = (os.path.basename(one.name) for one in libraries)
    return next((_APPLE[leaf] for leaf in leaves if leaf in _APPLE), "")


def _misfit(module: Image, stdlib: str, version: tuple[int, ...], *, built_in: bool) -> str:
    """Why ssl.py does not fit this `_ssl`, "" if it does: it takes names that have to be there."""
    try:
        with open(os.path.join(stdlib, "ssl.py"), "rb") as file:
            text = file.read(1 << 20)
    except OSError:
        return _not_found("ssl", version)
    if os.path.basename(module.path).startswith("_pypy_"):
        return ""
    for name in _imported(text):
        if not module.holds(name):
            return _not_there(name.decode(), module, version, built_in=built_in)
    return ""


def _imported(text: bytes) -> Iterator[bytes]:
    for match in _IMPORTED.finditer(text):
        lines = (line.split(b"#")[0] for line in match[1].strip(b"()").splitlines())
        for part in b"".join(lines).split(b","):
            yield from part.split()[:1]


def _not_found(name: str, version: tuple[int, ...]) -> str:
    if version < (3, 6):
        quoted = f"'{name}'" if version >= (3,) else name
        return f"ImportError: No module named {quoted}"
    return f"ModuleNotFoundError: No module named '{name}'"


def _not_there(name: str, module: Image, version: tuple[int, ...], *, built_in: bool) -> str:
    if version < (3,):
        return f"ImportError: cannot import name {name}"
    if version < (3, 7):
        return f"ImportError: cannot import name '{name}'"
    place = "unknown location" if built_in else module.path
    return f"ImportError: cannot import name '{name}' from '_ssl' ({place})"
