"""`sslfix explain`: what is printed, and the exit code."""

from __future__ import annotations

import io
import json
import platform
import sys
from pathlib import Path
from typing import Callable

import pytest

from sslfix import __version__
from sslfix.cli import main
from tests.conftest import run

REFUSED = (
    "ImportError: urllib3 v2.0 only supports OpenSSL 1.1.1+, currently the 'ssl' module is compiled"
    " with LibreSSL 2.8.3. See: https://github.com/urllib3/urllib3/issues/2168\n"
)


def test_the_cause_and_the_remedy_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("hello\n" + REFUSED)
    assert main(["explain", str(tmp_path / "log")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("SSL101 urllib3-openssl-too-old (certain): ")
    assert "line 2: ImportError: urllib3 v2.0" in out
    assert "= do: urllib3>=2.0.3,<3: from 2.0.3 on it only warns about LibreSSL" in out
    assert "= more: sslfix rule SSL101" in out


def test_the_language_may_stand_before_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text(REFUSED)
    for words in (
        ["--lang", "zh", "explain"],
        ["--lang=zh", "explain"],
        ["explain", "--lang", "zh"],
    ):
        assert main([*words, str(tmp_path / "log")]) == 0
        assert "确定" in capsys.readouterr().out


def test_json_keeps_the_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").write_text(REFUSED)
    assert main(["explain", "--format", "json", str(tmp_path / "log")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    match = report["matches"][0]
    assert set(match) == {"rule", "name", "title", "confidence", "evidence", "remedies"}
    assert (match["rule"], match["confidence"]) == ("SSL101", "certain")
    assert match["evidence"] in REFUSED
    assert match["remedies"][0]["commands"] == ['python -m pip install "urllib3>=2.0.3,<3"']


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input_is_read(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff" + REFUSED.encode())))
    assert main(["explain", *arguments]) == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_a_file_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "log").write_bytes(("\xe9\n" + REFUSED).encode(encoding))
    assert main(["explain", str(tmp_path / "log")]) == 0


def test_what_is_not_recognised_is_said_with_what_to_attach(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("KeyError: 'x'\n")
    assert main(["explain", str(tmp_path / "log")]) == 1
    out = capsys.readouterr().out
    assert out.startswith("not recognised")
    assert f"sslfix {__version__}" in out
    assert platform.python_version() in out or "cpython" in out
    assert str(Path.home()) not in out
    assert sys.prefix not in out
    assert main(["explain", "--format", "json", str(tmp_path / "log")]) == 1
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "matches": []}


@pytest.mark.parametrize("name", ["missing", "."])
def test_an_unreadable_file_is_an_error_that_names_it(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", str(tmp_path / name)]) == 2
    assert str(tmp_path / name) in capsys.readouterr().err


CRASH = "requests 2.32.3\nSegmentation fault (core dumped)\n"


@pytest.mark.parametrize(
    ("version", "advice"), [("3.8", "REQUESTS_CA_BUNDLE"), ("3.9", ">=2.32.5")]
)
def test_the_remedy_is_that_of_the_interpreter_named(
    version: str,
    advice: str,
    tmp_path: Path,
    python: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "log").write_text(CRASH)
    assert main(["explain", "--python", python(version), str(tmp_path / "log")]) == 0
    first = next(line for line in capsys.readouterr().out.splitlines() if "= do:" in line)
    assert advice in first


def test_the_projects_environment_counts_only_for_a_text_that_comes_from_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    python: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(python("3.8"), "-m", "venv", "--without-pip", tmp_path / ".venv")
    monkeypatch.chdir(tmp_path)
    for place, mine in ((tmp_path / ".venv", True), (tmp_path / "other", False)):
        (tmp_path / "log").write_text(f'File "{place}/lib/site-packages/x.py"\n{CRASH}')
        assert main(["explain", "log"]) == 0
        assert (">=2.32.5" not in capsys.readouterr().out) is mine


def test_an_interpreter_that_cannot_be_asked_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text(CRASH)
    assert main(["explain", "--python", str(tmp_path), str(tmp_path / "log")]) == 2
    assert str(tmp_path) in capsys.readouterr().err
