"""Libraries are found, and missed, as the loader itself does it."""

from __future__ import annotations

import os
import re
import shutil
import struct
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import binaries, probe
from sslfix.collect.binaries import image, loader, ssl_module
from sslfix.errors import ProbeError
from tests.collect import bases
from tests.collect.binaries import programs
from tests.conftest import run

Python = Callable[[str], str]
USES = "int SSL_new(void); int use(void) { return SSL_new(); } int PyInit__ssl(void) { return 0; }"


@pytest.fixture
def base(python: Python, tmp_path: Path) -> tuple[str, Path]:
    """A Python of its own, and the place of its `_ssl`, which is not there."""
    executable = bases.install(tmp_path / "base", probe.ask(python("3.9")))
    dynload = tmp_path / "base/lib/python3.9/lib-dynload"
    real = dynload.resolve()
    dynload.unlink()
    dynload.mkdir()
    for module in real.iterdir():
        if not module.name.startswith("_ssl"):
            (dynload / module.name).symlink_to(module)
    return executable, dynload / "_ssl.cpython-39-x86_64-linux-gnu.so"


def both(executable: str, variables: dict[str, str] | None = None) -> str | None:
    """Why `import ssl` fails, in the words of both."""
    environ = dict(os.environ) if variables is None else {**os.environ, **variables}
    asked = probe.ask(executable, variables=environ)
    read = binaries.read(executable, environ)
    assert read.ssl_error == asked.ssl_error
    return read.ssl_error


def test_no_extension(base: tuple[str, Path]) -> None:
    assert both(base[0]) == "ModuleNotFoundError: No module named '_ssl'"


def test_a_library_that_is_gone(base: tuple[str, Path], tmp_path: Path) -> None:
    library = programs.library(tmp_path / "old/libssl.so.1.1", "", ["SSL_new"])
    programs.compiled(base[1], USES, str(library))
    assert both(base[0]) == (
        "ImportError: libssl.so.1.1: cannot open shared object file: No such file or directory"
    )


def test_a_library_without_the_version_of_its_symbols(
    base: tuple[str, Path], tmp_path: Path
) -> None:
    """The files of OpenSSL 1.1.0 and 1.1.1 are called the same."""
    old, new = tmp_path / "old/libssl.so.1.1", tmp_path / "new/libssl.so.1.1"
    programs.library(old, "OpenSSL 1.1.0l  10 Sep 2019", ["SSL_new"], "OPENSSL_1_1_0")
    programs.library(new, "OpenSSL 1.1.1w  11 Sep 2023", ["SSL_new"], "OPENSSL_1_1_1")
    programs.compiled(base[1], USES, str(new))
    error = both(base[0], {"LD_LIBRARY_PATH": str(old.parent)})
    assert error == (
        f"ImportError: {old}: version `OPENSSL_1_1_1' not found (required by {base[1]})"
    )


@pytest.mark.parametrize("version", ["", "OPENSSL_1_1_0"])
def test_a_library_without_a_symbol(base: tuple[str, Path], tmp_path: Path, version: str) -> None:
    library = tmp_path / "lib/libssl.so.1.1"
    programs.library(library, "", ["SSL_new"], version)
    programs.compiled(base[1], USES, str(library))
    # The name that is missing ends another one, as linkers like to have it.
    programs.library(library, "", ["MY_SSL_new"], version)
    error = both(base[0], {"LD_LIBRARY_PATH": str(library.parent)})
    assert error is not None
    assert error.startswith(f"ImportError: {base[1]}: undefined symbol: SSL_new")


def test_a_library_that_another_library_lacks(base: tuple[str, Path], tmp_path: Path) -> None:
    crypto = programs.library(tmp_path / "gone/libcrypto.so.1.1", "", ["CRYPTO_free"])
    source = "int CRYPTO_free(void); int SSL_new(void) { return CRYPTO_free(); }"
    options = (str(crypto), "-Wl,-soname,libssl.so.1.1")
    library = programs.compiled(tmp_path / "lib/libssl.so.1.1", source, *options)
    programs.compiled(base[1], USES, str(library), "-Wl,--allow-shlib-undefined")
    error = both(base[0], {"LD_LIBRARY_PATH": str(library.parent)})
    assert error is not None
    assert error.startswith("ImportError: libcrypto.so.1.1: cannot open shared object file")


