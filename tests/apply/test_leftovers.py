from __future__ import annotations

import os
from pathlib import Path

import pytest

from sslfix.apply import leftovers
from sslfix.errors import ApplyError
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
    assert leftovers.take_over(MINE, str(old), str(new)) == (("bin/mine", "notes"), (MINE[1],))
    assert (new / "notes/link").is_symlink()
    assert (new / "pip.conf").read_text() == "new"


def test_the_names_of_installed_distributions_are_those_of_their_metadata(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.9/site-packages"
    names = ("a_b-1.0.dist-info", "C.D-2-py3.9.egg-info", "e.egg-info", "f-g.egg-link")
    for name in (*names, "~h-1.dist-info", "i"):
        (site / name).mkdir(parents=True)
        (site / name / "METADATA").touch()
    (site / "gone.egg-info").mkdir()  # what pip left behind
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
    assert set(leftovers.take_over(sorted(found), str(old), str(new)).copied) == found
    assert (new / "share/jupyter/kernels/mine/kernel.json").exists()


FILES = (
    *("bin/activate_prod.sh", "bin/pipeline", "bin/python-prof", "bin/wheelhouse.sh"),
    *("doc/notes", "local/x", "man/man1/x.1", "include/my.h", "lib/corp/x", "lib/libfoo.so"),
    "lib/python3.9/extra.txt",
    *("lib/python3.9/site-packages/one/local.conf", "lib/python3.9/site-packages/one/ours.py"),
)
MADE = (
    *("bin/python", "bin/python3.13t", "bin/pypy3", "bin/pip-3.9", "bin/wheel3", "bin/pydoc.bat"),
    *("bin/easy_install-3.9", "bin/activate.nu", "bin/activate_this.py", "bin/Activate.ps1"),
    *("bin/__pycache__/x", "lib/python3.9/__pycache__/x", "include/python3.9/Python.h"),
    *("lib/python3.9/site-packages/one/__pycache__/x", ".sslfix-old/bin/mine"),
    *("lib/python3.9/site-packages/one/x.pyc", "lib/python3.9/site-packages/two/__pycache__/x"),
)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    path = tmp_path / "old"
    for name in (*FILES, *MADE):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    info = path / "lib/python3.9/site-packages/one-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("one/__init__.py,,\n")
    return path


def test_files_beside_those_of_a_maker_or_a_distribution_are_taken_over(
    full: Path, tmp_path: Path
) -> None:
    found = leftovers.strays(str(full))
    whole = {"doc": "doc/notes", "man/man1": "man/man1/x.1", "lib/corp": "lib/corp/x"}
    assert {whole.get(one, one) for one in found} == {*FILES, *whole.values()}
    new = tmp_path / "new"
    for folder in ("bin", "lib/python3.9/site-packages/one"):
        (new / folder).mkdir(parents=True)
    assert leftovers.take_over(found, str(full), str(new)) == (found, ())
    for name in FILES:
        assert (new / name).read_text() == name


def test_what_is_for_another_python_is_told(full: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    (new / "lib/python3.11").mkdir(parents=True)
    paths = FILES[-3:]
    assert leftovers.take_over(paths, str(full), str(new)) == ((), paths)


def test_the_library_in_an_old_virtualenv_is_nobodys(full: Path) -> None:
    (full / "lib/python3.9/os.py").symlink_to(os.__file__)
    assert "lib/python3.9/os.py" not in leftovers.strays(str(full))
    (full / "local/bin").symlink_to(full / "bin")
    assert "local/bin" not in leftovers.strays(str(full))
    (full / "lib/python3.9/orig-prefix.txt").touch()
    assert "lib/python3.9/extra.txt" not in leftovers.strays(str(full))


def test_a_lib64_of_its_own_is_looked_at_and_a_link_is_not(full: Path) -> None:
    before = leftovers.strays(str(full))
    (full / "lib64").symlink_to("lib")
    assert leftovers.strays(str(full)) == before
    (full / "lib64").unlink()
    site = full / "lib64/python3.9/site-packages"
    (site / "two-1.dist-info").mkdir(parents=True)
    (site / "two-1.dist-info/RECORD").write_text("two.so,,\n")
    (site / "two.so").touch()
    (site / "mine.pth").touch()
    found = set(leftovers.strays(str(full))) - set(before)
    assert found == {"lib64/python3.9/site-packages/mine.pth"}


def test_files_that_setuptools_listed_are_owned(full: Path) -> None:
    info = full / "lib/python3.9/site-packages/three.egg-info"
    info.mkdir()
    (info / "installed-files.txt").write_text("../../../../bin/pipeline\n")
    assert "bin/pipeline" not in leftovers.strays(str(full))


def test_special_files_are_left_and_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "run").mkdir(parents=True)
    new.mkdir()
    (old / "run/kept").touch()
    os.mkfifo(old / "run/fifo")
    os.mkfifo(old / "fifo")
    found = leftovers.strays(str(old))
    taken = leftovers.take_over(found, str(old), str(new))
    assert taken == (("run",), ("fifo", "run/fifo"))
    assert os.listdir(new / "run") == ["kept"]


def test_a_disk_that_fails_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "old/notes").mkdir(parents=True)
    (tmp_path / "old/notes/one").touch()
    (tmp_path / "new").mkdir()
    monkeypatch.setattr("shutil.copy2", full_disk)
    with pytest.raises(ApplyError, match=r"^/[^(]*old/notes/one: .*No space left on device$"):
        leftovers.take_over(["notes"], str(tmp_path / "old"), str(tmp_path / "new"))
