from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sslfix.apply import files
from sslfix.errors import ApplyError


def test_contents_are_replaced_and_the_old_ones_returned(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1\r\n")
    two.write_bytes(b"2")
    old = files.replace({str(one): b"new", str(two): b"also new"})
    assert (one.read_bytes(), two.read_bytes()) == (b"new", b"also new")
    files.replace(old)
    assert (one.read_bytes(), two.read_bytes()) == (b"1\r\n", b"2")
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


def test_permissions_and_links_survive(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to("real")
    files.replace({str(link): b"new"})
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_one_that_cannot_be_staged_leaves_all_as_they_were(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(b"old")
    with pytest.raises(ApplyError, match="nothing changed"):
        files.replace({str(good): b"new", str(tmp_path / "gone"): b"new"})
    assert good.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["good"]


def test_one_that_cannot_be_replaced_brings_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    real = os.replace

    def fail_on_two(source: str, target: str) -> None:
        if target == str(two):
            raise OSError(28, "No space left on device", target)
        real(source, target)

    monkeypatch.setattr(os, "replace", fail_on_two)
    with pytest.raises(ApplyError, match="No space left on device"):
        files.replace({str(one): b"new", str(two): b"new"})
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]
