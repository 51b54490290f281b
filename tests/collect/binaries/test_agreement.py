"""What is read from an interpreter's files is what it says of itself."""

from __future__ import annotations

import glob
import os
import shutil
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import binaries, probe
from sslfix.model import SslLibrary
from tests.collect import bases
from tests.collect.binaries import programs
from tests.conftest import REAL_HOME, run

Python = Callable[[str], str]

# Of a base interpreter nothing is installed for the project, and Debian's names folders that are
# not there.
FIELDS = sorted({*probe.Answer.__annotations__} - {"source", "site_packages"})
EVERY = sorted(
    {
        *glob.glob(str(REAL_HOME / ".pyenv/versions/*/bin/python")),
        *glob.glob(str(REAL_HOME / ".local/share/uv/python/*/bin/python")),
        *glob.glob("/usr/bin/python[23]"),
        *glob.glob("/usr/bin/python[23].[0-9]*[0-9]"),
        *glob.glob("/usr/local/bin/python[23].[0-9]*[0-9]"),
        *glob.glob("/usr/bin/pypy3"),
        sys.executable,
    }
)


def agreed(executable: str | Path, variables: dict[str, str] | None = None) -> probe.Answer:
    """The answer read from the files, which is compared with the interpreter's own."""
    environ = dict(os.environ) if variables is None else variables
    asked = probe.answer(str(executable), variables=environ)
    read = binaries.answer(str(executable), environ)
    assert {name: read[name] for name in FIELDS} == {name: asked[name] for name in FIELDS}  # type: ignore[literal-required]
    return read


@pytest.mark.parametrize("executable", EVERY)
def test_reading_agrees_with_asking(executable: str) -> None:
    assert agreed(executable)["source"] == "binary"


@pytest.mark.proof
@pytest.mark.network
def test_reading_agrees_with_debians_pypy(tmp_path: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("needs Debian")
    done = run("apt-get", "download", "pypy3", "pypy3-lib", cwd=tmp_path)
    packages = list(tmp_path.glob("*.deb"))
    if done.returncode or len(packages) != 2:
        pytest.skip("Debian's packages cannot be reached")
    for package in packages:
        assert run("dpkg", "-x", package, tmp_path / "root").returncode == 0
    (library,) = (tmp_path / "root/usr/lib").glob("*/libpypy3*.so")
    variables = {**os.environ, "LD_LIBRARY_PATH": str(library.parent)}
    read = agreed(tmp_path / "root/usr/bin/pypy3", variables)
    assert (read["implementation"], read["markers"]["implementation_version"][:2]) == ("pypy", "7.")


@pytest.mark.parametrize("version", ["3.6", "3.9", "3.11", "3.13"])
@pytest.mark.parametrize("option", ["--symlinks", "--copies"])
def test_reading_agrees_in_environments(
    python: Python, tmp_path: Path, version: str, option: str
) -> None:
    root = bases.make(tmp_path / "env", python(version), option)
    read = agreed(root / "bin/python")
    assert (read["prefix"], read["version"][:3]) == (str(root), version[:3])
    assert [one for one in read["site_packages"] if os.path.isdir(one)] == [
        str(root / f"lib/python{version}/site-packages")
    ]


def test_reading_agrees_in_an_environment_of_an_old_virtualenv(
    python: Python, tmp_path: Path
) -> None:
    """Without pyvenv.cfg, with a part of the standard library, as virtualenv < 20 makes them."""
    base = probe.ask(python("3.9"))
    root = tmp_path / "env"
    executable = bases.install(root, base)
    (root / "lib/python3.9/orig-prefix.txt").write_text(base.prefix)
    assert agreed(executable)["base_prefix"] == base.prefix


def test_a_copied_executable_tells_its_own_release(tmp_path: Path) -> None:
    """pyvenv.cfg goes on saying what it was made with, and so does the copy."""
    old, new = bases.two_releases()
    minor = old.version.rpartition(".")[0]
    executable = bases.install(tmp_path / "base", old)
    root = bases.make(tmp_path / "env", executable, "--copies")
    bases.install(tmp_path / "base", new)
    (root / "pyvenv.cfg").write_text(
        (root / "pyvenv.cfg").read_text().replace(f"version = {old.version}", "version = 3.0.1")
    )
    assert agreed(root / "bin" / f"python{minor}")["version"] == old.version


def test_a_name_that_ssl_takes_and_the_extension_lacks(python: Python, tmp_path: Path) -> None:
    for version in ("3.6", "3.9", "3.13"):
        executable = bases.install(tmp_path / version, probe.ask(python(version)))
        bases.require_new_name(tmp_path / version, "HAS_TLSv1_4")
        # Asked, it is thorough because the executable is a copy in an environment.
        root = bases.make(tmp_path / f"env{version}", executable, "--copies")
        error = agreed(root / "bin/python")["ssl_error"]
        assert error is not None
        assert error.startswith("ImportError: cannot import name 'HAS_TLSv1_4'")


def test_the_running_interpreter_may_differ(
    python: Python, pretend: Callable[[str], dict[str, str]]
) -> None:
    variables = pretend("LibreSSL 2.8.3")
    read = binaries.read(python("3.9"), variables)
    asked = probe.ask(python("3.9"), variables=variables)
    assert binaries.differs(asked, asked._replace(source="binary")) is None
    assert read.ssl is not None
    assert binaries.differs(asked, read) == (
        f"it says LibreSSL 2.8.3, but its files are those of {read.ssl.raw}"
    )
    assert "cpython 3.9.1, but" in str(binaries.differs(asked._replace(version="3.9.1"), read))
    broken = asked._replace(ssl=None, ssl_error="ImportError: x")
    assert "no SSL library (ImportError: x)" in str(binaries.differs(broken, read))


# --------------------------------------------------------------------------- linked in


def static_python(root: Path, python: str, ssl: str) -> Path:
    """A program that has the signs of a Python with all linked in, as uv's and old ones."""
    library = root / "lib/python3.9"
    library.mkdir(parents=True)
    for name in ("os.py", "ssl.py"):
        (library / name).write_text("")
    source = (
        f'const char *texts[] = {{"{python}", "{python.rpartition(".")[0]}", "{ssl}", "3.45.1"}};'
        "void PyInit__ssl(void) {}"
    )
    return programs.compiled(root / "bin/python3", source)


def test_what_is_linked_into_the_executable(tmp_path: Path) -> None:
    executable = static_python(tmp_path, "3.9.7", "OpenSSL 1.1.1w  11 Sep 2023")
    read = binaries.read(str(executable), {})
    assert read.version == "3.9.7"
    assert read.ssl == SslLibrary("OpenSSL", "1.1.1w", "OpenSSL 1.1.1w  11 Sep 2023")
    assert binaries.binary(str(executable), {}).ssl.built_in
    assert read.stdlib == str(tmp_path / "lib/python3.9")


def test_an_extension_that_takes_a_name_in_an_executable_without_it(tmp_path: Path) -> None:
    executable = static_python(tmp_path, "3.6.2", "OpenSSL 1.0.2k-fips  26 Jan 2017")
    shutil.move(tmp_path / "lib/python3.9", tmp_path / "lib/python3.6")
    (tmp_path / "lib/python3.6/ssl.py").write_text("from _ssl import HAS_TLSv1_3 # new\n")
    read = binaries.read(str(executable), {})
    assert (read.ssl, read.ssl_error) == (None, "ImportError: cannot import name 'HAS_TLSv1_3'")
