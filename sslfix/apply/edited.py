"""What a person changed in files that the maker of an environment or a distribution put there.

Additions are made again; other changes are only found, as they stand amid what is new.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from sslfix.apply.leftovers import Recorded

_ACTIVATE = os.path.join("bin", "activate")
_SCRIPTS = (
    *("activate", "activate.csh", "activate.fish", "activate.nu", "activate.ps1", "activate.xsh"),
    *("Activate.ps1", "activate_this.py"),
)
# Seconds in which a maker writes all its scripts, and those that venv may take to install pip
# before it does.
_AT_ONCE, _WITH_PIP = 2, 120
_KEYS = frozenset(
    {
        *("home", "implementation", "version", "version_info", "python-version", "executable"),
        *("command", "virtualenv", "uv", "include-system-site-packages", "base-prefix"),
        *("base-exec-prefix", "base-executable", "prompt", "relocatable", "extends-environment"),
        *("seed", "created-by", "graalpy", "pypy"),
    }
)


class Merged(NamedTuple):
    """The files to which additions were made again, and those with changes that were not."""

    added: tuple[str, ...]
    left: tuple[str, ...]


def merge(old: str, new: str, rows: Sequence[Recorded]) -> Merged:
    """Make again in `new` what was added to files in `old`, and find what else was changed."""
    added = [*_end_of_activate(old, new), *_keys(old, new)]
    return Merged(tuple(added), (*_scripts(old, new), *_patched(old, new, rows)))


# --------------------------------------------------------------------------- activate


def _end_of_activate(old: str, new: str) -> Iterator[str]:
    """Append what was added at the end of the old bin/activate; its path if there was any."""
    added = _split(_lines(os.path.join(old, _ACTIVATE)))[1]
    target = os.path.join(new, _ACTIVATE)
    if "".join(added).strip() and os.path.isfile(target):
        with open(target, "a", encoding="utf-8", newline="") as file:
            file.write("\n" + "\n".join(added).lstrip("\n"))
        yield _ACTIVATE


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """What the maker wrote of bin/activate, and what follows.

    All makers end it with `hash -r`, some within an `if`.
    """
    last = max((at for at, line in enumerate(lines) if "hash -r" in line), default=len(lines))
    last += 2 if lines[last + 1 : last + 2] == ["fi"] else 1
    return lines[:last], lines[last:]


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read().split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def _scripts(old: str, new: str) -> Iterator[str]:
    """The activation scripts with lines that no maker wrote, as far as can be told.

    Those were changed later than the others of the same maker were made.
    """
    paths = [os.path.join("bin", name) for name in _SCRIPTS]
    times = {path: os.path.getmtime(os.path.join(old, path)) for path in paths if _is(old, path)}
    limit = min(times.values(), default=0) + _AT_ONCE
    with suppress(OSError):
        limit = min(limit, os.path.getmtime(os.path.join(old, "pyvenv.cfg")) + _WITH_PIP)
    for path, time in times.items():
        lines = _lines(os.path.join(old, path))
        lines = _split(lines)[0] if path == _ACTIVATE else lines
        if time > limit and not {*map(str.strip, lines)} <= _known(new, path):
            yield path


def _is(old: str, path: str) -> bool:
    return os.path.isfile(os.path.join(old, path))


def _known(new: str, path: str) -> set[str]:
    """The lines of such a script by the maker of the new one, and by Python's own venv."""
    import venv

    name = os.path.basename(path)
    settings = os.path.dirname(venv.__file__)
    lines = _lines(os.path.join(new, path))
    for folder in ("common", "posix"):
        for line in _lines(os.path.join(settings, "scripts", folder, name)):
            lines.append(line.replace("__VENV_BIN_NAME__", "bin"))
    return {"", *map(str.strip, lines)}


# --------------------------------------------------------------------------- pyvenv.cfg


def _keys(old: str, new: str) -> Iterator[str]:
    """Append the lines of pyvenv.cfg that no maker wrote; its path if there are any."""
    path = os.path.join(new, "pyvenv.cfg")
    there = {_key(line) for line in _lines(path)} | _KEYS
    lines = [line.rstrip("\r") for line in _lines(os.path.join(old, "pyvenv.cfg"))]
    added = [line for line in lines if "=" in line and _key(line) not in there]
    if added and os.path.isfile(path):
        end = "" if _lines(path)[-1] == "" else "\n"
        with open(path, "a", encoding="utf-8") as file:
            file.write(end + "".join(f"{line}\n" for line in added))
        yield "pyvenv.cfg"


def _key(line: str) -> str:
    return line.partition("=")[0].strip().lower()


# --------------------------------------------------------------------------- distributions


def _patched(old: str, new: str, rows: Sequence[Recorded]) -> Iterator[str]:
    """The files of distributions that are not as recorded, nor as they are in the new one."""
    times: dict[str, float] = {}
    for row in rows:
        if not row.size or row.path.endswith((".pyc", ".pyo")) or ".dist-info/" in row.path:
            continue
        try:
            about = os.stat(os.path.join(old, row.path))
            if row.info not in times:
                times[row.info] = os.path.getmtime(os.path.join(row.info, "RECORD"))
        except OSError:
            continue
        same_size = str(about.st_size) == row.size
        if same_size and about.st_mtime <= times[row.info]:
            continue
        if not (same_size and _as_recorded(old, row)) and _differs(old, new, row.path):
            yield row.path


def _as_recorded(old: str, row: Recorded) -> bool:
    import hashlib
    from base64 import urlsafe_b64encode

    algorithm, _, expected = row.digest.partition("=")
    try:
        with open(os.path.join(old, row.path), "rb") as file:
            digest = hashlib.new(algorithm, file.read()).digest()
    except (OSError, ValueError):
        return True
    return urlsafe_b64encode(digest).rstrip(b"=").decode() == expected


def _differs(old: str, new: str, path: str) -> bool:
    import filecmp

    try:
        return not filecmp.cmp(os.path.join(old, path), os.path.join(new, path), shallow=False)
    except OSError:
        return True
