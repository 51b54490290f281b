"""The SSL libraries inside site-packages: what extension modules bring, link in, or lack.

auditwheel puts them into a folder `name.libs` beside the package, delocate into `.dylibs` inside
it, and gives them a hash in their names; others are linked into the extension module itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sslfix.errors import ProbeError

from .image import DAMAGE, Image, load
from .loader import Library, LoadError, Scope, gather, require_fit
from .ssl_module import built_for, is_ssl, text_of

_SUFFIXES = (".so", ".pyd", ".dylib")
_DEEPEST = 12


class Extension(NamedTuple):
    """An extension module that uses an SSL library, in the folder of its distribution.

    `libraries` are those of SSL that it loads, none where one is linked in. `bundled` says that
    they come with the wheel or are linked in. `raw` is the version text, `error` what importing
    it would raise. `built_for` is as in `SslModule`.
    """

    path: str
    package: str
    libraries: tuple[Library, ...] = ()
    bundled: bool = False
    built_for: str = ""
    raw: str = ""
    error: str = ""


def bundled(
    site_packages: Iterable[str], scope: Scope, environ: Mapping[str, str]
) -> tuple[Extension, ...]:
    """The extension modules that use an SSL library, by path.

    Each is looked at as if it were the first that is loaded into the process of that scope.
    Files that cannot be read are passed over: they are no extension modules of this Python.
    """
    found = []
    for folder in dict.fromkeys(site_packages):
        for path in _modules(folder):
            try:
                one = extension(load(path), folder, scope, environ)
            except (ProbeError, *DAMAGE):
                continue
            if one is not None:
                found.append(one)
    return tuple(sorted(found))


def apart(extensions: Iterable[Extension], own: Iterable[Library]) -> tuple[Extension, ...]:
    """Those that bring another SSL library into a process than the one that `_ssl` loads."""
    shared = {os.path.realpath(one.path) for one in own}
    return tuple(
        one
        for one in extensions
        if one.raw
        and not any(os.path.realpath(library.path) in shared for library in one.libraries)
    )


def _modules(folder: str) -> Iterator[str]:
    """The extension modules below a folder, not the libraries that came with them."""
    base = folder.count(os.sep)
    for place, folders, names in os.walk(folder):
        own = (one for one in folders if not one.endswith((".libs", ".dist-info", "__pycache__")))
        folders[:] = [] if place.count(os.sep) - base >= _DEEPEST else sorted(own)
        folders[:] = [one for one in folders if one not in {".dylibs", ".libs"}]
        for name in names:
            if name.endswith(_SUFFIXES) and not is_ssl(name):
                yield os.path.join(place, name)


def extension(
    module: Image, folder: str, scope: Scope, environ: Mapping[str, str]
) -> Extension | None:
    """The module in that site-packages folder, None if it uses no SSL library."""
    package = os.path.relpath(module.path, folder).split(os.sep)[0].split(".")[0]
    try:
        after = gather(scope, module, environ)
        libraries = tuple(_of_ssl(module, after))
        if libraries:
            require_fit(module, scope, after)
    except LoadError as error:
        if not any(map(is_ssl, (error.library, *module.needed))):
            return None  # it lacks something else
        reason = f"ImportError: {error}"
        return Extension(module.path, package, built_for=built_for(module), error=reason)
    raw = _text(libraries, after) if libraries else text_of(module)
    if not libraries and not raw:
        return None
    root = os.path.realpath(folder) + os.sep
    inside = any(os.path.realpath(one.path).startswith(root) for one in libraries)
    return Extension(
        path=module.path,
        package=package,
        libraries=libraries,
        bundled=inside or not libraries,
        built_for=built_for(module),
        raw=raw,
    )


def _of_ssl(module: Image, after: Scope) -> Iterator[Library]:
    """The SSL libraries that the module needs, by itself or by what it needs."""
    needed, waiting = set[str](), [module.path]
    while waiting:
        paths = {waiting.pop()}
        for image in (one for one in after.images if one.path in paths):
            for library in after.libraries:
                if library.name in image.needed and library.name not in needed:
                    needed.add(library.name)
                    waiting.append(library.path)
    return (one for one in after.libraries if one.name in needed and is_ssl(one.name))


def _text(libraries: Iterable[Library], scope: Scope) -> str:
    paths = {one.path for one in libraries}
    texts = (text_of(one) for one in scope.images if one.path in paths)
    return next((text for text in texts if text), "")
