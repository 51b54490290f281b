"""The forges, once their contract is had."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import contract, gitlab
from .contract import Contract
from .github import GitHub
from .gitlab import GitLab


@pytest.fixture(scope="session")
def described(request: pytest.FixtureRequest) -> Contract:
    """GitHub's description of its API; skips the test where it cannot be had."""
    cache = Path(request.config.cache.mkdir("forge"))
    try:
        return contract.load(cache)
    except contract.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def git_server() -> None:
    """Skips the test where git cannot be a server that merges by itself."""
    said = subprocess.run(["git", "--version"], capture_output=True, check=False, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if sys.platform == "win32" or version < (2, 38):
        pytest.skip("needs git 2.38 or later, with its http-backend")


@pytest.fixture
def forge(described: Contract, git_server: None, tmp_path: Path) -> Iterator[GitHub]:
    """An empty GitHub; the test fails if anything was said that GitHub does not describe."""
    root = tmp_path / "forge"
    root.mkdir()
    with GitHub(root, described) as made:
        yield made
    assert made.violations == []


@pytest.fixture
def lab(git_server: None, tmp_path: Path) -> Iterator[GitLab]:
    """An empty GitLab, judged likewise."""
    root = tmp_path / "lab"
    root.mkdir()
    with GitLab(root, gitlab.description()) as made:
        yield made
    assert made.violations == []
