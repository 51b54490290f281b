"""The journal of a recreation: what the next run needs to finish, or undo, one that was cut short.

It stands in a folder beside the environment, its room, with the old environment and a lock. At
the end the old one moves into the new one, and the room goes. Each
step is a rename within one file system, and what it is a step of is on the disk before it. So at
every moment the old environment is whole in one place and the room says in which; how it ended,
by SIGKILL or the power, makes no difference.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sslfix.apply.lock import WAIT, Say, locked
from sslfix.apply.room import MADE, MAKING, UNDOING, Room, entry, kept, pending_of, read
from sslfix.errors import ApplyError
from sslfix.language import say as _


@contextmanager
def hold(environment: str, report: Say, wait: float = WAIT) -> Iterator[Room]:
    """The room of this environment, held by no other run and with nothing unfinished in it.

    What a run that ended early left is undone or finished first.
    """
    room = Room.of(environment)
    with locked(room, report, wait):
        try:
            _settle(room, report)
            yield room
        except OSError as error:
            text = _("{path}: {reason}")
            reason = error.strerror or str(error)
            raise ApplyError(text.format(path=environment, reason=reason)) from error


def begin(room: Room) -> None:
    """Let the environment step aside for an empty folder, but for the marker."""
    os.mkdir(room.new)
    with open(os.path.join(room.new, os.path.basename(room.marker)), "wb"):
        pass
    _write(room, MAKING, marked=True)
    _step_aside(room)
    _move(room.new, room.path)


def begin_without(room: Room) -> None:
    """Let the environment step aside, for its owner to make another."""
    _write(room, MAKING)
    _step_aside(room)


def begin_with_copy(room: Room) -> None:
    """Let a copy stand aside, for an owner that needs the environment to make it anew."""
    _write(room, MAKING)
    _copy_aside(room)


def _step_aside(room: Room) -> None:
    """Rename the environment, or copy and delete it where a folder can't be renamed.

    That is in a container, if it comes with the image:
    https://docs.kernel.org/filesystems/overlayfs.html#renaming-directories
    """
    from errno import EXDEV
    from shutil import rmtree

    try:
        _move(room.path, room.aside)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        _write(room, MAKING)  # what stands there is the old one for a while
        _copy_aside(room)
        rmtree(room.path)


def _copy_aside(room: Room) -> None:
    from shutil import copytree

    copytree(room.path, room.trash, symlinks=True)
    os.sync()
    _move(room.trash, room.aside)


def keep(room: Room) -> None:
    """Let the new environment stay; the one that stepped aside is kept in it."""
    # The new files must be on the disk before anything says that they are.
    os.sync()
    _write(room, MADE)
    _finish(room)


def put_back(room: Room) -> None:
    """Give the old environment its place again; what was made meanwhile is deleted."""
    _discard(room)
    if not os.path.lexists(room.aside):
        return
    try:
        if os.path.lexists(room.path):
            _remove(room)
        _move(room.aside, room.path)
    except OSError as error:
        from shlex import join

        text = _("the old environment is at {path}: {reason}")
        text = text.format(path=room.aside, reason=error.strerror)
        raise ApplyError(text, join(["mv", room.aside, room.path])) from error
    _discard(room)


def _remove(room: Room) -> None:
    """Clear the environment's place: at once, or file by file where it can't be renamed."""
    from errno import EXDEV
    from shutil import rmtree

    try:
        _move(room.path, room.trash)
    except OSError as error:
        if error.errno != EXDEV:
            raise
        rmtree(room.path)


def recover(environment: str, report: Say = lambda _: None) -> bool:
    """Undo or finish what a run that ended early left; whether there was anything of the kind."""
    found = pending_of(environment)
    if found or os.path.isdir(Room.of(environment).folder):
        with hold(environment, report):
            pass
    return found is not None


def undo(environment: str, report: Say = lambda _: None) -> None:
    """Put back the environment before the last recreation; what is there now is kept in it."""
    found = pending_of(environment)
    recover(environment, report)
    if found and found.at_work:  # it may have undone the same, and this would be redo
        text = _("{path} was in the hands of another run, which has ended: run sslfix again")
        raise ApplyError(text.format(path=environment))
    if found and found.entry.step != MADE:
        return  # the old one is back
    with hold(environment, report) as room:
        if kept(environment) is None:
            text = _("no older environment is kept in {path}")
            raise ApplyError(text.format(path=environment))
        _write(room, UNDOING)
        if os.path.lexists(room.path):
            _step_aside(room)
            _write(room, UNDOING)
        _exchange(room)
    text = _("{path} is the one before it was made anew; undoing again brings the new one back")
    report(text.format(path=environment))


def _settle(room: Room, report: Say) -> None:
    """Undo or finish what is unfinished."""
    _discard(room)
    if not os.path.lexists(room.aside):
        return
    was = read(room.journal)
    if was.step == MADE:
        _finish(room)
        text = _("finished what process {pid} began at {since}: {path} is the new one")
    elif was.step == UNDOING:
        _exchange(room)
        text = _("finished what process {pid} began at {since}: {path} is the old one")
    elif was.marked and os.path.lexists(room.path) and not os.path.lexists(room.marker):
        _finish(room)
        text = _(
            "process {pid} did not finish what it began at {since}, and {path} was made since "
            "by somebody else: it stays, and the old one is kept in {old}"
        )
    else:
        put_back(room)
        text = _("undid what process {pid} began at {since}: {path} is the old one")
    old = kept(room.path)
    report(text.format(pid=was.pid, since=was.since, path=room.path, old=old))


def _finish(room: Room) -> None:
    """Keep the one that stepped aside, and only that, in the one that is there.

    Where its owner has yet to make that, the room is the place.
    """
    with suppress(FileNotFoundError):
        os.unlink(room.marker)
    for one in (room.older, room.kept, room.homeless):
        if os.path.lexists(one):
            _move(one, room.trash)
            _discard(room)
    _move(room.aside, room.kept if os.path.lexists(room.path) else room.homeless)


def _exchange(room: Room) -> None:
    """The second half of undoing: the old one takes the place of what stepped aside."""
    if not os.path.lexists(room.path):
        old = (room.older, room.homeless)
        _move(next(filter(os.path.lexists, old), room.aside), room.path)
    if os.path.lexists(room.aside):
        _finish(room)


def _move(source: str, target: str) -> None:
    os.rename(source, target)
    for folder in {os.path.dirname(source), os.path.dirname(target)}:
        _sync(folder)


def _write(room: Room, step: str, *, marked: bool = False) -> None:
    """Say the step in the journal, on the disk before this returns."""
    new = room.journal + ".new"
    with open(new, "wb") as stream:
        stream.write(entry(step, marked=marked))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, room.journal)
    _sync(room.folder)


def _sync(folder: str) -> None:
    """Bring a folder's names to the disk, where its file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _discard(room: Room) -> None:
    from shutil import rmtree

    for folder in (room.trash, room.new):
        rmtree(folder, ignore_errors=True)
