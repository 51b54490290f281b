"""A step is a line; on a terminal it is also shown as going on."""

from __future__ import annotations

import io
import sys

import pytest

from sslfix.reporters import progress
from tests.conftest import run


def test_elsewhere_than_on_a_terminal_each_step_is_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress.steps() as say:
        say("making .venv anew")
        say("checking [it]")
    assert capsys.readouterr().err == "sslfix: making .venv anew\nsslfix: checking [it]\n"


def test_on_a_terminal_the_lines_stay_and_the_rest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setenv("TERM", "xterm")
    with progress.steps() as say:
        say("making .venv anew")
        say("checking [it]")
    assert "sslfix: making .venv anew\n" in said.getvalue()
    assert "sslfix: checking [it]\n" in said.getvalue()
    assert "0:00:00" in said.getvalue()


def test_rich_is_not_imported_for_a_pipe() -> None:
    code = (
        "import sys; from sslfix.reporters.progress import steps\n"
        "with steps() as say: say('x')\n"
        "print('rich' in sys.modules)"
    )
    assert run(sys.executable, "-c", code).stdout == "False\n"
