"""Files are staged beside the original and replaced in one step, all of them or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping

from sslfix.errors import ApplyError
from sslfix.language import say as _


def replace(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Replace the contents of existing files; returns the old ones, to undo it with `replace`.

    Permissions and symbolic links survive: the file that a link leads to is replaced. Every
    file is staged before the first is touched. Raises ApplyError with all files as they were.
    """
    old: dict[str, bytes] = {}
    staged: dict[str, str] = {}
    try:
        for path, data in contents.items():
            target = os.path.realpath(path)
            with open(target, "rb") as stream:
                old[path] = stream.read()
            staged[path] = _stage(target, data)
        done: list[str] = []
        try:
            for path, temporary in staged.items():
                os.replace(temporary, os.path.realpath(path))
                done.append(path)
        except OSError:
            for path in done:
                target = os.path.realpath(path)
                os.replace(_stage(target, old[path]), target)
            raise
    except OSError as error:
        # error.filename may be the file staged beside the one that the person knows.
        known = [path for path in contents if path not in staged] or list(contents)
        text = _("{path} cannot be written: {reason}; nothing changed")
        raise ApplyError(text.format(path=known[0], reason=error.strerror)) from None
    finally:
        for temporary in staged.values():
            if os.path.exists(temporary):
                os.unlink(temporary)
    return old


def _stage(target: str, data: bytes) -> str:
    """A new file beside the target with its permissions, on disk before this returns."""
    folder, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".sslfix", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, os.stat(target).st_mode & 0o7777)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary
