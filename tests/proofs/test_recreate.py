"""However a recreation ends, the next run finds a working environment with all that was in it.

Real environments, installers and processes; the distributions come from a folder.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from sslfix.apply import journal
from sslfix.apply.environments import recreate
from sslfix.apply.room import Room, kept, pending, size
from sslfix.apply.room import read as read_journal
from tests.apply.worlds import ask, installed, read, wheel
from tests.conftest import ROOT, run

BASE = os.path.realpath(sys.executable)
NAMES = ("one", "two", "three", "four", "five")
KILLS = 50

NEXT_RUN = """
import sys
from pathlib import Path
from sslfix.apply.environments import recover, recreate
from tests.apply.worlds import ask, read
place, base = Path(sys.argv[1]), sys.argv[2]
recover(str(place), print)
recreate(read(place, base), base, ask, report=print)
"""

pytestmark = pytest.mark.proof


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of a few distributions that come from a folder, by uv where it is here."""
    for name in NAMES:
        wheel(tmp_path / "wheels", name, "1.0")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    path = tmp_path / "work/.venv"
    _fill(path, tmp_path / "wheels")
    return path


def _fill(path: Path, wheels: Path) -> None:
    run(BASE, "-m", "venv", "--without-pip", "--prompt", "hello", path)
    done = run(
        *(sys.executable, "-m", "pip", "--python", path / "bin/python", "install", "--no-index"),
        *("--find-links", wheels, *NAMES),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _works(place: Path) -> bool:
    """Whether the environment imports ssl and all its distributions, and knows of them."""
    done = run(place / "bin/python", "-I", "-B", "-c", f"import ssl, {', '.join(NAMES)}")
    return done.returncode == 0 and set(installed(ask(str(place / "bin/python")))) == set(NAMES)


def _start(place: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", NEXT_RUN, str(place), BASE]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _fork(place: Path) -> int:
    """The same in a fork, which needs no time to start."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 1)
        os.dup2(devnull, 2)
        journal.recover(str(place))
        recreate(read(place, BASE), BASE, ask)
        code = 0
    finally:
        os._exit(code)


def _begins(place: Path) -> float:
    """When the recreation takes its lock: nothing is touched before."""
    while not any(one.at_work for one in pending(str(place.parent))):
        time.sleep(0.001)
    return time.monotonic()


def _end(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_killed_at_fifty_random_moments_the_next_run_has_it_working(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import virtualenv  # noqa: F401 - the forks have it then

    chance = random.Random(5)
    pid, began = _fork(place), _begins(place)
    assert _end(pid) == 0
    lasts = time.monotonic() - began
    found: Counter[str] = Counter()
    for number in range(KILLS):
        pid = _fork(place)
        _begins(place)
        time.sleep(lasts * chance.random() ** 2)  # most in the first half: the second is checking
        os.kill(pid, signal.SIGKILL)
        _end(pid)
        found[_found(place)] += 1
        assert journal.recover(str(place)) or pending(str(place.parent)) == ()
        assert _works(place), number
        if number % 10 == 9:  # and it can be made anew after that
            assert _end(_fork(place)) == 0
            assert _works(place), number
    with capsys.disabled():
        print(f"\n{KILLS} kills within {lasts:.1f} s: {dict(found)}")
    assert found["making: neither the old nor the new one works"] > 0


def _found(place: Path) -> str:
    """What the kill left at the environment's path."""
    room = Room.of(str(place))
    if not os.path.lexists(room.aside):
        return "nothing begun, or all done"
    step = read_journal(room.journal).step
    try:
        whole = _works(place)
    except Exception:  # noqa: BLE001 - whatever a half-made environment does
        whole = False
    return f"{step}: {'the new one works' if whole else 'neither the old nor the new one works'}"


def test_pip_sees_the_same_before_and_after(place: Path) -> None:
    (site,) = place.glob("lib/python*/site-packages")
    before = _as_pip_sees_it(site)
    assert before.count("1.0") == len(NAMES)
    assert _start(place).wait() == 0
    assert _as_pip_sees_it(site) == before


def _as_pip_sees_it(site: Path) -> str:
    code = (
        "import sys, pip_api\n"
        "found = pip_api.installed_distributions(paths=[sys.argv[1]]).values()\n"
        "print(sorted((one.name, str(one.version), one.location) for one in found))"
    )
    done = run(sys.executable, "-c", code, site)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_at_any_size_leaves_a_working_environment(place: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    outcomes = set()
    for kilobytes in _sizes(place):
        if run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", small).returncode:
            pytest.skip("needs to mount a tmpfs")
        try:
            own = small / ".venv"
            shutil.copytree(place, own, symlinks=True)
            outcomes.add(_start(own).wait())
            assert _works(own), kilobytes
            assert pending(str(small)) == ()
        finally:
            run("umount", small)
    assert outcomes == {0, 1}


def _sizes(place: Path) -> list[int]:
    """From hardly more than the environment takes to enough for two."""
    needed = size(str(place)) // 1024 + 150
    return [int(needed * factor) for factor in (1.02, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 4)]


@pytest.mark.parametrize("seed", range(5))
def test_the_network_cut_at_random_leaves_a_working_environment(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """An index that answers so many bytes and then no more."""
    from tests.proofs.cut_index import serve

    chance = random.Random(seed)
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_TIMEOUT", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with serve(tmp_path / "wheels", chance.randrange(0, 6000)) as url:
        monkeypatch.setenv("UV_DEFAULT_INDEX", url)
        monkeypatch.setenv("PIP_INDEX_URL", url)
        ended = _start(place).wait()
    assert _works(place)
    assert pending(str(place.parent)) == ()
    assert (kept(str(place)) is None) == bool(ended)
    assert read(place, BASE).environment
