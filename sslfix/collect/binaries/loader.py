"""What a program's loader would load, and the words in which it would fail.

For glibc by ld.so(8) and /etc/ld.so.cache (sysdeps/generic/dl-cache.h), for musl by
ldso/dynlink.c, for macOS by dyld(1), for Windows by the folders that Python adds to the search.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix.errors import ProbeError

from .elf import Elf
from .image import DAMAGE, Image, load

CACHE = "/etc/ld.so.cache"
_NEW, _OLD = b"glibc-ld.so.cache1.1", b"ld.so-1.7.0"
_CORE = re.compile(r"(?:lib)?(?:python|pypy)[\d.]|Python3?$", re.IGNORECASE)
_MOST = 512  # libraries of one program
_GENERIC = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_MUSL = ("/lib", "/usr/local/lib", "/usr/lib")
_MAC = ("/usr/local/lib", "/usr/lib")


class Library(NamedTuple):
    """A library that a file names: where it is found, "" for nowhere, and which file wants it."""

    name: str
    path: str
    wanted_by: str


class LoadError(Exception):
    """The loader would give up; the message is what it would say.

    `library` is the one that is missing, "" where it is something else.
    """

    def __init__(self, message: str, library: str = "") -> None:
        super().__init__(message)
        self.library = library


class Scope(NamedTuple):
    """All that is loaded into one process, in order, and where each library was found."""

    images: tuple[Image, ...]
    libraries: tuple[Library, ...]

    def cores(self) -> Iterator[Image]:
        """The files with Python itself: the program, and its libpython if it has one."""
        for index, image in enumerate(self.images):
            if index == 0 or _CORE.match(os.path.basename(image.path)):
                yield image

    def path(self, name: str) -> str:
        """Where the library of that name was found, "" for nowhere."""
        return next((one.path for one in self.libraries if one.name == name), "")


# --------------------------------------------------------------------------- loading


def open_scope(program: Image, environ: Mapping[str, str], *, partly: bool = False) -> Scope:
    """The program with all libraries that start with it; LoadError if one is missing.

    `partly` takes what is there, of a program that cannot be started anyway.
    """
    return _close(Scope((), ()), program, program, environ, partly=partly)


def extend(scope: Scope, module: Image, environ: Mapping[str, str]) -> Scope:
    """The scope after a module was loaded into it; LoadError says why that fails.

    As the loader does it: first all files, then the versions, then the symbols.
    """
    after = gather(scope, module, environ)
    require_fit(module, scope, after)
    return after


def gather(scope: Scope, module: Image, environ: Mapping[str, str]) -> Scope:
    """The scope with the module and all that it needs; LoadError if a library is missing."""
    return _close(scope, module, scope.images[0], environ)


def require_fit(module: Image, before: Scope, after: Scope) -> None:
    """LoadError where what was added to a scope does not fit together."""
    if after.images[0].system in {"darwin", "win32"}:
        return
    for image in after.images[len(before.images) :]:
        _require_versions(image, after)
    _require_symbols(module, after)


def _close(
    scope: Scope, first: Image, program: Image, environ: Mapping[str, str], *, partly: bool = False
) -> Scope:
    images, libraries = list(scope.images), list(scope.libraries)
    known = {one.name for one in libraries} | {os.path.basename(one.path) for one in images}
    waiting: list[tuple[Image, tuple[Image, ...]]] = [(first, (first,))]
    images.append(first)
    while waiting and len(images) < _MOST:
        image, chain = waiting.pop(0)
        for name in image.needed:
            if name in known:
                continue
            known.add(name)
            path = _found(name, (*chain, program), program, environ)
            if not path and not partly and not _is_of_system(name, program):
                raise LoadError(_words(name, image, program), name)
            libraries.append(Library(name, path, image.path))
            if path and os.path.isfile(path):
                one = _loaded(path, program)
                images.append(one)
                waiting.append((one, (one, *chain)))
    return Scope(tuple(images), tuple(libraries))


def _loaded(path: str, program: Image) -> Image:
    try:
        return load(path)
    except ProbeError as error:
        if program.system == "darwin":
            raise LoadError(f"dlopen({path}): {error.reason}") from error
        raise LoadError(f"{path}: {error.reason}") from error


def _words(name: str, image: Image, program: Image) -> str:
    if program.system == "darwin":
        return f"Library not loaded: {name}\n  Referenced from: {image.path}"
    if program.system == "win32":
        module = os.path.splitext(os.path.basename(image.path))[0]
        return f"DLL load failed while importing {module}: The specified module could not be found."
    if _is_musl(program):
        return (
            f"Error loading shared library {name}: No such file or directory "
            f"(needed by {image.path})"
        )
    return f"{name}: cannot open shared object file: No such file or directory"


# --------------------------------------------------------------------------- versions, symbols


def _require_versions(image: Image, scope: Scope) -> None:
    """LoadError where a library lacks a version of its symbols; one without any passes."""
    if _is_musl(scope.images[0]):
        return
    by_path = {one.path: one for one in scope.images}
    offered: dict[str, frozenset[str]] = {}
    for library, version in image.requires():
        path = scope.path(library)
        if path not in by_path:
            continue
        if path not in offered:
            offered[path] = by_path[path].offers()
        if offered[path] and version not in offered[path]:
            text = f"{path}: version `{version}' not found (required by {image.path})"
            raise LoadError(text)


def _require_symbols(module: Image, scope: Scope) -> None:
    """LoadError for the first symbol that no file defines: Python has all of them bound at once."""
    wanted = module.wants()
    left = {one.name for one in wanted}
    for image in scope.images:
        if isinstance(image, Elf) and image is not module:
            left -= image.names()
        if not left:
            return
    for image in scope.images:
        left -= image.defines(left)
    for one in wanted:
        if one.name in left:
            if _is_musl(scope.images[0]):
                raise LoadError(f"Error relocating {module.path}: {one.name}: symbol not found")
            version = f", version {one.version}" if one.version else ""
            raise LoadError(f"{module.path}: undefined symbol: {one.name}{version}")


# --------------------------------------------------------------------------- finding


def _found(name: str, chain: Sequence[Image], program: Image, environ: Mapping[str, str]) -> str:
    """The path of a library that the first of the chain names, each loaded by the next; or ""."""
    for path in _candidates(name, chain, program, environ):
        if os.path.isfile(path) and _suits(path, program):
            return path
    return ""


def _suits(path: str, program: Image) -> bool:
    """Whether the file is of the program's kind of processor: others are passed over."""
    if program.system in {"darwin", "win32"}:
        return True
    try:
        with open(path, "rb") as file:
            head = file.read(20)
    except OSError:
        return False
    own = program.data[:20]
    return head[:4] != own[:4] or (head[4:6], head[18:20]) == (own[4:6], own[18:20])


