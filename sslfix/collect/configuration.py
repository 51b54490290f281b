"""Settings of a project: `[tool.sslfix]` in pyproject.toml, or `.sslfix.toml`.

`settings.schema.json` says what they are: it is what this reader goes by, and what editors do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import cache
from itertools import takewhile
from typing import Any, Callable, NamedTuple

from sslfix import baseline, patterns, rules
from sslfix.baseline import Baseline
from sslfix.collect import projects, shape
from sslfix.errors import ReadError, UsageError
from sslfix.ignoring import Ignore
from sslfix.language import say as _
from sslfix.model import Document, Location, Problem

TABLE = ("tool", "sslfix")
_MENTION = re.compile(rb"tool\s*\.\s*[\"']?sslfix\b")


class BotSettings(NamedTuple):
    """The table `bot`: how pull requests are made. In `title` {title} is what we would call it.

    `unsafe` are words for rules whose unsafe fixes are put to people too.
    """

    group: str = "file"
    limit: int = 5
    labels: tuple[str, ...] = ("dependencies", "sslfix")
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    title: str = "{title}"
    branch: str = "sslfix/"
    base: str = ""
    commit: str = "push"
    author: str = ""
    unsafe: tuple[str, ...] = ("SSL107",)


class Settings(NamedTuple):
    """What the configuration file says; the command line wins over each of them.

    `ignore` are words for rules that are left out; `ignores` silence findings. Paths are as the
    working directory sees them, patterns absolute. `document` is the file, None without one, and
    `table` what it says, unchanged. `top` is the folder that was looked from, "" where the file
    was named: configurations further down say what is ignored there.
    """

    targets: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    ignores: tuple[Ignore, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = "error"
    baseline: str = ""
    bot: BotSettings = BotSettings()
    document: Document | None = None
    table: Mapping[str, Any] = {}
    top: str = ""


# --------------------------------------------------------------------------- finding


def read(paths: Sequence[str], named: str | None) -> Settings:
    """The settings in `named`, else in the nearest file at or above what `paths` share.

    Raises UsageError for a file that is no TOML, and for all in it that cannot be meant.
    """
    if named is not None:
        found = _in_file(named, is_named=True)
        if found is None:
            text = _("{path}: has no settings of sslfix, which stand in [tool.sslfix]")
            raise UsageError(text.format(path=named))
        return found
    try:
        top = os.path.commonpath([os.path.abspath(path) for path in paths])
    except ValueError:  # Windows: different drives
        return Settings()
    if not os.path.isdir(top):
        top = os.path.dirname(top)
    return (_nearest(_upwards(top)) or Settings())._replace(top=top)


def _upwards(folder: str) -> Iterator[str]:
    """The folder and those above it, up to the repository's root."""
    while True:
        yield folder
        parent = os.path.dirname(folder)
        if parent == folder or os.path.exists(os.path.join(folder, ".git")):
            return
        folder = parent


def _nearest(folders: Iterable[str]) -> Settings | None:
    """The settings in the first of the folders that has some."""
    names = (".sslfix.toml", "pyproject.toml")
    found = (_in_file(os.path.join(folder, name)) for folder in folders for name in names)
    return next((one for one in found if one is not None), None)


def nested(top: str) -> Callable[[str], tuple[Ignore, ...]]:
    """Tells for a file what the nearest configuration in a folder below `top` ignores there."""
    base = os.path.join(top, "")

    @cache
    def in_folder(folder: str) -> tuple[Ignore, ...]:
        below = takewhile(lambda one: one.startswith(base), _upwards(folder))
        found = _nearest(below) if top else None
        if found is None or found.document is None:
            return ()
        own = patterns.absolute("/**", os.path.dirname(found.document.path))
        words = (Ignore(word) for word in found.ignore)
        return tuple(
            one if one.path else one._replace(path=own) for one in (*words, *found.ignores)
        )

    return lambda path: in_folder(os.path.dirname(os.path.abspath(path)))


