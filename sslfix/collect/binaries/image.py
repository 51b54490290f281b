"""A program or shared library as it lies on disk: what a loader, and we, want to know of it."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Collection, Iterator
from mmap import ACCESS_READ, mmap
from typing import NamedTuple

from sslfix.collect.probe import UndecidedError
from sslfix.errors import ProbeError
from sslfix.language import say as _

# What is believed of a file, well above what is found in real ones, so that a hostile one takes
# neither long nor much memory.
LARGEST = 1 << 27  # bytes of one section
_MOST_PLACES = 1 << 16
MOST_NAMES = 512

# What a damaged file can make a reader of it raise.
DAMAGE = (struct.error, ValueError, IndexError, OverflowError, RecursionError)

# The first bytes of Mach-O files, of both byte orders and widths, and of universal ones.
_MACHO = frozenset(
    bytes.fromhex(text)
    for text in ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "cafebabf")
)


# A text that begins after one of these began before it.
_GOES_ON = frozenset(bytes([one]) for one in b".0123456789")


class Symbol(NamedTuple):
    """A name that a file wants from another, with the version it must have, "" for any."""

    name: str
    version: str = ""


class Image:
    """What a file says in its headers; nothing but them is read before it is asked for.

    `system` is what `sys.platform` would be, `machine` what `os.uname().machine` would be.
    `rpath` counts for what the file's own libraries load as well, `runpath` for itself only.
    `loader` is the program that loads it, "" where the system does. `constants` are the ranges of
    the file that hold texts, `variables` those of data with a first value.
    """

    system = ""
    machine = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    loader = ""
    constants: tuple[tuple[int, int], ...] = ()
    variables: tuple[tuple[int, int], ...] = ()

    def __init__(self, path: str, data: mmap) -> None:
        self.path = path
        self.data = data

    def wants(self) -> tuple[Symbol, ...]:
        """The symbols that it must find in others, in the order of its table."""
        return ()

    def defines(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that others find in it."""
        del names
        return frozenset()

    def requires(self) -> tuple[tuple[str, str], ...]:
        """The versions of symbols that it needs, each with the library that must have it."""
        return ()

    def offers(self) -> frozenset[str]:
        """The versions of symbols that it has."""
        return frozenset()

    def texts(self, needle: bytes, pattern: re.Pattern[bytes]) -> list[bytes]:
        """The constants that match as a whole and begin with the needle.

        Where none does: the ends of constants, because a linker stores a text that ends a longer
        one only once: in pyenv's the version is the end of the prefix.
        """
        whole, ends = [], []
        for match, before in self._ends(needle, pattern):
            if before == b"\0":
                whole.append(match)
            elif before not in _GOES_ON:
                ends.append(match)
        return whole or ends

    def _ends(self, needle: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Matches that a NUL follows, each with the byte before it.

        To look for the needle first is ten times quicker than a regular expression.
        """
        for at, end in self.places(needle, self.constants):
            match = pattern.match(self.data, at, end)
            if match and self.data[match.end() : match.end() + 1] == b"\0":
                yield match[0], self.data[at - 1 : at] or b"\0"

    def places(
        self, needle: bytes, ranges: tuple[tuple[int, int], ...]
    ) -> Iterator[tuple[int, int]]:
        """Where the needle stands in these ranges of the file, with the end of the range."""
        left = _MOST_PLACES
        for start, end in ranges:
            at = self.data.find(needle, start, end)
            while at >= 0 and left:
                yield at, end
                left -= 1
                at = self.data.find(needle, at + 1, end)

    def holds(self, text: bytes) -> bool:
        """Whether a constant ends with the text."""
        return any(self.data.find(text + b"\0", start, end) >= 0 for start, end in self.constants)


def load(path: str) -> Image:
    """The file at that path; ProbeError says why it is no program or library, or is damaged."""
    data = _mapped(path)
    start = data[:4]
    try:
        if start == b"\x7fELF":
            from .elf import Elf

            return Elf(path, data)
        if start in _MACHO:
            from .macho import MachO

            return MachO(path, data)
        if start[:2] == b"MZ":
            from .pe import Pe

            return Pe(path, data)
    except DAMAGE as error:
        raise UndecidedError(path, damage(error)) from error
    if start[:2] == b"#!":
        reason = _("is a script: which Python it starts is not known before it runs")
        raise UndecidedError(path, reason)
    raise UndecidedError(path, _("is no program that sslfix can read (ELF, Mach-O or PE)"))


def damage(error: Exception) -> str:
    """What is said of a file that a reader stumbled over."""
    return _("is damaged: {reason}").format(reason=error)


def _mapped(path: str) -> mmap:
    """The file's content, of which only what is looked at is read; ProbeError if that fails."""
    try:
        if os.path.isdir(path):
            raise ProbeError(path, _("is a folder; expected the executable of a Python"))
        # A pipe would be waited for.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            return mmap(handle, 0, access=ACCESS_READ)
        finally:
            os.close(handle)
    except FileNotFoundError:
        if os.path.islink(path):
            text = _("is a link to {target}, which does not exist")
            raise ProbeError(path, text.format(target=os.path.realpath(path))) from None
        raise ProbeError(path, _("does not exist")) from None
    except ValueError:  # an empty file
        raise ProbeError(path, _("is empty")) from None
    except OSError as error:
        text = _("cannot be read: {reason}")
        raise ProbeError(path, text.format(reason=error.strerror)) from None
