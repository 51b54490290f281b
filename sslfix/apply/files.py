"""Files are staged beside the original and replaced in one step, all of them or none.

Whatever the system refuses, and if the person interrupts it, every file is as it was and nothing
else is left behind. Only an end without a word (SIGKILL, the power) between two of the last
renames leaves some files old and some new, each of them whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from sslfix.errors import ApplyError
from sslfix.language import say as _


class _Change(NamedTuple):
    """A file by the path that the person knows and by where it is, and two files beside it.

    `new` will take its place, `old` is a copy until all are replaced. Their names are chosen
    before they are made, so that they can be removed whenever it ends.
    """

    path: str
    target: str
    data: bytes
    new: str
    old: str

    @classmethod
    def of(cls, path: str, data: bytes) -> _Change:
        target = os.path.realpath(path)
        beside = os.path.join(os.path.dirname(target), f".sslfix-{os.urandom(6).hex()}")
        return cls(path, target, data, f"{beside}.new", f"{beside}.old")


def replace(
    contents: Mapping[str, bytes], expected: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Replace the contents of existing files; returns the old ones, to undo it with `replace`.

    Permissions, owner, extended attributes and symbolic links survive: the file that a link leads
    to is replaced. Other hard links to a file keep its old contents. Every file is staged before
    the first is touched. Raises ApplyError, with all files as they were, if one cannot be
    replaced or does not hold what is `expected`: somebody else has edited it.
    """
    changes = [_Change.of(path, data) for path, data in contents.items()]
    stuck: list[_Change] = []
    try:
        found = {}
        for one in changes:
            with _named(one.path):
                found[one.path] = _stage(one)
        known = {**found, **(expected or {})}
        for one in changes:
            with _named(one.path):
                _require(one, known[one.path], changes)
        _exchange(changes, stuck)
    finally:
        for one in changes:
            _discard(one.new)
            if one not in stuck:
                _discard(one.old)
    return found


def write(path: str, data: bytes) -> None:
    """Make or replace a file in one step: whoever reads it meanwhile has the old one or the new.

    What is neither there nor a file (/dev/stdout, a pipe) is written to. Raises ApplyError.
    """
    if os.path.isfile(path):
        replace({path: data})
        return
    target = path if os.path.exists(path) else os.path.realpath(path)
    staged = target if os.path.exists(path) else _Change.of(path, data).new
    with _named(path):
        try:
            with open(staged, "wb") as stream:
                stream.write(data)
            if staged != target:
                os.replace(staged, target)
        finally:
            if staged != target:
                _discard(staged)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Errors of the system become ApplyErrors that name this file, not one staged beside it."""
    try:
        yield
    except OSError as error:
        text = _("{path} cannot be written: {reason}; nothing changed")
        reason = error.strerror or str(error)
        raise ApplyError(text.format(path=path, reason=reason)) from None


def _stage(one: _Change) -> bytes:
    """The file's contents, after both files beside it are on the disk."""
    found = _read(one.target)
    _write(one.old, found, one.target)
    _write(one.new, one.data, one.target)
    return found


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def _write(path: str, data: bytes, like: str) -> None:
    """Make a file with the owner, permissions and extended attributes of another."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    known = os.stat(like)
    with suppress(OSError):  # only root gives files away; others may at least keep the group
        os.chown(path, -1, known.st_gid)
        os.chown(path, known.st_uid, -1)
    _copy_attributes(like, path)
    os.chmod(path, known.st_mode & 0o7777)


def _copy_attributes(source: str, target: str) -> None:
    """Extended attributes, access control lists among them, as far as they can be set."""
    for name in os.listxattr(source) if hasattr(os, "listxattr") else ():  # Linux only
        with suppress(OSError):
            os.setxattr(target, name, os.getxattr(source, name))


def _require(one: _Change, known: bytes, changes: Sequence[_Change]) -> None:
    """Raise ApplyError where a file does not hold what is known, or gets two contents."""
    if _read(one.target) != known:
        text = _("{path} was changed by somebody else in the meantime; nothing changed")
        raise ApplyError(text.format(path=one.path))
    for other in changes:
        if other.target == one.target and other.data != one.data:
            text = _("{path} and {other} are one file, to be changed in two ways; nothing changed")
            raise ApplyError(text.format(path=one.path, other=other.path))


def _exchange(changes: Sequence[_Change], stuck: list[_Change]) -> None:
    """Put every new file in its place, or all old ones back; `stuck` are those that stay new."""
    try:
        for one in changes:
            with _named(one.path):
                os.replace(one.new, one.target)
    except BaseException:
        # An interruption comes before or after the rename: what is gone from here is there.
        done = [one for one in changes if not os.path.lexists(one.new)]
        for one in done:
            try:
                os.replace(one.old, one.target)
            except OSError:
                stuck.append(one)
        if stuck:
            text = _("{path} is changed and cannot be put back; what it was is in {copy}")
            told = [text.format(path=one.path, copy=one.old) for one in stuck]
            raise ApplyError("; ".join(told)) from None
        raise


def _discard(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
