"""With --no-exec nothing that is found is run; and what cannot run is read."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect import probe
from sslfix.collect.interpreters import Choice, answer_unrun, choose, inspect
from sslfix.errors import ProbeError, UsageError
from tests.collect import bases
from tests.conftest import run

Python = Callable[[str], str]
NAMES = (
    "python", "python3", "python3.9", "python3.11", "python2", "poetry", "pipenv", "uv", "pyenv",
    "py", "pip", "tox", "conda",
)  # fmt: skip


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there as soon as anything on PATH was run."""
    marker, folder = tmp_path / "was-run", tmp_path / "trap"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {marker}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return marker


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("urllib3==2.0.2\n")
    (folder / "Pipfile").write_text("")
    (folder / "pyproject.toml").write_text("[tool.poetry]\nname = 'x'\n")
    monkeypatch.chdir(folder)
    return folder


def sslfix(*arguments: str) -> tuple[int, str]:
    done = run(sys.executable, "-m", "sslfix", *arguments)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--no-exec"),
        ("check", "--no-exec", "--python", "3.9"),
        ("check", "--no-exec", "--python", "python3.11"),
        ("check", "--no-exec", "--python", ".venv"),
        ("check", "--no-exec", "--only", "pins"),
        ("env", "--no-exec"),
        ("env", "--no-exec", "--python", "python3"),
        ("env", "--no-exec", "--python", "3"),
    ],
)
@pytest.mark.parametrize("has_environment", [False, True])
def test_nothing_is_run(
    trap: Path, project: Path, arguments: tuple[str, ...], has_environment: bool
) -> None:
    if has_environment:
        root = project / ".venv"
        (root / "bin").mkdir(parents=True)
        (root / "pyvenv.cfg").write_text(f"home = {trap.parent / 'trap'}\nversion = 3.9.1\n")
        shutil.copy(trap.parent / "trap/python3", root / "bin/python")
    sslfix(*arguments)
    assert not trap.exists(), trap.read_text()


def test_the_trap_works(trap: Path, project: Path) -> None:
    sslfix("check")
    assert "python3" in trap.read_text()


@pytest.fixture
def nine(python: Python) -> str:
    """A Python 3.9, found before anything else is on PATH: ask for it before `trap`."""
    return python("3.9")


def test_an_environment_is_judged_without_running_it(nine: str, trap: Path, project: Path) -> None:
    base = probe.ask(nine)
    bases.make(project / ".venv", base.executable)
    code, text = sslfix("--no-exec", "--format", "json")
    (one,) = json.loads(text)["interpreters"]
    assert (one["source"], one["version"]) == ("binary", base.version)
    assert base.ssl is not None
    assert one["ssl"]["raw"] == base.ssl.raw
    assert one["environment"]["state"] == "ok"
    assert code == 0
    assert not trap.exists()


def test_a_shim_of_pyenv_is_seen_through(tmp_path: Path, python: Python) -> None:
    real = python("3.9")
    for folder in ("shims", "versions/3.9.18/bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "shims/python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "shims/python3").chmod(0o755)
    behind = tmp_path / "versions/3.9.18/bin/python"
    behind.symlink_to(real)
    (behind.parent / "python3").symlink_to(real)
    (tmp_path / "version").write_text("system\n3.9.18\n")
    environ = {"PATH": str(tmp_path / "shims"), "PYENV_ROOT": str(tmp_path)}
    for words in ((), ("python3",)):
        (choice,) = choose(str(tmp_path), words, environ, no_exec=True)
        assert choice.executable in {str(behind), f"{behind}3"}
    environ["PYENV_VERSION"] = "2.7.18"
    (choice,) = choose(str(tmp_path), (), environ, no_exec=True)
    assert choice.executable == str(tmp_path / "shims/python3")
    with pytest.raises(ProbeError, match="is a script"):
        answer_unrun(choice.executable)