def test_a_library_for_another_processor_is_passed_over(
    base: tuple[str, Path], tmp_path: Path
) -> None:
    library = programs.library(tmp_path / "good/libssl.so.9", "OpenSSL 9.9.9", ["SSL_new"])
    foreign = tmp_path / "bad/libssl.so.9"
    foreign.parent.mkdir()
    data = bytearray(library.read_bytes())
    data[18:20] = b"\xb7\0"
    foreign.write_bytes(data)
    module = programs.compiled(base[1], USES, str(library))
    program = image.load(base[0])
    environ = {"LD_LIBRARY_PATH": f"{foreign.parent}:{library.parent}"}
    scope = loader.open_scope(program, environ)
    assert loader.extend(scope, image.load(str(module)), environ).path("libssl.so.9") == str(
        library
    )


@pytest.mark.parametrize(
    ("options", "variable", "expected"),
    [
        ("-Wl,--disable-new-dtags,-rpath,$ORIGIN/../near", "", "near"),
        ("-Wl,--disable-new-dtags,-rpath,$ORIGIN/../near", "far", "near"),  # DT_RPATH comes first
        ("-Wl,--enable-new-dtags,-rpath,${ORIGIN}/../near", "", "near"),
        ("-Wl,--enable-new-dtags,-rpath,$ORIGIN/../near", "far", "far"),  # DT_RUNPATH last
        ("-Wl,--enable-new-dtags,-rpath,$ORIGIN/../none", "none:far", "far"),
    ],
)
def test_the_order_of_the_search(
    base: tuple[str, Path], tmp_path: Path, options: str, variable: str, expected: str
) -> None:
    for name in ("near", "far"):
        programs.library(tmp_path / name / "libssl.so.9", f"OpenSSL 9.9.9-{name}", ["SSL_new"])
    module = programs.compiled(
        tmp_path / "module/_ssl.so", USES, str(tmp_path / "near/libssl.so.9"), options
    )
    folders = [str(tmp_path / one) for one in variable.split(":") if one]
    environ = {"LD_LIBRARY_PATH": ":".join(folders)}
    scope = loader.open_scope(image.load(base[0]), environ)
    found = loader.extend(scope, image.load(str(module)), environ).path("libssl.so.9")
    assert os.path.realpath(found) == str(tmp_path / expected / "libssl.so.9")
    listed = run("ldd", module, env={**os.environ, **environ}).stdout
    said = re.search(r"libssl\.so\.9 => (\S+)", listed)
    assert said is not None
    assert os.path.realpath(said[1]) == os.path.realpath(found)


def test_musl_looks_elsewhere_and_says_it_otherwise(base: tuple[str, Path], tmp_path: Path) -> None:
    """LD_LIBRARY_PATH comes before any rpath there, and no cache after it."""
    for name in ("near", "far"):
        programs.library(tmp_path / name / "libssl.so.9", "OpenSSL 9.9.9", ["SSL_new"])
    module = programs.compiled(
        base[1], USES, str(tmp_path / "near/libssl.so.9"), f"-Wl,-rpath,{tmp_path}/near"
    )
    scope = loader.open_scope(image.load(base[0]), {})
    scope.images[0].loader = "/lib/ld-musl-x86_64.so.1"
    environ = {"LD_LIBRARY_PATH": f"{tmp_path}/far"}
    found = loader.extend(scope, image.load(str(module)), environ)
    assert found.path("libssl.so.9") == f"{tmp_path}/far/libssl.so.9"
    shutil.rmtree(tmp_path / "near")
    with pytest.raises(
        loader.LoadError, match=r"Error loading shared library libssl\.so\.9: No such"
    ):
        loader.extend(scope, image.load(str(module)), {})


