"""ELF files, the programs and libraries of Linux and the BSDs.

Written by hand though good readers exist: importing pyelftools takes 65 ms and lief 225 ms, and
asking an interpreter 12 to 27. The tests hold it against pyelftools.
The layout is that of https://gabi.xinuos.com/ and https://refspecs.linuxfoundation.org/LSB_5.0.0/.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from mmap import mmap
from typing import NamedTuple

from .image import LARGEST, MOST_NAMES, Image, Symbol

_DYNAMIC, _SYMBOLS, _DEFINED, _NEEDED = 6, 11, 0x6FFFFFFD, 0x6FFFFFFE
_VERSIONS, _NO_BITS, _PROGBITS = 0x6FFFFFFF, 8, 1
_DT_NEEDED, _DT_RPATH, _DT_RUNPATH = 1, 15, 29
_INTERPRETER = 3
_WEAK, _FLAG_WEAK, _FLAG_BASE = 2, 2, 1
_MOST_ENTRIES, _MOST_SYMBOLS, _MOST_SECTIONS, _LONGEST = 1 << 12, 1 << 20, 16, 1 << 12

# As `uname -m` says them; the second is the little-endian one.
_MACHINES = {
    3: ("i686", "i686"),
    8: ("mips", "mips"),
    20: ("ppc", "ppc"),
    21: ("ppc64", "ppc64le"),
    22: ("s390x", "s390x"),
    40: ("armv7b", "armv7l"),
    62: ("x86_64", "x86_64"),
    183: ("aarch64_be", "aarch64"),
    243: ("riscv64", "riscv64"),
    258: ("loongarch64", "loongarch64"),
}
_SYSTEMS = {9: "freebsd", 12: "openbsd", 2: "netbsd", 6: "sunos5"}


class _Section(NamedTuple):
    """A section's header: where it lies in the file, and which other one belongs to it."""

    name: int
    kind: int
    flags: int
    offset: int
    size: int
    link: int
    info: int


