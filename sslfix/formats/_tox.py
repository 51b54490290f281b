"""What tox reads: its settings in TOML, and what INI and TOML have in common.

https://tox.wiki/en/stable/reference/config.html#deps
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Union

from sslfix.language import say as _
from sslfix.model import Declaration, Document, Include, Problem, Span

from . import _factors, _toml, _versions, requirements
from ._lists import problem
from ._passage import Passage
from ._toml import Path, Place

Outcome = Union[Declaration, Include, Problem]

_FOLDER = re.compile(r"\{(?:toxinidir|tox_root)\}/?")
_LINE = re.compile(r"[^\r\n]+")


class Setting(NamedTuple):
    """`deps` or `constraints` of an environment: its path, its section, and its data."""

    path: tuple[str, ...]
    section: str
    data: object


def is_plain(text: str) -> bool:
    """Whether nothing is put into a text but the folder of tox's own file."""
    return "{" not in _FOLDER.sub("", text)


def placed(outcome: Outcome, markers: list[str]) -> Outcome:
    """A declaration for the Pythons of its environment; a file beside that of tox."""
    if isinstance(outcome, Include):
        return outcome._replace(target=_FOLDER.sub("", outcome.target))
    if isinstance(outcome, Declaration) and markers:
        own = [outcome.marker] if outcome.marker else []
        return outcome._replace(marker=_versions.join_markers("and", [*markers, *own]))
    return outcome


def constraints(passage: Passage) -> Iterator[Include]:
    """The file that a line of `constraints` names."""
    start, end = len(passage.text) - len(passage.text.lstrip()), len(passage.text.rstrip())
    if start < end and is_plain(passage.text):
        target = _FOLDER.sub("", passage.text[start:end])
        yield Include(target, passage.span(start, end), constraint=True)


def settings(data: object, path: tuple[str, ...], section: str) -> Iterator[Setting]:
    """The settings of all environments in tox's table, which stands at `path`."""
    if not isinstance(data, Mapping):
        return
    found: list[tuple[tuple[str, ...], object]] = [(("env_run_base",), data.get("env_run_base"))]
    for key in ("env", "env_base"):
        tables = data.get(key)
        if isinstance(tables, Mapping):
            found += [((key, name), table) for name, table in tables.items()]
    for own, table in found:
        where = ".".join((*section.split(), *own))
        for key in ("deps", "constraints"):
            if isinstance(table, Mapping) and key in table:
                yield Setting((*path, *own, key), where, table[key])


def arrays(data: object, path: tuple[str, ...], section: str) -> Iterator[Path]:
    """The array of `deps` of the environments with that section, if it is one."""
    prefix = section.partition(".")[0] if path else ""
    for one in settings(data, path, prefix):
        if one.path[-1] == "deps" and one.section == section and isinstance(one.data, list):
            yield one.path


def outcomes(
    document: Document, places: Mapping[Path, Place], setting: Setting
) -> Iterator[Outcome]:
    """What a setting says; elements that are computed (`{replace = ...}`) are left out."""
    marker = _factors.marker(setting.path[-2]) if setting.path[-3:-2] == ("env",) else ""
    for passage in _lines(document, places, setting):
        if passage is None:
            text = _("expected an array of requirements in {table}")
            place = _toml.find(places, setting.path)
            yield problem(document, place, text.format(table=".".join(setting.path)))
        elif setting.path[-1] == "constraints":
            yield from constraints(passage)
        elif is_plain(passage.text):
            for outcome in requirements.read_line(document, passage, setting.section):
                yield placed(outcome, [marker] if marker else [])


def _lines(
    document: Document, places: Mapping[Path, Place], setting: Setting
) -> Iterator[Passage | None]:
    """The lines of a text, or the texts of an array; None for what is neither."""
    if isinstance(setting.data, list):
        for index, element in enumerate(setting.data):
            if isinstance(element, str):
                yield _toml.string(document.text, places[(*setting.path, index)].value)
    elif isinstance(setting.data, str):
        span = _toml.contents_at(document.text, places, setting.path) or Span(0, 0)
        for line in _LINE.finditer(document.text, *span):
            yield Passage.of(document.text, *line.span())
    elif not isinstance(setting.data, Mapping):
        yield None


def in_pyproject(
    document: Document, places: Mapping[Path, Place], table: object
) -> Iterator[Outcome]:
    """What [tool.tox] says, in TOML or as the INI text that `legacy_tox_ini` holds."""
    path = ("tool", "tox")
    for setting in settings(table, path, "tox"):
        yield from outcomes(document, places, setting)
    place = places.get((*path, "legacy_tox_ini"))
    if place is not None and document.text[place.value.start] in "\"'":
        yield from _legacy(document, _toml.string(document.text, place.value))


def _legacy(document: Document, passage: Passage) -> Iterator[Outcome]:
    from . import tox_ini

    first = document.position(passage.pieces[0].start)[0] if passage.pieces else 1
    verbatim = all(piece.verbatim for piece in passage.pieces)
    for one in tox_ini.outcomes(Document(document.path, passage.text)):
        if isinstance(one, Problem):
            yield one._replace(line=first + (one.line or 1) - 1)
        elif isinstance(one, Include):
            yield one._replace(span=passage.span(*one.span))
        else:
            own = one.specifier_span if verbatim else None
            span, section = passage.span(*one.span), f"tox.{one.section}"
            where = own and passage.span(*own)
            yield one._replace(span=span, specifier_span=where, section=section)
