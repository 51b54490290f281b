"""action.yml: valid, and run for real on the Pythons that it may meet."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from tests.conftest import ROOT, find_python, run

from .composite import run_action

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX bash")
PINS = "requests==2.31.0\nurllib3==2.2.3\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A repository whose pins fail on Lambda's Python 3.9, in a folder with a blank in its name."""
    folder = tmp_path / "work space/app"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text(PINS)
    (tmp_path / "work space/.git").mkdir()
    return tmp_path / "work space"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temp"
    folder.mkdir()
    return folder


def programs(folder: Path, **links: str) -> str:
    """A PATH with the plain tools and these programs only."""
    folder.mkdir()
    for name in ("bash", "ls", "rm", "cat", "env", "uname", "git", "mkdir"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    for name, target in links.items():
        # Not a link: a Python that is called by one looks for its library beside it.
        (folder / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n')
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.fixture
def installed(temporary: Path) -> Path:
    """Takes the place of what install.sh makes: this very sslfix."""
    home = temporary / "sslfix-action"
    (home / "bin").mkdir(parents=True)
    (home / "bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (home / "bin/python").chmod(0o755)
    (home / ".installed").write_text("")
    return home


def test_findings_fail_the_step_and_are_shown(
    workspace: Path, temporary: Path, installed: Path
) -> None:
    inputs = {
        "targets": "lambda-python3.9\nmacos-python3.9",
        "sarif-file": "sslfix.sarif\r\n",
        "working-directory": "app",
    }
    ran = run_action(workspace, temporary, os.environ["PATH"], inputs)
    assert ran.code == 1, ran.log
    assert ran.outputs == {
        "exit-code": "1",
        "findings": "2",
        "errors": "1",
        "sarif-file": "app/sslfix.sarif",
    }
    assert (
        "::error title=sslfix SSL101 urllib3-openssl-too-old,file=app/requirements.txt" in ran.log
    )
    assert ran.summary.startswith("**sslfix: 1 error, ")
    uris = re.findall(r'"uri": "([^"]*)"', (workspace / "app/sslfix.sarif").read_text("utf-8"))
    assert set(uris) == {"app/requirements.txt"}


def test_nothing_found_ends_well(workspace: Path, temporary: Path, installed: Path) -> None:
    (workspace / "app/requirements.txt").write_text("urllib3==1.26.20\n")
    ran = run_action(workspace, temporary, os.environ["PATH"], {"targets": "lambda-python3.9"})
    assert ran.code == 0, ran.log
    assert ran.outputs == {"exit-code": "0", "findings": "0", "errors": "0", "sarif-file": ""}


def test_what_cannot_be_done_fails_with_its_code(
    workspace: Path, temporary: Path, installed: Path
) -> None:
    ran = run_action(workspace, temporary, os.environ["PATH"], {"targets": "nowhere"})
    assert ran.code == 2
    assert ran.outputs["exit-code"] == "2"
    assert "nowhere" in ran.log


def test_settings_of_the_job_reach_the_check(
    workspace: Path, temporary: Path, installed: Path
) -> None:
    inputs = {
        "targets": "macos-python3.9",
        "fail-on": "warning",
        "args": "--only\n  \npins\n--ignore\nSSL102",
        "annotations": "false",
        "summary": "false",
    }
    ran = run_action(workspace, temporary, os.environ["PATH"], inputs)
    assert ran.code == 0, ran.log
    assert "::" not in ran.log
    assert ran.summary == ""


@pytest.mark.parametrize("name", ["paths", "targets", "python", "args", "sarif-file", "fail-on"])
def test_no_input_is_run(name: str, workspace: Path, temporary: Path, installed: Path) -> None:
    given = "$(touch a) `touch b` \"; touch c; #\n'; touch d\n${IFS}--output=e\n|touch f"
    ran = run_action(workspace, temporary, os.environ["PATH"], {name: given})
    assert ran.code == (0 if name == "sarif-file" else 2), ran.log
    made = {path.name for path in workspace.rglob("*")}
    assert not made & set("abcdef")


# --------------------------------------------------------------------------- the installation


def without_ensurepip(folder: Path, python: str) -> str:
    """A Python of a Debian without python3-venv."""
    program = folder / "python-without-ensurepip"
    guard = 'case "$*" in *ensurepip*) exit 1;; esac'
    program.write_text(f'#!/bin/sh\n{guard}\nexec "{python}" "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.proof
@pytest.mark.network
@pytest.mark.parametrize("kind", ["uv", "old python3 first", "without ensurepip"])
def test_it_installs_beside_whatever_python_there_is(
    kind: str, workspace: Path, temporary: Path, tmp_path: Path, checkout: Path
) -> None:
    old = find_python("3.8")
    if kind == "uv":
        uv = shutil.which("uv") or pytest.skip("needs uv")
        links = {"python3": old, "uv": uv, "python3.11": find_python("3.11")}
    elif kind == "old python3 first":
        links = {"python3": old, "python": old, "python3.11": find_python("3.11")}
    else:
        links = {"python3": without_ensurepip(tmp_path, find_python("3.11"))}
    # A module of the repository is never ours.
    (workspace / "venv.py").write_text("raise SystemExit('of the repository')\n")
    path = programs(tmp_path / "programs", **links)
    ran = run_action(workspace, temporary, path, {"targets": "lambda-python3.9"}, checkout)
    assert ran.outputs["errors"] == "1", ran.log
    assert ran.code == 1


def test_without_any_python_it_says_what_is_missing(
    workspace: Path, temporary: Path, tmp_path: Path
) -> None:
    path = programs(tmp_path / "programs", python3=find_python("3.8"))
    ran = run_action(workspace, temporary, path, {})
    assert ran.code == 2
    assert ran.log.startswith("::error title=sslfix::sslfix needs a Python from 3.9 on")


# --------------------------------------------------------------------------- the files


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", sorted(ROOT.glob("examples/ci/github-*.yml"))),
        ("vendor.gitlab-ci", ["examples/ci/gitlab.yml"]),
    ],
    ids=["action", "workflows", "gitlab"],
)
def test_the_files_are_valid(
    schema: str, files: list[str | Path], tool: Callable[[str], str]
) -> None:
    done = run(tool("check-jsonschema"), "--builtin-schema", schema, *files, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing(tmp_path: Path, tool: Callable[[str], str]) -> None:
    # The examples name a release of this action; all others are pinned by commit.
    policies = 'policies: {"sslfix/*": ref-pin, "*": hash-pin}'
    (tmp_path / "zizmor.yml").write_text(f"rules: {{unpinned-uses: {{config: {{{policies}}}}}}}")
    options = ("--offline", "--persona", "pedantic", "--config", str(tmp_path / "zizmor.yml"))
    files = sorted(ROOT.glob("examples/ci/github-*.yml"))
    done = run(tool("zizmor"), *options, "action.yml", *files, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_inputs_and_outputs_are_documented() -> None:
    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    page = (ROOT / "docs/ci.md").read_text("utf-8")
    template = (ROOT / "templates/sslfix.yml").read_text("utf-8")
    component = next(yaml.safe_load_all(template))["spec"]["inputs"]
    for name in (*action["inputs"], *action["outputs"], *component):
        assert f"`{name}`" in page, name


def test_the_bot_has_the_options_of_the_examples() -> None:
    from sslfix.commands import bot

    yaml = pytest.importorskip("yaml", reason="needs PyYAML")
    found = []
    for path in sorted(ROOT.glob("examples/ci/*.yml")):
        for job in _jobs(yaml.safe_load(path.read_text("utf-8"))):
            scripts = [step.get("run", "") for step in job.get("steps", ())]
            for line in "\n".join([*scripts, *job.get("script", ())]).splitlines():
                words = shlex.split(line)
                if "bot" in words:
                    found.append([word for word in words if "DRY_RUN" not in word])
    assert len(found) == 3
    for words in found:
        parser = argparse.ArgumentParser()
        bot.configure(parser)
        parser.parse_args(words[words.index("bot") + 1 :])


def _jobs(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The jobs of a GitHub workflow, or of GitLab's file."""
    jobs = document.get("jobs", document)
    return [one for one in jobs.values() if isinstance(one, dict)]
