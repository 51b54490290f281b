"""Whenever it ends, the environment is whole after the next run: tried at every single step."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest

from sslfix.apply import children, journal
from sslfix.apply.recreation import recreate
from sslfix.apply.room import Room, entry, kept, pending, size, undoable
from sslfix.errors import ApplyError
from sslfix.model import Document, Environment, Interpreter
from tests.conftest import ROOT

Step = Callable[[str], None]


def _quiet(_: str) -> None:
    pass


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "work/.venv"
    _fill(path, "first")
    return path


def _fill(path: Path, text: str) -> None:
    path.mkdir(parents=True, exist_ok=True)
    (path / "what").write_text(text)


def _what(path: Path) -> str:
    assert sorted({*os.listdir(path), ".sslfix-old"}) == [".sslfix-old", "what"]  # and no marker
    return (path / "what").read_text()


def _remake(path: Path, text: str) -> None:
    with journal.hold(str(path), _quiet) as room:
        journal.begin(room)
        _fill(path, text)
        journal.keep(room)


def _remake_from_a_copy(path: Path, text: str) -> None:
    with journal.hold(str(path), _quiet) as room:
        journal.begin_with_copy(room)
        _fill(path, text)
        journal.keep(room)


def _remake_from_nothing(path: Path, text: str) -> None:
    with journal.hold(str(path), _quiet) as room:
        journal.begin_without(room)
        _fill(path, text)
        journal.keep(room)


def _remake_in_a_container(path: Path, text: str) -> None:
    _in_a_container(_remake, path, text)


def _undo_in_a_container(path: Path, text: str) -> None:
    _in_a_container(_undo, path, text)


def _in_a_container(work: Callable[[Path, str], None], path: Path, text: str) -> None:
    """As on overlayfs, where a folder of the image can't be renamed."""
    real, image = os.rename, path.stat().st_ino

    def rename(source: str, target: str) -> None:
        if os.stat(source).st_ino == image:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target)

    os.rename = rename  # type: ignore[assignment]
    try:
        work(path, text)
    finally:
        os.rename = real


def _give_up(path: Path, text: str) -> None:
    with journal.hold(str(path), _quiet) as room:
        journal.begin(room)
        _fill(path, text)
        journal.put_back(room)


def _undo(path: Path, text: str) -> None:
    journal.undo(str(path))


# --------------------------------------------------------------------------- the way it goes


def test_the_old_one_is_kept_in_the_new_one_and_nothing_beside_it(place: Path) -> None:
    _remake(place, "second")
    assert _what(place) == "second"
    old = kept(str(place))
    assert old == str(place / ".sslfix-old")
    assert _what(Path(old)) == "first"
    assert os.listdir(place.parent) == [".venv"]
    assert pending(str(place.parent)) == ()


def test_only_the_last_one_is_kept(place: Path) -> None:
    _remake(place, "second")
    _remake(place, "third")
    assert _what(place / ".sslfix-old") == "second"
    assert os.listdir(place / ".sslfix-old") == ["what"]
    assert os.listdir(place.parent) == [".venv"]


def test_while_it_is_made_anew_the_room_is_kept_from_git(place: Path) -> None:
    with journal.hold(str(place), _quiet):
        assert (place.parent / ".sslfix-.venv/.gitignore").read_text() == "*\n"
    assert os.listdir(place.parent) == [".venv"]


def test_undoing_puts_the_last_one_back_and_undoing_again_brings_the_new_one(place: Path) -> None:
    _remake(place, "second")
    said: list[str] = []
    journal.undo(str(place), said.append)
    assert _what(place) == "first"
    assert "undoing again" in said[0]
    journal.undo(str(place))
    assert _what(place) == "second"
    assert _what(place / ".sslfix-old") == "first"
    assert os.listdir(place / ".sslfix-old") == ["what"]
    assert os.listdir(place.parent) == [".venv"]


def test_what_can_be_undone_is_found_by_the_environment_and_by_its_folder(
    place: Path, tmp_path: Path
) -> None:
    assert undoable(str(place)) == undoable(str(place.parent)) == ()
    _remake(place, "second")
    assert undoable(str(place)) == undoable(str(place.parent)) == (str(place),)
    (tmp_path / "venv").symlink_to(place)
    assert undoable(str(tmp_path)) == (str(place),)
    (place.parent / "work.sslfix-x").mkdir()
    assert undoable(str(tmp_path / "nowhere")) == ()


