"""Additions are made again; other changes in files of a maker or a distribution are found."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from sslfix.apply import edited, leftovers


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
    merged = edited.merge(str(tmp_path / "old"), str(tmp_path / "new"), [])
    new = (tmp_path / "new/bin/activate").read_text()
    if added.strip():
        assert merged == (("bin/activate",), ())
        assert new == "other\nhash -r\n\n" + added.lstrip()
    else:
        assert merged == ((), ())
        assert new == "other\nhash -r\n"


def test_an_environment_without_activate_has_nothing_added(tmp_path: Path) -> None:
    assert edited.merge(str(tmp_path), str(tmp_path), []) == ((), ())


def _scripts(folder: Path, **texts: str) -> None:
    (folder / "bin").mkdir(parents=True)
    for name in ("activate", "activate.csh", "activate.fish"):
        text = texts.get(name.replace(".", "_"), "made\nhash -r\n")
        (folder / "bin" / name).write_text(text)
        time = 2000 if "mine" in text or "later" in text else 1000
        os.utime(folder / "bin" / name, (time, time))


def test_a_script_that_was_changed_later_is_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    _scripts(old, activate="mine\nmade\nhash -r\n", activate_fish="made\nmine\n")
    _scripts(new)
    found = edited.merge(str(old), str(new), [])
    assert found == ((), ("bin/activate", "bin/activate.fish"))


def test_a_script_with_something_at_its_end_only_is_not_told(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    _scripts(old, activate="made\nhash -r\nlater\n")
    _scripts(new)
    assert edited.merge(str(old), str(new), []) == (("bin/activate",), ())


def test_settings_that_no_maker_wrote_are_added(tmp_path: Path) -> None:
    texts = {
        "old": "home = /x\nuv = 0.1\nprompt = old\nOurs = 1\n",
        "new": "home = /y\nversion = 3",
    }
    for place, text in texts.items():
        (tmp_path / place).mkdir()
        (tmp_path / place / "pyvenv.cfg").write_text(text)
    merged = edited.merge(str(tmp_path / "old"), str(tmp_path / "new"), [])
    assert merged == (("pyvenv.cfg",), ())
    text = (tmp_path / "new/pyvenv.cfg").read_text()
    assert text == "home = /y\nversion = 3\nOurs = 1\n"


@pytest.mark.parametrize(
    ("now", "later", "new", "found"),
    [
        ("text", False, "text", False),
        ("TEXT", True, "text", True),
        ("text", True, "other", False),  # touched only
        ("longer", False, "text", True),
        ("longer", False, "longer", False),  # it is the same in the new one
    ],
)
def test_a_patched_file_of_a_distribution_is_told(
    tmp_path: Path, now: str, later: bool, new: str, found: bool
) -> None:
    digest = urlsafe_b64encode(sha256(b"text").digest()).rstrip(b"=").decode()
    for place, text in (("old", now), ("new", new)):
        site = tmp_path / place / "lib/python3.9/site-packages"
        (site / "one-1.dist-info").mkdir(parents=True)
        (site / "one.py").write_text(text)
        record = site / "one-1.dist-info/RECORD"
        record.write_text(f"one.py,sha256={digest},4\n")
        os.utime(record, (1000, 1000))
        os.utime(site / "one.py", (1001 if later else 999,) * 2)
    rows = leftovers.recorded(str(tmp_path / "old"))
    merged = edited.merge(str(tmp_path / "old"), str(tmp_path / "new"), rows)
    assert merged.left == (("lib/python3.9/site-packages/one.py",) if found else ())
