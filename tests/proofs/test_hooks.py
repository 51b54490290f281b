"""The hooks, by the real pre-commit and prek from a git clone of this repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sslfix import __version__
from tests.conftest import ROOT, run

from .lockers import OLD, Project

pytestmark = [pytest.mark.proof, pytest.mark.network]

RUNNERS = ["pre-commit", "prek"]
STAGES = ["pre-commit", "post-checkout", "post-merge", "post-rewrite"]
TARGET = "lambda-python3.9"  # its OpenSSL is 1.0.2k
FIXING = ("sslfix-fix", "--hook-stage", "manual", "--all-files")
CONFIGURATION = """\
default_install_hook_types: [{stages}]
repos:
- repo: {hooks}
  rev: {revision}
  hooks:
  - id: sslfix
  - id: sslfix-fix
    stages: [manual]
  - id: sslfix-env
  - id: sslfix-source
"""


class Store(NamedTuple):
    """A clone of this repository, and where a runner keeps the environments of its hooks."""

    hooks: Path
    revision: str
    variables: dict[str, str]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Shared by all tests: the environment of the hooks is built once for each runner."""
    folder = tmp_path_factory.mktemp("hooks")
    settings = folder / "gitconfig"
    settings.write_text(
        '[user]\nname = A\nemail = a@index.example\n[protocol "file"]\nallow = always\n'
    )
    hooks = folder / "sslfix"
    variables = {
        "GIT_CONFIG_GLOBAL": str(settings),
        "PRE_COMMIT_HOME": str(folder / "store"),
        "PREK_HOME": str(folder / "prek"),
    }
    assert run("git", "clone", "-q", ROOT, hooks).returncode == 0
    commands = ("tag v0.0.1", "commit -q --allow-empty -m release", "tag v0.1.0")
    for command in commands:
        done = run("git", *command.split(), cwd=hooks, env={**os.environ, **variables})
        assert done.returncode == 0, done.stderr
    return Store(hooks, run("git", "rev-parse", "HEAD", cwd=hooks).stdout.strip(), variables)


class Repository:
    """A git repository that uses the hooks, their environment built while pip works."""

    def __init__(self, folder: Path, runner: str, store: Store) -> None:
        self.folder, self.runner = folder, runner
        self.variables = {**os.environ, **store.variables}
        self.git("init", "-q", "-b", "main")
        (folder / ".pre-commit-config.yaml").write_text(
            CONFIGURATION.format(
                stages=", ".join(STAGES), hooks=store.hooks, revision=store.revision
            )
        )
        (folder / ".gitignore").write_text(".venv\n")
        done = run(runner, "install-hooks", cwd=folder, env=self.variables)
        assert done.returncode == 0, done.stdout + done.stderr

    def git(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return run("git", *arguments, cwd=self.folder, env={**self.variables, **extra})

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        variables = {**self.variables, **extra}
        return run(self.runner, "run", *arguments, cwd=self.folder, env=variables)

    def install(self) -> None:
        done = run(self.runner, "install", cwd=self.folder, env=self.variables)
        assert done.returncode == 0, done.stderr


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest, tool: Callable[[str], str]) -> str:
    tool(request.param)
    return str(request.param)


