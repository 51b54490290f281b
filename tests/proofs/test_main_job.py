"""The main job from end to end, with the real tools, packages and interpreters.

A Python 3.9 that reports another SSL library cannot import the urllib3 that its project pins.
sslfix finds it in the file, fixes it there, and the same import then works.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import index_url, run

pytestmark = [pytest.mark.proof, pytest.mark.network]

LIBRESSL = "LibreSSL 2.8.3"
OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
Pretend = Callable[[str], "dict[str, str]"]
Find = Callable[[str], str]


class Sick(NamedTuple):
    """A project whose .venv has urllib3 2.0.2, and the variables of its broken world."""

    folder: Path
    variables: dict[str, str]

    @property
    def python(self) -> str:
        return str(self.folder / ".venv/bin/python")

    def sslfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sslfix", *arguments]
        return run(*command, env=self.variables, cwd=self.folder)

    def imports(self) -> subprocess.CompletedProcess[str]:
        code = "import requests, urllib3; print(urllib3.__version__)"
        return run(self.python, "-W", "ignore", "-c", code, env=self.variables)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


def make(folder: Path, variables: dict[str, str], python: str, wheels: Path) -> Sick:
    """A Python 3.9 environment that holds urllib3 2.0.2 and requests."""
    sick = Sick(folder, variables)
    assert run(python, "-m", "venv", folder / ".venv").returncode == 0
    wanted = ["urllib3==2.0.2", "requests==2.31.0"]
    if not list(wheels.iterdir()):
        assert run(sick.python, "-m", "pip", "download", "-d", wheels, *wanted).returncode == 0
    done = run(sick.python, "-m", "pip", "install", "--no-index", "-f", wheels, *wanted)
    assert done.returncode == 0, done.stderr
    return sick


def findings(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str, str, int]]:
    report = json.loads(done.stdout)
    return [
        (one["rule"], one["level"], place["path"], place["line"])
        for one in report["findings"]
        for place in one["locations"][:1]
    ]


def fails(sick: Sick) -> None:
    done = sick.imports()
    assert done.returncode == 1
    assert "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+" in done.stderr


def works(sick: Sick) -> str:
    done = sick.imports()
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("ssl", "line"),
    [
        (LIBRESSL, r"urllib3==2\.[1-9]\.\d  # why"),
        (OLD, r"urllib3==1\.26\.20  # why  # sslfix: SSL101: newer .+, was ==2\.0\.2"),
    ],
    ids=["LibreSSL", "1.0.2k"],
)
def test_requirements(
    ssl: str, line: str, tmp_path: Path, template: Path, pretend: Pretend, python: Find
) -> None:
    sick = make(tmp_path, pretend(ssl), python("3.9"), template)
    (tmp_path / "requirements.txt").write_text("requests==2.31.0\nurllib3==2.0.2  # why\n")
    fails(sick)
    looked = sick.sslfix("--format", "json")
    assert looked.returncode == 1, looked.stderr
    assert ("SSL101", "error", "requirements.txt", 2) in findings(looked)
    fixed = sick.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    text = (tmp_path / "requirements.txt").read_text()
    assert re.fullmatch(f"requests==2.31.0\n{line}\n", text), text
    works(sick)  # the environment was brought in line as well
    again = sick.sslfix("--apply", "--format", "json")
    assert again.returncode == 0
    assert (tmp_path / "requirements.txt").read_text() == text
    install = [sick.python, "-m", "pip", "install", "-r", "requirements.txt"]
    assert run(*install, cwd=tmp_path).returncode == 0
    version = works(sick)
    assert version.startswith("1.26.") if ssl == OLD else version.startswith("2.")


def test_a_moved_environment_is_made_anew_and_then_repaired(
    tmp_path: Path, template: Path, pretend: Pretend, python: Find
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    make(made, pretend(OLD), python("3.9"), template)
    sick = Sick(tmp_path / "moved", pretend(OLD))
    made.rename(sick.folder)
    (sick.folder / "requirements.txt").write_text("requests==2.31.0\nurllib3==2.0.2\n")
    fails(sick)
    fixed = sick.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert "fixed[SSL504]" in fixed.stdout
    assert works(sick).startswith("1.26.")


def test_files_alone_and_then_an_install_from_them(
    tmp_path: Path, template: Path, pretend: Pretend, python: Find
) -> None:
    sick = make(tmp_path, pretend(LIBRESSL), python("3.9"), template)
    (tmp_path / "requirements.txt").write_text("requests==2.31.0\nurllib3==2.0.2\n")
    assert sick.sslfix("--apply", "--only", "pins").returncode == 0
    fails(sick)
    install = [sick.python, "-m", "pip", "install", "-r", "requirements.txt"]
    assert run(*install, cwd=tmp_path, env=sick.variables).returncode == 0
    works(sick)


@pytest.mark.parametrize(
    ("ssl", "allowed"), [(LIBRESSL, "<3"), (OLD, "<2")], ids=["LibreSSL", "1.0.2k"]
)
def test_poetry_lock(
    ssl: str, allowed: str, tmp_path: Path, template: Path, pretend: Pretend,
    python: Find, tool: Find,
) -> None:  # fmt: skip
    poetry = tool("poetry")
    sick = make(tmp_path, pretend(ssl), python("3.9"), template)
    manifest = tmp_path / "pyproject.toml"
    text = (
        "[tool.poetry]\npackage-mode = false\n\n[tool.poetry.dependencies]\n"
        'python = ">=3.9,<3.12"\nrequests = "2.31.0"  # pinned\n{}\n'
        f'[[tool.poetry.source]]\nname = "index"\nurl = "{index_url()}"\npriority = "primary"\n'
    )
    _lock(manifest, text, (poetry, "lock"))
    lock = tmp_path / "poetry.lock"
    line = lock.read_text().splitlines().index('name = "urllib3"') + 1
    fails(sick)
    looked = sick.sslfix("--format", "json")
    assert looked.returncode == 1, looked.stderr
    assert ("SSL101", "error", "poetry.lock", line) in findings(looked)
    fixed = sick.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert 'requests = "2.31.0"  # pinned\n' in manifest.read_text()
    assert allowed in manifest.read_text()
    assert run(poetry, "check", "--lock", cwd=tmp_path).returncode == 0
    done = run(poetry, "sync", "--no-root", cwd=tmp_path, env=_for(sick))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'version = "{works(sick)}"' in lock.read_text()


@pytest.mark.parametrize(
    ("ssl", "named"),
    [(LIBRESSL, False), (LIBRESSL, True), (OLD, False)],
    ids=["LibreSSL, lock only", "LibreSSL, in the Pipfile too", "1.0.2k, lock only"],
)
def test_pipfile_lock(
    ssl: str, named: bool, tmp_path: Path, template: Path, pretend: Pretend,
    python: Find, tool: Find,
) -> None:  # fmt: skip
    pipenv = tool("pipenv")
    sick = make(tmp_path, pretend(ssl), python("3.9"), template)
    manifest = tmp_path / "Pipfile"
    text = (
        f'[[source]]\nurl = "{index_url()}"\nverify_ssl = true\nname = "index"\n\n'
        '[packages]\nrequests = "==2.31.0"  # pinned\n{}\n[dev-packages]\n'
    )
    _lock(manifest, text, (pipenv, "lock"))
    if named:
        manifest.write_text(text.format('urllib3 = "==2.0.2"\n'))
    lock = tmp_path / "Pipfile.lock"
    assert '"==2.0.2"' in lock.read_text()
    fails(sick)
    looked = sick.sslfix("--format", "json")
    assert looked.returncode == 1, looked.stderr
    assert ("SSL101", "error", "Pipfile.lock") in {one[:3] for one in findings(looked)}
    fixed = sick.sslfix("--apply")
    assert fixed.returncode == 0, fixed.stdout + fixed.stderr
    assert 'requests = "==2.31.0"  # pinned\n' in manifest.read_text()
    assert run(pipenv, "verify", cwd=tmp_path, env=_for(sick)).returncode == 0
    pins = run(pipenv, "requirements", cwd=tmp_path, env=_for(sick))
    (tmp_path / "locked.txt").write_text(pins.stdout)
    installed = run(sick.python, "-m", "pip", "install", "-r", "locked.txt", cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    version = works(sick)
    assert json.loads(lock.read_text())["default"]["urllib3"]["version"] == f"=={version}"


@pytest.mark.parametrize("kind", ["missing", "offline"])
def test_a_lock_that_cannot_be_made_anew_is_left_with_the_command(
    kind: str, tmp_path: Path, pretend: Pretend, python: Find
) -> None:
    variables = pretend(LIBRESSL)
    path = [part for part in os.environ["PATH"].split(os.pathsep)
            if not os.path.exists(os.path.join(part, "poetry"))]  # fmt: skip
    if kind == "missing":
        variables["PATH"] = os.pathsep.join(path)
    sick = Sick(tmp_path, variables)
    assert run(python("3.9"), "-m", "venv", "--without-pip", tmp_path / ".venv").returncode == 0
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\nrequests = "*"\n')
    (tmp_path / "poetry.lock").write_text(
        '[[package]]\nname = "urllib3"\nversion = "2.0.2"\n\n[metadata]\nlock-version = "2.1"\n'
    )
    before = _bytes(tmp_path)
    done = sick.sslfix("--apply", *(["--offline"] if kind == "offline" else []))
    assert done.returncode == 1
    assert "poetry add --lock 'urllib3@>=2.0.3,<3'" in done.stdout
    assert _bytes(tmp_path) == before


def test_a_healthy_library_has_no_finding_and_no_file_is_touched(
    tmp_path: Path, template: Path, python: Find
) -> None:
    sick = make(tmp_path, dict(os.environ), python("3.9"), template)
    (tmp_path / "requirements.txt").write_text("requests==2.31.0\nurllib3==2.0.2\n")
    works(sick)
    before = _bytes(tmp_path)
    done = sick.sslfix("--apply", "--format", "json")
    assert done.returncode == 0
    assert findings(done) == []
    assert _bytes(tmp_path) == before


def _lock(manifest: Path, text: str, command: tuple[str, ...]) -> None:
    """Lock with urllib3 2.0.2, then take its own line away: only the lock file names it.

    In a folder of its own: current pipenv cannot lock for a Python 3.9.
    """
    scratch = manifest.parent / "scratch"
    scratch.mkdir()
    poetry = manifest.suffix == ".toml"
    pin = 'urllib3 = "2.0.2"\n' if poetry else 'urllib3 = "==2.0.2"\n'
    variables = {**os.environ, "PIPENV_DEFAULT_PYTHON_VERSION": sys.executable}
    for line in (pin, "") if poetry else (pin,):
        (scratch / manifest.name).write_text(text.format(line))
        done = run(*command, cwd=scratch, env=variables)
        assert done.returncode == 0, done.stdout + done.stderr
    manifest.write_text(text.format(""))
    name = "poetry.lock" if poetry else "Pipfile.lock"
    (scratch / name).rename(manifest.parent / name)
    shutil.rmtree(scratch)


def _for(sick: Sick) -> dict[str, str]:
    """Variables with which a locker installs into the project's own .venv."""
    return {
        **os.environ,
        "VIRTUAL_ENV": str(sick.folder / ".venv"),
        "PIPENV_VENV_IN_PROJECT": "1",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
    }


def _bytes(folder: Path) -> dict[str, bytes]:
    def files() -> Iterator[Path]:
        return (path for path in folder.iterdir() if path.is_file())

    return {path.name: path.read_bytes() for path in files()}
