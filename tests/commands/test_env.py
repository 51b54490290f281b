"""`sslfix env` as it is called."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

import pytest

from sslfix.apply import journal
from sslfix.collect import binaries
from sslfix.collect.projects import show
from sslfix.commands import env
from sslfix.errors import UsageError
from sslfix.model import Interpreter, SslLibrary
from tests.collect import bases
from tests.collect.test_homes import make
from tests.conftest import ROOT

Python = Callable[[str], str]
Output = pytest.CaptureFixture[str]


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
        "environment": {"path": ".venv", "state": "ok", "reasons": [], "notes": []},
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

    with pytest.raises(UsageError, match="several folders are for --all"):
        call(str(tmp_path), str(tmp_path))
    with pytest.raises(UsageError, match="--all lists every Python"):
        call("--all", "--python", "3.9", str(tmp_path))


def test_what_the_project_asks_for_is_a_note_and_no_state(
    python: Python, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    bases.make(tmp_path / ".venv", python("3.9"))
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.11"\n')
    monkeypatch.chdir(tmp_path)
    assert call() == 0
    said = capsys.readouterr().out
    assert "environment  .venv: ok\n  note         its Python is 3.9." in said
    assert call("--format", "json") == 0
    (found,) = json.loads(capsys.readouterr().out)["interpreters"]
    assert found["environment"]["reasons"] == []
    assert found["environment"]["notes"][0].endswith("pyproject.toml asks for >=3.11")


@pytest.mark.parametrize("doing", ["--recreate", "--undo"])
def test_nothing_is_changed_without_running_anything(doing: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--no-exec only looks"):
        call(doing, "--no-exec", str(tmp_path))


# --------------------------------------------------------------------------- cut short


def _cut_short(place: Path, *, bare: bool) -> None:
    """As a killed recreation leaves it: a new environment without its distributions, or nothing."""
    with journal.hold(str(place), lambda _: None) as room:
        if bare:
            journal.begin_without(room)
        else:
            journal.begin(room)
            bases.make(place, sys.executable)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("options", [[], ["--no-exec"], ["--all"]])
def test_a_half_made_environment_is_broken(
    bare: bool, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    root = bases.make(tmp_path / ".venv", sys.executable)
    monkeypatch.chdir(tmp_path)
    assert call(*options) == 0
    _cut_short(root, bare=bare)
    capsys.readouterr()
    assert call(*options) == 1
    assert "broken" in capsys.readouterr().out
    assert call(*options, "--format", "json") == 1
    found = json.loads(capsys.readouterr().out)["interpreters"]
    (environment,) = (
        one["environment"] for one in found if (one["environment"] or {}).get("path") == ".venv"
    )
    assert environment["state"] == "broken"
    assert "was being made anew by process" in environment["reasons"][0]


def test_a_half_made_environment_is_put_back_before_it_is_judged_for_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    root = bases.make(tmp_path / ".venv", sys.executable)
    (root / "mark").write_text("first")
    monkeypatch.chdir(tmp_path)
    _cut_short(root, bare=False)
    call("--all", "--recreate", "--offline")
    assert (root / "mark").read_text() == "first"
    assert call() == 0


# --------------------------------------------------------------------------- --all


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home, which is also the working directory; no interpreter is on PATH."""
    monkeypatch.setenv("PATH", "")
    folder = Path(os.environ["HOME"])
    monkeypatch.chdir(folder)
    return folder


def test_the_whole_machine_in_json(home: Path, python: Python, capsys: Output) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    bases.make(home / "src/app/.venv", python("3.9"))
    make(home / ".local/share/pipx/venvs/black")
    assert call("--all", "--format", "json", "src") == 1
    said = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "sslfix/reporters/schema.json").read_text())
    one = {**schema, "anyOf": [{"$ref": "#/$defs/env"}]}
    jsonschema.Draft202012Validator(one).validate(said)
    assert list(said) == ["schema", "interpreters"]
    found = said["interpreters"]
    assert [one["id"] for one in found] == [f"i{number}" for number in range(1, len(found) + 1)]
    dead, well = (one for one in found if one["environment"])
    assert (dead["owner"], dead["environment"]["state"]) == ("pipx", "broken")
    assert dead["remedy"] == "pipx reinstall black"
    assert dead["environment"]["path"] == ".local/share/pipx/venvs/black"
    fine = {"path": "src/app/.venv", "state": "ok", "reasons": [], "notes": []}
    assert well["environment"] == fine
    assert (well["owner"], well["remedy"]) == ("project", "")
    assert well["size"] > 0
    assert os.path.realpath(python("3.9")) in {one["executable"] for one in found}
    assert {one["size"] for one in found if not one["environment"]} == {None}


