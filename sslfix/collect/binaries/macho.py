"""Mach-O files, the programs and libraries of macOS.

Written by hand though a good reader exists: macholib reads all sections into memory, as often as a
hostile file names them. The tests hold it against macholib. The layout is that of
https://github.com/apple-oss-distributions/xnu/blob/main/EXTERNAL_HEADERS/mach-o/loader.h
"""

from __future__ import annotations

import os
import struct
from collections.abc import Collection, Iterator
from mmap import mmap

from .image import LARGEST, MOST_NAMES, Image, Symbol

_LIBRARIES = {0xC, 0x80000018, 0x8000001F}  # LC_LOAD_DYLIB, _WEAK_ and LC_REEXPORT_
_RPATH, _SYMBOLS, _SEGMENT, _WIDE_SEGMENT = 0x8000001C, 2, 1, 0x19
_MACHINES = {7: "i386", 18: "ppc", 0x1000007: "x86_64", 0x100000C: "arm64", 0x1000012: "ppc64"}
_TEXTS = {b"__cstring", b"__const"}
_UNIVERSAL = {b"\xca\xfe\xba\xbe": (">IIIII", 20), b"\xca\xfe\xba\xbf": (">IIQQII", 32)}
_MOST_COMMANDS, _MOST_SYMBOLS, _MOST_PARTS = 4096, 1 << 20, 16


class MachO(Image):
    """A Mach-O file; of a universal one, the part for this machine, else the first."""

    system = "darwin"
    loader = "/usr/lib/dyld"

    def __init__(self, path: str, data: mmap) -> None:
        super().__init__(path, data)
        self._start = _part(data)
        magic = data[self._start : self._start + 4]
        self._order = "<" if magic[0] in {0xCE, 0xCF} else ">"
        self._wide = 0xCF in {magic[0], magic[3]}
        self.machine = _MACHINES.get(self._unpack("I", 4)[0], "")
        self._table = (0, 0, 0, 0)
        self._read_commands()

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + form, self.data, self._start + at)

    def _read_commands(self) -> None:
        needed, rpath, constants = [], [], []
        for command, at, size in self._commands():
            if command in _LIBRARIES:
                needed.append(self._name(at, size))
            elif command == _RPATH:
                rpath.append(self._name(at, size))
            elif command in {_SEGMENT, _WIDE_SEGMENT}:
                constants += list(self._texts(at, size, wide=command == _WIDE_SEGMENT))
            elif command == _SYMBOLS:
                first, number, texts, length = self._unpack("IIII", at + 8)
                self._table = (first, number, texts, length)
        self.needed, self.rpath = tuple(needed[:MOST_NAMES]), tuple(rpath[:MOST_NAMES])
        self.constants = tuple(constants[:MOST_NAMES])

    def _commands(self) -> Iterator[tuple[int, int, int]]:
        """Each load command: what it is, where it begins, its size."""
        number, at = self._unpack("I", 16)[0], 32 if self._wide else 28
        for _ in range(min(number, _MOST_COMMANDS)):
            command, size = self._unpack("II", at)
            if size < 8:
                raise ValueError("load command without a size")
            yield command, at, size
            at += size

    def _name(self, at: int, size: int) -> str:
        """The text in a command, whose place in it follows its size."""
        start = self._start + at + self._unpack("I", at + 8)[0]
        text = self.data[start : min(self._start + at + size, start + 4096)]
        return text.split(b"\0")[0].decode("utf-8", "surrogateescape")

    def _texts(self, at: int, size: int, *, wide: bool) -> Iterator[tuple[int, int]]:
        """The ranges of a segment's sections that hold constants."""
        head, row, form = (72, 80, "16s16sQQI") if wide else (56, 68, "16s16sIII")
        for place in range(at + head, at + min(size, MOST_NAMES * row) - row + 1, row):
            name, _segment, _address, length, offset = struct.unpack_from(
                self._order + form, self.data, self._start + place
            )
            if name.rstrip(b"\0") in _TEXTS and length <= LARGEST:
                yield self._start + offset, self._start + offset + length

    def _names(self) -> Iterator[tuple[str, bool]]:
        """The external names, without the underscore that C puts first; whether each is defined."""
        first, number, place, length = self._table
        form = self._order + ("IBBHQ" if self._wide else "IBBHI")
        size = struct.calcsize(form)
        texts = self.data[self._start + place : self._start + place + min(length, LARGEST)]
        at = self._start + first
        rows = self.data[at : at + size * min(number, _MOST_SYMBOLS)]
        for name, kind, *_rest in struct.iter_unpack(form, rows[: len(rows) // size * size]):
            if kind & 1 and not kind & 0xE0:
                end = texts.find(b"\0", name, name + 4096)
                yield texts[name + 1 : end].decode(errors="replace"), bool(kind & 0x0E)

    def wants(self) -> tuple[Symbol, ...]:
        """The external symbols that are not defined in it."""
        return tuple(Symbol(name) for name, defined in self._names() if not defined)

    def defines(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that are external symbols defined in it."""
        return frozenset(name for name, defined in self._names() if defined and name in names)


def _part(data: mmap) -> int:
    """Where the file begins, in a universal one the part for this machine."""
    if data[:4] not in _UNIVERSAL:
        return 0
    form, size = _UNIVERSAL[data[:4]]
    (number,) = struct.unpack_from(">I", data, 4)
    parts = [struct.unpack_from(form, data, 8 + size * one) for one in range(number)[:_MOST_PARTS]]
    own = (part[2] for part in parts if _MACHINES.get(part[0]) == os.uname().machine)
    return int(next(own, parts[0][2]))