class Elf(Image):
    """An ELF file."""

    def __init__(self, path: str, data: mmap) -> None:
        super().__init__(path, data)
        self._wide, self._order = data[4] == 2, "<" if data[5] == 1 else ">"
        head = self._unpack("HHIQQQIHHHHHH" if self._wide else "HHIIIIIHHHHHH", 16)
        self.system = _SYSTEMS.get(data[7], "linux")
        self.machine = _MACHINES.get(head[1], ("", ""))[self._order == "<"]
        self._programs = (head[4], head[8], head[9])
        self._sections = tuple(self._read_sections(head[5], head[10], head[11]))
        self._find_texts(head[12])
        self._read_dynamic()
        self.loader = self._interpreter()

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + form, self.data, at)

    def _section(self, kind: int) -> _Section | None:
        return next((one for one in self._sections if one.kind == kind), None)

    def _bytes(self, section: _Section | None) -> bytes:
        if section is None or section.kind == _NO_BITS or section.size > LARGEST:
            return b""
        return self.data[section.offset : section.offset + section.size]

    def _rows(self, section: _Section | None, form: str, most: int) -> bytes:
        """The whole rows of a table, as far as they are believed."""
        table, size = self._bytes(section), struct.calcsize(form)
        return table[: min(len(table) // size, most) * size]

    def _linked(self, section: _Section) -> bytes:
        """The texts that belong to a section."""
        return self._bytes(self._sections[section.link])

    # ----------------------------------------------------------------------- headers

    def _read_sections(self, at: int, size: int, number: int) -> Iterator[_Section]:
        form = "IIQQQQIIQQ" if self._wide else "IIIIIIIIII"
        for index in range(number if at else 0):
            name, kind, flags, _address, offset, length, link, info, *_ = self._unpack(
                form, at + index * size
            )
            yield _Section(name, kind, flags, offset, length, link, info)

    def _find_texts(self, names: int) -> None:
        table = self._bytes(self._sections[names]) if names < len(self._sections) else b""
        constants: list[tuple[int, int]] = []
        variables: list[tuple[int, int]] = []
        for one in self._sections:
            name = _text(table, one.name)
            if one.kind == _PROGBITS and one.size <= LARGEST:
                if name.startswith(b".rodata"):
                    constants.append((one.offset, one.offset + one.size))
                elif name.startswith(b".data"):
                    variables.append((one.offset, one.offset + one.size))
        self.constants = tuple(constants[:_MOST_SECTIONS])
        self.variables = tuple(variables[:_MOST_SECTIONS])

    def _interpreter(self) -> str:
        at, size, number = self._programs
        for index in range(number):
            kind, *rest = self._unpack("IIQQQQ" if self._wide else "IIIIII", at + index * size)
            if kind == _INTERPRETER:
                offset, length = (rest[1], rest[4]) if self._wide else (rest[0], rest[3])
                return self.data[offset : offset + min(length, 4096)].rstrip(b"\0").decode()
        return ""

    def _read_dynamic(self) -> None:
        section = self._section(_DYNAMIC)
        if section is None:
            return
        texts = self._linked(section)
        rows: dict[int, list[str]] = {_DT_NEEDED: [], _DT_RPATH: [], _DT_RUNPATH: []}
        form = self._order + ("QQ" if self._wide else "II")
        table = self._rows(section, form, _MOST_ENTRIES)
        for tag, value in struct.iter_unpack(form, table):
            if tag == 0:
                break
            if tag in rows:
                rows[tag].append(_text(texts, value).decode("utf-8", "surrogateescape"))
        self.needed = tuple(rows[_DT_NEEDED][:MOST_NAMES])
        self.rpath = _folders(rows[_DT_RPATH])
        self.runpath = _folders(rows[_DT_RUNPATH])

    # ----------------------------------------------------------------------- symbols

    def _symbols(self) -> Iterator[tuple[int, int, int]]:
        """Place of the name, binding and section (0: undefined) of each dynamic symbol."""
        form = self._order + ("IBBHQQ" if self._wide else "IIIBBH")
        table = self._rows(self._section(_SYMBOLS), form, _MOST_SYMBOLS)
        for row in struct.iter_unpack(form, table):
            info, section = (row[1], row[3]) if self._wide else (row[3], row[5])
            yield row[0], info >> 4, section

    def _texts(self) -> bytes:
        section = self._section(_SYMBOLS)
        return b"" if section is None else self._linked(section)

    def wants(self) -> tuple[Symbol, ...]:
        """Its undefined symbols but the weak ones, which may be missing."""
        texts = self._texts()
        versions = self._versions_of_symbols()
        return tuple(
            Symbol(_text(texts, name).decode(errors="replace"), versions.get(index, ""))
            for index, (name, binding, section) in enumerate(self._symbols())
            if name and section == 0 and binding != _WEAK
        )

    def names(self) -> frozenset[str]:
        """All names of its table of texts, defined or not, without those that end another's."""
        return frozenset(self._texts().decode("utf-8", "replace").split("\0"))

    def defines(self, names: Collection[str]) -> frozenset[str]:
        """Those of the names that are dynamic symbols defined in it."""
        texts, table = self._texts(), self._bytes(self._section(_SYMBOLS))
        return frozenset(one for one in names if self._is_defined(one.encode(), texts, table))

    def _is_defined(self, name: bytes, texts: bytes, table: bytes) -> bool:
        size, section = (24, 6) if self._wide else (16, 14)
        for place in _all(texts, name + b"\0"):
            for at in _all(table, struct.pack(self._order + "I", place)):
                if at % size == 0:
                    return table[at + section : at + section + 2] != b"\0\0"
        return False

    # ----------------------------------------------------------------------- versions

    def _versions_of_symbols(self) -> dict[int, str]:
        """The version that each symbol must have, by its place in the table."""
        names = {number: name for _library, name, number, _flags in self._needed_versions()}
        table = self._rows(self._section(_VERSIONS), "H", _MOST_SYMBOLS)
        numbers = struct.unpack(f"{self._order}{len(table) // 2}H", table)
        return {
            index: names[number & 0x7FFF]
            for index, number in enumerate(numbers)
            if number & 0x7FFF in names
        }

    def requires(self) -> tuple[tuple[str, str], ...]:
        """The versions that the loader insists on, and of which library."""
        return tuple(
            (library, name)
            for library, name, _number, flags in self._needed_versions()
            if not flags & _FLAG_WEAK
        )

    def _needed_versions(self) -> Iterator[tuple[str, str, int, int]]:
        """Library, version, number and flags, from the section .gnu.version_r."""
        section = self._section(_NEEDED)
        if section is None:
            return
        texts = self._linked(section)
        for at in self._chain(section.offset, section.info, "HHIII", 4):  # one for each library
            _version, number, file, aux, _next = self._unpack("HHIII", at)
            library = _text(texts, file).decode(errors="replace")
            for place in self._chain(at + aux, number, "IHHII", 4):
                _hash, flags, other, name, _next = self._unpack("IHHII", place)
                yield library, _text(texts, name).decode(errors="replace"), other, flags

    def offers(self) -> frozenset[str]:
        """The versions that .gnu.version_d defines, without the file's own name."""
        section = self._section(_DEFINED)
        if section is None:
            return frozenset()
        texts, found = self._linked(section), set()
        for at in self._chain(section.offset, section.info, "HHHHIII", 6):
            _version, flags, _index, _number, _hash, aux, _next = self._unpack("HHHHIII", at)
            if not flags & _FLAG_BASE:
                found.add(_text(texts, self._unpack("II", at + aux)[0]).decode(errors="replace"))
        return frozenset(found)

    def _chain(self, at: int, number: int, form: str, field: int) -> Iterator[int]:
        """The places of at most so many records, each of which says how far the next one is."""
        for _ in range(min(number, MOST_NAMES)):
            yield at
            step = self._unpack(form, at)[field]
            if step == 0:
                return
            at += step


def _text(table: bytes, at: int) -> bytes:
    end = table.find(b"\0", at, at + _LONGEST)
    return table[at : end if end >= 0 else at + _LONGEST]


def _all(data: bytes, part: bytes) -> Iterator[int]:
    at = data.find(part)
    while at >= 0:
        yield at
        at = data.find(part, at + 1)


def _folders(values: list[str]) -> tuple[str, ...]:
    return tuple(folder for value in values for folder in value.split(":") if folder)
