"""The folder beside an environment while it is made anew or put back, and the old one kept in it.

Afterwards nothing stands beside the environment: a folder there would get into source
distributions, and pipx and uv take it for a tool. All of them leave alone what is in one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

from sslfix.language import say as _

_PREFIX = ".sslfix-"
_MARKER = ".sslfix-making"
_KEPT = ".sslfix-old"
_SIGNING = 0.2  # seconds in which who has a lock has also said so
# What an environment may be in the middle of; the journal finishes or undoes it.
MAKING = "making"
MADE = "made"
UNDOING = "undoing"


class Room(NamedTuple):
    """The folder beside the environment at `path` (a real path), and what may be in it."""

    path: str
    folder: str

    @classmethod
    def of(cls, environment: str) -> Room:
        path = os.path.realpath(environment)
        parent, name = os.path.split(path)
        return cls(path, os.path.join(parent, _PREFIX + name))

    @property
    def aside(self) -> str:
        """The environment that stepped aside, until the new one is verified."""
        return os.path.join(self.folder, "aside")

    @property
    def older(self) -> str:
        """Where one that stepped aside holds the one that was kept before it."""
        return os.path.join(self.aside, _KEPT)

    @property
    def kept(self) -> str:
        """The one before the last that was verified, kept until the next is."""
        return os.path.join(self.path, _KEPT)

    @property
    def homeless(self) -> str:
        """The same, as long as there is no environment to keep it in."""
        return os.path.join(self.folder, "old")

    @property
    def new(self) -> str:
        """What will take its place here or as the environment at once."""
        return os.path.join(self.folder, "new")

    @property
    def trash(self) -> str:
        """What is being deleted."""
        return os.path.join(self.folder, "trash")

    @property
    def marker(self) -> str:
        """A file in the new environment until it is verified."""
        return os.path.join(self.path, _MARKER)

    @property
    def journal(self) -> str:
        return os.path.join(self.folder, "journal")

    @property
    def lock(self) -> str:
        return os.path.join(self.folder, "lock")


class Entry(NamedTuple):
    """What a journal says last: the step, the process that took it, and when.

    `marked` says that the new environment has a `marker` as long as it is not verified, which
    tells it from one that somebody made there since.
    """

    step: str
    pid: int
    since: str
    marked: bool = False


class Pending(NamedTuple):
    """A recreation that is not at its end: cut short, or going on if another run is `at_work`."""

    path: str
    entry: Entry
    at_work: bool

    @property
    def message(self) -> str:
        """What happened and what the next run will do about it."""
        if self.at_work and not self.entry.pid:
            text = _("{path} is being made anew by another run")
        elif self.at_work:
            text = _("{path} is being made anew by process {pid} since {since}")
        elif self.entry.step == MAKING:
            text = _(
                "{path} was being made anew by process {pid} when that ended, {since}: "
                "the next `sslfix --apply` or `sslfix env --undo` puts the old one back"
            )
        else:
            text = _(
                "{path} was being exchanged by process {pid} when that ended, {since}: "
                "the next `sslfix --apply` or `sslfix env --undo` finishes it"
            )
        return text.format(path=self.path, pid=self.entry.pid, since=self.entry.since)


def pending(folder: str) -> tuple[Pending, ...]:
    """The unfinished recreations in a folder, and of the environments it links to; only reads."""
    found = (pending_of(path) for path in _with_rooms(folder))
    return tuple(one for one in found if one is not None)


def undoable(path: str) -> tuple[str, ...]:
    """The environments that `journal.undo` has an older one for: that at the path, or those in it.

    Several if a folder has several; the caller asks which.
    """
    if _is_undoable(path):
        return (path,)
    paths = dict.fromkeys([*_with_rooms(path), *_inside(path)])
    return tuple(one for one in paths if _is_undoable(one))


def _is_undoable(path: str) -> bool:
    return bool(kept(path) or pending_of(path))


def _inside(folder: str) -> list[str]:
    """The folders in a folder, and those that links there lead to."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((one.path, one.is_symlink()) for one in entries if one.is_dir())
    except OSError:
        return []
    return [os.path.realpath(path) if is_link else path for path, is_link in found]


def _with_rooms(folder: str) -> list[str]:
    """The environments in a folder, or linked to from there, that have a room beside them."""
    from glob import escape, glob

    rooms = glob(os.path.join(escape(folder), _PREFIX + "*"))
    paths = [
        os.path.join(folder, os.path.basename(room)[len(_PREFIX) :])
        for room in sorted(rooms)
        if os.path.isdir(room)
    ]
    links = (os.path.join(folder, name) for name in (".venv", "venv"))
    return paths + [os.path.realpath(link) for link in links if os.path.islink(link)]


def pending_of(environment: str) -> Pending | None:
    """The unfinished recreation of this environment, None if there is none; only reads."""
    room = Room.of(environment)
    at_work = is_held(room)
    if not at_work and not os.path.lexists(room.aside):
        return None
    return Pending(environment, holder(room) if at_work else read(room.journal), at_work)


def kept(environment: str) -> str | None:
    """Where the environment before the last recreation is kept, None if it is not."""
    room = Room.of(environment)
    return next((one for one in (room.kept, room.homeless) if os.path.lexists(one)), None)


def size(folder: str) -> int:
    """The bytes on disk below a folder; a file with several names counts once."""
    blocks: dict[tuple[int, int], int] = {}
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                about = os.lstat(os.path.join(parent, name))
                blocks[about.st_dev, about.st_ino] = about.st_blocks
    return 512 * sum(blocks.values())


def is_held(room: Room) -> bool:
    import fcntl

    try:
        descriptor = os.open(room.lock, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(room: Room) -> Entry:
    """Who has the lock, process 0 if it does not say; there is a moment between both."""
    from time import monotonic, sleep

    until = monotonic() + _SIGNING
    found = read(room.lock)
    while not found.pid and monotonic() < until:
        sleep(0.005)
        found = read(room.lock)
    return found


def read(path: str) -> Entry:
    """What stands in a journal or a lock; process 0 if nothing does."""
    import json

    try:
        with open(path, encoding="utf-8") as stream:
            values = json.load(stream)
        step, since = str(values["step"]), str(values["since"])
        return Entry(step, int(values["pid"]), since, bool(values["marked"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Entry(MAKING, 0, _("at an unknown time"))


def entry(step: str, *, marked: bool = False) -> bytes:
    """What is written into a journal or a lock."""
    import json
    from time import strftime

    entry = Entry(step, os.getpid(), strftime("%Y-%m-%d %H:%M:%S"), marked)
    return json.dumps(entry._asdict()).encode()
