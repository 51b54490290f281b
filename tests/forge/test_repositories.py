"""Repositories as there are, locked by the real tools: what the bot pushes and says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proofs.lockers import LOCKERS, Locker, Project

from . import bots
from .bots import BROKEN, SETTINGS, state
from .github import GitHub
from .repository import Repository

TARGET = "lambda-python3.9"  # OpenSSL 1.0.2k
KINDS = {
    "uv": ["pyproject.toml", "uv.lock"],
    "poetry": ["poetry.lock", "pyproject.toml"],
    "pipenv": ["Pipfile", "Pipfile.lock"],
    "pdm": ["pdm.lock", "pyproject.toml"],
    "pip-compile": ["requirements.in", "requirements.txt"],
    "uv pip compile, hashes": ["requirements.in", "requirements.txt"],
}


def locked(name: str, folder: Path) -> dict[str, str | None]:
    """The files of a project whose lock file holds urllib3 2.2.3."""
    text = re.sub(r"(?m)^.*botocore.*\n", "", LOCKERS[name].text).replace(">=3.10", ">=3.9")
    project = Project(folder, LOCKERS[name]._replace(text=text), {})
    folder.mkdir(parents=True)
    project.lock("==2.2.3")
    project.lock("")
    assert project.locked()["urllib3"] == {"2.2.3"}
    return {**project.files(), ".sslfix.toml": f'targets = ["{TARGET}"]\n'}


@pytest.mark.proof
@pytest.mark.network
@pytest.mark.parametrize("name", KINDS)
def test_a_repository_of_each_kind(
    name: str,
    forge: GitHub,
    tmp_path: Path,
    tool: Callable[[str], str],
    record_property: Callable[[str, object], None],
) -> None:
    tool(_tool(LOCKERS[name]))
    one = forge.repository("octo/one", locked(name, tmp_path / "project"))
    ran = bots.run(forge, forge.app(), "octo/one", variables={})
    assert ran.code == 0, ran.text
    (pull,) = one.pulls.values()
    record_property("body", pull.body)
    record_property("diff", one.git.git("diff", "main", pull.head))
    changed = [path for path, *_lines in one.git.changed("main", pull.head)]
    assert changed == KINDS[name], pull.body
    lock = one.git.read(LOCKERS[name].lock, pull.head)
    assert "1.26.20" in lock
    assert "2.2.3" not in lock
    for word in (LOCKERS[name].lock, "urllib3", "OpenSSL 1.0.2k", "Python 3.9", TARGET):
        assert word in pull.body
    before = state(one)
    forge.forget()
    again = bots.run(forge, forge.app(), "octo/one", variables={})
    assert again.code == 0, again.text
    assert (state(one), forge.writes) == (before, [])
    _merged(forge, one)


def _tool(locker: Locker) -> str:
    return locker.command[0] if locker.command[0] != "sh" else locker.name


def _merged(forge: GitHub, one: Repository) -> None:
    """Once it is merged nothing is left to do."""
    one.merge(1)
    assert bots.run(forge, forge.app(), "octo/one", variables={}).code == 0
    assert list(one.git.branches()) == ["main"]
    assert len(one.pulls) == 1


@pytest.mark.proof
@pytest.mark.network
def test_thirty_lock_files_in_one_repository(
    forge: GitHub, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    tool("uv")
    files: dict[str, str | None] = {}
    project = locked("uv", tmp_path / "project")
    for number in range(30):
        for path in ("pyproject.toml", "uv.lock"):
            files[f"services/s{number:02}/{path}"] = project[path]
    settings = f'targets = ["{TARGET}"]\n'
    one = forge.repository("octo/one", {**files, ".sslfix.toml": settings})
    ran = bots.run(forge, forge.app(), "octo/one", variables={})
    assert ran.code == 1, ran.text  # the limit of open requests
    assert len(one.opened()) == 5
    one.commit({".sslfix.toml": f"{settings}[bot]\nlimit = 40\n"})
    assert bots.run(forge, forge.app(), "octo/one", variables={}).code == 0
    assert len(one.opened()) == len({pull.head for pull in one.pulls.values()}) == 30
    for pull in one.opened():
        paths = {str(Path(path).parent) for path, *_lines in one.git.changed("main", pull.head)}
        assert len(paths) == 1
        assert "1.26.20" in one.git.read(f"{paths.pop()}/uv.lock", pull.head)
    forge.forget()
    assert bots.run(forge, forge.app(), "octo/one", variables={}).code == 0
    assert forge.writes == []
    one.commit({".sslfix.toml": f'{settings}[bot]\ngroup = "all"\n'})
    assert bots.run(forge, forge.app(), "octo/one", variables={}).code == 0
    (last,) = one.opened()
    assert last.head == "sslfix/all"
    assert len(list(one.git.changed("main", last.head))) == 60
    assert sorted(one.git.branches()) == ["main", "sslfix/all"]


@pytest.mark.proof
def test_many_repositories_in_one_run(forge: GitHub) -> None:
    fine = {"requirements.txt": "urllib3==1.26.20\n", "pyproject.toml": SETTINGS}
    names = [f"octo/r{number:02}" for number in range(30)]
    for number, name in enumerate(names):
        forge.repository(name, {**fine, "requirements.txt": BROKEN} if number % 3 == 0 else fine)
    forge.repositories[names[1]].archived = True
    for _run in range(2):
        forge.forget()
        ran = bots.run(forge, forge.app(), *names)
        assert ran.code == 0, ran.text
        pulls = {name: len(forge.repositories[name].pulls) for name in names}
        assert pulls == {name: int(number % 3 == 0) for number, name in enumerate(names)}
        assert ran.out.count("\n") == 31
    assert forge.writes == []
    api = [seen for seen in forge.seen if seen.path.startswith("/repos/")]
    assert len(api) <= 10 * 4 + 19 * 2 + 1
