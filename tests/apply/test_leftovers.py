from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.apply import leftovers
from tests.apply.worlds import unpack, wheel


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old"
    site = path / "lib/python3.9/site-packages"
    unpack(wheel(tmp_path, "one", "1"), site)
    record = site / "one-1.dist-info/RECORD"
    record.write_text(record.read_text() + '../../../bin/one,,\n"../../../etc, x/one.cfg",,\n')
    (path / "bin").mkdir()
    (path / "etc, x").mkdir()
    (path / "etc, x/one.cfg").touch()
    for name in ("one", "python3.9", "pip3", "activate.fish", "mine"):
        (path / "bin" / name).touch()
    for name in ("_virtualenv.py", "sitecustomize.py", "__editable__.own.pth", "~ip"):
        (site / name).touch()
    (path / "pyvenv.cfg").touch()
    (path / "pip.conf").write_text("[global]\n")
    (path / "notes").mkdir()
    (path / "notes/link").symlink_to("nowhere")
    return path


MINE = ("bin/mine", "lib/python3.9/site-packages/sitecustomize.py", "notes", "pip.conf")


def test_strays_are_what_neither_a_distribution_nor_a_tool_made(old: Path) -> None:
    assert leftovers.strays(str(old)) == MINE


def test_strays_are_copied_where_nothing_stands(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    (new / "bin").mkdir(parents=True)
    (new / "pip.conf").write_text("new")
    assert leftovers.take_over(MINE, str(old), str(new)) == ("bin/mine", "notes")
    assert (new / "notes/link").is_symlink()
    assert (new / "pip.conf").read_text() == "new"


def test_the_names_of_installed_distributions_are_those_of_their_metadata(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.9/site-packages"
    names = ("a_b-1.0.dist-info", "C.D-2-py3.9.egg-info", "e.egg-info", "f-g.egg-link")
    for name in (*names, "~h-1.dist-info", "i"):
        (site / name).mkdir(parents=True)
    assert leftovers.distributions(str(tmp_path)) == {"a-b", "c-d", "e", "f-g"}
