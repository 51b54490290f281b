"""Arrays of PEP 508 requirements in TOML: where they stand, and what they declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Callable, NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Declaration, DependencyFile, Document, Edit, Include, Kind, Problem

from . import _pep508, _toml, _toml_edit, _versions
from ._passage import Passage
from ._toml import Path, Place


class Table(NamedTuple):
    """A table or array of declarations: its path, what declarations call it, and its data.

    `marker` says where all of it is installed.
    """

    path: tuple[str, ...]
    section: str
    data: object
    kind: Kind = Kind.REQUIREMENT
    marker: str = ""


Tables = Callable[[Mapping[str, object]], Iterable[Table]]


def read(document: Document, name: str, tables: Tables) -> DependencyFile:
    """The file of the format `name` that has nothing but such arrays."""
    data = _toml.load(document)
    if isinstance(data, Problem):
        return DependencyFile(document, name, problems=(data,))
    found, places = list(tables(data)), _toml.places(document.text)
    outcomes = [one for table in found for one in declared(document, places, table)]
    return DependencyFile.of(document, name, outcomes)


def declared(
    document: Document, places: Mapping[Path, Place], table: Table
) -> Iterator[Union[Declaration, Problem]]:
    """What an array declares; groups that it includes are read where they are defined."""
    if not isinstance(table.data, list):
        text = _("expected an array of requirements in {table}")
        place = _toml.find(places, table.path)
        yield problem(document, place, text.format(table=".".join(table.path)))
        return
    for index, element in enumerate(table.data):
        if isinstance(element, Mapping) and "include-group" in element:
            continue
        place = places[(*table.path, index)]
        if table.path[-4:-3] == ("overrides",):  # hatch's; may have conditions
            place = places.get((*table.path, index, "value"), place)
        if document.text[place.value.start] not in "\"'":
            yield problem(document, place, _("expected a requirement as text"))
            continue
        passage = _toml.string(document.text, place.value)
        if table.path[:2] == ("tool", "pdm") and passage.text.startswith("-e "):
            yield from _editable(document, passage, table.section)
            continue
        start = len(passage.text) - len(passage.text.lstrip())
        end = len(passage.text.rstrip())
        try:
            one = _pep508.declare(passage, start, end, section=table.section, kind=table.kind)
        except _pep508.RequirementError as error:
            yield problem(document, place, str(error))
        else:
            markers = [marker for marker in (table.marker, one.marker) if marker]
            yield one._replace(marker=_versions.join_markers("and", markers))


def _editable(
    document: Document, passage: Passage, section: str
) -> Iterator[Union[Declaration, Problem]]:
    """The project that pdm installs from where it is: `-e file:///...#egg=name`."""
    from . import requirements

    for one in requirements.read_line(document, passage, section):
        if not isinstance(one, Include):
            yield one


def problem(document: Document, place: Place, message: str) -> Problem:
    """The problem with what stands at a place."""
    line, _column = document.position(place.key.start)
    return Problem(document.path, line, message)


def constrain(
    document: Document, tables: Tables, requirement: str, comment: str, section: str
) -> Edit | None:
    """A new element of the array with that section, or of the first one for ""."""
    data = _toml.load(document)
    for table in tables(data) if not isinstance(data, Problem) else ():
        if section in ("", table.section) and isinstance(table.data, list):
            return _toml_edit.add_element(document, table.path, requirement, comment)
    return None


def hatch(environments: object, path: tuple[str, ...], section: str) -> Iterator[Table]:
    """The arrays of hatch's environments, which stand below `path`.

    https://hatch.pypa.io/latest/config/environment/overview/#dependencies
    """
    for name, table in environments.items() if isinstance(environments, Mapping) else ():
        if isinstance(table, Mapping):
            own = f"{section}.{name}"
            yield from _hatch_options(table, (*path, name), own, _HATCH_OPTIONS[:2])
            yield from _hatch_overrides(table.get("overrides"), (*path, name, "overrides"), own)


_HATCH_OPTIONS = (
    *("dependencies", "extra-dependencies"),
    *("set-dependencies", "set-extra-dependencies"),
)
_HATCH_PLATFORMS = {"linux": "linux", "macos": "darwin", "windows": "win32"}


def _hatch_options(
    table: Mapping[str, object],
    path: tuple[str, ...],
    section: str,
    keys: Iterable[str],
    marker: str = "",
) -> Iterator[Table]:
    for key in keys:
        if key in table:
            yield Table((*path, key), f"{section}.{key}", table[key], marker=marker)


def _hatch_overrides(overrides: object, path: tuple[str, ...], section: str) -> Iterator[Table]:
    """What an environment installs on some platforms, or in some of its variants.

    https://hatch.pypa.io/latest/config/environment/advanced/#option-overrides
    """
    for source, conditions in overrides.items() if isinstance(overrides, Mapping) else ():
        for name, table in conditions.items() if isinstance(conditions, Mapping) else ():
            if isinstance(table, Mapping):
                platform = _HATCH_PLATFORMS.get(name) if source == "platform" else None
                marker = f"sys_platform == '{platform}'" if platform else ""
                own = f"{section}.overrides.{source}.{name}"
                options = _HATCH_OPTIONS
                yield from _hatch_options(table, (*path, source, name), own, options, marker)
