"""Where pip looks for its settings, held against what pip itself says of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sslfix import pip_hook
from sslfix.collect import pip_hook as collect
from sslfix.errors import ReadError
from sslfix.pip_hook import judging
from tests.conftest import run

KEYS = ("global.constraint", "install.constraint", "download.constraint")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prefix") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
    return root


def asked(prefix: Path) -> dict[str, str]:
    """What `pip config list` says in that environment."""
    pytest.importorskip("pip")
    import pip

    env = {**os.environ, "PYTHONPATH": str(Path(pip.__file__).parents[1])}
    done = run(prefix / "bin/python", "-m", "pip", "config", "list", env=env)
    assert done.returncode == 0, done.stderr
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {key: value.strip("'") for key, _, value in pairs if key in KEYS}


@pytest.mark.parametrize(
    "special", [None, "", os.devnull, "{home}/nowhere.conf", "{home}/own.conf"]
)
def test_it_reads_the_files_that_pip_reads(
    prefix: Path, monkeypatch: pytest.MonkeyPatch, special: str | None, tmp_path: Path
) -> None:
    home = Path(os.environ["HOME"])
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path}/xdg:{tmp_path}/none")
    if special is not None:
        monkeypatch.setenv("PIP_CONFIG_FILE", special.format(home=home))
    texts = {
        tmp_path / "xdg/pip/pip.conf": "[global]\nconstraint = /machine\n[wheel]\nconstraint=/m2\n",
        home / ".pip/pip.conf": "[install]\nconstraint = /legacy\n[download]\nconstraint=/l2\n",
        home / ".config/pip/pip.conf": "[install]\n--Constraint: /user\n",
        prefix / "pip.conf": "[download]\nCONSTRAINT = /site\n  /two\n",
        home / "own.conf": "[download]\nconstraint = /own\n",
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    merged = pip_hook.merged(collect.in_effect(str(prefix), os.environ))
    found = {f"{section}.{key}": list(named) for (section, key), named in merged.items()}
    said = {key: value.replace("\\n", " ").split() for key, value in asked(prefix).items()}
    assert {key: named for key, named in found.items() if key in KEYS} == said


def test_the_file_of_a_level_is_the_one_that_pip_config_writes(
    prefix: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "_MACHINE", "/machine")
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    home = os.environ["HOME"]
    found = collect.places(str(prefix), {})
    assert {level: place.settings.path for level, place in found.items()} == {
        "environment": f"{prefix}/pip.conf",
        "user": f"{home}/.config/pip/pip.conf",
        "global": "/machine/pip.conf",
    }
    assert [one.path for one in found["environment"].lower] == [
        "/etc/xdg/pip/pip.conf",
        "/machine/pip.conf",
        f"{home}/.pip/pip.conf",
        f"{home}/.config/pip/pip.conf",
    ]


def test_local_files_that_are_not_there_are_lost(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").touch()
    there = [f"file://{tmp_path}/a%20b.txt", "https://x.example/c.txt", "relative.txt"]
    gone = [f"file://{tmp_path}/a%20c.txt", f"{tmp_path}/c.txt"]
    assert collect.lost([*there, *gone]) == tuple(gone)


def test_a_folder_in_place_of_the_settings_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").mkdir()
    with pytest.raises(ReadError, match="cannot be read"):
        collect.places(str(tmp_path), {})


def test_a_variable_replaces_all_files() -> None:
    found = judging.effects((), {"PIP_CONSTRAINT": "/a /b"})
    assert {(one.said_by, one.paths) for one in found} == {("PIP_CONSTRAINT", ("/a", "/b"))}
