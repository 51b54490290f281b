"""Where tools keep environments: each usual place, with its owner and the owner's command."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from sslfix.collect import machine

Variables = dict[str, str]


def make(root: Path) -> Path:
    """A folder that is an environment by its looks."""
    (root / "bin").mkdir(parents=True)
    (root / "pyvenv.cfg").write_text("home = /no/such\n")
    (root / "bin/python").symlink_to("/no/such/python")
    return root


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", "")
    return Path(os.environ["HOME"])


PLACES: list[tuple[str, Variables, str, str]] = [
    ("pipx", {}, ".local/share/pipx/venvs/black", "pipx reinstall black"),
    ("pipx", {}, ".local/pipx/venvs/black", "pipx reinstall black"),
    ("pipx", {}, "Library/Application Support/pipx/venvs/black", "pipx reinstall black"),
    ("pipx", {"PIPX_HOME": "~/px"}, "px/venvs/a b", "pipx reinstall 'a b'"),
    ("pipx", {}, ".local/share/pipx/shared", "pipx reinstall-all"),
    ("pipx", {"PIPX_GLOBAL_HOME": "~/g"}, "g/venvs/x", "pipx reinstall --global x"),
    ("uv tool", {}, ".local/share/uv/tools/ruff", "uv tool install --force ruff"),
    ("uv tool", {"UV_TOOL_DIR": "~/t"}, "t/ruff", "uv tool install --force ruff"),
    ("uv tool", {"XDG_DATA_HOME": "~/d"}, "d/uv/tools/ruff", "uv tool install --force ruff"),
    ("poetry", {}, ".cache/pypoetry/virtualenvs/x-py3.9", "poetry env remove --all"),
    ("poetry", {}, "Library/Caches/pypoetry/virtualenvs/x-py3.9", "poetry env remove --all"),
    ("poetry", {"XDG_CACHE_HOME": "~/c"}, "c/pypoetry/virtualenvs/x", "poetry env remove --all"),
    ("poetry", {"POETRY_CACHE_DIR": "~/c"}, "c/virtualenvs/x", "poetry env remove --all"),
    ("poetry", {"POETRY_VIRTUALENVS_PATH": "~/v"}, "v/x", "poetry env remove --all"),
    ("poetry's installer", {}, ".local/share/pypoetry/venv", "curl"),
    ("virtualenvwrapper", {}, ".virtualenvs/x", "sslfix --apply --only environment --python"),
    ("virtualenvwrapper", {"WORKON_HOME": "~/w"}, "w/x", "sslfix --apply --only environment"),
    ("pyenv", {}, ".pyenv/versions/3.9.18/envs/x", "sslfix --apply --only environment"),
    ("pyenv", {"PYENV_ROOT": "~/p"}, "p/versions/x", "sslfix --apply --only environment"),
    ("hatch", {}, ".local/share/hatch/env/virtual/app/AbCd/test", "hatch env prune"),
    ("hatch", {"HATCH_DATA_DIR": "~/h"}, "h/env/virtual/app-1/test", "hatch env prune"),
    ("pdm", {}, ".local/share/pdm/venvs/x-3.9", "sslfix --apply --only environment"),
    ("pre-commit", {}, ".cache/pre-commit/repoab12/py_env-python3", "pre-commit clean"),
    ("pre-commit", {"PRE_COMMIT_HOME": "~/pc"}, "pc/repo1/py_env-python3.9", "pre-commit clean"),
    ("prek", {}, ".cache/prek/hooks/python-Ab", "prek cache clean"),
    ("prek", {"PREK_HOME": "~/pk"}, "pk/hooks/python-Ab", "prek cache clean"),
    (
        "homebrew",
        {"HOMEBREW_PREFIX": "~/b"},
        "b/Cellar/awscli/2.1/libexec",
        "brew reinstall awscli",
    ),
]


@pytest.mark.parametrize(("owner", "variables", "path", "remedy"), PLACES)
def test_the_usual_homes(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    variables: Variables,
    path: str,
    remedy: str,
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text.replace("~", str(home)))
    root = make(home / path)
    (found,) = machine.find([], os.environ).environments
    assert (found.path, found.owner) == (str(root), owner)
    assert found.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("owner", "file", "text", "path"),
    [
        ("poetry", ".config/pypoetry/config.toml", 'cache-dir = "HOME/c"', "c/virtualenvs/x"),
        ("poetry", ".config/pypoetry/config.toml", '[virtualenvs]\npath = "HOME/v"', "v/x"),
        (
            "poetry",
            "Library/Application Support/pypoetry/config.toml",
            'cache-dir = "HOME/c"\n[virtualenvs]\npath = "{cache-dir}/v"',
            "c/v/x",
        ),
        ("hatch", ".config/hatch/config.toml", '[dirs]\ndata = "HOME/h"', "h/env/virtual/a/b/x"),
        ("hatch", ".config/hatch/config.toml", '[dirs.env]\nvirtual = "HOME/h"', "h/x"),
    ],
)
def test_homes_that_settings_name(home: Path, owner: str, file: str, text: str, path: str) -> None:
    (home / file).parent.mkdir(parents=True)
    (home / file).write_text(text.replace("HOME", str(home)))
    root = make(home / path)
    (found,) = machine.find([], os.environ).environments
    assert (found.path, found.owner) == (str(root), owner)


@pytest.mark.parametrize("text", ["cache-dir = 1", "virtualenvs = 2", "= nonsense", 'cache-dir=""'])
def test_settings_that_say_nothing_are_no_homes(home: Path, text: str) -> None:
    (home / ".config/pypoetry").mkdir(parents=True)
    (home / ".config/pypoetry/config.toml").write_text(text)
    assert machine.find([], os.environ).environments == ()


@pytest.mark.parametrize(
    ("name", "pipfile", "owner"),
    [
        ("app-Ab3_x9-Z", False, "pipenv"),
        ("renamed", True, "pipenv"),
        ("app", False, "virtualenvwrapper"),
        ("web-frontend", False, "virtualenvwrapper"),
    ],
)
def test_pipenvs_are_told_from_virtualenvwrappers(
    home: Path, name: str, pipfile: bool, owner: str
) -> None:
    project = home / "src/app"
    project.mkdir(parents=True)
    if pipfile:
        (project / "Pipfile").touch()
    root = make(home / ".local/share/virtualenvs" / name)
    (root / ".project").write_text(f"{project}\n")
    (found,) = machine.find([], os.environ).environments
    assert found.owner == owner
    assert (found.remedy == f"cd {project} && pipenv --rm && pipenv sync") == (owner == "pipenv")


@pytest.mark.parametrize(
    ("path", "owner", "remedy"),
    [
        (".venv", "project", "sslfix --apply {p}"),
        ("venv", "project", "sslfix --apply {p}"),
        ("env", "project", "sslfix --apply --only environment --python {p}/env"),
        (".direnv/python-3.9", "project", "sslfix --apply --only environment --python {p}/.direnv"),
        (".tox/py39", "tox", "tox -c {p} -r --notest -e py39"),
        (".nox/test-3-9", "nox", "nox -f {p}/noxfile.py --install-only"),
        (".hatch/test", "hatch", "cd {p} && hatch env prune"),
    ],
)
def test_environments_of_projects(home: Path, path: str, owner: str, remedy: str) -> None:
    project = home / "src/app"
    root = make(project / path)
    (found,) = machine.find([str(home / "src")], os.environ).environments
    assert (found.path, found.owner) == (str(root), owner)
    assert found.remedy.startswith(remedy.format(p=project))


def test_the_project_of_poetrys_environment_is_named_where_it_is_known(home: Path) -> None:
    (home / "my app").mkdir()
    digest = hashlib.sha256(os.fsencode(os.path.realpath(home / "my app"))).digest()
    name = f"app-{base64.urlsafe_b64encode(digest).decode()[:8]}-py3.9"
    folder = home / ".cache/pypoetry/virtualenvs"
    make(folder / name)
    make(folder / "other-AAAAAAAA-py3.9")
    found = machine.find([str(home / "my app")], os.environ).environments
    assert {os.path.basename(one.path): one.remedy for one in found} == {
        name: f"cd '{home}/my app' && poetry env remove --all && poetry install",
        "other-AAAAAAAA-py3.9": "poetry env remove --all && poetry install  # in its project",
    }


def test_a_venv_beside_a_dot_venv_is_named_itself(home: Path) -> None:
    make(home / "app/.venv")
    make(home / "app/venv")
    hidden, plain = machine.find([str(home / "app")], os.environ).environments
    assert hidden.remedy == f"sslfix --apply {home}/app"
    assert plain.remedy.endswith(f" --python {home}/app/venv")


def test_conda_is_found_by_its_notes_and_its_usual_folders(home: Path) -> None:
    roots = [home / "miniconda3", home / "miniconda3/envs/a", home / "elsewhere"]
    for root in roots:
        (root / "conda-meta").mkdir(parents=True)
        (root / "conda-meta/python-3.9.18-h0_0.json").touch()
    (home / "r-only/conda-meta").mkdir(parents=True)  # an environment without Python
    (home / ".conda").mkdir()
    notes = f"{home}/elsewhere\n{home}/r-only\n{home}/gone\n\n{home}/miniconda3/envs/a\n"
    (home / ".conda/environments.txt").write_text(notes)
    found = machine.find([], os.environ).environments
    assert {one.path for one in found} == {str(root) for root in roots}
    assert {one.owner for one in found} == {"conda"}
    assert found[0].remedy.startswith("conda install --prefix ")