def _leave_to_its_owner(path: Path, text: str) -> None:
    with journal.hold(str(path), _quiet) as room:
        journal.begin_without(room)
        journal.keep(room)


@pytest.mark.parametrize("made_since", [False, True])
def test_undoing_brings_one_back_whose_owner_makes_it_at_its_next_use(
    place: Path, made_since: bool
) -> None:
    _leave_to_its_owner(place, "")
    assert undoable(str(place)) == undoable(str(place.parent)) == (str(place),)
    if made_since:
        _fill(place, "second")
    journal.undo(str(place))
    assert _what(place) == "first"
    assert os.listdir(place.parent) == [".venv"]
    assert (kept(str(place)) is not None) == made_since


def test_undoing_in_a_container_copies_what_cannot_be_renamed(place: Path) -> None:
    _remake(place, "second")
    _in_a_container(_undo, place, "")
    assert (_what(place), _what(place / ".sslfix-old")) == ("first", "second")
    assert os.listdir(place.parent) == [".venv"]


def test_without_an_old_one_nothing_can_be_undone(place: Path) -> None:
    with pytest.raises(ApplyError, match="no older environment is kept"):
        journal.undo(str(place))
    assert os.listdir(place.parent) == [".venv"]


def test_what_fails_leaves_nothing_beside_the_environment(place: Path) -> None:
    _give_up(place, "second")
    assert _what(place) == "first"
    assert os.listdir(place.parent) == [".venv"]


def test_what_fails_leaves_the_one_that_was_kept_before(place: Path) -> None:
    _remake(place, "second")
    _give_up(place, "third")
    assert _what(place) == "second"
    assert _what(place / ".sslfix-old") == "first"
    assert os.listdir(place.parent) == [".venv"]


