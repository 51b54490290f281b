"""Fixtures that keep the tests away from the real home, settings and variables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import hypothesis
import pytest

from . import shim

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
# What pip and uv need to reach the package index of this machine; nothing else is inherited.
INHERITED = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CI")
INHERITED_PREFIXES = ("PIP_", "UV_", "SSLFIX_", "COVERAGE_", "PYTEST_", "HYPOTHESIS_")


def _real_home() -> Path:
    return Path(os.environ.get("SSLFIX_REAL_HOME", str(Path.home())))


REAL_HOME = _real_home()

# The same examples in every run, so that CI fails for what a change did. New ones are looked for
# with HYPOTHESIS_PROFILE=explore.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=5000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty home and only the variables that the package index needs."""
    home = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if name not in INHERITED and not name.startswith(INHERITED_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("LANGUAGE", "en")  # whatever LANG says
    # pyenv's shims answer differently by folder; tests name interpreters by path. The tools that
    # are installed beside this interpreter (poetry, pipenv, uv, pre-commit) come first.
    path = [part for part in os.environ["PATH"].split(os.pathsep) if "pyenv/shims" not in part]
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), *path]))
    # pip's own settings of this machine, where the home would have held them.
    for name in (".config/pip/pip.conf", ".pip/pip.conf"):
        settings = REAL_HOME / name
        if settings.is_file() and "PIP_CONFIG_FILE" not in os.environ:
            monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = shim.build(tmp_path_factory.mktemp("shim")) if sys.platform == "linux" else None
    if library is None:
        pytest.skip("needs Linux and a C compiler (cc)")
    return library


@pytest.fixture
def pretend(shim_library: Path) -> Callable[[str], dict[str, str]]:
    """Environment variables under which every Python reports the given SSL library."""
    return lambda text: {**os.environ, **shim.variables(shim_library, text)}


def find_python(version: str) -> str:
    """The path of a CPython of that minor version on this machine; skips the test without one."""
    for folder in sorted((REAL_HOME / ".pyenv/versions").glob(f"{version}.*")):
        if (folder / "bin/python").exists():
            return str(folder / "bin/python")
    found = shutil.which(f"python{version}")
    if found is None:
        pytest.skip(f"needs a Python {version}")
    return found


@pytest.fixture
def python() -> Callable[[str], str]:
    """`python("3.9")` is the path of such an interpreter, or the test is skipped."""
    return find_python


@pytest.fixture
def tool() -> Callable[[str], str]:
    """`tool("poetry")` is the path of an installed tool, or the test is skipped."""

    def find(name: str) -> str:
        return shutil.which(name) or pytest.skip(f"needs {name} (python3 dev.py test --all)")

    return find


def index_url() -> str:
    """The package index that pip uses here, for tools that have to be told; never committed."""
    from pip._internal.models.index import PyPI

    url = os.environ.get("PIP_INDEX_URL", PyPI.simple_url)
    assert isinstance(url, str)
    return url


@pytest.fixture
def corpus() -> Path:
    return _shared("SSLFIX_CORPUS", "corpus")


@pytest.fixture
def reports() -> Path:
    return _shared("SSLFIX_REPORTS", "reports")


def _shared(variable: str, name: str) -> Path:
    folder = Path(os.environ.get(variable, SHARED / name))
    if not folder.is_dir():
        pytest.skip(f"{name} not found at {folder} (set {variable})")
    return folder


def run(
    *command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with its output captured as text; the exit code is the caller's to judge."""
    return subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
