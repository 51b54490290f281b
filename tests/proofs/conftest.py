"""What the proofs share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import run

from .installed import Shelf
from .lockers import LOCKERS, OLD, TOOLS, Project

Pretend = Callable[[str], "dict[str, str]"]
Find = Callable[[str], str]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="session")
def locked_once() -> dict[str, dict[str, str]]:
    """The files of each project, locked when they are first asked for."""
    return {}


@pytest.fixture
def make(
    locked_once: dict[str, dict[str, str]],
    tmp_path: Path,
    pretend: Pretend,
    tool: Find,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Project]:
    """`make("uv")` is such a project, with a .venv of the Python that runs the tests."""

    def made(name: str) -> Project:
        locker = LOCKERS[name]
        for needed in ("uv", TOOLS.get(name, locker.command[0])):
            tool(needed)
        for variable in (
            "PIPENV_VENV_IN_PROJECT",
            "PIPENV_NOSPIN",
            "POETRY_VIRTUALENVS_IN_PROJECT",
        ):
            monkeypatch.setenv(variable, "1")
        python = os.path.realpath(sys.executable)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("UV_PYTHON", python)
        monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
        done = run(python, "-m", "venv", "--without-pip", tmp_path / ".venv")
        assert done.returncode == 0, done.stderr
        project = Project(tmp_path, locker, pretend(OLD))
        if name not in locked_once:
            project.lock("==2.2.3")
            project.lock("")
            assert project.locked()["urllib3"] == {"2.2.3"}
            locked_once[name] = project.files()
        for path, text in locked_once[name].items():
            (tmp_path / path).write_text(text)
        return project

    return made