def test_the_size_counts_a_file_with_two_names_once(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/one").write_bytes(b"x" * 8192)
    alone = size(str(tmp_path))
    os.link(tmp_path / "a/b/one", tmp_path / "a/two")
    assert alone == size(str(tmp_path)) >= 8192


# --------------------------------------------------------------------------- cut short


def _dies_at(step: int, work: Callable[[Path, str], None], place: Path) -> bool:
    """Do it in a child that dies before its n-th change to the disk; whether it came so far."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
    left = step

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)
            return real(*arguments, **options)

        return call

    try:
        for name in ("rename", "replace", "mkdir", "unlink", "rmdir", "fsync"):
            setattr(os, name, counted(getattr(os, name)))
        work(place, "new")
    finally:
        os._exit(0)


# What may be there and what may be kept in it, by whether one was kept and whether it is undone.
_KEPT_WITH = {
    (False, False): {("first", ""), ("new", "first")},
    (True, False): {("first", "zeroth"), ("new", "first")},
    (True, True): {("first", "zeroth"), ("zeroth", "first")},
}


def _kept_with(place: Path) -> tuple[str, str]:
    old = kept(str(place))
    return _what(place), (_what(Path(old)) if old else "")


@pytest.mark.parametrize("kept_before", [False, True])
@pytest.mark.parametrize(
    ("work", "ends"),
    [
        (_remake, {"first", "new"}),
        (_remake_from_a_copy, {"first", "new"}),
        (_remake_from_nothing, {"first", "new"}),
        (_remake_in_a_container, {"first", "new"}),
        (_give_up, {"first"}),
        (_undo, {"first", "zeroth"}),
        (_undo_in_a_container, {"first", "zeroth"}),
    ],
)
def test_cut_short_at_any_step_the_next_run_finds_or_makes_it_whole(
    tmp_path: Path, work: Callable[[Path, str], None], ends: set[str], kept_before: bool
) -> None:
    undoing = work in {_undo, _undo_in_a_container}
    if undoing and not kept_before:
        pytest.skip("nothing to undo")
    seen = set()
    for step in range(1, 100):
        place = tmp_path / f"{step}/.venv"
        _fill(place, "zeroth" if kept_before else "first")
        if kept_before:
            _remake(place, "first")
        died = _dies_at(step, work, place)
        told = pending(str(place.parent))
        assert journal.recover(str(place)) == bool(told)
        assert pending(str(place.parent)) == ()
        seen.add(_what(place))
        assert os.listdir(place.parent) == [".venv"]
        assert _kept_with(place) in _KEPT_WITH[kept_before, undoing]
        _remake(place, "afterwards")
        assert _what(place) == "afterwards"
        if not died:
            break
    assert step > 5
    assert seen == ends


def test_what_was_cut_short_is_told_with_what_will_be_done(place: Path) -> None:
    with journal.hold(str(place), _quiet) as room:
        journal.begin(room)
        _fill(place, "half")
    (told,) = pending(str(place.parent))
    assert f"was being made anew by process {os.getpid()} when that ended" in told.message
    assert "puts the old one back" in told.message
    said: list[str] = []
    assert journal.recover(str(place), said.append)
    assert said[0].startswith(f"undid what process {os.getpid()} began at ")
    assert _what(place) == "first"
    assert os.listdir(place.parent) == [".venv"]


@pytest.mark.parametrize("kept_before", [False, True])
def test_undoing_what_was_cut_short_is_enough(place: Path, kept_before: bool) -> None:
    if kept_before:
        _fill(place, "zeroth")
        _remake(place, "first")
    with journal.hold(str(place), _quiet) as room:
        journal.begin(room)
    journal.undo(str(place))
    assert _what(place) == "first"


def test_an_environment_that_somebody_made_since_stays(place: Path) -> None:
    with journal.hold(str(place), _quiet) as room:
        journal.begin(room)
    shutil.rmtree(place)
    _fill(place, "by hand")
    said: list[str] = []
    journal.recover(str(place), said.append)
    assert "was made since by somebody else: it stays" in said[0]
    assert _what(place) == "by hand"
    assert _what(place / ".sslfix-old") == "first"


def test_a_link_to_an_environment_is_looked_behind(place: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".venv").symlink_to(place)
    with journal.hold(str(place), _quiet) as room:
        journal.begin(room)
        shutil.rmtree(place)
    assert [one.path for one in pending(str(project))] == [str(place)]
    journal.recover(str(project / ".venv"))
    assert _what(project / ".venv") == "first"


def _sick(place: Path) -> Interpreter:
    """What was read of an environment, with its pyvenv.cfg."""
    (place / "bin").mkdir()
    (place / "bin/python").touch()
    (place / "pyvenv.cfg").write_text("home = /old\n")
    document = Document(str(place / "pyvenv.cfg"), "home = /old\n")
    environment = Environment(str(place), document=document)
    return Interpreter("i", "", "3.9.1", "cpython", {}, None, environment=environment)


@pytest.mark.parametrize("half", [False, True])
def test_what_was_read_before_another_run_ended_is_not_acted_on(place: Path, half: bool) -> None:
    sick = _sick(place)
    with journal.hold(str(place), _quiet) as room:
        journal.begin_without(room)
        if half:
            (place / "bin").mkdir(parents=True)
            (place / "bin/python").touch()
    with pytest.raises(ApplyError, match="in the hands of another run"):
        recreate(sick, sys.executable, lambda _: sick)
    assert (place / "what").exists()


def _make_another(place: Path, config: str) -> None:
    with journal.hold(str(place), _quiet) as room:
        journal.begin(room)
        shutil.copytree(room.aside, place, dirs_exist_ok=True)
        (place / "pyvenv.cfg").write_text(config)
        journal.keep(room)


def test_one_that_another_run_has_made_anew_since_it_was_read_is_left_alone(place: Path) -> None:
    sick = _sick(place)
    _make_another(place, "home = /new\n")
    with pytest.raises(ApplyError, match="made anew by another run, or changed, meanwhile"):
        recreate(sick, sys.executable, lambda _: sick)
    assert (place / "pyvenv.cfg").read_text() == "home = /new\n"
    assert (place / ".sslfix-old/pyvenv.cfg").read_text() == "home = /old\n"
    assert os.listdir(place.parent) == [".venv"]


def test_one_that_another_run_makes_anew_just_before_is_left_alone(place: Path) -> None:
    """Even if it looks the same: the lock is waited for after all that is asked."""
    sick = _sick(place)

    def ask(_: str) -> Interpreter:
        _make_another(place, "home = /old\n")
        (place / "by").write_text("another run")
        return sick

    with pytest.raises(ApplyError, match="made anew by another run, or changed, meanwhile"):
        recreate(sick, sys.executable, ask)
    assert (place / "by").exists()
    assert not (place / ".sslfix-old/by").exists()
    assert os.listdir(place.parent) == [".venv"]


# --------------------------------------------------------------------------- refused by the system


@pytest.mark.parametrize("call", ["mkdir", "fsync", "rename", "replace", "open", "sync"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_full_disk_leaves_the_old_one(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    real, left = getattr(os, call), number

    def full(*arguments: object, **options: object) -> object:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(28, "No space left on device")
        return real(*arguments, **options)

    def once() -> None:
        with journal.hold(str(place), _quiet) as room:
            try:
                journal.begin(room)
                _fill(place, "second")
                journal.keep(room)
            except OSError:
                journal.put_back(room)
                raise

    monkeypatch.setattr(os, call, full)
    try:
        once()
    except (OSError, ApplyError):
        assert _what(place) == "first"
    else:
        assert _what(place) == "second"
    monkeypatch.undo()
    journal.recover(str(place))
    assert _what(place) in {"first", "second"}


def test_a_folder_that_cannot_be_written_is_named(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(ApplyError, match=r"nothing can be written beside .*: Permission denied"):
        _remake(place, "second")


# --------------------------------------------------------------------------- two at once

HOLD = """
import subprocess, sys, time
from sslfix.apply import children, journal
with journal.hold(sys.argv[1], print) as room:
    print("held", flush=True)
    children.run([sys.executable, "-c", "import time; time.sleep(float(%r))" % sys.argv[2]], "/")
"""


def _holder(place: Path, seconds: float) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place), str(seconds)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_the_second_waits_and_says_for_whom(place: Path) -> None:
    said: list[str] = []
    with _holder(place, 1) as child:
        (told,) = pending(str(place.parent))
        assert told.message.startswith(f"{place} is being made anew by process {child.pid} since ")
        with journal.hold(str(place), said.append):
            pass
    assert said[0].startswith(f"waiting: process {child.pid} has {place} in hand since ")


def test_undoing_does_not_undo_what_another_run_did_meanwhile(place: Path) -> None:
    _remake(place, "second")
    again = pytest.raises(ApplyError, match="in the hands of another run")
    with _holder(place, 0.5), again:
        journal.undo(str(place))
    assert _what(place) == "second"


def test_the_second_gives_up_and_names_who_has_it(place: Path) -> None:
    with _holder(place, 3) as child:
        said = f"process {child.pid} has .* in hand since"
        with pytest.raises(ApplyError, match=said), journal.hold(str(place), _quiet, wait=0.3):
            pass
        child.kill()


def test_what_a_killed_run_started_is_waited_for(place: Path) -> None:
    """An installer that outlives us would go on writing into what is put back."""
    said: list[str] = []
    with _holder(place, 2) as child:
        time.sleep(0.5)  # until its command runs
        child.send_signal(signal.SIGKILL)
        child.wait()
        started = time.monotonic()
        with journal.hold(str(place), said.append):
            waited = time.monotonic() - started
    assert waited > 0.5
    assert said[0].startswith(f"waiting: what process {child.pid} started at ")


def test_who_has_the_lock_and_has_not_yet_said_so_is_no_process_0(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room.of(str(place))
    os.mkdir(room.folder)
    with open(room.lock, "wb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        (told,) = pending(str(place.parent))
        assert told.message == f"{place} is being made anew by another run"
        said = r"another run has .* in hand"
        with pytest.raises(ApplyError, match=said), journal.hold(str(place), _quiet, wait=0.1):
            pass
        monkeypatch.setattr(time, "sleep", lambda _: Path(room.lock).write_bytes(entry("making")))
        (told,) = pending(str(place.parent))
        assert f"by process {os.getpid()} since" in told.message


def test_a_lock_that_nobody_holds_is_no_hindrance(place: Path) -> None:
    room = Room.of(str(place))
    os.mkdir(room.folder)
    Path(room.lock).write_text('{"step": "making", "pid": 1, "since": "then", "marked": false}')
    assert pending(str(place.parent)) == ()
    _remake(place, "second")
    assert _what(place) == "second"


def test_commands_outside_of_a_recreation_hold_nothing() -> None:
    with children.holding(0):
        pass
    assert children.run([sys.executable, "-c", "print(1)"], "/") == "1\n"
