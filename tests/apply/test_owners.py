"""Whose an environment is, and that its owner makes it anew while the old one stands aside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sslfix.apply import journal
from sslfix.apply.environments import owner_of, recreate
from sslfix.apply.room import kept
from sslfix.errors import ApplyError
from tests.apply.worlds import ask, installed, read, state
from tests.conftest import run

BASE = os.path.realpath(sys.executable)

RECEIPT = """
[tool]
requirements = [
    { name = "tool", specifier = "==1" },
    { name = "other", extras = ["x"], specifier = "<2" },
    { name = "third", git = "https://forge.example/third" },
]
entrypoints = [{ name = "tool", install-path = "/home/me/.local/bin/tool", from = "tool" }]
"""
UV_AGAIN = (
    "cd {root}/uv/tools && uv tool install --force --python /p --with 'other[x]<2' "
    "--with 'third @ git+https://forge.example/third' tool==1"
)


@pytest.mark.parametrize(
    ("path", "files", "project", "commands"),
    [
        (".venv", {}, "work", None),
        ("venvs/name", {".project": "work"}, "", None),  # virtualenvwrapper
        ("venvs/work-aB3_-xyz", {".project": "{root}/gone"}, "", None),
        (
            "pipx/venvs/tool",
            {"pipx_metadata.json": "{}"},
            "",
            "cd {root}/pipx/venvs && pipx reinstall --python /p tool",
        ),
        (
            "uv/tools/tool",
            {"uv-receipt.toml": RECEIPT},
            "",
            UV_AGAIN,
        ),
        (
            "work/.tox/py39",
            {".tox-info.json": "{}"},
            "",
            "cd {root}/work && tox run -e py39 --recreate --notest",
        ),
        ("work/.nox/tests", {}, "", "cd {root}/work && nox --install-only -s tests"),
        ("pre-commit/repo1/py_env-python3", {"../../db.db": ""}, "", "pre-commit install-hooks"),
        ("prek/hooks/python-x", {".prek-hook.json": "{}"}, "", "prek install-hooks"),
        ("hatch/env/virtual/w/aB3/w", {}, "", "hatch env create"),
        (
            "pypoetry/virtualenvs/work-aB3_-xyz-py3.9",
            {},
            "",
            "poetry env use /p && poetry install --no-root --no-interaction",
        ),
        (
            "pypoetry/virtualenvs/work-aB3_-xyz-py3.9",
            {},
            "work",
            "cd {root}/work && poetry env use /p && poetry install --no-root --no-interaction",
        ),
        (
            "venvs/work-aB3_-xyz",
            {".project": "{root}/work\n"},
            "",
            "cd {root}/work && pipenv sync --python /p",
        ),
    ],
)
def test_the_owner_is_known_by_what_it_leaves_and_where_it_stands(
    tmp_path: Path, path: str, files: dict[str, str], project: str, commands: str | None
) -> None:
    place = tmp_path / path
    place.mkdir(parents=True)
    (tmp_path / "work").mkdir(exist_ok=True)
    for name in ("Pipfile.lock", "poetry.lock"):
        (tmp_path / "work" / name).touch()
    for name, text in files.items():
        (place / name).resolve().write_text(text.replace("{root}", str(tmp_path)))
    owner = owner_of(str(place), str(tmp_path / project) if project else "")
    typed = owner.typed("/p") if owner else None
    assert typed == (commands.replace("{root}", str(tmp_path)) if commands else None)


def test_poetrys_environment_of_a_project_without_a_lock_is_made_as_it_was(tmp_path: Path) -> None:
    place = tmp_path / "pypoetry/virtualenvs/work-aB3_-xyz-py3.9"
    place.parent.mkdir(parents=True)
    run(BASE, "-m", "venv", "--without-pip", place)
    (place / "notes").touch()
    (tmp_path / "pyproject.toml").touch()
    owner = owner_of(str(place), str(tmp_path))
    assert owner is not None
    assert owner.tool == "poetry"  # it is the project's
    with pytest.raises(ApplyError, match=r"for a project that is not known|not on PATH"):
        recreate(read(place, BASE), BASE, ask)
    recreate(read(place, BASE), BASE, ask, project=str(tmp_path))
    assert (place / "notes").exists()
    assert kept(str(place))


def _tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n" + script)
    (folder / name).chmod(0o755)


@pytest.fixture
def tests_of_tox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of tox, whose tox is what each test writes into the folder bin."""
    place = tmp_path / "work/.tox/py"
    run(BASE, "-m", "venv", "--without-pip", place)
    (place / ".tox-info.json").write_text("{}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return place


MAKE = f'echo "$PWD $@" > "{{seen}}"\n"{BASE}" -m venv --without-pip .tox/py\n'


def test_the_owner_makes_it_while_the_old_one_stands_aside(
    tests_of_tox: Path, tmp_path: Path
) -> None:
    _tool(tmp_path / "bin", "tox", MAKE.format(seen=tmp_path / "seen"))
    (tests_of_tox / "bin/python").unlink()
    (tests_of_tox / "bin/python").symlink_to("/nowhere")
    (tests_of_tox / "notes").write_text("by hand")
    sick = read(tests_of_tox, BASE, executable=BASE)
    recreate(sick, BASE, ask)
    assert (tmp_path / "seen").read_text().split() == [
        *(str(tmp_path / "work"), "run", "-e", "py", "--recreate", "--notest")
    ]
    assert read(tests_of_tox, BASE).ssl is not None
    assert (tests_of_tox / "notes").read_text() == "by hand"
    assert kept(str(tests_of_tox))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("mkdir -p .tox/py; echo no such factor; exit 3\n", "no such factor"),
        ("exit 0\n", "tox made no environment at"),
    ],
)
def test_an_owner_that_fails_gets_the_old_one_back(
    tests_of_tox: Path, tmp_path: Path, script: str, message: str
) -> None:
    _tool(tmp_path / "bin", "tox", script)
    before = state(tests_of_tox)
    with pytest.raises(ApplyError, match=message):
        recreate(read(tests_of_tox, BASE), BASE, ask)
    assert state(tests_of_tox) == before


def test_without_the_owner_its_command_is_told(tests_of_tox: Path) -> None:
    before = state(tests_of_tox)
    with pytest.raises(ApplyError, match="made by tox, which is not on PATH") as caught:
        recreate(read(tests_of_tox, BASE), BASE, ask)
    assert caught.value.command.endswith("/work && tox run -e py --recreate --notest")
    assert state(tests_of_tox) == before


def test_an_owner_that_works_in_place_finds_the_old_one(tests_of_tox: Path, tmp_path: Path) -> None:
    place = tests_of_tox
    (place / ".tox-info.json").rename(place / "pipx_metadata.json")
    _tool(tmp_path / "bin", "pipx", 'echo "$PIPX_HOME"; rm py/pipx_metadata.json; exit 1\n')
    before = state(place)
    with pytest.raises(ApplyError, match=f"code 1:\n{tmp_path / 'work'}"):
        recreate(read(place, BASE), BASE, ask)
    assert state(place) == before


def test_what_is_made_at_the_next_use_only_steps_aside(tmp_path: Path) -> None:
    place = tmp_path / "pre-commit/repo1/py_env-python3"
    run(BASE, "-m", "venv", "--without-pip", place)
    (tmp_path / "pre-commit/db.db").touch()
    said: list[str] = []
    recreate(read(place, BASE), BASE, ask, report=said.append)
    assert f"{place} stepped aside: pre-commit makes it anew at its next use" in said
    assert not place.exists()
    journal.undo(str(place))
    assert installed(read(place, BASE)) == {}
