"""Dead environments of pipx, uv, tox, nox, poetry and pipenv, made anew by those themselves."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix.apply.environments import recreate, undo
from sslfix.apply.room import kept
from tests.apply.worlds import ask, read
from tests.conftest import index_url, run

BASE = os.path.realpath(sys.executable)
# Small and without dependencies.
PIN = "iniconfig==2.0.0"

pytestmark = [pytest.mark.proof, pytest.mark.network]


def _made_by_pipx(folder: Path) -> list[list[str]]:
    return [["pipx", "install", "--python", BASE, "--include-deps", "pycowsay==0.0.0.2"]]


def _made_by_uv(folder: Path) -> list[list[str]]:
    return [["uv", "tool", "install", "--python", BASE, "--with", PIN, "pycowsay==0.0.0.2"]]


def _made_by_tox(folder: Path) -> list[list[str]]:
    (folder / "tox.ini").write_text(f"[tox]\nskipsdist=true\n[testenv:a]\ndeps={PIN}\n")
    return [["tox", "run", "-e", "a", "--notest"]]


def _made_by_nox(folder: Path) -> list[list[str]]:
    (folder / "noxfile.py").write_text(
        f"import nox\n@nox.session\ndef tests(session):\n    session.install('{PIN}')\n"
    )
    return [["nox", "--install-only", "-s", "tests"]]


def _made_by_poetry(folder: Path) -> list[list[str]]:
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "1"\nrequires-python = ">=3.9,<4"\n'
        f'dependencies = ["{PIN}"]\n[tool.poetry]\npackage-mode = false\n'
        f'[[tool.poetry.source]]\nname = "here"\nurl = "{index_url()}"\npriority = "primary"\n'
    )
    return [["poetry", "lock"], ["poetry", "env", "use", BASE], ["poetry", "install"]]


def _made_by_pipenv(folder: Path) -> list[list[str]]:
    (folder / "Pipfile").write_text('[packages]\niniconfig = "==2.0.0"\n')
    return [["pipenv", "install", "--python", BASE]]


@pytest.mark.parametrize(
    ("make", "where", "works"),
    [
        (_made_by_pipx, "pipx/venvs/pycowsay", "pycowsay"),
        (_made_by_uv, "uv/pycowsay", "pycowsay, iniconfig"),
        (_made_by_tox, "work/.tox/a", "iniconfig"),
        (_made_by_nox, "work/.nox/tests", "iniconfig"),
        (_made_by_poetry, "poetry/*", "iniconfig"),
        (_made_by_pipenv, "workon/work-*", "iniconfig"),
    ],
)
def test_a_dead_environment_is_made_anew_by_its_owner(
    tmp_path: Path,
    tool: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], list[list[str]]],
    where: str,
    works: str,
) -> None:
    for name, folder in [
        ("PIPX_HOME", "pipx"),
        ("PIPX_BIN_DIR", "bin"),
        ("UV_TOOL_DIR", "uv"),
        ("UV_TOOL_BIN_DIR", "bin"),
        ("POETRY_VIRTUALENVS_PATH", "poetry"),
        ("WORKON_HOME", "workon"),
    ]:
        monkeypatch.setenv(name, str(tmp_path / folder))
    work = tmp_path / "work"
    work.mkdir()
    for command in make(work):
        tool(command[0])
        done = run(*command, cwd=work)
        assert done.returncode == 0, done.stdout + done.stderr
    (place,) = (one for one in tmp_path.glob(where) if (one / "bin/python").exists())
    sick = read(place, BASE)
    for python in (place / "bin").glob("python*"):
        python.unlink()
        python.symlink_to("/gone/python")
    said: list[str] = []
    recreate(sick, BASE, ask, project=str(work), report=said.append)
    done = run(place / "bin/python", "-c", f"import ssl, {works}")
    assert done.returncode == 0, done.stderr
    assert any(make.__name__.rpartition("_")[2] in line for line in said), said
    assert kept(str(place))
    undo(str(place))
    assert os.readlink(place / "bin/python") == "/gone/python"
