"""Hashes of hand-written pins, asked of the real index by uv and by pip: both say the same."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix import formats
from sslfix.apply import hashes, installers
from sslfix.errors import ApplyError
from sslfix.formats.text import decode
from sslfix.model import DependencyFile, Interpreter, SslLibrary
from tests.conftest import run

pytestmark = [pytest.mark.proof, pytest.mark.network]

OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
PINS = """\
urllib3==2.2.3 \\
    --hash={algorithm}:{zeros}
idna==3.7 --hash=sha256:82fee1fc78add43492d3a1898bfa6d8a904cc97d8427f683ed8e798d07761aa0
"""


def without(name: str) -> str:
    """PATH without the folders that hold a program of that name."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(one for one in folders if not os.path.exists(os.path.join(one, name)))


def read(path: Path) -> DependencyFile:
    format_ = formats.by_name("requirements.txt")
    assert format_ is not None
    return format_.read(decode(str(path), path.read_bytes()))


@pytest.mark.parametrize(
    ("requirement", "python"),
    [
        ("urllib3>=1.26.20,<2", "3.9.18"),
        ("cryptography<42", "3.8.18"),  # more than 20 wheels, one of them for this machine
        ("psycopg2-binary<2.9.6", "3.11.7"),
        ("httplib2", "3.12.1"),
        ("urllib3<2.0.2,>=2", "3.9.18"),  # 2.0.0 and 2.0.1 are yanked
    ],
)
def test_pip_says_what_uv_says(
    requirement: str,
    python: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
) -> None:
    tool("uv")
    (tmp_path / "requirements.txt").write_text("")
    file = read(tmp_path / "requirements.txt")
    judged = Interpreter("i1", "", python, "cpython", {}, SslLibrary.parse(OLD))
    monkeypatch.setattr(installers, "find_uv", lambda *_where: tool("uv"))
    expected = asked(requirement, file, judged)
    monkeypatch.setattr(installers, "find_uv", lambda *_where: None)
    assert asked(requirement, file, judged) == expected


def asked(requirement: str, file: DependencyFile, judged: Interpreter) -> object:
    """The version and the hashes, None where there is no release."""
    try:
        found = hashes.release(requirement, "sha256", file, judged)
    except ApplyError:
        return None
    return found.version, set(found.hashes)


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 64), ("sha512", 128)])
def test_hashes_that_a_person_wrote_without_uv(
    algorithm: str, length: int, tmp_path: Path, pretend: Callable[[str], dict[str, str]]
) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(PINS.format(algorithm=algorithm, zeros="0" * length))
    before = path.read_text()
    variables = {**pretend(OLD), "PATH": without("uv")}
    command = (sys.executable, "-m", "sslfix", "--apply", "--python", sys.executable)
    done = run(*command, env=variables, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    after = path.read_text()
    assert after.partition("idna")[2] == before.partition("idna")[2]
    assert len(re.findall(rf"--hash={algorithm}:[0-9a-f]{{{length}}}\b", after)) >= 2
    pip = (sys.executable, "-m", "pip", "download", "--require-hashes", "--no-deps", "-q")
    loaded = run(*pip, "-d", tmp_path / "loaded", "-r", path, cwd=tmp_path)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    assert [one.name for one in (tmp_path / "loaded").glob("urllib3-1.26.*")]
    again = run(*command, env=variables, cwd=tmp_path)
    assert (again.returncode, path.read_text()) == (0, after)