def _candidates(
    name: str, chain: Sequence[Image], program: Image, environ: Mapping[str, str]
) -> Iterator[str]:
    if program.system == "darwin":
        yield from _on_mac(name, chain, program, environ)
        return
    if program.system == "win32":
        # Python adds the module's own folder, and the executable's is always looked at.
        for image in (chain[0], program):
            yield from _in_folder(os.path.dirname(image.path), name)
        return
    if "/" in name:
        yield _expand(name, chain[0], program)
        return
    for folder in _folders(chain, program, environ):
        yield os.path.join(folder, name)
    if _is_musl(program):
        return
    yield from _cached(name)
    # Debian and Ubuntu compile these into their loader.
    multiarch = f"{program.machine}-linux-gnu"
    yield from (f"{folder}/{multiarch}/{name}" for folder in ("/lib", "/usr/lib"))
    yield from (f"{folder}/{name}" for folder in _GENERIC)


def _folders(chain: Sequence[Image], program: Image, environ: Mapping[str, str]) -> Iterator[str]:
    own = [one for one in environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":") if one]
    if _is_musl(program):
        yield from own
        for image in chain:
            yield from (_expand(one, image, program) for one in (*image.rpath, *image.runpath))
        yield from _musl_path(program)
        return
    if not chain[0].runpath:
        for image in chain:
            if not image.runpath:
                yield from (_expand(one, image, program) for one in image.rpath)
    yield from own
    yield from (_expand(one, chain[0], program) for one in chain[0].runpath)


