"""Whether what is installed can work, by its files; tests/proofs/test_states.py makes it fail."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sslfix.collect import soundness
from sslfix.collect.distributions import read
from sslfix.collect.interpreters import ask
from sslfix.model import Distribution

AARCH64 = (183).to_bytes(2, "little")
PIP = ("pip/__init__.py", "pip/_internal/cli/main.py", "pip/_vendor/certifi/core.py")


def installed(
    folder: Path, name: str, files: Sequence[str], tag: str = "py3-none-any"
) -> tuple[Distribution, ...]:
    """A distribution whose record names these files, which are to be made by the caller."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    pure = "true" if tag.endswith("any") else "false"
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {tag}\n")
    (info / "RECORD").write_text("".join(f"{one},sha256=x,3\n" for one in files))
    return read([str(folder)])


@pytest.mark.parametrize("odd", PIP)
@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (None, "its pip 1.0 is not whole: {} is missing"),
        ("", "its pip 1.0 is not whole: {} is cut short"),
        ("ab", "its pip 1.0 is not whole: {} is cut short"),
        ("abc", ""),
        ("abcd", ""),  # somebody changed it
    ],
)
def test_a_pip_that_is_not_as_its_record_says_is_named(
    tmp_path: Path, odd: str, text: str | None, failure: str
) -> None:
    found = installed(tmp_path, "pip", PIP)
    for one in PIP:
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        content = text if one == odd else "abc"
        if content is not None:
            (tmp_path / one).write_text(content)
    assert soundness.pip_failure(found) == failure.format(odd)


def test_a_pip_of_compiled_files_or_of_an_older_layout_is_whole(tmp_path: Path) -> None:
    found = installed(tmp_path, "pip", PIP[:2])
    for one in PIP[:2]:
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one).with_suffix(".pyc").touch()
    assert soundness.pip_failure(found) == ""


def module(path: Path, *, foreign: bool = False) -> None:
    """A real extension module under another name, as it is or for another processor."""
    (source,) = Path(ask(sys.executable).stdlib).glob("lib-dynload/_json.*.so")
    data = bytearray(source.read_bytes())
    if foreign:
        data[18:20] = AARCH64
    path.write_bytes(bytes(data))


needs_elf = pytest.mark.skipif(sys.platform != "linux", reason="the files are of Linux")
NATIVE = "cp39-cp39-manylinux_2_17_x86_64"


@needs_elf
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.cpython-39-x86_64-linux-gnu.so": False}, ""),
        ({"a.cpython-39-x86_64-linux-gnu.so": True}, "aarch64"),
        ({"a.abi3.so": True, "b.abi3.so": False}, "aarch64"),
        # One for each kind of machine, the right one among them; what is data and not a module.
        (
            {"a.cpython-39-aarch64-linux-gnu.so": True, "a.cpython-39-x86_64-linux-gnu.so": False},
            "",
        ),
        ({"libdata.so": True}, ""),
    ],
)
def test_modules_for_another_machine_are_seen(
    tmp_path: Path, files: dict[str, bool], expected: str
) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("the names are of x86_64")
    found = installed(tmp_path, "native", list(files), NATIVE)
    for name, foreign in files.items():
        module(tmp_path / name, foreign=foreign)
    seen = soundness.unloadable(found, sys.executable, os.environ)
    assert [(one.distribution, one.machine) for one in seen] == (
        [("native", expected)] if expected else []
    )


@needs_elf
def test_what_is_not_readable_says_nothing(tmp_path: Path) -> None:
    found = installed(tmp_path, "native", ["a.abi3.so", "b.abi3.so"], NATIVE)
    (tmp_path / "a.abi3.so").write_bytes(b"\x7fELF\2\1\1")
    assert soundness.unloadable(found, sys.executable, os.environ) == ()
    assert soundness.unloadable(found, str(tmp_path / "no/python"), os.environ) == ()


@needs_elf
def test_a_module_built_here_that_lacks_its_libssl_is_seen(tmp_path: Path) -> None:
    (source,) = Path(ask(sys.executable).stdlib).glob("lib-dynload/_ssl.*.so")
    data = source.read_bytes()
    if b"libssl.so.3\0" not in data:
        pytest.skip("needs a Python with OpenSSL 3 as a shared library")
    name = "native.abi3.so"
    found = installed(tmp_path, "native", [name], "cp39-cp39-linux_x86_64")
    (tmp_path / name).write_bytes(data.replace(b"libssl.so.3\0", b"libssl.so.9\0"))
    (one,) = soundness.unloadable(found, sys.executable, os.environ)
    assert one.error.startswith("ImportError: libssl.so.9: cannot open shared object file")
    shutil.copy(source, tmp_path / name)
    assert soundness.unloadable(found, sys.executable, os.environ) == ()


@needs_elf
def test_the_libraries_that_distributions_bring_are_listed() -> None:
    cryptography = pytest.importorskip("cryptography")
    folder = os.path.dirname(os.path.dirname(cryptography.__file__))
    asked = ask(sys.executable)._replace(distributions=read([folder]))
    assert any(
        one.startswith("cryptography: OpenSSL ")
        for one in soundness.other_libraries(asked, os.environ)
    )
    assert soundness.other_libraries(asked._replace(distributions=()), os.environ) == ()
