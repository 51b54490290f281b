"""`sslfix env` as it is called."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Callable

import pytest

from sslfix.collect.projects import show
from sslfix.commands import env
from sslfix.errors import UsageError
from tests.collect import bases

Python = Callable[[str], str]


def call(*words: str) -> int:
    parser = argparse.ArgumentParser()
    env.configure(parser)
    return env.run(parser.parse_args(words))


def test_a_healthy_environment_in_json(
    python: Python,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = bases.make(tmp_path / ".venv", python("3.9"))
    monkeypatch.chdir(tmp_path)
    assert call("--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert list(said) == ["schema", "interpreters"]
    (found,) = said["interpreters"]
    assert found.pop("ssl")["raw"].startswith("OpenSSL ")
    assert found.pop("version").startswith("3.9.")
    assert found == {
        "id": "i1",
        "executable": f"{root}/bin/python",
        "implementation": "cpython",
        "ssl_error": None,
        "source": "asked",
        "chosen_because": "the project's .venv",
        "environment": {"path": ".venv", "state": "ok", "reasons": []},
    }


def test_a_dead_environment_in_text(
    python: Python, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = bases.make(tmp_path / "venv", python("3.9"))
    (root / "bin/python").unlink()
    (root / "bin/python").symlink_to("/no/such/python")
    assert call(str(tmp_path)) == 1
    said = capsys.readouterr().out
    assert "chosen       the project's venv" in said
    assert f"environment  {show(str(root))}: broken" in said
    assert "- its python is a link to /no/such/python, which does not exist" in said


def test_one_that_cannot_be_judged_does_not_stop_the_others(
    python: Python, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fake").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "fake").chmod(0o755)
    assert call("--python", str(tmp_path / "fake"), "--python", python("3.9")) == 2
    output = capsys.readouterr()
    assert f"{tmp_path}/fake: exits with 7 (--python {tmp_path}/fake)" in output.err
    assert "chosen       --python" in output.out


def test_nothing_to_judge_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no Python was found"):
        call(str(tmp_path))
    with pytest.raises(UsageError, match="not a folder"):
        call(str(tmp_path / "missing"))