def test_the_whole_machine_in_text(home: Path, python: Python, capsys: Output) -> None:
    bases.make(home / "src/app/.venv", python("3.9"))
    make(home / ".local/share/pipx/venvs/black")
    assert call("--all", "--no-size", "src") == 1
    lines = capsys.readouterr().out.splitlines()
    states = [line for line in lines if line.startswith(("ok", "broken"))]
    assert [line.split()[0] for line in states] == ["broken", "ok"]
    assert states[0].endswith("  pipx     .local/share/pipx/venvs/black")
    assert states[1].endswith("  project  src/app/.venv")
    assert lines[-3].endswith(", 2 environments (1 broken)")
    assert lines[-2:] == ["to make them anew:", "  pipx reinstall black"]


def test_reasons_and_what_is_installed_are_said_if_asked(
    home: Path, python: Python, capsys: Output
) -> None:
    root = make(home / "src/app/.venv")
    folder = root / "lib/python3.9/site-packages/idna-3.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: idna\nVersion: 3\n")
    assert call("--all", "-v", "src") == 1
    said = capsys.readouterr().out
    assert "\n    its python is a link to /no/such/python, which does not exist\n" in said
    assert "\n    1 distribution\n" in said


@pytest.mark.parametrize(
    ("dead", "unjudged", "code"),
    [(False, False, 0), (True, False, 1), (False, True, 2), (True, True, 1)],
)
def test_the_exit_code_of_the_whole_machine(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
    dead: bool,
    unjudged: bool,
    code: int,
) -> None:
    (home / "src").mkdir()
    if dead:
        make(home / "src/.venv")
    if unjudged:
        (home / "bin").mkdir()
        (home / "bin/python3").write_text("#!/bin/sh\nexit 7\n")
        (home / "bin/python3").chmod(0o755)
        monkeypatch.setenv("PATH", f"{home}/bin")
    assert call("--all", "src") == code
    assert ("sslfix: bin/python3: exits with 7" in capsys.readouterr().err) == unjudged


def test_a_path_of_two_lines_takes_one(home: Path, capsys: Output) -> None:
    make(home / "src/two\nlines/.venv")
    assert call("--all", "--no-size", "-v", "src") == 1
    said = capsys.readouterr().out
    assert "  project  src/two\\nlines/.venv\n" in said


def test_a_pipe_is_not_waited_for(home: Path, capsys: Output) -> None:
    root = make(home / "src/.venv")
    for name in ("METADATA", "RECORD"):
        folder = root / f"lib/python3.9/site-packages/{name}-1.dist-info"
        folder.mkdir(parents=True)
        os.mkfifo(folder / name)
    (root / "bin/activate").touch()
    (root / "pyvenv.cfg").unlink()
    os.mkfifo(root / "pyvenv.cfg")
    os.mkfifo(home / "src/pyproject.toml")
    (home / ".config/pypoetry").mkdir(parents=True)
    os.mkfifo(home / ".config/pypoetry/config.toml")
    assert call("--all", "src") == 1
    assert "broken" in capsys.readouterr().out


@pytest.fixture
def hanging(home: Path) -> Path:
    """A Python that writes down that it was started, and never answers."""
    program = home / "bin/python3"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho $$ > {home}/started\nexec /bin/sleep 3\n")
    program.chmod(0o755)
    return program


def test_ctrl_c_ends_it_with_130_and_leaves_no_child(home: Path, hanging: Path) -> None:
    command = [sys.executable, "-m", "sslfix", "env", "--all", "."]
    variables = {**os.environ, "PATH": str(hanging.parent)}
    process = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True)
    while not (home / "started").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _out, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "sslfix: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int((home / "started").read_text()), 0)


def test_progress_is_shown_on_a_terminal_and_nowhere_else(home: Path) -> None:
    make(home / "src/.venv")
    command = [sys.executable, "-m", "sslfix", "env", "--all", "src"]
    plain = subprocess.run(command, check=False, capture_output=True, text=True)
    assert plain.stderr == ""
    main, terminal = os.openpty()
    variables = {**os.environ, "TERM": "xterm"}
    shown = subprocess.run(
        command, env=variables, check=False, stdout=subprocess.PIPE, stderr=terminal, text=True
    )
    os.close(terminal)
    assert shown.stdout == plain.stdout
    assert b"asking them" in os.read(main, 100_000)
    os.close(main)


def test_where_the_files_tell_otherwise_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    """What it runs with counts: here a library that is preloaded."""
    here = ("--python", sys.executable)
    call(*here)
    assert "but its files are those of" not in capsys.readouterr().out
    true = binaries.read

    def other(executable: str, environ: Mapping[str, str]) -> Interpreter:
        return true(executable, environ)._replace(ssl=SslLibrary.parse("OpenSSL 1.0.2k"))

    monkeypatch.setattr(binaries, "read", other)
    call(*here)
    assert "but its files are those of OpenSSL 1.0.2k" in capsys.readouterr().out
    call(*here, "--format", "json")
    (one,) = json.loads(capsys.readouterr().out)["interpreters"]
    assert one["differs"].endswith("OpenSSL 1.0.2k")
