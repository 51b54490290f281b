"""Small programs and libraries, made by hand or by a C compiler, that nothing ever runs."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest


def _padded(data: bytes, size: int) -> bytes:
    return data + b"\0" * (-len(data) % size)


# --------------------------------------------------------------------------- Mach-O


def macho(
    needed: Iterable[str] = (),
    rpath: Iterable[str] = (),
    texts: Iterable[str] = (),
    symbols: Mapping[str, bool] | None = None,
    *,
    cpu: int = 0x100000C,
) -> bytes:
    """A 64-bit Mach-O library; `symbols` says of each name whether it is defined."""
    constants = b"\0".join(text.encode() for text in ("", *texts, ""))
    names, rows = b"\0", b""
    for name, defined in (symbols or {}).items():
        rows += struct.pack("<IBBHQ", len(names), 0x0F if defined else 0x01, int(defined), 0, 0)
        names += b"_" + name.encode() + b"\0"
    libraries = [_dylib(name) for name in needed]
    paths = [_command(0x8000001C, struct.pack("<I", 12) + one.encode() + b"\0") for one in rpath]
    size = sum(map(len, (*libraries, *paths))) + 72 + 80 + 24
    start = 32 + size
    section = struct.pack(
        "<16s16sQQ8I", b"__cstring", b"__TEXT", 0, len(constants), start, 0, 0, 0, 0, 0, 0, 0
    )
    segment = struct.pack(
        "<16sQQQQiiII", b"__TEXT", 0, len(constants), start, len(constants), 5, 5, 1, 0
    )
    table = start + len(constants)
    symtab = struct.pack("<IIII", table, len(rows) // 16, table + len(rows), len(names))
    commands = [*libraries, *paths, _command(0x19, segment + section), _command(2, symtab)]
    header = struct.pack("<IIIIIIII", 0xFEEDFACF, cpu, 0, 6, len(commands), size, 0, 0)
    return header + b"".join(commands) + constants + rows + names


def _command(kind: int, body: bytes) -> bytes:
    body = _padded(body, 8)
    return struct.pack("<II", kind, 8 + len(body)) + body


def _dylib(name: str) -> bytes:
    return _command(0xC, struct.pack("<IIII", 24, 0, 0, 0) + name.encode() + b"\0")


def universal(*parts: tuple[int, bytes]) -> bytes:
    """A universal Mach-O file of these parts, each with its processor."""
    head, body, at = struct.pack(">II", 0xCAFEBABE, len(parts)), b"", 4096
    for cpu, data in parts:
        head += struct.pack(">IIIII", cpu, 0, at + len(body), len(data), 12)
        body += _padded(data, 4096)
    return head.ljust(4096, b"\0") + body


# --------------------------------------------------------------------------- PE


def pe(imports: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> bytes:
    """A 64-bit PE library for x86-64: one section, .rdata, with imports and texts."""
    base, start = 0x1000, 0x200
    constants = b"\0".join(text.encode() for text in ("", *texts, ""))
    directory, rest = b"", _padded(constants, 8)
    size = 20 * (len(imports) + 1)
    for library, names in imports.items():
        thunks = b""
        for name in names:
            thunks += struct.pack("<Q", base + size + len(rest))
            rest += _padded(b"\0\0" + name.encode() + b"\0", 8)
        place, rest = len(rest), rest + thunks + b"\0" * 8
        directory += struct.pack(
            "<IIIII", base + size + place, 0, 0, base + size + len(rest), base + size + place
        )
        rest += _padded(library.encode() + b"\0", 8)
    section = _padded(directory + b"\0" * 20 + rest, 0x200)
    directories = struct.pack("<4I", 0, 0, base, size) + b"\0" * 8 * 14
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        0x20B, 14, 0, 0, len(section), 0, 0, 0, 0x180000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0,
        0, 0x1000 + len(section), 0x200, 0, 3, 0, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16,
    )  # fmt: skip
    optional += directories
    file = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, len(optional), 0x2022)
    row = struct.pack(
        "<8sIIIIIIHHI", b".rdata", len(section), base, len(section), start, 0, 0, 0, 0, 0x40000040
    )
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    return (dos + b"PE\0\0" + file + optional + row).ljust(start, b"\0") + section


# --------------------------------------------------------------------------- ELF


def compiled(path: Path, source: str, *options: str) -> Path:
    """A shared library from C, with what the linker is told; skips the test without a compiler."""
    cc = shutil.which("cc")
    if cc is None:
        pytest.skip("needs a C compiler (cc)")
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [cc, "-shared", "-fPIC", "-w", "-x", "c", "-", "-x", "none", "-o", str(path)]
    subprocess.run([*command, *options], input=source.encode(), check=True)
    return path


def library(path: Path, text: str, functions: Iterable[str], version: str = "") -> Path:
    """A shared library that has these functions, of a version of symbols, and holds a text."""
    source = f'const char SSL_version_str[] = "{text}";\n'
    source += "".join(f"int {name}(void) {{ return 0; }}\n" for name in functions)
    options = [f"-Wl,-soname,{path.name}"]
    if version:
        script = path.parent / "symbols"
        script.parent.mkdir(parents=True, exist_ok=True)
        names = " ".join(f"{name};" for name in functions)
        script.write_text(f"{version} {{ global: {names} local: *; }};")
        options.append(f"-Wl,--version-script={script}")
    return compiled(path, source, *options)