def _in_file(path: str, *, is_named: bool = False) -> Settings | None:
    """The settings in a file; None where it is none, or a pyproject.toml that does not name us.

    Settings that are there and cannot be read are an error: without them another Python is judged.
    """
    is_project = bool(_prefix(path))
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        if is_named or (not is_project and os.path.lexists(path)):
            text = _("{path}: cannot be read: {reason}")
            raise UsageError(text.format(path=projects.show(path), reason=error.strerror)) from None
        return None
    if is_project and b"sslfix" not in data:
        return None
    try:
        return _in_text(projects.show(path), data)
    except ReadError as error:
        if is_project and not is_named and not _MENTION.search(data):
            return None  # read as a dependency file too, and reported there
        raise UsageError(str(error)) from None


def _in_text(path: str, data: bytes) -> Settings | None:
    """The settings in our table of a TOML file. Raises ReadError where it is no TOML."""
    from sslfix.formats import _toml
    from sslfix.formats.text import decode

    document = decode(path, data, "pyproject.toml")
    content = _toml.load(document)
    if isinstance(content, Problem):
        raise ReadError(path, content.message, content.line)
    prefix = _prefix(path)
    if not prefix and _toml.child(content, *TABLE) is not None:
        line = place(document, TABLE).line
        raise ReadError(path, _("[tool.sslfix] is for pyproject.toml; leave it out here"), line)
    found = _toml.child(content, *prefix)
    return None if found is None else _checked(document, _with_texts(found))


def known(path: str) -> Baseline:
    """The baseline in a file. Raises UsageError for one that cannot be read, with the line."""
    try:
        with open(path, encoding="utf-8-sig") as stream:
            return baseline.parse(stream.read(), projects.show(path))
    except ReadError as error:
        raise UsageError(str(error)) from None
    except UnicodeDecodeError:
        text = _("{path}: is no baseline; delete it, and write one with --write-baseline")
        raise UsageError(text.format(path=path)) from None
    except FileNotFoundError:
        text = _("{path}: is not there yet; write it with --write-baseline")
        raise UsageError(text.format(path=path)) from None
    except OSError as error:
        text = _("{path}: cannot be read: {reason}")
        raise UsageError(text.format(path=path, reason=error.strerror)) from None


# --------------------------------------------------------------------------- showing


class Told(NamedTuple):
    """A setting as a person would write it, and where it comes from."""

    key: str
    value: object
    origins: tuple[str, ...]


# The command line adds to the first, stands in for the others, and for both of the second.
_ADDED = frozenset({"select", "ignore"})
_JUDGED = frozenset({"targets", "python"})


def told(settings: Settings, said: Mapping[str, object]) -> Iterator[Told]:
    """Every setting of the schema, in its order; `said` are those of the command line."""
    replaced = said.keys() | (_JUDGED if said.keys() & _JUDGED else set())
    for path, one in _keys(schema()):
        key = ".".join(path)
        parts = [Told(key, said[key], ("command line",))] if key in said else []
        if key not in replaced or key in _ADDED:
            parts = [*_written(settings, path), *parts]
        first, *more = parts or [Told(key, one["default"], ("default",))]
        for other in more:
            both = [*_items(first.value), *_items(other.value)]
            first = Told(key, both, first.origins + other.origins)
        yield first


