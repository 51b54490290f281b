"""Laws of `sslfix --apply` over whole projects: done once it is done, and files stay what they are.

Two thousand projects: `HYPOTHESIS_PROFILE=explore python -m pytest tests/property/test_apply.py`
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from sslfix import cli
from sslfix.formats.text import decode

from .generated import EVERY, File

TARGETS = st.sampled_from(["amazon-linux-2", "macos-python3.9", "debian-12"])
MODES = st.sampled_from([0o644, 0o600, 0o755, 0o444])
LONG = hypothesis.settings().max_examples >= 5000


class Placed(NamedTuple):
    """A file of a project: what it is, where, with which permissions, and whether by a link."""

    file: File
    path: str
    mode: int
    linked: bool

    def write(self, root: Path) -> None:
        path = root / self.path
        path.parent.mkdir(exist_ok=True)
        real = path.with_name(f"{path.name}.real") if self.linked else path
        real.write_bytes(self.file.data)
        real.chmod(self.mode)
        if self.linked:
            path.symlink_to(real.name)


@st.composite
def placed(draw: st.DrawFn) -> Placed:
    file = draw(EVERY[draw(st.sampled_from([*EVERY]))]())
    name = file.format.name if file.path == "generated" else file.path
    folder = draw(st.sampled_from(["", "", "sub/"]))
    return Placed(file, folder + name, draw(MODES), draw(st.booleans()))


PROJECTS = st.lists(placed(), min_size=2, max_size=4, unique_by=lambda one: one.path)


def apply(root: str, target: str) -> int:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main(["--apply", "--offline", "--unsafe", "--target", target, root])
    assert code in {0, 1, 2}, said.getvalue()
    return code


def contents(root: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in root.rglob("*") if one.is_file()}


def line_ends(text: str) -> set[str]:
    kinds = {"\r\n"} if "\r\n" in text else set()
    return kinds | set("\r\n").intersection(text.replace("\r\n", ""))


def keeps_its_nature(one: Placed, root: Path) -> None:
    """Encoding, byte order mark, line ends, permissions and link are those that it had."""
    path, format_ = root / one.path, one.file.format
    before = decode(one.path, one.file.data, format_.name)
    after = decode(one.path, path.read_bytes(), format_.name)
    assert (after.encoding, after.bom) == (before.encoding, before.bom)
    kinds = line_ends(before.text)
    assert line_ends(after.text) <= (kinds or {"\n"})
    assert path.is_symlink() is one.linked
    assert stat.S_IMODE(os.stat(path).st_mode) == one.mode


@given(PROJECTS, TARGETS)
@hypothesis.settings(max_examples=2000 if LONG else 25)
def test_applied_twice_is_applied_once_and_files_stay_what_they_are(
    project: list[Placed], target: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for one in project:
            one.write(root)
        before = contents(root)
        first = apply(folder, target)
        between = contents(root)
        assert between.keys() == before.keys()
        for one in project:
            keeps_its_nature(one, root)
        assert apply(folder, target) == first
        assert contents(root) == between
