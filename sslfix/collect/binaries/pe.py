"""PE files, the programs and libraries of Windows.

Written by hand though a good reader exists: pefile took 8 GB of memory for a hostile file with a
large hole. The tests hold it against pefile. The layout is that of
https://learn.microsoft.com/en-us/windows/win32/debug/pe-format
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from mmap import mmap
from typing import NamedTuple

from .image import LARGEST, MOST_NAMES, Image, Symbol

_MACHINES = {0x14C: "x86", 0x8664: "AMD64", 0xAA64: "ARM64"}
_WIDE = 0x20B
_MOST_SECTIONS, _MOST_SYMBOLS = 96, 1 << 14  # 96 is the loader's own limit


class _Section(NamedTuple):
    """Where a section lies in memory and in the file."""

    name: bytes
    address: int
    size: int
    offset: int


class Pe(Image):
    """A PE file (.exe, .dll, .pyd)."""

    system = "win32"

    def __init__(self, path: str, data: mmap) -> None:
        super().__init__(path, data)
        (head,) = struct.unpack_from("<I", data, 60)
        if data[head : head + 4] != b"PE\0\0":
            raise ValueError("no PE header")
        machine, number, _, _, _, size = struct.unpack_from("<HHIIIH", data, head + 4)
        optional = head + 24
        self._wide = struct.unpack_from("<H", data, optional)[0] == _WIDE
        directories = optional + (112 if self._wide else 96)
        (self._imports,) = struct.unpack_from("<I", data, directories + 8)
        self.machine = _MACHINES.get(machine, "")
        self._sections = tuple(self._read_sections(optional + size, min(number, _MOST_SECTIONS)))
        self.constants = tuple(
            (one.offset, one.offset + one.size)
            for one in self._sections
            if one.name == b".rdata" and one.size <= LARGEST
        )
        self.needed = tuple(self._name(name) for name, _ in self._libraries())

    def _read_sections(self, at: int, number: int) -> Iterator[_Section]:
        for index in range(number):
            name, _, address, size, offset = struct.unpack_from(
                "<8sIIII", self.data, at + 40 * index
            )
            yield _Section(name.rstrip(b"\0"), address, size, offset)

    def _place(self, address: int) -> int:
        """Where in the file lies what will be at that address; ValueError for nowhere."""
        for one in self._sections:
            if one.address <= address < one.address + one.size:
                return address - one.address + one.offset
        raise ValueError("address outside all sections")

    def _name(self, address: int) -> str:
        at = self._place(address)
        return self.data[at : at + 4096].split(b"\0")[0].decode(errors="replace")

    def _libraries(self) -> Iterator[tuple[int, int]]:
        """For each library the addresses of its name and of what is imported from it."""
        at = self._place(self._imports) if self._imports else len(self.data)
        for place in range(at, min(at + 20 * MOST_NAMES, len(self.data)), 20):
            lookup, _, _, name, table = struct.unpack_from("<5I", self.data, place)
            if not name:
                return
            yield name, lookup or table

    def wants(self) -> tuple[Symbol, ...]:
        """What it imports by name."""
        return tuple(islice(self._imported(), _MOST_SYMBOLS))

    def _imported(self) -> Iterator[Symbol]:
        form, numbered = ("<Q", 1 << 63) if self._wide else ("<I", 1 << 31)
        size = struct.calcsize(form)
        for _name, table in self._libraries():
            at = self._place(table)
            for place in range(at, at + size * _MOST_SYMBOLS, size):
                (address,) = struct.unpack_from(form, self.data, place)
                if not address:
                    break
                if not address & numbered:
                    yield Symbol(self._name(address + 2))
