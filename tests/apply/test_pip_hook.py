"""The hook's files are written all or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sslfix.apply import pip_hook as writing
from sslfix.errors import ApplyError
from sslfix.model import Document
from sslfix.pip_hook import File


def known(*paths: Path) -> dict[str, File]:
    return {
        str(path): File(
            Document(str(path), path.read_text() if path.exists() else ""), path.exists()
        )
        for path in paths
    }


def test_files_are_made_replaced_and_removed(tmp_path: Path) -> None:
    new, old, gone = tmp_path / "pip/new", tmp_path / "old", tmp_path / "uv/gone"
    gone.parent.mkdir()
    old.write_text("a")
    gone.write_text("b")
    changes = {str(new): b"n", str(old): b"o", str(gone): None}
    writing.write(changes, known(new, old, gone))
    assert (new.read_text(), old.read_text()) == ("n", "o")
    assert not gone.parent.exists()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "old", "pip"]


def test_if_one_fails_the_others_are_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old, gone, last = (tmp_path / name for name in ("new", "old", "gone", "last"))
    for path in (old, gone, last):
        path.write_text(path.name)
    real = os.unlink

    def unlink(path: str) -> None:
        if path == str(last):
            raise PermissionError(13, "Permission denied", path)
        real(path)

    monkeypatch.setattr(os, "unlink", unlink)
    changes = {str(new): b"n", str(old): b"o", str(gone): None, str(last): None}
    with pytest.raises(ApplyError, match="last cannot be written: Permission denied"):
        writing.write(changes, known(new, old, gone, last))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "old": "old",
        "gone": "gone",
        "last": "last",
    }


def test_what_somebody_edited_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "pip.conf"
    path.write_text("a")
    before = known(path)
    path.write_text("theirs")
    with pytest.raises(ApplyError, match="changed by somebody else"):
        writing.write({str(path): b"b"}, before)
    assert path.read_text() == "theirs"


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.conf", tmp_path / "pip.conf"
    real.write_text("a")
    link.symlink_to(real)
    writing.write({str(link): b"b"}, known(link))
    assert link.is_symlink()
    assert real.read_text() == "b"
