"""`sslfix check --install` as it is called; tests/test_preflight.py has what it finds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sslfix import cli
from sslfix.apply import installers
from tests.apply.worlds import wheel
from tests.conftest import ROOT

Output = pytest.CaptureFixture[str]
Find = Callable[[str], str]
TARGET = ("--target", "lambda-python3.9")


@pytest.fixture(autouse=True)
def _wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(installers, "_pip_has_its_index", lambda _: False)
    Path("uv.toml").write_text('no-index = true\nfind-links = ["wheels"]\n')
    wheel(tmp_path / "wheels", "urllib3", "1.26.20")
    wheel(tmp_path / "wheels", "urllib3", "2.2.3")
    wheel(tmp_path / "wheels", "requests", "2.31.0", "urllib3<3")


def test_the_report_is_that_of_check(tool: Find, capsys: Output) -> None:
    tool("uv")
    assert cli.main([*TARGET, "--install", "requests"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "<command line>:1:1: error[SSL101]: urllib3 2.2.3 cannot be imported here"
    assert lines[2] == "1 | requests"
    assert lines[3].startswith("  | ^^^^^^^^ refuses OpenSSL 1.0.2k")
    assert "  = paste: uv pip install requests 'urllib3>=1.26.20,<2'" in lines
    assert lines[-1] == "1 error (1 file, 1 declaration read)"
    assert cli.main([*TARGET, "--install", "requests", "urllib3<2"]) == 0


def test_json_fits_the_schema(tool: Find, capsys: Output) -> None:
    import jsonschema

    tool("uv")
    Path("r.txt").write_text("requests\n")
    assert cli.main([*TARGET, "--format", "json", "--install", "-r", "r.txt"]) == 1
    found = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "sslfix/reporters/schema.json").read_text())
    jsonschema.validate(found, schema)
    (finding,) = found["findings"]
    assert (finding["distribution"], finding["version"]) == ("urllib3", "2.2.3")
    assert finding["locations"][0]["path"] == "<command line>"
    assert found["files"][0]["path"] == "<command line>"


def test_what_a_resolver_refuses_is_exit_2(tool: Find, capsys: Output) -> None:
    tool("uv")
    Path("c.txt").write_text("urllib3<1\n")
    assert cli.main([*TARGET, "--install", "requests", "-c", "c.txt"]) == 2
    assert "<command line>: could not check: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--install"], "--install needs a requirement"),
        (["--install", "-r", "r.txt", "requests"], "requests: no such folder; a requirement"),
        (["-r", "requirements.txt"], "-r and -c belong to --install"),
        (["-c", "constraints.txt"], "-r and -c belong to --install"),
        (["--install", "requests", "--offline"], "need the network"),
        (["--install", "requests", "--apply"], "leave out --apply"),
        (["--install", "requests", "--diff"], "leave out --diff"),
        (["--install", "requests", "--no-exec"], "leave out --no-exec"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    words: list[str], reason: str, capsys: Output
) -> None:
    assert cli.main([*TARGET, *words]) == 2
    assert reason in capsys.readouterr().err