@pytest.mark.parametrize(
    ("function", "version", "expected"),
    [
        ("SSLeay", "", "1.0.2"),
        ("OpenSSL_version", "", "LibreSSL"),
        ("OpenSSL_version", "OPENSSL_1_1_0", "1.1.0"),
        ("OpenSSL_version", "OPENSSL_1_1_1", "1.1.1"),
        ("OpenSSL_version", "OPENSSL_3.0.0", "3"),
        ("SSL_new", "", ""),
    ],
)
def test_what_an_extension_was_built_for(
    tmp_path: Path, function: str, version: str, expected: str
) -> None:
    library = programs.library(tmp_path / "libssl.so.9", "", [function], version)
    source = f"int {function}(void); int use(void) {{ return {function}(); }}"
    module = programs.compiled(tmp_path / "_ssl.so", source, str(library))
    assert ssl_module.built_for(image.load(str(module))) == expected


def test_the_text_that_ends_another_one_is_found(tmp_path: Path) -> None:
    """OpenSSL 1.0.2 has it so: the linker keeps one of the two."""
    text = "OpenSSL 1.0.2u  20 Dec 2019"
    source = f'const char *part = "SSLv3 part of {text}"; const char *whole = "{text}";'
    module = programs.compiled(tmp_path / "libcrypto.so.1.0.0", source, "-O2", "-Wl,-O2")
    assert ssl_module.text_of(image.load(str(module))) == text


@pytest.mark.parametrize(
    "text",
    [
        "LibreSSL 3.3.6",
        "OpenSSL 0.9.8e-fips-rhel5 01 Jul 2008",
        "OpenSSL 1.0.2k-fips  26 Jan 2017",
        "OpenSSL 1.1.1 (compatible; AWS-LC 1.29.0)",
        "OpenSSL 1.1.1k  FIPS 25 Mar 2021",
        "OpenSSL 3.0.0-alpha1 23 Apr 2020",
        "OpenSSL 3.6.0-dev ",
    ],
)
def test_the_text_of_every_library_is_found_among_others(tmp_path: Path, text: str) -> None:
    others = ("OpenSSL 1.0.1 or later", "OpenSSL error %d", "OpenSSL 3.0 is needed")
    listed = ", ".join(f'"{one}"' for one in (*others, text))
    module = programs.compiled(tmp_path / "x.so", f"const char *texts[] = {{{listed}}};")
    assert ssl_module.text_of(image.load(str(module))) == text


def test_the_cache_of_ldconfig(tmp_path: Path) -> None:
    ldconfig = shutil.which("ldconfig") or "/sbin/ldconfig"
    if not (os.path.exists(loader.CACHE) and os.path.exists(ldconfig)):
        pytest.skip("needs glibc's ldconfig")
    with open(loader.CACHE, "rb") as file:
        data = file.read()
    said: dict[str, list[str]] = {}
    for line in run(ldconfig, "-p").stdout.splitlines():
        found = re.fullmatch(r"\s+(\S+) \(.*\) => (\S+)", line)
        if found:
            said.setdefault(found[1], []).append(found[2])
    assert len(said) > 20
    for name, paths in said.items():
        assert sorted(loader.cached(data, name)) == sorted(paths)
    assert loader.cached(data, "no-such-library.so") == []
    # Beside the old table, as glibc before 2.32 wrote it.
    name = next(iter(said))
    old = b"ld.so-1.7.0\0" + (0).to_bytes(4, "little")
    assert loader.cached(old + data, name) == loader.cached(data, name)


def test_a_damaged_cache_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"glibc-ld.so.cache1.1"
    entry = struct.pack("=iIIIQ", 3, 72, 1 << 30, 0, 0)
    for broken in (b"", head, head + b"\xff" * 100, head.ljust(100, b"\1") + entry):
        (tmp_path / "cache").write_bytes(broken)
        monkeypatch.setattr(loader, "CACHE", str(tmp_path / "cache"))
        assert loader._cached("libssl.so.3") == []


def test_a_program_without_its_libpython_says_so(python: Python, tmp_path: Path) -> None:
    executable = python("3.9")
    program = image.load(os.path.realpath(executable))
    if not any(name.startswith("libpython") for name in program.needed):
        pytest.skip("needs a Python with a shared libpython")
    data = Path(executable).read_bytes().replace(b"libpython3.9.so", b"libpython3.9.xx")
    copy = tmp_path / "bin/python3.9"
    copy.parent.mkdir()
    copy.write_bytes(data)
    with pytest.raises(ProbeError, match=r"cannot start: libpython3\.9\.xx\.1\.0: cannot"):
        binaries.read(str(copy), {})