@pytest.fixture
def repository(runner: str, store: Store, tmp_path: Path) -> Repository:
    """One whose .venv is of the Python that runs the tests."""
    made = run(sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv")
    assert made.returncode == 0, made.stderr
    return Repository(tmp_path, runner, store)


@pytest.fixture
def broken(pretend: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """The variables under which the SSL library calls itself OpenSSL 1.0.2k."""
    wanted = ("LD_", "SHIM_")
    return {key: value for key, value in pretend(OLD).items() if key.startswith(wanted)}


# --------------------------------------------------------------------------- kinds of repositories


def _monorepo(project: Project) -> None:
    """Thirty projects with a lock file each; the others hold nothing that fails."""
    for number in range(30):
        folder = project.folder / f"packages/p{number}"
        folder.mkdir(parents=True)
        for name in project.files():
            shutil.copy(project.folder / name, folder / name)
    for name in project.files():
        (project.folder / name).unlink()


KINDS = {
    "requirements": "pip-compile",
    "Pipfile": "pipenv",
    "poetry": "poetry",
    "uv": "uv",
    "monorepo": "uv",
}


@pytest.mark.skipif(sys.version_info < (3, 10), reason="botocore admits no urllib3 2 here")
@pytest.mark.parametrize("kind", KINDS)
def test_a_commit_is_refused_fixed_and_passes(
    kind: str, runner: str, store: Store, make: Callable[[str], Project], broken: dict[str, str]
) -> None:
    project = make(KINDS[kind])
    paths = [project.locker.lock]
    if kind == "monorepo":
        _monorepo(project)
        paths = [f"packages/p{number}/uv.lock" for number in range(30)]
    repository = Repository(project.folder, runner, store)
    repository.install()
    repository.git("add", ".")
    refused = repository.git("commit", "-m", "pins", **broken)
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1, said
    for path in paths:
        assert re.search(rf"{path}:\d+:\d+: error\[SSL101\]: urllib3 2\.2\.3", said), said
    fixed = repository.run(*FIXING, **broken)
    assert fixed.returncode == 1, fixed.stdout + fixed.stderr
    assert "files were modified by this hook" in fixed.stdout
    repository.git("add", ".")
    passed = repository.git("commit", "-m", "pins that work", **broken)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    again = repository.run(*FIXING, **broken)
    assert again.returncode == 0, again.stdout


# --------------------------------------------------------------------------- what a hook sees


def test_only_what_is_staged_counts(repository: Repository, broken: dict[str, str]) -> None:
    pins = repository.folder / "requirements.txt"
    pins.write_text("urllib3==2.2.3\n")
    repository.git("add", ".")
    pins.write_text("urllib3==1.26.20\n")  # not staged: it cures nothing
    refused = repository.run("sslfix", **broken)
    assert refused.returncode == 1, refused.stdout
    assert "requirements.txt:1:1: error[SSL101]" in refused.stdout
    assert pins.read_text() == "urllib3==1.26.20\n"
    repository.git("add", ".")
    pins.write_text("urllib3==2.2.3\n")  # not staged: it harms nothing
    passed = repository.run("sslfix", **broken)
    assert passed.returncode == 0, passed.stdout
    assert pins.read_text() == "urllib3==2.2.3\n"


def test_the_report_says_which_python_was_judged(
    repository: Repository, broken: dict[str, str]
) -> None:
    (repository.folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    repository.git("add", ".")
    own = repository.run("sslfix", "--all-files", **broken)
    assert "judged for .venv" in own.stdout, own.stdout
    (repository.folder / ".sslfix.toml").write_text(f'targets = ["{TARGET}"]\n')
    shutil.rmtree(repository.folder / ".venv")
    repository.git("add", ".")
    target = repository.run("sslfix", "--all-files")
    assert target.returncode == 1, target.stdout
    assert f"the target {TARGET}" in target.stdout


def test_without_any_python_the_hook_says_what_to_do(repository: Repository) -> None:
    (repository.folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    shutil.rmtree(repository.folder / ".venv")
    repository.git("add", ".")
    bare = repository.folder / "bare"
    bare.mkdir()
    for name in (repository.runner, "git"):
        found = shutil.which(name)
        assert found is not None
        (bare / name).symlink_to(found)
    alone = repository.run("sslfix", "--all-files", PATH=str(bare))
    assert alone.returncode == 1, alone.stdout
    assert "no Python was found to judge for; name one with --python or --target" in alone.stdout


def test_no_network_is_asked(repository: Repository, broken: dict[str, str]) -> None:
    """As on pre-commit.ci: an address where nobody listens stands for every server."""
    (repository.folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    repository.git("add", ".")
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    cut = repository.run("sslfix", "--all-files", PIP_NO_INDEX="1", **nowhere, **broken)
    assert cut.returncode == 1, cut.stdout
    assert "error[SSL101]" in cut.stdout


def test_the_source_is_checked(repository: Repository) -> None:
    worker = repository.folder / "worker.py"
    worker.write_text("import requests\nfrom gevent import monkey\n\nmonkey.patch_all()\n")
    repository.git("add", ".")
    late = repository.run("sslfix-source", "--all-files")
    assert late.returncode == 1, late.stdout
    assert "worker.py:4:1: error[SSL601]" in late.stdout


# --------------------------------------------------------------------------- after git


def test_a_dead_environment_is_told_and_breaks_no_checkout(repository: Repository) -> None:
    repository.install()
    repository.git("add", ".")
    assert repository.git("commit", "-m", "one").returncode == 0
    stage = ["sslfix-env", "--hook-stage", "manual", "--all-files"]
    healthy = repository.run(*stage)
    assert healthy.returncode == 0, healthy.stdout
    python = repository.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/gone/python3.9")
    dead = repository.run(*stage)
    assert dead.returncode == 1, dead.stdout
    assert "SSL502" in dead.stdout
    done = {
        "checkout": repository.git("checkout", "-b", "other"),
        "merge": repository.git("merge", "main"),
        "rebase": _rebased(repository),
    }
    for name in ("checkout", "rebase"):
        said = done[name].stdout + done[name].stderr
        assert (done[name].returncode, "SSL502" in said) == (0, True), said
    assert done["merge"].returncode == 0
    one_file = repository.git("checkout", "--", ".gitignore")
    assert (one_file.returncode, "SSL502" in one_file.stdout + one_file.stderr) == (0, False)


def _rebased(repository: Repository) -> subprocess.CompletedProcess[str]:
    (repository.folder / "a.txt").write_text("a\n")
    repository.git("add", ".")
    repository.git("commit", "-m", "other")
    repository.git("checkout", "main")
    (repository.folder / "b.txt").write_text("b\n")
    repository.git("add", ".")
    repository.git("commit", "-m", "two")
    repository.git("checkout", "other")
    return repository.git("rebase", "main")


# --------------------------------------------------------------------------- pinning


def test_autoupdate_takes_the_newest_tag(repository: Repository, store: Store) -> None:
    """As with a mirror: a repository whose tags are releases."""
    configuration = repository.folder / ".pre-commit-config.yaml"
    configuration.write_text(configuration.read_text().replace(store.revision, "v0.0.1"))
    done = run(repository.runner, "autoupdate", cwd=repository.folder, env=repository.variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rev: v0.1.0\n" in configuration.read_text()


def test_the_mirror_of_the_document_brings_the_hooks(
    runner: str, store: Store, tmp_path: Path, broken: dict[str, str]
) -> None:
    """Two files and a tag: the distribution comes from where pip and uv look for it."""
    mirror, wheels = tmp_path / "mirror", tmp_path / "wheels"
    command = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps")
    assert run(*command, "-w", wheels, store.hooks).returncode == 0
    mirror.mkdir()
    text = (ROOT / "docs/hooks.md").read_text("utf-8")
    settings = re.search(r"```toml\n# pyproject\.toml\n(.*?)```", text, re.DOTALL)
    assert settings is not None
    (mirror / "pyproject.toml").write_text(settings[1].replace("0.1.0", __version__))
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", mirror)
    found = {
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}",
        "UV_FIND_LINKS": str(wheels),
    }
    variables = {**store.variables, **found}
    for words in ("init -q", "add .", "commit -q -m release", f"tag v{__version__}"):
        done = run("git", *words.split(), cwd=mirror, env={**os.environ, **variables})
        assert done.returncode == 0, done.stderr
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    assert run(sys.executable, "-m", "venv", "--without-pip", folder / ".venv").returncode == 0
    repository = Repository(folder, runner, Store(mirror, f"v{__version__}", variables))
    repository.git("add", ".")
    refused = repository.run("--all-files", **broken)
    assert refused.returncode == 1, refused.stdout
    assert "requirements.txt:1:1: error[SSL101]" in refused.stdout
    fixed = repository.run(*FIXING, **broken)
    assert fixed.returncode == 1, fixed.stdout
    assert (folder / "requirements.txt").read_text().startswith("urllib3==1.26.20")


def test_try_repo(repository: Repository, store: Store) -> None:
    (repository.folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    (repository.folder / ".sslfix.toml").write_text(f'targets = ["{TARGET}"]\n')
    repository.git("add", ".")
    command = ["try-repo", str(store.hooks), "sslfix", "--all-files"]
    done = run(repository.runner, *command, cwd=repository.folder, env=repository.variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "requirements.txt:1:1: error[SSL101]" in done.stdout
