"""What `sslfix declarations` prints: how sslfix reads a dependency file."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence

from sslfix.model import Declaration, DependencyFile, Document, Problem


def as_text(files: Sequence[DependencyFile]) -> str:
    """A line for each declaration, then what was wrong."""
    lines = []
    for file in files:
        path, places = file.document.path, _Places(file.document)
        for one in file.declarations:
            line, column = places.at(one.span.start)
            words = [one.name + one.specifier, one.url and f"@ {one.url}"]
            words += [one.marker and f"; {one.marker}", one.section and f"({one.section})"]
            lines.append(f"{path}:{line}:{column}: {' '.join(filter(None, words))}")
        lines += [f"{_place(problem)}: {problem.message}" for problem in file.problems]
    return "\n".join(lines)


def as_json(files: Sequence[DependencyFile]) -> str:
    """The JSON of the contract."""
    return json.dumps({"schema": 1, "files": [_file(file) for file in files]}, indent=2)


def problem(one: Problem) -> dict[str, object]:
    """A problem as all JSON reports state it."""
    return {"path": one.path, "line": one.line, "message": one.message}


def _place(one: Problem) -> str:
    return one.path if one.line is None else f"{one.path}:{one.line}"


class _Places:
    """Lines and columns of many offsets in one document, the line starts found once."""

    def __init__(self, document: Document) -> None:
        ends = re.finditer(r"\r\n|\r|\n", document.text)
        self._starts = [0, *(end.end() for end in ends)]

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _file(file: DependencyFile) -> dict[str, object]:
    places = _Places(file.document)
    return {
        "path": file.document.path,
        "format": file.format,
        "declarations": [_declaration(one, places) for one in file.declarations],
        "errors": [problem(one) for one in file.problems],
    }


def _declaration(one: Declaration, places: _Places) -> dict[str, object]:
    line, column = places.at(one.span.start)
    end_line, end_column = places.at(one.span.end)
    return {
        "name": one.name,
        "specifier": one.specifier,
        "version": one.version,
        "marker": one.marker,
        "extras": list(one.extras),
        "url": one.url,
        "section": one.section,
        "hashes": one.hashes,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
