"""What `sslfix constraints` keeps out, and what `check --install` foresees, by real installers."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run

pytestmark = [pytest.mark.proof, pytest.mark.network]
Pretend = Callable[[str], "dict[str, str]"]
Find = Callable[[str], str]

LIBRESSL = "LibreSSL 2.8.3"
OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"


class World:
    """A project with a .venv of Python 3.9 under another SSL library; `tool` installs into it."""

    def __init__(self, folder: Path, tool: str, uv: str, variables: dict[str, str]) -> None:
        self.folder, self.tool, self.uv, self.variables = folder, tool, uv, variables

    def install(self, *words: str) -> int:
        """The exit code of installing."""
        python = str(self.folder / ".venv/bin/python")
        pip = [self.uv, "pip", "install", "--python", python]
        own = [python, "-m", "pip", "install", "--no-warn-conflicts"]
        command = [*(pip if self.tool == "uv" else own), "--quiet", *words]
        return run(*command, cwd=self.folder).returncode

    def sslfix(self, *words: str) -> tuple[int, str]:
        done = run(sys.executable, "-m", "sslfix", *words, env=self.variables, cwd=self.folder)
        assert done.stderr == "" or done.returncode == 2, done.stderr
        return done.returncode, done.stdout

    def imports(self, name: str) -> bool:
        python = self.folder / ".venv/bin/python"
        return run(python, "-c", f"import {name}", env=self.variables).returncode == 0


@pytest.fixture(params=["pip", "uv"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, python: Find, tool: Find, pretend: Pretend
) -> Callable[[str], World]:
    """`world(ssl)` is one whose environment was made, and is filled, by pip or by uv."""
    uv = tool("uv") if request.param == "uv" else ""
    base = python("3.9")
    command = (
        [uv, "venv", "--quiet", "--python", base, ".venv"] if uv else [base, "-m", "venv", ".venv"]
    )
    assert run(*command, cwd=tmp_path).returncode == 0
    return lambda ssl: World(tmp_path, request.param, uv, pretend(ssl))


def test_with_libressl_only_what_cannot_be_imported_is_kept_out(
    world: Callable[[str], World],
) -> None:
    one = world(LIBRESSL)
    code, said = one.sslfix("check", "--install", "urllib3==2.0.2")
    assert code == 1
    assert "error[SSL101]: urllib3 2.0.2 cannot be imported here" in said
    code, said = one.sslfix("check", "--install", "requests")
    assert code == 0, said
    assert one.install("urllib3==2.0.2") == 0
    assert not one.imports("urllib3")
    assert one.sslfix("constraints", "--output", "c.txt") == (0, "")
    assert one.install("urllib3==2.0.2", "-c", "c.txt") != 0
    code, said = one.sslfix("check", "--install", "urllib3==2.0.2", "-c", "c.txt")
    assert code == 2
    assert "urllib3==2.0.2" in said
    assert one.install("requests", "-c", "c.txt") == 0  # heals: urllib3 2.0.2 was there
    assert one.imports("requests")


def test_with_an_old_openssl_the_newest_is_foreseen_to_fail_and_what_is_proposed_works(
    world: Callable[[str], World],
) -> None:
    one = world(OLD)
    code, said = one.sslfix("check", "--install", "requests")
    assert code == 1
    assert "error[SSL101]" in said
    assert "it comes with requests 2." in said
    assert f"\n{'uv' if one.uv else 'pip'} " in said
    line = next(line for line in said.splitlines() if "paste: " in line)
    words = shlex.split(line.partition(" install ")[2])
    assert words == ["requests", "urllib3>=1.26.20,<2"]
    assert one.install("requests") == 0
    assert not one.imports("requests")
    assert one.install(*words) == 0
    assert one.imports("requests")
    assert one.install("--upgrade", "urllib3") == 0
    assert one.sslfix("constraints", "--output", "c.txt") == (0, "")
    assert one.install("requests", "-c", "c.txt") == 0
    assert one.imports("requests")


def test_an_old_pip_reads_the_file(
    tmp_path: Path, python: Find, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 20.3 a limit stands in for what is asked for, so that it alone is tried here."""
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)  # an index may not say what Python is for
    assert run(python("3.7"), "-m", "venv", tmp_path / ".venv").returncode == 0
    own = tmp_path / ".venv/bin/python"
    assert run(own, "-m", "pip", "install", "--quiet", "pip==19.3.1").returncode == 0
    limits = tmp_path / "c.txt"
    sslfix = (sys.executable, "-m", "sslfix", "constraints", "--python", own, "--output", limits)
    assert run(*sslfix, env={**pretend(LIBRESSL), "LC_ALL": "C"}).returncode == 0
    text = limits.read_text()
    assert "\nurllib3!=2.0.0.*,!=2.0.1.*,!=2.0.2.*\n" in text
    for end, version in (("", "2.0.7"), (",<2.0.3", "1.26.20")):
        limits.write_text(text.replace("!=2.0.2.*", f"!=2.0.2.*{end}"))
        done = run(own, "-m", "pip", "install", "--no-deps", "-c", limits, "-U", "urllib3")
        assert done.returncode == 0, done.stderr
        assert f"Version: {version}\n" in run(own, "-m", "pip", "show", "urllib3").stdout
        run(own, "-m", "pip", "uninstall", "--yes", "urllib3")
