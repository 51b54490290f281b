"""`sslfix --show-settings`: what counts, and where it is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sslfix.collect import configuration
from tests.conftest import run

PROJECT = """\
[tool.sslfix]
targets = ["lambda-python3.9"]
ignore = ["SSL102", { rule = "SSL101", reason = "a \\"b\\"", until = 2027-01-31 }]

[tool.sslfix.per-path-ignores]
"legacy/**" = ["SSL1"]

[tool.sslfix.bot]
limit = 3
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text(PROJECT)


def shown(*arguments: str) -> str:
    done = run(sys.executable, "-m", "sslfix", "--show-settings", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def settings(*arguments: str) -> dict[str, tuple[object, list[str]]]:
    data = json.loads(shown("--format", "json", *arguments))
    assert (data["schema"], data["configuration"]) == (1, "pyproject.toml")
    return {key: (one["value"], one["from"]) for key, one in data["settings"].items()}


def test_each_setting_has_its_place() -> None:
    found = settings()
    assert found["targets"] == (["lambda-python3.9"], ["pyproject.toml:2"])
    assert found["fail-on"] == ("error", ["default"])
    assert found["per-path-ignores"] == ({"legacy/**": ["SSL1"]}, ["pyproject.toml:5"])
    assert found["bot.limit"] == (3, ["pyproject.toml:9"])
    assert found["bot.group"] == ("file", ["default"])
    every = [key for key in configuration.schema()["properties"] if key != "bot"]
    assert [key for key in found if not key.startswith("bot.")] == every


def test_the_command_line_wins_or_adds() -> None:
    found = settings("--fail-on", "warning", "--python", "3.9", "--ignore", "SSL5")
    assert found["fail-on"] == ("warning", ["command line"])
    assert found["python"] == (["3.9"], ["command line"])
    assert found["targets"] == ([], ["default"])
    exception = {"rule": "SSL101", "reason": 'a "b"', "until": "2027-01-31"}
    places = ["pyproject.toml:3", "command line"]
    assert found["ignore"] == (["SSL102", exception, "SSL5"], places)


def test_the_text_is_toml_that_says_the_same() -> None:
    before = settings()
    text = shown()
    assert text.splitlines()[0] == "# settings of pyproject.toml"
    Path("pyproject.toml").unlink()
    Path(".sslfix.toml").write_text(text)
    read = configuration.read(["."], None)
    assert {one.key: one.value for one in configuration.told(read, {})} == {
        key: value for key, (value, _places) in before.items()
    }


def test_without_a_file_all_is_default() -> None:
    Path("pyproject.toml").unlink()
    lines = shown().splitlines()
    assert lines[0] == "# no configuration file"
    assert all(line.endswith("  # default") for line in lines[1:])


def test_what_is_wrong_in_the_file_is_said_instead() -> None:
    Path("pyproject.toml").write_text("[tool.sslfix]\nbaselin = 1\n")
    done = run(sys.executable, "-m", "sslfix", "--show-settings")
    message = "pyproject.toml:2: unknown key tool.sslfix.baselin; did you mean baseline?"
    assert (done.returncode, done.stderr) == (2, f"sslfix: {message}\n")
