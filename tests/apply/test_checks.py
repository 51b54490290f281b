"""A new environment is checked for what worked in the old one, and for no more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sslfix.apply import checks
from sslfix.apply.installers import Target
from sslfix.apply.refill import Job, LockInstall
from sslfix.errors import ApplyError
from sslfix.model import Distribution
from tests.apply.worlds import ask, read, unpack, wheel
from tests.conftest import run

BASE = os.path.realpath(sys.executable)
MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Pair:
    """An old and a new environment with the same distributions, and what was reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.old, self.new = folder / "aside", folder / ".venv"
        self.said: list[str] = []
        for place in (self.old, self.new):
            done = run(BASE, "-m", "venv", "--without-pip", place)
            assert done.returncode == 0, done.stderr

    def add(self, name: str, old: str = "", new: str = "", requires: str = "") -> None:
        for place, module in ((self.old, old), (self.new, new)):
            site = place / f"lib/python{MINOR}/site-packages"
            unpack(wheel(self.folder / "w", name, "1", requires, module), site)

    def check(self, lock: LockInstall | None = None) -> None:
        before = read(self.new, BASE).distributions
        target = Target(str(self.new), str(self.new / "bin/python"), MINOR)
        checks.check(Job(target, before, lock, ask, False, self.said.append), str(self.old))


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


RAISES = "raise RuntimeError('no such\\nlibrary')"
CRASHES = "import os; os._exit(7)"
LOUD = "import sys; print('? x'); print('! x', file=sys.stderr); sys.stdin.read()"


def test_what_could_be_imported_and_cannot_any_more_is_an_error(pair: Pair) -> None:
    pair.add("fine")
    pair.add("broken", new=RAISES)
    with pytest.raises(ApplyError) as caught:
        pair.check()
    assert str(caught.value) == (
        "worked and can't be imported in the new one: broken (RuntimeError: no such library)"
    )


def test_what_could_not_be_imported_before_is_told_and_no_more(pair: Pair) -> None:
    pair.add("broken", RAISES, RAISES)
    pair.add("exits", "raise SystemExit", "raise SystemExit")
    pair.add("loud", LOUD, LOUD)
    pair.check()
    assert pair.said[1:] == [
        "broken cannot be imported, as before: RuntimeError: no such library",
        "exits cannot be imported, as before: SystemExit:",
    ]


def test_of_a_dead_environment_nothing_is_known_to_have_worked(pair: Pair) -> None:
    pair.add("broken", new=RAISES)
    (pair.old / "bin/python").unlink()
    pair.check()
    assert pair.said[-1].startswith("broken cannot be imported")


def test_a_module_that_ends_or_stops_python_leaves_the_others_their_turn(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "IMPORT_TIMEOUT", 1)
    pair.add("crashes", new=CRASHES)
    pair.add("hangs", new="import time; time.sleep(60)")
    pair.add("raises", new=RAISES)
    with pytest.raises(ApplyError) as caught:
        pair.check()
    assert "crashes (ended Python with exit code 7, or took more than 1 s)" in str(caught.value)
    assert "hangs (ended Python with exit code -14" in str(caught.value)
    assert "raises (RuntimeError" in str(caught.value)


def test_an_import_writes_no_caches_and_has_no_way_out(pair: Pair) -> None:
    pair.add("looks", new="import os; assert os.environ['https_proxy'].endswith(':9')")
    pair.check()
    assert not list(pair.new.glob(f"lib/python{MINOR}/site-packages/__pycache__"))


def test_complaints_of_pip_count_if_they_are_new(pair: Pair) -> None:
    pair.add("asks", requires="gone")
    pair.check()  # the old one had it too
    for path in (pair.old / f"lib/python{MINOR}/site-packages").glob("asks*"):
        run("rm", "-r", path)
    with pytest.raises(ApplyError, match="asks 1 requires gone, which is not installed"):
        pair.check()
    pair.check(LockInstall("requirements.txt", "requirements.txt"))
    assert pair.said[-1] == "pip check: asks 1 requires gone, which is not installed."


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (["one/__init__.py", "one/two.py", "three.py", "_four.cpython-39-x.so"], ["one", "three"]),
        (["tests/__init__.py", "setup.py", "this.py", "one-1.dist-info/METADATA"], []),
        (["namespace/one/__init__.py", "../../bin/one", "one.pth"], []),
        (["five.cpython-39-x86_64-linux-gnu.so"], ["five"]),
    ],
)
def test_modules_are_those_of_the_record(
    tmp_path: Path, entries: list[str], found: list[str]
) -> None:
    (tmp_path / "RECORD").write_text("".join(f"{one},,\n" for one in entries))
    assert list(checks.modules(Distribution("one", "1", str(tmp_path)))) == found
    assert list(checks.modules(Distribution("pip", "1", str(tmp_path)))) == []
    assert list(checks.modules(Distribution("one", "1", str(tmp_path / "gone")))) == []
