"""The lock on an environment: one run at a time, and the second knows who is the first.

The commands that we start hold it with us: one that outlives us would go on writing into what is
put back. The system lets it go with the last of them, so a lock can't be stale.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Callable

from sslfix.apply import children
from sslfix.apply.room import MAKING, Room, entry, holder
from sslfix.errors import ApplyError
from sslfix.language import say as _

Say = Callable[[str], None]

WAIT = 120.0
"""Seconds to wait for another run that has the same environment in hand."""
_LINE = 256  # bytes, more than is ever said in a lock


@contextmanager
def locked(room: Room, report: Say, wait: float = WAIT) -> Iterator[None]:
    """The room is there, and ours alone; afterwards it is gone if no environment is in it."""
    try:
        descriptor = _lock(room, report, wait)
    except OSError as error:
        text = _("nothing can be written beside {path}, and nothing was changed: {reason}")
        raise ApplyError(text.format(path=room.path, reason=error.strerror)) from error
    try:
        with children.holding(descriptor):
            yield
    finally:
        _tidy(room)
        os.close(descriptor)


def _lock(room: Room, report: Say, wait: float) -> int:
    """The descriptor of the lock, once it is ours; ApplyError names who has it for too long."""
    import fcntl
    from time import monotonic, sleep

    until, tries = monotonic() + wait, 0
    while True:
        with suppress(FileExistsError):
            os.mkdir(room.folder)
        try:
            descriptor = os.open(room.lock, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # the one before us tidied up
            if monotonic() > until:
                raise
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            if _is_at(descriptor, room.lock):
                _sign(descriptor, room)
                return descriptor
            os.close(descriptor)
            continue
        if monotonic() > until:
            raise ApplyError(_held_by(room))
        tries += 1
        if tries == 2:  # the first may meet one that only looks whether it is held
            report(_("waiting: {reason}").format(reason=_held_by(room)))
        sleep(0.1)


def _is_at(descriptor: int, path: str) -> bool:
    """Whether the open file still is the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(descriptor: int, room: Room) -> None:
    """Say in the lock who has it, and keep the room from git; a full disk is no reason to fail.

    At once, over all that another wrote: a reader finds what one of them said.
    """
    with suppress(OSError):
        os.pwrite(descriptor, entry(MAKING).ljust(_LINE), 0)
        with open(os.path.join(room.folder, ".gitignore"), "w", encoding="utf-8") as stream:
            stream.write("*\n")


def _held_by(room: Room) -> str:
    found = holder(room)
    if not found.pid:
        return _("another run has {path} in hand").format(path=room.path)
    try:
        os.kill(found.pid, 0)
    except ProcessLookupError:
        text = _("what process {pid} started at {since} to make {path} anew still runs")
    except PermissionError:
        text = _("process {pid} of another user has {path} in hand since {since}")
    else:
        text = _("process {pid} has {path} in hand since {since}")
    return text.format(pid=found.pid, path=room.path, since=found.since)


def _tidy(room: Room) -> None:
    """Leave nothing beside the environment, but for another environment."""
    if any(map(os.path.lexists, (room.aside, room.homeless, room.trash))):
        return
    for name in ("journal.new", "journal", ".gitignore", "lock"):  # the lock last
        with suppress(OSError):
            os.unlink(os.path.join(room.folder, name))
    with suppress(OSError):
        os.rmdir(room.folder)
