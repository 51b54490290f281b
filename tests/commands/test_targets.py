"""`sslfix targets` as it is called, and `--target auto` from one end to the other."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sslfix import cli, session

Output = pytest.CaptureFixture[str]


def test_the_table_has_a_line_for_each_target(capsys: Output) -> None:
    assert cli.main(["targets"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert " ".join(head.split()) == "name Python SSL library since until how it is known"
    (line,) = [line for line in lines if line.startswith("lambda-python3.9 ")]
    assert line.split("  ")[0] == "lambda-python3.9"
    assert "3.9.18" in line
    assert "OpenSSL 1.0.2k-fips  26 Jan 2017" in line
    assert "2021-08-16  2025-12-15" in line
    assert line.endswith("https://github.com/aws/aws-lambda-base-images/issues/98")
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["LibreSSL", "darwin"], []),
        (["libressl", "apple"], ["macos-python3.9"]),
        (["macos-system"], ["macos-python3.9"]),
        (["heroku-22", "3.12"], ["heroku-22-python3.12"]),
        (["python:3.9.6-slim"], ["python:3.9.6-slim"]),  # no line of the table, and a name
    ],
)
def test_words_find_targets(words: list[str], names: list[str], capsys: Output) -> None:
    assert cli.main(["targets", "--format", "json", *words]) == (0 if names else 1)
    said = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in said["targets"]] == names


def test_what_is_not_found_is_said(capsys: Output) -> None:
    assert cli.main(["targets", "my", "server"]) == 1
    assert "`sslfix targets` lists them all" in capsys.readouterr().out


def test_a_target_in_json(capsys: Output) -> None:
    assert cli.main(["targets", "macos-python3.9", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == 1
    (found,) = said["targets"]
    assert found.pop("source")
    assert found.pop("url").startswith("https://")
    assert found.pop("aliases")
    assert found == {
        "name": "macos-python3.9",
        "python": "3.9.6",
        "ssl": {"library": "LibreSSL", "version": "2.8.3", "raw": "LibreSSL 2.8.3"},
        "platform": "darwin",
        "machine": "arm64",
        "since": None,
        "until": None,
        "ended": False,
    }


def test_a_target_that_has_ended(capsys: Output) -> None:
    assert cli.main(["targets", "heroku-20", "3.8", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["targets"]
    assert (found["until"], found["ended"]) == ("2025-01-08", True)


def test_a_lock_file_that_dies_in_production_is_found_on_the_laptop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    Path("serverless.yml").write_text("provider:\n  name: aws\n  runtime: python3.9\n")
    assert cli.main(["--target", "auto"]) == 1
    said = capsys.readouterr().out
    assert "error[SSL101]: urllib3 2.2.3 cannot be imported here" in said
    assert "refuses OpenSSL 1.0.2k, the SSL library of lambda-python3.9" in said
    assert "runtime python3.9 in serverless.yml:3" in said

    Path("serverless.yml").write_text("provider:\n  name: aws\n  runtime: python3.12\n")
    assert cli.main(["--target", "auto"]) == 0


def test_a_part_of_a_project_is_judged_for_its_own_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, runtime in (("old", "python3.9"), ("new", "python3.12")):
        Path(folder).mkdir()
        Path(folder, "requirements.txt").write_text("urllib3==2.2.3\n")
        Path(folder, "serverless.yml").write_text(f"provider:\n  runtime: {runtime}\n")
    assert cli.main(["new", "--target", "auto"]) == 0
    assert cli.main(["old/requirements.txt", "--target", "auto"]) == 1
    assert cli.main(["--target", "auto"]) == 1


def test_a_project_is_not_judged_for_the_target_of_its_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, name, text in (
        ("a", "Dockerfile", "FROM python:3.12-slim\n"),
        ("b", "serverless.yml", "provider:\n  runtime: python3.9\n"),
    ):
        Path(folder).mkdir()
        Path(folder, "requirements.txt").write_text("urllib3==2.2.3\n")
        Path(folder, name).write_text(text)
    assert cli.main(["--target", "auto"]) == 1
    said = capsys.readouterr().out
    assert "b/requirements.txt:1" in said
    assert "a/requirements.txt" not in said


def test_a_cell_of_a_matrix_that_is_not_judged_is_said_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    Path(".github/workflows").mkdir(parents=True)
    Path(".github/workflows/ci.yml").write_text(
        "os: [ubuntu-24.04, macos-13]\npython-version: ['3.12']\nuses: actions/setup-python@v5\n"
    )
    assert cli.main(["--target", "auto"]) == 0
    assert (
        ".github/workflows/ci.yml:2: macos-13 with Python 3.12 is no known target: not judged"
        in capsys.readouterr().out
    )


def test_without_hints_auto_says_what_it_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    assert cli.main(["--target", "auto"]) == 2
    said = capsys.readouterr().err
    assert "nothing in . names a known deployment target; looked at Dockerfile" in said
    assert "serverless.yml" in said


def test_what_auto_cannot_judge_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text("urllib3==2.2.3\n")
    Path("Dockerfile").write_text("FROM python:3.9-bullseye AS a\nFROM python:3\n")
    assert cli.main(["--target", "auto"]) == 2
    assert (
        "Dockerfile:2: could not check: FROM python:3 is no known target" in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("runtime", "pin", "lines"),
    [
        (
            "python3.9",
            "urllib3==2.2.3",
            ("not judged: runtime python3.9 in serverless.yml:2, where urllib3==2.2.3 fails",),
        ),
        ("python3.12", "urllib3==2.2.3", ()),
        ("python3.9", "urllib3==1.26.20", ()),
    ],
)
def test_what_fails_where_the_project_says_that_it_runs_is_told(
    runtime: str,
    pin: str,
    lines: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("requirements.txt").write_text(f"{pin}\n")
    Path("serverless.yml").write_text(f"provider:\n  runtime: {runtime}\n")
    request = session.Request()
    looked = session.check(request)
    said = [line.partition(";")[0] for line in session.elsewhere(request, looked)]
    assert said == list(lines)
    named = request._replace(python=(sys.executable,))
    assert tuple(session.elsewhere(named, looked)) == ()
