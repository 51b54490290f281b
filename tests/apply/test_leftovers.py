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


def test_share_and_etc_are_looked_through_as_distributions_share_them(
    old: Path, tmp_path: Path
) -> None:
    site = old / "lib/python3.9/site-packages"
    record = site / "one-1.dist-info/RECORD"
    record.write_text(record.read_text() + "../../../share/jupyter/kernels/python3/k.json,,\n")
    for name in ("python3/k.json", "mine/kernel.json"):
        (old / "share/jupyter/kernels" / name).parent.mkdir(parents=True)
        (old / "share/jupyter/kernels" / name).touch()
    (old / "etc").mkdir()
    (old / "etc/mine.cfg").touch()
    found = set(leftovers.strays(str(old))) - set(MINE)
    assert found == {"etc/mine.cfg", "share/jupyter/kernels/mine"}
    new = tmp_path / "new"
    new.mkdir()
    assert set(leftovers.take_over(sorted(found), str(old), str(new))) == found
    assert (new / "share/jupyter/kernels/mine/kernel.json").exists()


# The ends of what venv, virtualenv and uv write.
@pytest.mark.parametrize(
    "end",
    [
        "# respected\nhash -r 2> /dev/null\n",
        'if [ -n "${BASH:-}" ] ; then\n    hash -r 2> /dev/null\nfi\n',
        "    hash -r 2>/dev/null || true\nfi\n",
    ],
)
@pytest.mark.parametrize("added", ["", "\n\n", "export KEY=1\nset -a\n", "\nexport KEY=1"])
def test_what_was_added_to_activate_is_added_to_the_new_one(
    tmp_path: Path, end: str, added: str
) -> None:
    for place, text in (("old", f"begin\n{end}{added}"), ("new", "other\nhash -r\n")):
        (tmp_path / place / "bin").mkdir(parents=True)
        (tmp_path / place / "bin/activate").write_text(text)
    taken = leftovers.take_over_added(str(tmp_path / "old"), str(tmp_path / "new"))
    new = (tmp_path / "new/bin/activate").read_text()
    if added.strip():
        assert taken == ("bin/activate",)
        assert new == "other\nhash -r\n\n" + added.lstrip()
    else:
        assert taken == ()
        assert new == "other\nhash -r\n"


def test_an_environment_without_activate_has_nothing_added(tmp_path: Path) -> None:
    assert leftovers.take_over_added(str(tmp_path), str(tmp_path)) == ()
