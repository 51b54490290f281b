"""What the tests of CI files share: a copy of this checkout, and GitLab's jobs run locally."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from tests.conftest import ROOT, run

GITLAB_CI_LOCAL = "gitlab-ci-local@4.61.1"  # later ones need Node 22
RSYNC = ("rsync", "libpopt0", "libxxhash0")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout without its tests: installing it writes into it."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def gitlab_job(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], tuple[int, str]]:
    """Runs a job of a project's .gitlab-ci.yml in a shell: its exit code and its log."""
    npm = shutil.which("npm") or pytest.skip("needs npm")
    folder = tmp_path_factory.mktemp("gitlab-ci-local")
    variables = _with_rsync(folder)
    done = run(npm, "install", "--silent", "--no-audit", "--no-fund", GITLAB_CI_LOCAL, cwd=folder)
    if done.returncode != 0:
        pytest.skip(f"{GITLAB_CI_LOCAL} cannot be installed: {done.stderr.strip()}")
    program = folder / "node_modules/.bin/gitlab-ci-local"

    def job(project: Path, name: str) -> tuple[int, str]:
        ended = run(program, "--force-shell-executor", name, cwd=project, env=variables)
        return ended.returncode, ended.stdout + ended.stderr

    return job


def _with_rsync(folder: Path) -> dict[str, str]:
    """Variables under which rsync is found; a Debian's is unpacked, not installed."""
    if shutil.which("rsync"):
        return dict(os.environ)
    if not shutil.which("apt-get"):
        pytest.skip("needs rsync")
    done = run("apt-get", "download", *RSYNC, cwd=folder)
    if done.returncode != 0:
        pytest.skip(f"rsync cannot be downloaded: {done.stderr.strip()}")
    for package in folder.glob("*.deb"):
        run("dpkg", "-x", package, folder)
    (libraries,) = {str(path.parent) for path in folder.glob("usr/lib/*/libpopt.so.0")}
    path = f"{folder / 'usr/bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LD_LIBRARY_PATH": libraries}
