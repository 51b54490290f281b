"""Reports for CI: several of one run, in UTF-8, from the repository's root."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from sslfix.collect import repository
from sslfix.commands import check
from tests.conftest import ROOT, run

CHECK = (sys.executable, "-m", "sslfix", "check", "--target", "lambda-python3.9")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder below the root of a repository, with a pin that fails."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "größe"
    folder.mkdir()
    (folder / "requirements.txt").write_text("urllib3==2.2.3\n")
    return folder


def test_one_run_writes_several_reports(folder: Path) -> None:
    wanted = ("--report", "sarif=a.sarif", "--report", "gitlab=b.json", "--format", "github")
    done = run(*CHECK, *wanted, cwd=folder)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error title=sslfix SSL101 urllib3-openssl-too-old,file=größe/")
    assert json.loads((folder / "a.sarif").read_text("utf-8"))["version"] == "2.1.0"
    (issue,) = json.loads((folder / "b.json").read_text("utf-8"))
    assert issue["location"]["path"] == "größe/requirements.txt"


def test_a_patch_comes_with_reports(folder: Path) -> None:
    done = run(*CHECK, "--diff", "--offline", "--report", "gitlab=a.json", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("--- a/requirements.txt\n")
    (issue,) = json.loads((folder / "a.json").read_text("utf-8"))
    assert issue["location"]["path"] == "größe/requirements.txt"


def test_text_and_json_state_paths_from_the_working_directory(folder: Path) -> None:
    done = run(*CHECK, "--report", "json=a.json", cwd=folder)
    assert done.stdout.startswith("requirements.txt:1:1: ")
    (finding,) = json.loads((folder / "a.json").read_text("utf-8"))["findings"]
    assert finding["locations"][0]["path"] == "requirements.txt"


def test_reports_are_utf_8_whatever_the_locale(folder: Path) -> None:
    env = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run(*CHECK, "--format", "markdown", cwd=folder, env=env)
    assert "`größe/requirements.txt:1`" in done.stdout


@pytest.mark.parametrize("report", ["nonsense=a", "sarif", "sarif="])
def test_a_report_needs_a_format_and_a_file(report: str, folder: Path) -> None:
    done = run(*CHECK, "--report", report, cwd=folder)
    assert done.returncode == 2
    assert "FORMAT=FILE" in done.stderr


def test_a_clean_project_gives_an_empty_code_quality_report(folder: Path) -> None:
    (folder / "requirements.txt").write_text("urllib3==1.26.20\n")
    done = run(*CHECK, "--format", "gitlab", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_the_root_is_that_of_the_repository(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository.root(str(folder / "requirements.txt")) == str(tmp_path)
    (tmp_path / ".git").rmdir()
    monkeypatch.chdir(folder)
    assert repository.root(".") == str(folder)


def test_every_format_is_documented() -> None:
    page = (ROOT / "docs/ci.md").read_text("utf-8")
    assert tuple(re.findall(r"^\| `(\w+)` \| .*(?: \| .*){5}", page, re.MULTILINE)) == check.FORMATS
