"""Settings of a project: `[tool.sslfix]` in pyproject.toml, or `.sslfix.toml`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sslfix.errors import UsageError

LEVELS = ("error", "warning")


class Settings(NamedTuple):
    """What the configuration file says; the command line wins over each of them."""

    path: str = ""
    targets: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = ""


def read(paths: Sequence[str], named: str | None) -> Settings:
    """The settings in `named`, else in the nearest file at or above what `paths` share.

    Raises UsageError for a file that is no TOML, an unknown key or a value of a wrong type.
    """
    if named is not None:
        return _settings(named, _table(named, must_exist=True) or {})
    for path in _candidates(paths):
        table = _table(path)
        if table is not None:
            return _settings(path, table)
    return Settings()


def _candidates(paths: Sequence[str]) -> Iterator[str]:
    """Configuration files from the folder that the paths share up to the repository's root."""
    try:
        folder = os.path.commonpath([os.path.abspath(path) for path in paths])
    except ValueError:  # Windows: different drives
        return
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    while True:
        yield os.path.join(folder, ".sslfix.toml")
        yield os.path.join(folder, "pyproject.toml")
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return
        folder = parent


def _table(path: str, *, must_exist: bool = False) -> Mapping[str, object] | None:
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        if must_exist:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
        return None
    is_project = os.path.basename(path) == "pyproject.toml"
    if is_project and b"sslfix" not in data:
        return {} if must_exist else None
    import tomli

    try:
        document: Mapping[str, object] = tomli.loads(data.decode("utf-8-sig"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        if is_project and not must_exist:
            return None  # read as a dependency file too, and reported there
        raise UsageError(f"{path}: {error}") from None
    if not is_project:
        return document
    tool = document.get("tool")
    table = tool.get("sslfix") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else ({} if must_exist else None)


def _settings(path: str, table: Mapping[str, object]) -> Settings:
    found: dict[str, tuple[str, ...]] = {}
    fail_on = ""
    for key, value in table.items():
        field = key.replace("-", "_")
        if field not in Settings._fields or field == "path":
            raise UsageError(f"{path}: unknown key {key}{_suggestion(field)}")
        if field == "fail_on":
            if value not in LEVELS:
                raise UsageError(f"{path}: {key} is one of {', '.join(LEVELS)}, not {value!r}")
            fail_on = str(value)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            found[field] = tuple(value)
        else:
            raise UsageError(f"{path}: {key} is a list of strings, not {value!r}")
    return Settings(
        path=path,
        targets=found.get("targets", ()),
        python=found.get("python", ()),
        select=found.get("select", ()),
        ignore=found.get("ignore", ()),
        exclude=found.get("exclude", ()),
        fail_on=fail_on,
    )


def _suggestion(field: str) -> str:
    import difflib

    known = [name.replace("_", "-") for name in Settings._fields if name != "path"]
    close = difflib.get_close_matches(field.replace("_", "-"), known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the keys are {', '.join(known)}"
