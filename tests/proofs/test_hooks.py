"""The hooks, by the real pre-commit and prek from a git clone of this repository."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, run

pytestmark = [pytest.mark.proof, pytest.mark.network]

RUNNERS = ["pre-commit", "prek"]


class Repository:
    """A git repository that uses the hooks of a clone of sslfix."""

    def __init__(self, folder: Path, runner: str, python: str) -> None:
        self.folder = folder / "project"
        self.runner = runner
        self.variables = {
            **os.environ,
            "PRE_COMMIT_HOME": str(folder / "store"),
            "PREK_HOME": str(folder / "store"),
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
        }
        (folder / "gitconfig").write_text(
            '[user]\nname = A\nemail = a@index.example\n[protocol "file"]\nallow = always\n'
        )
        hooks = folder / "sslfix"
        self.folder.mkdir()
        self.git("clone", "-q", str(ROOT), str(hooks))
        revision = run("git", "rev-parse", "HEAD", cwd=hooks).stdout.strip()
        self.git("init", "-q")
        (self.folder / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n"
            "  - id: sslfix\n  - id: sslfix-fix\n    stages: [manual]\n"
            "  - id: sslfix-env\n  - id: sslfix-source\n"
        )
        (self.folder / ".gitignore").write_text(".venv\n")
        assert run(python, "-m", "venv", "--without-pip", self.folder / ".venv").returncode == 0

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run("git", *arguments, cwd=self.folder, env=self.variables)

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        command = [self.runner, "run", *arguments]
        return run(*command, cwd=self.folder, env={**self.variables, **extra})


@pytest.fixture(params=RUNNERS)
def repository(
    request: pytest.FixtureRequest, tmp_path: Path, tool: Callable[[str], str],
    python: Callable[[str], str],
) -> Repository:  # fmt: skip
    return Repository(tmp_path, tool(request.param), python("3.9"))


def test_a_bad_pin_is_refused_fixed_and_passes(
    repository: Repository, pretend: Callable[[str], dict[str, str]]
) -> None:
    broken = {key: value for key, value in pretend("LibreSSL 2.8.3").items()
              if key.startswith(("LD_", "SHIM_"))}  # fmt: skip
    pins = repository.folder / "requirements.txt"
    pins.write_text("requests==2.31.0\nurllib3==2.0.2\n")
    repository.git("add", ".")
    refused = repository.run("sslfix", "--all-files", **broken)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "requirements.txt:2:1: error[SSL101]" in refused.stdout
    assert ".venv (Python 3.9" in refused.stdout
    fixing = ["sslfix-fix", "--hook-stage", "manual", "--all-files"]
    fixed = repository.run(*fixing, **broken)
    assert fixed.returncode == 1, fixed.stdout
    assert "files were modified by this hook" in fixed.stdout
    assert re.fullmatch(r"requests==2\.31\.0\nurllib3==2\.\d+\.\d+\n", pins.read_text())
    repository.git("add", ".")
    for hook in (["sslfix", "--all-files"], fixing):
        again = repository.run(*hook, **broken)
        assert again.returncode == 0, again.stdout


def test_the_other_hooks(repository: Repository) -> None:
    worker = repository.folder / "worker.py"
    worker.write_text("import requests\nfrom gevent import monkey\n\nmonkey.patch_all()\n")
    repository.git("add", ".")
    late = repository.run("sslfix-source", "--all-files")
    assert late.returncode == 1, late.stdout
    assert "worker.py:4:1: error[SSL601]" in late.stdout
    stage = ["sslfix-env", "--hook-stage", "manual", "--all-files"]
    healthy = repository.run(*stage)
    assert healthy.returncode == 0, healthy.stdout
    python = repository.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/gone/python3.9")
    dead = repository.run(*stage)
    assert dead.returncode == 1, dead.stdout
    assert "SSL502" in dead.stdout
    checkout = repository.run(
        "sslfix-env", "--hook-stage", "post-checkout", "--from-ref", "HEAD", "--to-ref", "HEAD",
        "--checkout-type", "1", PRE_COMMIT_CHECKOUT_TYPE="1",
    )  # fmt: skip
    assert checkout.returncode == 0, checkout.stdout
    assert "SSL502" in checkout.stdout
