"""The SSL libraries that wheels bring, link in, or lack."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import binaries
from sslfix.collect.binaries import bundled, image, loader
from sslfix.collect.binaries.bundled import Extension
from tests.collect.binaries import programs
from tests.conftest import index_url, run

Python = Callable[[str], str]
NEEDS = "int SSL_new(void); int use(void) { return SSL_new(); }"


@pytest.fixture
def scope(python: Python) -> loader.Scope:
    return loader.open_scope(image.load(python("3.9")), {})


def only(folder: Path, scope: loader.Scope) -> Extension:
    (found,) = bundled.bundled([str(folder)], scope, {})
    return found


def test_a_library_that_comes_with_the_wheel(tmp_path: Path, scope: loader.Scope) -> None:
    """As auditwheel does it: the module needs libpq, which needs libssl, both with a hash."""
    libs, text = tmp_path / "psycopg2_binary.libs", "OpenSSL 1.0.2k  26 Jan 2017"
    ssl = programs.library(libs / "libssl-cdf7ba29.so.1.0.2k", text, ["SSL_new"])
    options = ("-Wl,-soname,libpq-1.so.5", "-Wl,-rpath,$ORIGIN")
    pq = programs.compiled(
        libs / "libpq-1.so.5", NEEDS + "int PQconnect(void) { return 0; }", str(ssl), *options
    )
    source = "int PQconnect(void); int use(void) { return PQconnect(); }"
    rpath = "-Wl,-rpath,$ORIGIN/../psycopg2_binary.libs"
    programs.compiled(
        tmp_path / "psycopg2/_psycopg.so", source, str(pq), rpath, f"-Wl,-rpath-link,{libs}"
    )
    found = only(tmp_path, scope)
    assert (found.package, found.bundled, found.raw, found.error) == ("psycopg2", True, text, "")
    assert [one.name for one in found.libraries] == [ssl.name]
    assert bundled.apart([found], []) == (found,)
    assert bundled.apart([found], found.libraries) == ()


def test_a_library_that_is_linked_in(tmp_path: Path, scope: loader.Scope) -> None:
    text = "OpenSSL 3.2.1 30 Jan 2024"
    programs.compiled(tmp_path / "cryptography/_rust.abi3.so", f'const char *t = "{text}";')
    found = only(tmp_path, scope)
    assert (found.package, found.bundled, found.raw, found.libraries) == (
        "cryptography",
        True,
        text,
        (),
    )
    assert bundled.apart([found], []) == (found,)


def test_a_library_that_is_gone(tmp_path: Path, scope: loader.Scope) -> None:
    gone = programs.library(
        tmp_path / "old/libssl.so.1.1", "OpenSSL 1.1.1w", ["SSL_new"], "OPENSSL_1_1_1"
    )
    site = tmp_path / "site"
    programs.compiled(site / "pycurl.cpython-39-x86_64-linux-gnu.so", NEEDS, str(gone))
    found = only(site, scope)
    assert (found.package, found.built_for, found.raw) == ("pycurl", "1.1.1", "")
    assert found.error == (
        "ImportError: libssl.so.1.1: cannot open shared object file: No such file or directory"
    )
    assert bundled.apart([found], []) == ()


def test_the_library_of_the_system_is_shared(tmp_path: Path, python: Python) -> None:
    """An extension module that was built on this machine loads what `_ssl` loads."""
    found = binaries.binary(python("3.9"), {})
    crypto = next((one for one in found.ssl.libraries if "crypto" in one.name), None)
    if crypto is None:
        pytest.skip("needs a Python that loads its SSL library")
    source = (
        "const char *OpenSSL_version(int); const char *use(void) { return OpenSSL_version(0); }"
    )
    programs.compiled(tmp_path / "M2Crypto/_m2crypto.so", source, crypto.path)
    one = only(tmp_path, found.scope)
    assert (one.bundled, one.raw, one.error) == (False, found.ssl.raw, "")
    assert bundled.apart([one], found.ssl.libraries) == ()


def test_what_has_nothing_to_do_with_ssl_is_passed_over(
    tmp_path: Path, scope: loader.Scope
) -> None:
    lost = programs.library(tmp_path / "old/libcuda.so.1", "", ["cuInit"])
    site = tmp_path / "site"
    programs.compiled(site / "plain.so", "int f(void) { return 0; }")
    programs.compiled(
        site / "gpu.so", "int cuInit(void); int f(void) {return cuInit();}", str(lost)
    )
    (site / "broken.so").write_bytes(b"\x7fELF\x02\x01")
    (site / "text.so").write_text("no library")
    (site / "gone.so").symlink_to("/no/such/file")
    assert bundled.bundled([str(site), str(tmp_path / "none")], scope, {}) == ()


@pytest.mark.proof
@pytest.mark.network
def test_real_wheels(tmp_path: Path, python: Python) -> None:
    site, platform = tmp_path / "site", "manylinux2014_x86_64"
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    wheels = ("psycopg2-binary==2.9.9", "cryptography==42.0.5", "idna==3.6")
    options = (
        "--only-binary=:all:",
        "--platform",
        platform,
        "--python-version",
        "3.9",
        "--no-deps",
    )
    command = (sys.executable, "-m", "pip", "install", "-q", "-i", index_url(), "--target", site)
    done = run(*command, *options, *wheels)
    assert done.returncode == 0, done.stderr
    found = binaries.binary(python("3.9"), {})
    begun = time.process_time()
    extensions = bundled.bundled([str(site)], found.scope, {})
    assert time.process_time() - begun < 2
    said = {one.package: one.raw for one in bundled.apart(extensions, found.ssl.libraries)}
    assert said == {
        "psycopg2": "OpenSSL 1.1.1w  11 Sep 2023",
        "cryptography": "OpenSSL 3.2.1 30 Jan 2024",
    }
