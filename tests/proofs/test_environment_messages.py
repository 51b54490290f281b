"""The words of loaders and shells, made for real, and the page that explains each."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix import rules
from sslfix.explain import explain
from tests.conftest import run

pytestmark = pytest.mark.proof

EXTENSION = """
#include <Python.h>
#ifdef WANTED
extern int WANTED(void);
#endif
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_ssl", 0, -1, 0};
PyMODINIT_FUNC PyInit__ssl(void) {
#ifdef WANTED
    WANTED();
#endif
    return PyModule_Create(&module);
}
"""
FUNCTION = "int SSL_made_up(void) { return 1; }\n"


def first(text: str) -> str:
    """The rule that explains what was printed."""
    matches = explain(text, rules.load())
    return matches[0].rule.id if matches else ""


@pytest.fixture
def compiler(tmp_path: Path) -> Callable[..., None]:
    """`compiler("-o", "libx.so", source="...")` compiles in the test's folder."""
    found = shutil.which("cc") or pytest.skip("needs a C compiler")

    def compiled(*options: str, source: str) -> None:
        (tmp_path / "source.c").write_text(source)
        command = [found, "-x", "c", "source.c", "-x", "none", *options]
        subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)

    return compiled


def imported(python: str, name: str, folder: Path) -> str:
    """What an interpreter prints that imports a module, which may come from that folder."""
    done = run(python, "-c", f"import {name}", env={"PYTHONPATH": str(folder)})
    return done.stderr


def include(python: str) -> str:
    return run(
        python, "-c", "import sysconfig; print(sysconfig.get_paths()['include'])"
    ).stdout.strip()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_whose_interpreter_is_gone(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    script = tmp_path / "bin" / "pip"
    script.parent.mkdir()
    script.write_text("#!/gone/venv/bin/python3.9\n")
    script.chmod(0o755)
    done = run(shell, "-c", f"{script}; true", env={})
    assert first(done.stderr) == "SSL505", done.stderr
    assert first(done.stderr.replace("/gone/venv/bin/python3.9", "/bin/perl")) != "SSL505" or (
        "required file not found" in done.stderr
    )


def test_a_libpython_that_is_gone(compiler: Callable[..., None], tmp_path: Path) -> None:
    compiler("-shared", "-fPIC", "-o", "libpython3.99.so.1.0", source="int answer = 42;")
    library = str(tmp_path / "libpython3.99.so.1.0")
    program = "extern int answer; int main(void) { return answer - 42; }"
    compiler("-o", "python3.99", library, f"-Wl,-rpath,{tmp_path}", source=program)
    assert run(tmp_path / "python3.99").returncode == 0
    Path(library).unlink()
    done = run(tmp_path / "python3.99")
    assert first(done.stderr) == "SSL507", done.stderr


def test_an_ssl_extension_whose_library_is_gone(
    compiler: Callable[..., None], python: Callable[[str], str], tmp_path: Path
) -> None:
    one = python("3.11")
    soname = "-Wl,-soname,libssl.so.1.1"
    compiler("-shared", "-fPIC", "-o", "libssl.so.1.1", soname, source=FUNCTION)
    options = ("-shared", "-fPIC", f"-I{include(one)}", "-DWANTED=SSL_made_up")
    search = f"-Wl,-rpath,{tmp_path}"
    compiler(*options, "-o", "_ssl.so", "libssl.so.1.1", search, source=EXTENSION)
    assert imported(one, "_ssl", tmp_path) == ""
    (tmp_path / "libssl.so.1.1").unlink()
    printed = imported(one, "ssl", tmp_path)
    assert first(printed) == "SSL509", printed


def test_an_ssl_library_without_what_is_wanted(
    compiler: Callable[..., None], python: Callable[[str], str], tmp_path: Path
) -> None:
    one = python("3.11")
    (tmp_path / "new.map").write_text("OPENSSL_9.9.0 { global: *; };\n")
    library = ("-shared", "-fPIC", "-o", "libssl.so.3", "-Wl,-soname,libssl.so.3")
    options = ("-shared", "-fPIC", f"-I{include(one)}", "-DWANTED=SSL_made_up")
    compiler(*library, "-Wl,--version-script=new.map", source=FUNCTION)
    search = f"-Wl,-rpath,{tmp_path}"
    compiler(*options, "-o", "_ssl.so", "libssl.so.3", search, source=EXTENSION)
    assert imported(one, "_ssl", tmp_path) == ""
    (tmp_path / "old.map").write_text("OPENSSL_3.0.0 { global: *; };\n")
    compiler(*library, "-Wl,--version-script=old.map", source=FUNCTION)
    printed = imported(one, "ssl", tmp_path)
    assert "version `OPENSSL_9.9.0' not found" in printed
    assert first(printed) == "SSL511", printed
    compiler(*options, "-o", "_ssl.so", source=EXTENSION)
    printed = imported(one, "ssl", tmp_path)
    assert "undefined symbol: SSL_made_up" in printed
    assert first(printed) == "SSL511", printed


def test_a_hashlib_that_lost_its_openssl(python: Callable[[str], str], tmp_path: Path) -> None:
    one = python("2.7")
    assert imported(one, "hashlib", tmp_path) == ""
    for name in ("_hashlib", "_md5", "_sha", "_sha256", "_sha512"):  # Homebrew built only the first
        (tmp_path / f"{name}.py").write_text("raise ImportError\n")
    printed = imported(one, "hashlib", tmp_path)
    assert first(printed) == "SSL521", printed
