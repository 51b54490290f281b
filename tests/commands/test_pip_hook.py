"""`sslfix pip-hook` on an environment with settings of its own, at each level."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sslfix import cli, constraints
from sslfix.apply import files
from sslfix.collect import pip_hook as collect
from sslfix.commands import pip_hook as pip_hook_command

Run = Callable[..., tuple[int, str]]
Status = Callable[[], "tuple[int, Any]"]
NAME = "sslfix-constraints.txt"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has a pip, or so its metadata says."""
    root = tmp_path_factory.mktemp("made") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
    info = next(root.glob("lib/python*/site-packages")) / "pip-24.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pip\nVersion: 24.0\n")
    return root


@pytest.fixture
def venv(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as `.venv` of the working directory, with no settings of this machine."""
    for name in ("PIP_CONFIG_FILE", "PIP_CONSTRAINT", "UV_CONSTRAINT", "UV_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(collect, "_MACHINE", str(tmp_path / "etc"))
    project = tmp_path / "project"
    shutil.copytree(made, project / ".venv", symlinks=True)
    monkeypatch.chdir(project)
    return project / ".venv"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str]:
        code = cli.main(["pip-hook", *words])
        output = capsys.readouterr()
        return code, output.out + output.err

    return call


@pytest.fixture
def status(capsys: pytest.CaptureFixture[str]) -> Status:
    def call() -> tuple[int, Any]:
        code = cli.main(["pip-hook", "status", "--format", "json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def levels(report: Any) -> dict[str, str]:
    return {one["level"]: one["state"] for one in report["levels"]}


def test_install_status_and_remove_twice_each_leave_the_file_as_it_was(
    venv: Path, run: Run
) -> None:
    before = (
        b"# mine\r\n[install]\r\nconstraint = /nowhere/but/named.txt \r\n\r\n[list]\r\nformat=json"
    )
    (venv / "pip.conf").write_bytes(before)
    (Path.cwd() / "c.txt").write_text("")
    before = before.replace(b"/nowhere/but/named.txt", str(Path.cwd() / "c.txt").encode())
    (venv / "pip.conf").write_bytes(before)
    (venv / "pip.conf").chmod(0o640)
    assert run("status")[0] == 1
    for _ in range(2):
        code, output = run("install")
        assert code == 0, output
    for _ in range(2):
        code, output = run("status")
        assert code == 0, output
    assert (venv / "pip.conf").read_bytes() != before
    for _ in range(2):
        assert run("remove")[0] == 0
    assert (venv / "pip.conf").read_bytes() == before
    assert (venv / "pip.conf").stat().st_mode & 0o777 == 0o640
    assert not (venv / NAME).exists()


def test_files_that_were_made_go_again(venv: Path, run: Run) -> None:
    before = sorted(path.name for path in venv.iterdir())
    assert run("install")[0] == 0
    assert run("remove")[0] == 0
    assert sorted(path.name for path in venv.iterdir()) == before


def test_an_empty_file_stays_empty(venv: Path, run: Run) -> None:
    (venv / "pip.conf").touch()
    assert run("install")[0] == 0
    assert run("remove")[0] == 0
    assert (venv / "pip.conf").read_bytes() == b""


def test_the_user_level_covers_every_environment_and_uv(
    venv: Path, run: Run, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(os.environ["HOME"])
    uv = home / ".config/uv/uv.toml"
    uv.parent.mkdir(parents=True)
    uv.write_text('constraint-dependencies = ["a<1"]\n')
    code, output = run("install", "--user")
    assert code == 0, output
    lines = (home / f".config/pip/{NAME}").read_text().splitlines()
    version = ".".join(map(str, sys.version_info[:3]))
    limits = [line for line in lines if line and not line.startswith("#")]
    assert limits
    assert all(line.endswith(f'; python_full_version == "{version}"') for line in limits)
    code, report = status()
    assert (code, levels(report)["user"], report["uv"]["covered_by"]) == (0, "current", str(uv))
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    assert status()[1]["uv"]["covered_by"] is None
    assert run("remove", "--user")[0] == 0
    assert uv.read_text() == 'constraint-dependencies = ["a<1"]\n'
    assert [path.name for path in home.glob(".config/*")] == ["uv"]


def test_the_environment_does_not_name_the_users_file_of_the_hook(venv: Path, run: Run) -> None:
    """It would break every install when that one is removed."""
    assert run("install", "--user")[0] == 0
    assert run("install")[0] == 0
    assert run("remove", "--user")[0] == 0
    assert run("status")[0] == 0


def test_the_users_file_has_a_part_for_each_python(venv: Path, run: Run, status: Status) -> None:
    assert run("install", "--user")[0] == 0
    path = Path(os.environ["HOME"], ".config/pip", NAME)
    own = path.read_text()
    other = re.sub(r'(?<=version == ")[^"]*', "3.4.0", own)
    path.write_text(other)
    code, report = status()
    assert (code, report["state"], levels(report)["user"]) == (1, "absent", "foreign")
    for _ in range(2):
        assert run("install", "--user")[0] == 0
        assert path.read_text() == other + "\n" + own
    path.write_text(own + "\n" + other)
    assert f"{path}: written" not in run("install", "--user")[1]
    path.write_text(own.replace("fingerprint: ", "fingerprint: 0") + "\n" + other)
    assert levels(status()[1])["user"] == "outdated"
    assert run("install", "--user")[0] == 0
    assert path.read_text() == own + "\n" + other
    assert run("remove", "--user")[0] == 0
    assert not path.exists()


def test_the_machines_level(venv: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    assert run("install", "--global")[0] == 0
    assert f"constraint = {tmp_path}/etc/{NAME}" in (tmp_path / "etc/pip.conf").read_text()
    assert run("remove", "--global")[0] == 0
    assert list((tmp_path / "etc").iterdir()) == []


def test_what_the_user_had_named_is_named_beside_ours(venv: Path, run: Run, status: Status) -> None:
    settings = Path(os.environ["HOME"]) / ".config/pip/pip.conf"
    settings.parent.mkdir(parents=True)
    mine, other = venv.parent / "mine.txt", venv.parent / "other.txt"
    mine.touch()
    other.touch()
    settings.write_text(f"[install]\nconstraint = {mine}\n")
    assert run("install")[0] == 0
    code, report = status()
    assert code == 0
    paths = {one["command"]: set(one["paths"]) for one in report["pip"]}
    assert paths["install"] == {str(mine), str(venv / NAME)}
    assert paths["download"] == {str(venv / NAME)}
    settings.write_text(f"[install]\nconstraint = {other}\n")
    code, report = status()
    assert (code, levels(report)["environment"]) == (1, "outdated")
    assert run("install")[0] == 0
    assert str(other) in (venv / "pip.conf").read_text()
    assert str(mine) not in (venv / "pip.conf").read_text()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PIP_CONSTRAINT", "{project}/c.txt", "PIP_CONSTRAINT replaces it"),
        ("PIP_CONFIG_FILE", os.devnull, "PIP_CONFIG_FILE"),
        ("PIP_CONFIG_FILE", "{project}/other.conf", "other.conf replaces it for pip install"),
    ],
)
def test_variables_that_override_it_are_said(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    project = venv.parent
    (project / "c.txt").touch()
    (project / "other.conf").write_text(f"[install]\nconstraint = {project}/c.txt\n")
    assert run("install")[0] == 0
    monkeypatch.setenv(name, value.format(project=project))
    code, output = run("status")
    assert code == 1
    assert said in output


def test_pip_constraint_that_names_it_does_not_override(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("install")[0] == 0
    monkeypatch.setenv("PIP_CONSTRAINT", str(venv / NAME))
    assert run("status")[0] == 0


def test_an_environment_has_one_name_whichever_link_to_it_is_taken(
    venv: Path, run: Run, status: Status
) -> None:
    link = venv.parent / "link"
    link.symlink_to(".venv")
    assert run("install", "--python", str(link))[0] == 0
    assert status()[0] == 0
    text = (venv / NAME).read_text()
    assert "written" not in run("install")[1]
    assert (venv / NAME).read_text() == text
    assert run("remove", "--python", str(link))[0] == 0
    assert not (venv / "pip.conf").exists()


def test_files_that_were_made_go_again_after_a_second_install(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that had to change them: the environment moved, the constraints are others."""
    uv = Path(os.environ["HOME"], ".config/uv/uv.toml")
    monkeypatch.setattr(pip_hook_command, "_has_uv", lambda: True)
    for _ in range(2):
        assert run("install", "--user")[0] == 0
        uv.write_text(uv.read_text().replace("gevent", "gevent2"))
    assert run("remove", "--user")[0] == 0
    assert not uv.exists()
    assert run("install")[0] == 0
    moved = venv.parents[1] / "moved"
    venv.parent.rename(moved)
    monkeypatch.chdir(moved)
    code, output = run("install")
    assert code == 0, output
    assert run("remove")[0] == 0
    assert not (moved / ".venv/pip.conf").exists()


def test_a_link_to_settings_that_are_not_there_is_left_alone(venv: Path, run: Run) -> None:
    """Of somebody's dotfiles, say: a file in its place would hide them for ever."""
    (venv / "pip.conf").symlink_to("gone.conf")
    code, output = run("install")
    assert code == 2
    assert "cannot be written: File exists; nothing changed" in output
    assert (venv / "pip.conf").is_symlink()
    assert not (venv / NAME).exists()


def test_a_file_that_is_gone_is_said_with_what_mends_it(venv: Path, run: Run) -> None:
    assert run("install")[0] == 0
    (venv / NAME).unlink()
    code, output = run("status")
    assert code == 1
    assert "pip cannot install" in output
    assert "`sslfix pip-hook install` mends that" in output
    assert output.count("does not exist") == 1
    assert run("install")[0] == 0
    (venv / NAME).unlink()
    assert run("remove")[0] == 0
    assert not (venv / "pip.conf").exists()


def test_a_file_that_is_gone_and_not_read_here_breaks_nothing_here(
    venv: Path, run: Run, status: Status
) -> None:
    assert run("install", "--user")[0] == 0
    assert run("install")[0] == 0
    Path(os.environ["HOME"], ".config/pip", NAME).unlink()
    code, report = status()
    assert (code, report["state"], levels(report)["user"]) == (1, "partly", "broken")
    assert run("remove")[0] == 0
    assert status()[1]["state"] == "broken"


def test_an_environment_that_moved_is_said_and_mended(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("install")[0] == 0
    moved = venv.parents[1] / "moved"
    venv.parent.rename(moved)
    monkeypatch.chdir(moved)
    code, output = run("status")
    assert code == 1
    assert "no pip install works" in output
    assert "replaces it" not in output
    code, output = run("install")
    assert code == 0, output
    assert str(moved) in (moved / ".venv/pip.conf").read_text()


def test_it_is_made_anew_for_another_ssl_library(
    venv: Path, run: Run, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("install")[0] == 0
    text = (venv / NAME).read_text()
    old = text.replace("SSL library: OpenSSL 3", "SSL library: OpenSSL 2")
    (venv / NAME).write_text(old.replace("fingerprint: ", "fingerprint: 0"))
    code, report = status()
    assert (code, report["state"]) == (1, "partly")
    assert "made for OpenSSL 2" in report["levels"][0]["reasons"][0]
    (venv / NAME).write_text(text + "six<1\n")
    assert status()[1]["levels"][0]["reasons"] == ["edited by hand"]
    assert run("install")[0] == 0
    assert (venv / NAME).read_text() == text


def test_blanks_in_the_path_make_it_a_url(venv: Path, run: Run) -> None:
    spaced = venv.parent / "sp ace"
    venv.rename(spaced)
    code, output = run("install", "--python", str(spaced))
    assert code == 0, output
    assert "/sp%20ace/sslfix-constraints.txt" in (spaced / "pip.conf").read_text()
    assert "UV_CONSTRAINT=file:///" in output


def test_where_uv_installs_it_counts_that_uv_reads_no_pip_conf(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip-*")))
    code, output = run("install")
    assert code == 1
    assert f"export UV_CONSTRAINT={venv / NAME}" in output
    monkeypatch.setenv("UV_CONSTRAINT", str(venv / NAME))
    assert run("status")[0] == 0


def test_a_pip_conf_that_pip_cannot_read_is_left_alone(venv: Path, run: Run) -> None:
    (venv / "pip.conf").write_bytes(b"\xef\xbb\xbf[global]\n")
    code, output = run("install")
    assert code == 2
    assert "pip cannot read it" in output
    assert not (venv / NAME).exists()


def test_a_pip_conf_that_was_spoilt_since_loses_our_lines_all_the_same(
    venv: Path, run: Run
) -> None:
    assert run("install")[0] == 0
    text = (venv / "pip.conf").read_text()
    (venv / "pip.conf").write_text("what is this\n" + text)
    assert run("status")[0] == 2
    assert run("remove")[0] == 0
    assert (venv / "pip.conf").read_text() == "what is this\n"


def test_what_cannot_be_written_leaves_all_as_it_was(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (venv / "pip.conf").write_text("[global]\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(venv))

    monkeypatch.setattr(files, "_write", refuse)
    code, output = run("install")
    assert code == 2
    assert "Permission denied; nothing changed" in output
    assert not (venv / NAME).exists()


def test_an_environment_of_somebody_else_is_said_with_what_goes(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    code, output = run("install")
    assert code == 2
    assert "cannot be written to; say --user" in output
    assert run("install", "--user")[0] == 0


def test_a_base_interpreter_is_written_to_only_if_it_is_named(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(collect, "is_externally_managed", lambda _: False)
    base = (venv / "bin/python").resolve()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text(f'#!/bin/sh\nexec "{base}" "$@"\n')
    (tmp_path / "bin/python3").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    code, output = run("install")
    assert code == 2
    assert "there is no environment here" in output


def test_a_python_of_the_system_is_refused(
    venv: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "is_externally_managed", lambda _: True)
    base = (venv / "bin/python").resolve()
    code, output = run("install", "--python", str(base))
    assert code == 2
    assert "PEP 668" in output
    assert run("install", "--python", str(base), "--user")[0] == 0


def test_with_nothing_to_keep_out_nothing_is_written(
    venv: Path, run: Run, status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("install")[0] == 0
    monkeypatch.setattr(constraints, "compute", lambda *_: ())
    code, report = status()
    assert (code, levels(report)["environment"]) == (1, "outdated")
    for _ in range(2):
        code, output = run("install")
        assert code == 0
        assert "nothing has to be kept out" in output
        assert not (venv / "pip.conf").exists()
        assert not (venv / NAME).exists()


def test_settings_that_do_not_name_it_any_more_are_said(venv: Path, run: Run) -> None:
    assert run("install")[0] == 0
    (venv / "pip.conf").write_text("[global]\ntimeout = 3\n")
    code, output = run("status")
    assert code == 1
    assert "does not name it any more" in output
    assert "PIP_CONFIG_FILE" not in output  # nothing else is wrong
    assert run("install")[0] == 0
    assert run("remove")[0] == 0
    assert (venv / "pip.conf").read_text() == "[global]\ntimeout = 3\n"


def test_uvs_settings_that_were_edited_are_said(venv: Path, run: Run) -> None:
    uv = Path(os.environ["HOME"], ".config/uv/uv.toml")
    uv.parent.mkdir(parents=True)
    uv.touch()
    assert run("install", "--user")[0] == 0
    uv.write_text(uv.read_text().replace("gevent", "gevent2"))
    code, output = run("status")
    assert code == 1
    assert f"{uv} says something else" in output
    assert run("install", "--user")[0] == 0
    assert "gevent2" not in uv.read_text()
    assert run("remove", "--user")[0] == 0
    assert uv.read_bytes() == b""


def test_one_interpreter_is_asked_for(venv: Path, run: Run, tmp_path: Path) -> None:
    base = (venv / "bin/python").resolve()
    (venv.parent / ".sslfix.toml").write_text(f'python = [".venv", "{base}"]\n')
    code, output = run("status")
    assert code == 2
    assert "choose one with --python" in output


def test_the_level_of_rules_is_kept(venv: Path, run: Run, status: Status) -> None:
    assert run("install")[0] == 0
    few = status()[1]["constraints"]
    assert run("install", "--level", "note")[0] == 0
    code, report = status()
    assert (code, len(report["constraints"]) > len(few)) == (0, True)
    assert run("install")[0] == 0
    assert status()[1]["constraints"] == report["constraints"]
    assert run("install", "--level", "error")[0] == 0
    assert status()[1]["constraints"] == few


def test_the_file_says_how_to_get_rid_of_it(venv: Path, run: Run) -> None:
    assert run("install", "--builds")[0] == 0
    text = (venv / "pip.conf").read_text()
    assert "`sslfix pip-hook remove`" in text
    assert f"build-constraint = {venv / NAME}" in text
    assert run("install")[0] == 0
    assert (venv / "pip.conf").read_text() == text
