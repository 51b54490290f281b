"""Writing the hook's files, all of them or none."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from contextlib import suppress

from sslfix.apply import files
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.pip_hook import File


def write(contents: Mapping[str, bytes | None], known: Mapping[str, File]) -> None:
    """Write the contents in that order, None removes a file; if one fails, all are as before.

    Raises ApplyError where a file is not what is `known` of it any more: somebody edited it.
    """
    done: list[str] = []
    try:
        for path, data in contents.items():
            _put(path, data, _bytes(known[path]))
            done.append(path)
    except BaseException:
        for path in reversed(done):
            with suppress(ApplyError):
                _put(path, _bytes(known[path]), contents[path])
        raise
    for path, data in contents.items():
        if data is None:
            _tidy(os.path.dirname(path))


def _bytes(file: File) -> bytes | None:
    if not file.exists:
        return None
    return file.document.text.encode(file.document.encoding, "surrogateescape")


def _put(path: str, data: bytes | None, expected: bytes | None) -> None:
    """Make, replace or remove a file in one step."""
    if data is not None and expected is not None:
        files.replace({path: data}, {path: expected})
        return
    try:
        if data is None:
            os.unlink(path)
        else:
            _create(path, data)
    except OSError as error:
        text = _("{path} cannot be written: {reason}; nothing changed")
        reason = error.strerror or str(error)
        raise ApplyError(text.format(path=path, reason=reason)) from None


def _create(path: str, data: bytes) -> None:
    """Make a file that was not there: whoever opens it finds all of it."""
    if os.path.lexists(path):  # made since, or a link to nothing: somebody's settings are elsewhere
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    staged = os.path.join(os.path.dirname(path), f".sslfix-{os.urandom(6).hex()}.new")
    try:
        with open(staged, "xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(staged, path)
    finally:
        with suppress(OSError):
            os.unlink(staged)


def _tidy(folder: str) -> None:
    """Remove a folder that was made for settings and is empty again."""
    if os.path.basename(folder) in {"pip", "uv"}:
        with suppress(OSError):
            os.rmdir(folder)
