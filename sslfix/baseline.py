"""The baseline: findings that an old project knows, written down so that only new ones fail.

One line for each, sorted, without line numbers and versions, so that it changes only where
findings come or go, and merges. Other tools' ways: ESLint's bulk suppressions and PHPStan count
by file, mypy-baseline and detect-secrets keep messages and hashes.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .errors import ReadError
from .fingerprints import Identity, identity
from .language import say as _
from .model import Finding, Level

SCHEMA = 1
_BETWEEN = re.compile(r"[\s,]*")
_LEVELS = {level.name.lower(): level for level in Level}


class Known(NamedTuple):
    """How bad a known finding was, and in how many places of its file."""

    level: Level
    places: int


class Baseline(NamedTuple):
    """The findings that are known; their paths are relative to the folder of the file `path`."""

    path: str
    entries: Mapping[Identity, Known] = {}


def marked(findings: Sequence[Finding], baseline: Baseline) -> tuple[Finding, ...]:
    """The findings, those that the baseline knows with status "ignored".

    What got worse than it was, or stands in more places, is new: which of them is, none can tell.
    """
    found = _counted(findings, baseline.path)

    def mark(finding: Finding) -> Finding:
        own = _own(finding, baseline.path)
        known = baseline.entries.get(own, Known(Level.NOTE, 0))
        is_new = finding.level > known.level or found[own].places > known.places
        if is_new or finding.status != "open":
            return finding
        return finding._replace(status="ignored", ignored_by="baseline")

    return tuple(map(mark, findings))


def made(
    findings: Iterable[Finding], baseline: Baseline, paths: Sequence[str], *, is_whole: bool
) -> Baseline:
    """The baseline of what stands now; what it knew of files outside `paths` is kept.

    If the look was not whole, as something could not be checked, all that it knew is kept.
    """
    standing = (one for one in findings if one.ignored_by in {"", "baseline"})
    kept = {
        own: one
        for own, one in baseline.entries.items()
        if not is_whole or not _is_below(own, baseline, paths)
    }
    return baseline._replace(entries={**kept, **_counted(standing, baseline.path)})


def gone(findings: Iterable[Finding], baseline: Baseline, paths: Sequence[str]) -> list[Identity]:
    """The entries for files at or below `paths` that stand in fewer places than they say."""
    found = _counted(findings, baseline.path)
    return [
        own
        for own, known in baseline.entries.items()
        if _is_below(own, baseline, paths)
        and (own not in found or found[own].places < known.places)
    ]


def _is_below(own: Identity, baseline: Baseline, paths: Sequence[str]) -> bool:
    path = os.path.abspath(os.path.join(os.path.dirname(baseline.path), own.path))
    return any(
        path == folder or path.startswith(os.path.join(folder, ""))
        for folder in map(os.path.abspath, paths)
    )


def _own(finding: Finding, path: str) -> Identity:
    """The finding's identity, its path as the baseline at `path` writes it."""
    own = identity(finding)
    folder = os.path.dirname(path) or "."
    return own._replace(path=os.path.relpath(own.path, folder).replace(os.sep, "/"))


def _counted(findings: Iterable[Finding], path: str) -> Mapping[Identity, Known]:
    """Level and number of places of what was found; an interpreter more is no place more."""
    places: dict[Identity, set[tuple[int, int]]] = defaultdict(set)
    levels: dict[Identity, Level] = {}
    for one in findings:
        own = _own(one, path)
        places[own].add((one.locations[0].line, one.locations[0].column))
        levels[own] = max(one.level, levels.get(own, one.level))
    return {own: Known(levels[own], len(seen)) for own, seen in places.items()}


# --------------------------------------------------------------------------- the file


def render(baseline: Baseline) -> str:
    """The text of the file, but for its last line end."""
    import json

    entries = sorted(baseline.entries.items(), key=lambda one: (one[0].path, one[0], one[1]))
    lines = ",\n".join(f"    {json.dumps(_entry(*one), ensure_ascii=False)}" for one in entries)
    listed = f"[\n{lines}\n  ]" if lines else "[]"
    return f'{{\n  "schema": {SCHEMA},\n  "findings": {listed}\n}}'


def _entry(own: Identity, known: Known) -> dict[str, object]:
    told = {key: value for key, value in own._asdict().items() if value}
    more = {} if known.places == 1 else {"count": known.places}
    return {**told, "level": known.level.name.lower(), **more}


def parse(text: str, path: str) -> Baseline:
    """What `render` wrote. Raises ReadError with the line of what it cannot have written."""
    import json

    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        reason = _("is not valid JSON: {reason}; mend it, or delete it and write a new one")
        raise ReadError(path, reason.format(reason=error.msg), error.lineno) from None
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        raise ReadError(
            path, _("is no baseline; delete it, and write one with --write-baseline"), 1
        )
    if data.get("schema") != SCHEMA:
        reason = _("has schema {found}; this version reads {known}")
        raise ReadError(path, reason.format(found=data.get("schema"), known=SCHEMA), 1)
    entries: dict[Identity, Known] = {}
    for number, one in enumerate(data["findings"]):
        parsed = _parsed(one)
        if parsed is None:
            reason = _("is no entry of a baseline; delete it, and write a new one")
            raise ReadError(path, reason, _line(text, number))
        entries[parsed[0]] = parsed[1]
    return Baseline(path, entries)


def _parsed(entry: object) -> tuple[Identity, Known] | None:
    """The finding that an entry stands for, None where it has not the form of one."""
    if not isinstance(entry, dict):
        return None
    words = {key: entry.get(key, "") for key in Identity._fields}
    level, count = _LEVELS.get(str(entry.get("level"))), entry.get("count", 1)
    is_whole = words["rule"] and words["path"] and level and type(count) is int and count > 0
    is_ours = entry.keys() <= {*Identity._fields, "level", "count"}
    if not is_whole or not is_ours or not all(isinstance(one, str) for one in words.values()):
        return None
    own = Identity(**words)
    return own._replace(path=posixpath.normpath(own.path)), Known(_LEVELS[entry["level"]], count)


def _line(text: str, number: int) -> int:
    """The line of that element of the findings, counted from 0."""
    import json

    decoder = json.JSONDecoder()
    at = text.index("[", text.index('"findings"')) + 1
    for _before in range(number):
        at = decoder.raw_decode(text, _next(text, at))[1]
    return text.count("\n", 0, _next(text, at)) + 1


def _next(text: str, at: int) -> int:
    """Where the next value begins."""
    found = _BETWEEN.match(text, at)
    return found.end() if found else at