def _expand(text: str, image: Image, program: Image) -> str:
    if "$" not in text:
        return text
    words = {
        "ORIGIN": os.path.dirname(os.path.realpath(image.path)),
        "LIB": "lib64" if os.path.isdir("/usr/lib64/security") else "lib",
        "PLATFORM": program.machine,
    }
    for name, value in words.items():
        text = text.replace("${" + name + "}", value).replace("$" + name, value)
    return os.path.normpath(text)


def _is_musl(program: Image) -> bool:
    return "/ld-musl-" in program.loader


def _musl_path(program: Image) -> Iterable[str]:
    path = f"/etc/{os.path.basename(program.loader).split('.')[0]}.path"
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [one for one in file.read(1 << 16).replace("\n", ":").split(":") if one]
    except OSError:
        return _MUSL


def _cached(name: str) -> list[str]:
    try:
        with open(CACHE, "rb") as file:
            data = file.read(1 << 26)
        return cached(data, name)
    except (OSError, *DAMAGE):
        return []


def cached(data: bytes, name: str) -> list[str]:
    """The paths that a cache of ldconfig has for a library's name, those for any processor first.

    Its strings are shared, one may be the end of another, so places are compared.
    """
    start = data.find(_NEW)
    if start < 0 or (start and not data.startswith(_OLD)):
        return []
    (number,) = struct.unpack_from("=I", data, start + len(_NEW))
    entries = data[start + 48 : start + 48 + 24 * number]
    wanted = _places(data, name.encode() + b"\0", start)
    found = [
        (hardware, index, value)
        for index, (_, key, value, _, hardware) in enumerate(struct.iter_unpack("=iIIIQ", entries))
        if key in wanted
    ]
    return [
        data[start + value : data.index(b"\0", start + value)].decode(errors="surrogateescape")
        for _hardware, _index, value in sorted(found)
    ]


def _places(data: bytes, text: bytes, start: int) -> set[int]:
    found, at = set(), data.find(text, start)
    while at >= 0:
        found.add(at - start)
        at = data.find(text, at + 1)
    return found


# --------------------------------------------------------------------------- macOS, Windows


def _on_mac(
    name: str, chain: Sequence[Image], program: Image, environ: Mapping[str, str]
) -> Iterator[str]:
    leaf = os.path.basename(name)
    yield from (os.path.join(one, leaf) for one in _listed(environ, "DYLD_LIBRARY_PATH"))
    if name.startswith("@rpath/"):
        for image in chain:
            for folder in image.rpath:
                yield _relative(os.path.join(folder, name[len("@rpath/") :]), image, program)
    else:
        yield _relative(name, chain[0], program)
    fallback = _listed(environ, "DYLD_FALLBACK_LIBRARY_PATH") or _MAC
    yield from (os.path.join(one, leaf) for one in fallback)


def _relative(path: str, image: Image, program: Image) -> str:
    for word, base in (("@loader_path", image), ("@executable_path", program)):
        if path.startswith(word):
            folder = os.path.dirname(os.path.realpath(base.path))
            return os.path.normpath(folder + path[len(word) :])
    return path


def _is_of_system(name: str, program: Image) -> bool:
    """Whether the system has it without a file: Apple's in a cache, Windows' own in any case."""
    if program.system == "darwin":
        return name.startswith(("/usr/lib/", "/System/Library/"))
    if program.system != "win32":
        return False
    return not name.lower().startswith(("libssl", "libcrypto", "python", "libeay32", "ssleay32"))


def _listed(environ: Mapping[str, str], name: str) -> list[str]:
    return [one for one in environ.get(name, "").split(":") if one]


def _in_folder(folder: str, name: str) -> Iterator[str]:
    """Windows does not tell upper from lower case."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    yield from (os.path.join(folder, one) for one in names if one.lower() == name.lower())