def _written(settings: Settings, path: tuple[str, ...]) -> Iterator[Told]:
    """The setting as the file has it, if it does."""
    from sslfix.formats import _toml

    value = _toml.child(settings.table, *path)
    if value is not None and settings.document is not None:
        shown = settings.document.path
        line = place(settings.document, (*_prefix(shown), *path)).line
        yield Told(".".join(path), value, (f"{shown}:{line}",))


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _keys(table: shape.Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, one in table["properties"].items():
        if "properties" in one:
            yield from _keys(one, (*path, key))
        else:
            yield (*path, key), one


def _prefix(path: str) -> tuple[str, ...]:
    """The table of a file that is ours."""
    return TABLE if os.path.basename(path) == "pyproject.toml" else ()


# --------------------------------------------------------------------------- reading


def schema() -> shape.Schema:
    """The JSON Schema of the settings."""
    import json

    path = os.path.join(os.path.dirname(__file__), "settings.schema.json")
    with open(path, encoding="utf-8") as stream:
        found: shape.Schema = json.load(stream)
    return found


def _with_texts(value: object) -> object:
    """The value with TOML's dates and times as texts, as JSON has them."""
    if isinstance(value, dict):
        return {key: _with_texts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_texts(one) for one in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def _checked(document: Document, value: object) -> Settings:
    """The settings that a table holds, or a UsageError that names the line of each fault."""
    outcomes = list(shape.read(schema(), value, _prefix(document.path)))
    faults = [one for one in outcomes if isinstance(one, shape.Fault)]
    faults += [fault for one in outcomes if isinstance(one, shape.Leaf) for fault in _unknown(one)]
    if faults or not isinstance(value, dict):
        lines = sorted((place(document, one.path).line, one.message) for one in faults)
        raise UsageError("\n".join(f"{document.path}:{line}: {text}" for line, text in lines))
    return _settings(document, value)


def _unknown(leaf: shape.Leaf) -> Iterator[shape.Fault]:
    """The fault of a text that names no rule or target though it should."""
    if leaf.meaning == "rule":
        reason = rules.unknown(leaf.text, rules.load())
        if reason:
            yield shape.Fault(leaf.path, reason)
    elif leaf.meaning == "target" and leaf.text != "auto":
        from sslfix.collect import targets

        try:
            targets.find(leaf.text, "")
        except UsageError as error:
            yield shape.Fault(leaf.path, str(error))


def place(document: Document, path: shape.Path) -> Location:
    """Where the value at a path of the whole file stands."""
    from sslfix.formats import _toml

    return document.locate(_toml.find(_toml.places(document.text), path).whole)


def _settings(document: Document, table: Mapping[str, Any]) -> Settings:
    """The settings of a table that the schema has nothing against."""
    folder = os.path.dirname(document.path)
    path = _prefix(document.path)
    mixed = list(enumerate(table.get("ignore", ())))
    bot = {key: _frozen(value) for key, value in table.get("bot", {}).items()}
    return Settings(
        targets=_frozen(table.get("targets", ())),
        python=tuple(
            _beside(folder, one) if "/" in one or os.sep in one else one
            for one in table.get("python", ())
        ),
        select=_frozen(table.get("select", ())),
        ignore=tuple(one for _index, one in mixed if isinstance(one, str)),
        ignores=(
            *(
                _exception(document, one, (*path, "ignore", index))
                for index, one in mixed
                if isinstance(one, dict)
            ),
            *(
                Ignore(word, patterns.absolute(pattern, folder))
                for pattern, words in table.get("per-path-ignores", {}).items()
                for word in words
            ),
        ),
        exclude=tuple(patterns.absolute(one, folder) for one in table.get("exclude", ())),
        fail_on=table.get("fail-on", Settings().fail_on),
        baseline=_beside(folder, table["baseline"]) if table.get("baseline") else "",
        bot=BotSettings(**bot),
        document=document,
        table=table,
    )


def _exception(document: Document, table: Mapping[str, str], path: shape.Path) -> Ignore:
    from packaging.utils import canonicalize_name

    pattern = table.get("path")
    return Ignore(
        rule=table["rule"],
        path=patterns.absolute(pattern, os.path.dirname(document.path)) if pattern else "",
        distribution=canonicalize_name(table.get("distribution", "")),
        reason=table["reason"],
        until=table.get("until", ""),
        place=place(document, (*path, "until") if "until" in table else path),
    )


def _beside(folder: str, path: str) -> str:
    """A path that the file says, as the working directory sees it."""
    return projects.show(os.path.join(folder, path))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, tuple)) else value
