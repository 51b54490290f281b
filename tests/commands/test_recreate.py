"""`sslfix env --recreate` and `--undo`, and what check says of a recreation that was cut short."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sslfix import cli, session
from sslfix.apply import journal
from sslfix.apply.room import Room
from sslfix.model import Environment, Facts, SslLibrary
from sslfix.repair import environments
from tests.conftest import run
from tests.test_match import OLD, interpreter, read

Output = pytest.CaptureFixture[str]
BASE = os.path.realpath(sys.executable)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with a mark in it, in the working directory."""
    monkeypatch.chdir(tmp_path)
    done = run(BASE, "-m", "venv", "--without-pip", ".venv")
    assert done.returncode == 0, done.stderr
    (tmp_path / ".venv/mark").write_text("first")
    return tmp_path / ".venv"


@pytest.mark.parametrize("path", [".", ".venv"])
def test_an_environment_is_made_anew_and_put_back(path: str, place: Path, capsys: Output) -> None:
    old = place.stat().st_ino
    assert cli.main(["env", "--recreate", path, "--python", BASE]) == 0
    assert place.stat().st_ino != old
    assert sorted(os.listdir(place.parent)) == [".venv"]
    assert (place / "mark").read_text() == "first"  # no distribution owns it: taken over
    assert "puts it back" in capsys.readouterr().err
    assert cli.main(["env", "--undo", path]) == 0
    assert place.stat().st_ino == old
    assert sorted(os.listdir(place.parent)) == [".venv"]


def test_where_there_is_nothing_to_change_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["env", "--undo"]) == 2
    assert "has made no environment anew here" in capsys.readouterr().err
    assert cli.main(["env", "--recreate"]) == 2
    assert ". is no virtual environment and has none" in capsys.readouterr().err


def _cut_short(place: Path) -> None:
    """As a run leaves it that was killed after the old environment stepped aside."""
    with journal.hold(str(place), lambda _: None) as room:
        journal.begin(room)
    assert os.listdir(Room.of(str(place)).aside)
    assert not (place / "mark").exists()


def test_check_says_that_a_recreation_was_cut_short(place: Path, capsys: Output) -> None:
    _cut_short(place)
    assert cli.main(["check"]) == 2
    assert "the next `sslfix --apply` or `sslfix env --undo` puts the old one back" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("command", [["--apply", "--offline"], ["env", "--undo"]])
def test_the_next_run_puts_the_old_one_back(command: list[str], place: Path) -> None:
    _cut_short(place)
    assert cli.main(command) == 0
    assert (place / "mark").read_text() == "first"


def test_another_python_is_offered_beside_changing_the_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment's SSL library refuses the pin, and another Python's does not."""
    person = interpreter(OLD, environment=Environment(".venv", base_executable=BASE))
    bases = [interpreter(OLD, executable="/old"), interpreter("OpenSSL 3.0.13", executable="/new")]

    def suitable(*arguments: object) -> list[object]:
        suits = arguments[-1]
        assert callable(suits)
        return [one for one in bases if suits(one)]

    monkeypatch.setattr("sslfix.apply.environments.suitable", suitable)
    facts = Facts((person,), (read("requirements.txt", "urllib3==2.2.3\n"),))
    request = session.Request()
    looked = session.Run(facts, tuple(session.matcher(request)(facts)), ())
    (line,) = environments.other_ways(looked, request)
    assert line.startswith("another way: make .venv anew with Python 3.9.18, whose OpenSSL 3.0.13")
    assert line.endswith(": sslfix env --recreate --python /new .venv")
    well = person._replace(ssl=SslLibrary.parse("OpenSSL 3.0.13"))
    fine = looked._replace(facts=facts._replace(interpreters=(well,)), findings=())
    assert list(environments.other_ways(fine, request)) == []
