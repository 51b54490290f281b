"""The built wheel, installed where nothing else is: its files, its commands."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, run

pytestmark = [pytest.mark.proof, pytest.mark.network]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    assert run("git", "clone", "-q", ROOT, source).returncode == 0
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w"]
    done = run(*command, folder, source)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_what_is_meant_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = run("git", "ls-files", "sslfix", "hooks", cwd=ROOT).stdout.split()
    meant = {name.replace("hooks/", "sslfix/hooks/", 1) if name.startswith("hooks/") else name
             for name in tracked}  # fmt: skip
    data = {name for name in names if ".data/" in name}
    assert names - data == meant | {"sslfix/rules/_pages.py"}
    assert [name.partition(".data/")[2] for name in data] == ["data/share/man/man1/sslfix.1"]


def test_the_installed_commands_work_on_the_example(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "env/bin/python"
    assert run(sys.executable, "-m", "venv", tmp_path / "env").returncode == 0
    done = run(python, "-m", "pip", "install", "-q", wheel)
    assert done.returncode == 0, done.stderr
    scripts = tmp_path / "env/bin"
    checked = run(scripts / "sslfix", ROOT / "examples/worker", cwd=tmp_path)
    assert checked.returncode == 1, checked.stderr
    assert "error[SSL101]: urllib3 2.2.3 cannot be imported here" in checked.stdout
    assert "error[SSL601]" in checked.stdout
    same = "from sslfix import rules; print(rules.load() == rules.read(), len(rules.load()))"
    done = run(python, "-X", "importtime", "-c", same)
    assert done.stdout.split() == ["True", str(len(list(ROOT.glob("sslfix/rules/*.md"))))]
    assert "sslfix.rules._pages" in done.stderr
    page = (tmp_path / "env/share/man/man1/sslfix.1").read_text("utf-8")
    printed = run(scripts / "sslfix", "completion", "man").stdout
    assert page.partition("\n")[2] == printed.partition("\n")[2]
    for name in ("sslfix-fix", "sslfix-env", "sslfix-source"):
        assert run(scripts / name, "--help").returncode == 0
