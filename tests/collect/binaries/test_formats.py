"""ELF, Mach-O and PE files are read as well-known readers read them, and hostile ones refused."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslfix.collect import binaries
from sslfix.collect.binaries import image, loader, ssl_module
from sslfix.collect.binaries.image import DAMAGE, Image
from sslfix.errors import ProbeError
from tests.collect.binaries import programs

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

# --------------------------------------------------------------------------- ELF


def libraries() -> list[str]:
    """Some of this machine's libraries, and this Python's extension modules."""
    folders = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib")
    found = [
        str(path)
        for folder in (*folders, Path(os.__file__).parent / "lib-dynload")
        for path in sorted(Path(folder).glob("*.so*"))
        if path.is_file() and path.read_bytes()[:4] == b"\x7fELF"
    ]
    named = [path for path in found if "ssl" in path or "crypto" in path or "libc.so" in path]
    return sorted({*found[:: max(1, len(found) // 12)], *named})


@pytest.mark.skipif(sys.platform != "linux", reason="needs ELF files")
def test_elf_files_are_read_as_pyelftools_reads_them() -> None:
    from elftools.elf.elffile import ELFFile

    paths = libraries()
    assert len(paths) > 10
    for path in paths:
        one = image.load(path)
        with open(path, "rb") as stream:
            file = ELFFile(stream)
            assert (one.needed, one.rpath, one.runpath) == dynamic(file), path
            versions = needed_versions(file)
            requires = tuple((row.library, row.name) for row in versions if not row.weak)
            assert one.requires() == requires, path
            assert one.offers() == offered(file), path
            wants, defined = symbols(file, {row.number: row.name for row in versions})
        assert one.wants() == wants, path
        assert one.defines([*defined, "no_such_symbol"]) == defined, path


class Needed(NamedTuple):
    library: str
    name: str
    number: int
    weak: bool


def dynamic(file: ELFFile) -> tuple[tuple[str, ...], ...]:
    from elftools.elf.dynamic import DynamicSection

    section = file.get_section_by_name(".dynamic")
    assert isinstance(section, DynamicSection)
    found: dict[str, list[str]] = {"needed": [], "rpath": [], "runpath": []}
    for tag in section.iter_tags():
        name = tag.entry.d_tag[len("DT_") :].lower() if isinstance(tag.entry.d_tag, str) else ""
        if name in found:
            found[name].append(getattr(tag, name))
    return tuple(found["needed"]), folders(found["rpath"]), folders(found["runpath"])


def folders(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(one for value in values for one in value.split(":") if one)


def needed_versions(file: ELFFile) -> list[Needed]:
    from elftools.elf.gnuversions import GNUVerNeedSection

    section = file.get_section_by_name(".gnu.version_r")
    return [
        Needed(str(library.name), str(one.name), one["vna_other"], bool(one["vna_flags"] & 2))
        for library, rows in (
            section.iter_versions() if isinstance(section, GNUVerNeedSection) else ()
        )
        for one in rows
    ]


def offered(file: ELFFile) -> frozenset[str]:
    from elftools.elf.gnuversions import GNUVerDefSection

    section = file.get_section_by_name(".gnu.version_d")
    rows = section.iter_versions() if isinstance(section, GNUVerDefSection) else ()
    return frozenset(str(next(names).name) for row, names in rows if not row["vd_flags"] & 1)


def symbols(
    file: ELFFile, versions: Mapping[int, str]
) -> tuple[tuple[image.Symbol, ...], set[str]]:
    from elftools.elf.gnuversions import GNUVerSymSection
    from elftools.elf.sections import SymbolTableSection

    table, numbers = (file.get_section_by_name(name) for name in (".dynsym", ".gnu.version"))
    assert isinstance(table, SymbolTableSection)
    wants, defined = [], set()
    for index, symbol in enumerate(table.iter_symbols()):
        if symbol["st_shndx"] != "SHN_UNDEF":
            defined.add(symbol.name)
        elif symbol.name and symbol["st_info"]["bind"] != "STB_WEAK":
            own = isinstance(numbers, GNUVerSymSection) and numbers.get_symbol(index)["ndx"]
            version = versions.get(own, "") if isinstance(own, int) else ""
            wants.append(image.Symbol(symbol.name, version))
    return tuple(wants), defined


# --------------------------------------------------------------------------- Mach-O


def test_macho_files_are_read_as_macholib_reads_them(tmp_path: Path) -> None:
    from macholib.MachO import MachO

    path = tmp_path / "_ssl.so"
    names = {"OpenSSL_version": False, "PyInit__ssl": True}
    needed = ("@rpath/libssl.3.dylib", "/usr/lib/libSystem.B.dylib")
    path.write_bytes(programs.macho(needed, ["@loader_path/../lib"], ["a text"], names))
    one = image.load(str(path))
    (header,) = MachO(str(path)).headers
    assert one.needed == tuple(name for _, _, name in header.walkRelocatables())
    assert one.needed == needed
    assert one.rpath == ("@loader_path/../lib",)
    assert (one.system, one.machine) == ("darwin", "arm64")
    assert one.wants() == (image.Symbol("OpenSSL_version"),)
    assert one.defines(("PyInit__ssl", "OpenSSL_version")) == {"PyInit__ssl"}
    assert one.holds(b"a text")


def test_of_a_universal_file_the_part_for_this_machine_counts(tmp_path: Path) -> None:
    cpus = {"x86_64": 0x1000007, "arm64": 0x100000C}
    own = os.uname().machine
    parts = [(cpu, programs.macho([name], cpu=cpu)) for name, cpu in cpus.items()]
    (tmp_path / "file").write_bytes(programs.universal(*parts))
    one = image.load(str(tmp_path / "file"))
    assert one.machine == own if own in cpus else "x86_64"
    assert one.needed == (one.machine,)


def mac_python(root: Path, libraries: Iterable[str]) -> Path:
    """python.org's kind of installation: the executable, the framework's library, and `_ssl`."""
    texts = ["3.12.4", "3.12"]
    stdlib = root / "lib/python3.12"
    (root / "bin").mkdir(parents=True)
    (stdlib / "lib-dynload").mkdir(parents=True)
    (stdlib / "os.py").touch()
    (stdlib / "ssl.py").write_text("from _ssl import HAS_SNI\n")
    (root / "Python").write_bytes(programs.macho(texts=texts))
    (root / "bin/python3.12").write_bytes(programs.macho(["@executable_path/../Python"]))
    module = programs.macho(libraries, ["@loader_path/../../"], ["HAS_SNI"])
    (stdlib / "lib-dynload/_ssl.cpython-312-darwin.so").write_bytes(module)
    return root / "bin/python3.12"


def test_a_python_of_macos(tmp_path: Path) -> None:
    executable = mac_python(tmp_path, ["@rpath/libssl.3.dylib", "@rpath/libcrypto.3.dylib"])
    (tmp_path / "lib/libssl.3.dylib").write_bytes(programs.macho())
    text = "OpenSSL 3.0.13 30 Jan 2024"
    (tmp_path / "lib/libcrypto.3.dylib").write_bytes(programs.macho(texts=[text]))
    read = binaries.read(str(executable), {})
    assert read.ssl is not None
    assert (read.version, read.ssl.raw, read.prefix) == ("3.12.4", text, str(tmp_path))
    assert [read.markers[name] for name in ("sys_platform", "platform_system", "os_name")] == [
        "darwin",
        "Darwin",
        "posix",
    ]
    (tmp_path / "lib/libssl.3.dylib").unlink()
    error = binaries.read(str(executable), {}).ssl_error
    assert error is not None
    assert error.startswith("ImportError: Library not loaded: @rpath/libssl.3.dylib\n")


def test_apples_own_library_is_in_no_file(tmp_path: Path) -> None:
    """Since version 11 macOS keeps its libraries in a cache."""
    executable = mac_python(tmp_path, ["/usr/lib/libssl.46.dylib", "/usr/lib/libcrypto.44.dylib"])
    read = binaries.read(str(executable), {})
    assert read.ssl is not None
    assert read.ssl.raw == "LibreSSL 2.8.3"


# --------------------------------------------------------------------------- PE


def test_a_python_of_windows(tmp_path: Path) -> None:
    for folder in ("Lib", "DLLs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "Lib/os.py").touch()
    (tmp_path / "Lib/ssl.py").write_text("from _ssl import HAS_SNI\n")
    (tmp_path / "python.exe").write_bytes(programs.pe({"python311.dll": ["Py_Main"]}))
    (tmp_path / "python311.dll").write_bytes(
        programs.pe({"KERNEL32.dll": ["Sleep"]}, ["3.11.9", "3.11"])
    )
    imports = {"libcrypto-3.dll": ["OpenSSL_version"], "libssl-3.dll": ["SSL_new"]}
    (tmp_path / "DLLs/_ssl.pyd").write_bytes(programs.pe(imports, ["HAS_SNI"]))
    (tmp_path / "DLLs/libssl-3.dll").write_bytes(programs.pe({}))
    text = "OpenSSL 3.0.13 30 Jan 2024"
    (tmp_path / "DLLs/LIBCRYPTO-3.dll").write_bytes(programs.pe({}, [text]))
    executable = str(tmp_path / "python.exe")
    read = binaries.read(executable, {})
    assert read.ssl is not None
    assert (read.version, read.ssl.raw, read.stdlib) == ("3.11.9", text, str(tmp_path / "Lib"))
    assert [read.markers[name] for name in ("sys_platform", "platform_machine", "os_name")] == [
        "win32",
        "AMD64",
        "nt",
    ]
    module = image.load(str(tmp_path / "DLLs/_ssl.pyd"))
    assert [one.name for one in module.wants()] == ["OpenSSL_version", "SSL_new"]
    (tmp_path / "DLLs/libssl-3.dll").unlink()
    assert binaries.read(executable, {}).ssl_error == (
        "ImportError: DLL load failed while importing _ssl: "
        "The specified module could not be found."
    )


def test_pe_files_are_read_as_pefile_reads_them(tmp_path: Path) -> None:
    import pefile

    imports = {"libssl-3.dll": ["SSL_new", "SSL_free"], "x.dll": ["Sleep"]}
    (tmp_path / "x.pyd").write_bytes(programs.pe(imports, ["a text"]))
    one, file = image.load(str(tmp_path / "x.pyd")), pefile.PE(str(tmp_path / "x.pyd"))
    said = {
        library.dll.decode(): [symbol.name.decode() for symbol in library.imports]
        for library in file.DIRECTORY_ENTRY_IMPORT
    }
    assert said == imports
    assert one.needed == tuple(said)
    assert [symbol.name for symbol in one.wants()] == [
        name for names in said.values() for name in names
    ]
    assert one.holds(b"a text")


# --------------------------------------------------------------------------- refused


def everything(path: str) -> None:
    """All that is ever read of a file; nothing but ProbeError may come out of it at the border."""
    try:
        one: Image = image.load(path)
        one.wants(), one.requires(), one.offers(), one.defines(("SSL_new",))
        ssl_module.built_for(one), ssl_module.text_of(one)
        loader.extend(loader.open_scope(one, {}), one, {})
    except (ProbeError, loader.LoadError, *DAMAGE):
        pass
    with contextlib.suppress(ProbeError):
        binaries.read(path, {})


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("samples")
    needed = programs.library(folder / "libssl.so.1.1", "OpenSSL 1", ["SSL_new"], "OPENSSL_1_1_0")
    source = (
        'const char *t[] = {"3.9.7", "3.9"}; int SSL_new(void); int f(void) {return SSL_new();}'
    )
    elf = programs.compiled(folder / "python3", source, str(needed), "-Wl,-rpath,/x")
    imports = {"libssl-3.dll": ["SSL_new"]}
    return [
        elf.read_bytes(),
        needed.read_bytes(),
        programs.macho(["a", "b"], ["c"], ["3.9.7"], {"SSL_new": False}),
        programs.universal((7, programs.macho(["a"]))),
        programs.pe(imports, ["3.9.7"]),
    ]


@settings(max_examples=400)
@given(st.data())
def test_damaged_files_are_refused_or_read(
    samples: list[bytes], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(whole) - 1) | st.integers(0, min(400, len(whole) - 1)))
        part = data.draw(
            st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\x7f\xff\xff\xff"]) | st.binary(max_size=8)
        )
        whole[at : at + len(part)] = part
    stop = data.draw(st.none() | st.integers(1, len(whole)))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(whole[:stop])
    everything(str(path))


@pytest.mark.parametrize("index", range(5))
def test_every_beginning_of_a_file_is_refused_or_read(
    samples: list[bytes], tmp_path: Path, index: int
) -> None:
    whole = samples[index]
    for stop in (*range(1, 200), *range(200, len(whole), len(whole) // 50)):
        (tmp_path / "cut").write_bytes(whole[:stop])
        everything(str(tmp_path / "cut"))


@pytest.mark.parametrize("index", range(5))
def test_a_file_of_many_gigabytes_takes_neither_time_nor_memory(
    samples: list[bytes], tmp_path: Path, index: int
) -> None:
    """With every number in its headers as large as can be; most of the file is a hole."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "huge"
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for at in range(0, 400, 4):
        stream = io.BytesIO(samples[index])
        stream.seek(at)
        stream.write((1 << 31).to_bytes(4, "little"))
        path.write_bytes(stream.getvalue())
        with open(path, "r+b") as file:
            file.truncate(1 << 33)
        everything(str(path))
    assert time.process_time() - start < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"#!/bin/sh\nexec python3\n", "is a script: which Python"),
        (b"text", "is no program that sslfix can read"),
        (b"\x7fELF", "is damaged: "),
        (b"MZ", "is damaged: "),
        (b"\xcf\xfa\xed\xfe", "is damaged: "),
    ],
)
def test_what_is_no_python_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "python").write_bytes(content)
    with pytest.raises(ProbeError, match=reason):
        binaries.read(str(tmp_path / "python"), {})


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("/no/such/python")
    os.mkfifo(tmp_path / "pipe")
    cases = {
        "missing": "does not exist",
        "dangling": "is a link to /no/such/python, which does not exist",
        "": "is a folder; expected the executable of a Python",
        "pipe": "is empty|cannot be read",
    }
    for name, reason in cases.items():
        with pytest.raises(ProbeError, match=reason):
            binaries.read(str(tmp_path / name), {})


def test_another_program_is_no_python() -> None:
    with pytest.raises(ProbeError, match="holds no version of Python"):
        binaries.read("/bin/sh", {})