def test_a_version_is_found_by_reading(nine: str, tmp_path: Path, trap: Path) -> None:
    (tmp_path / "pyenv/versions/3.9.18/bin").mkdir(parents=True)
    (tmp_path / "pyenv/versions/3.9.18/bin/python").symlink_to(nine)
    environ = {"PATH": os.environ["PATH"], "PYENV_ROOT": str(tmp_path / "pyenv")}
    (choice,) = choose(str(tmp_path), ("3.9",), environ, no_exec=True)
    assert choice.executable == str(tmp_path / "pyenv/versions/3.9.18/bin/python")
    with pytest.raises(UsageError):
        choose(str(tmp_path), ("3.4",), environ, no_exec=True)
    assert not trap.exists()


def test_an_environment_that_cannot_be_told_is_not_called_broken(tmp_path: Path) -> None:
    """A wrapper script is what NixOS puts there."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text("#!/bin/sh\nexec /nix/store/x/bin/python3 $@\n")
    (tmp_path / "pyvenv.cfg").write_text("home = /usr/bin\n")
    choice = Choice(str(tmp_path / "bin/python"), "x", str(tmp_path))
    with pytest.raises(ProbeError, match="is a script"):
        inspect(choice, "i1", answer=answer_unrun)
    (tmp_path / "bin/python").unlink()
    (tmp_path / "bin/python").symlink_to("/no/such/python")
    environment = inspect(choice, "i1", answer=answer_unrun).environment
    assert environment is not None
    assert environment.state == "broken"


@pytest.mark.parametrize("option", ["--apply", "--diff"])
def test_fixes_are_not_tried_out_without_running(project: Path, option: str) -> None:
    code, text = sslfix("--no-exec", option)
    assert (code, "--no-exec only looks" in text) == (2, True)


def test_a_whole_machine_is_not_looked_at_without_running(trap: Path, project: Path) -> None:
    code, text = sslfix("env", "--all", "--no-exec")
    assert (code, "--all asks every Python" in text, trap.exists()) == (2, True, False)


# --------------------------------------------------------------------------- what cannot run


def foreign(path: Path) -> Path:
    """The program, as if made for another kind of processor."""
    data = bytearray(path.read_bytes())
    data[18:20] = (0x15).to_bytes(2, "little") if data[18:20] != b"\x15\0" else b"\xf3\0"
    path.unlink()
    path.write_bytes(data)
    path.chmod(0o755)
    return path


def test_an_interpreter_for_another_processor_is_read(tmp_path: Path) -> None:
    old, _new = bases.two_releases()
    executable = foreign(Path(bases.install(tmp_path / "base", old)))
    with pytest.raises(probe.CannotStartError):
        probe.ask(str(executable))
    found = inspect(Choice(str(executable), "--python x"), "i1")
    assert (found.version, found.source, found.id) == (old.version, "binary", "i1")
    assert found.markers["platform_machine"].startswith(("ppc64", "riscv"))
    assert "read from its files, as it cannot run on this machine" in found.chosen_because


def test_an_environment_that_cannot_run_tells_its_version(tmp_path: Path) -> None:
    """pyvenv.cfg says another one, and the library folder has the minor version only."""
    old, _new = bases.two_releases()
    executable = bases.install(tmp_path / "base", old)
    root = bases.make(tmp_path / "env", executable, "--copies")
    config = (root / "pyvenv.cfg").read_text()
    (root / "pyvenv.cfg").write_text(config.replace(f"version = {old.version}", "version = 3.0.1"))
    foreign(root / "bin/python")
    found = inspect(Choice(str(root / "bin/python"), "x", str(root)), "i1")
    assert (found.version, found.source) == (old.version, "binary")
    assert found.environment is not None
    assert found.environment.state == "broken"
    assert (found.ssl is None) == bool(found.ssl_error)


def test_what_is_no_program_is_no_interpreter_either(tmp_path: Path) -> None:
    (tmp_path / "python").write_bytes(b"\x7fELF\x02\x01\x01" + b"\0" * 100)
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(probe.CannotStartError, match="cannot run on this machine"):
        inspect(Choice(str(tmp_path / "python"), "x"), "i1")
