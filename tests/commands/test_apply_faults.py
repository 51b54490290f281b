"""`sslfix --apply` where the system refuses, or somebody interrupts or edits: all or nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sslfix import cli
from tests.apply.test_files import Calls, Fault

APPLY = ("--apply", "--offline", "--target", "lambda-python3.9")
BAD = "urllib3==2.2.3\n"
ERROR, INTERRUPTION = OSError(errno.EIO, "broken"), KeyboardInterrupt()


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill()


def fill() -> None:
    for folder in "abc":
        Path(folder).mkdir(exist_ok=True)
        Path(folder, "requirements.txt").write_text(BAD)


def contents() -> dict[str, str]:
    return {str(one): one.read_text() for one in Path().rglob("*") if one.is_file()}


def folder_of(path: str) -> str:
    return os.path.basename(os.path.dirname(path))


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_cannot_be_written_leaves_all_files_and_is_named(
    code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, before = os.open, contents()

    def refuse(path: str, *arguments: int) -> int:
        if folder_of(path) == "b":
            raise OSError(code, os.strerror(code), path)
        return real(path, *arguments)

    monkeypatch.setattr(os, "open", refuse)
    assert cli.main(APPLY) == 1
    assert contents() == before
    told = f"b/requirements.txt cannot be written: {os.strerror(code)}; nothing changed"
    assert capsys.readouterr().out.count(told) == 3


def test_whatever_call_fails_the_project_is_old_or_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = contents()
    with pytest.MonkeyPatch.context() as patch:
        made = Calls(patch).made
        assert cli.main(APPLY) == 0
    new = contents()
    assert new.keys() == old.keys()
    last = {name: (number, folder) for number, (name, folder) in enumerate(made, 1)}
    for number, folder in last.values():
        for error in (ERROR, INTERRUPTION):
            fill()
            with pytest.MonkeyPatch.context() as patch:
                Calls(patch, Fault(number, error))
                code = cli.main(APPLY)
            assert contents() == (new if code == 0 else old)
            assert (code == 130) is (error is INTERRUPTION)
            told = f"{os.path.basename(folder)}/requirements.txt cannot be written: broken"
            assert (told in capsys.readouterr().out) is (code == 1)
