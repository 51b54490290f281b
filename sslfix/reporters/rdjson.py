"""reviewdog's diagnostic format, with suggestions that a reviewer applies with one click.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf. Columns count bytes of UTF-8, and a
suggestion is applied by itself: only a fix that is one change of a few lines is suggested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sslfix import rehearse
from sslfix.model import Document, Edit, Level, Location, Report, Reporter, Span

from ._notices import Notice, clean, notices, whole_edits

Json = dict[str, object]
SEVERITY = {Level.ERROR: "ERROR", Level.WARNING: "WARNING", Level.NOTE: "INFO"}
LINES = 20
"""How many lines a suggestion may take."""


def render(report: Report) -> str:
    """The whole report as one DiagnosticResult."""
    documents = report.facts.documents
    shown = [one for one in notices(report) if one.counts]
    edits = whole_edits(shown, report.facts)
    found = [_diagnostic(one, edits.get(one.fingerprint, ()), documents) for one in shown]
    return json.dumps({"source": {"name": "sslfix"}, "diagnostics": found}, indent=1)


def _diagnostic(one: Notice, edits: Sequence[Edit], documents: dict[str, Document]) -> Json:
    first, *others = one.locations
    diagnostic: Json = {
        "message": "\n".join([one.said, *one.advice]),
        "location": _location(first),
        "severity": SEVERITY[one.level],
        "code": {"value": one.rule},
    }
    if others:
        diagnostic["related_locations"] = [
            {"message": place.note, "location": _location(place)} for place in others
        ]
    suggestion = _suggestion(one, edits, documents)
    if suggestion is not None:
        diagnostic["suggestions"] = [suggestion]
    return diagnostic


def _location(place: Location) -> Json:
    if place.end_line == place.line:
        start = _position(place.line, place.snippet[: place.column - 1])
        end = _position(place.line, place.snippet[: place.end_column - 1])
    else:  # whole lines
        start, end = {"line": place.line}, {"line": place.end_line}
    return {"path": clean(place.path), "range": {"start": start, "end": end}}


def _position(line: int, before: str) -> Json:
    return {"line": line, "column": len(before.encode("utf-8", "replace")) + 1}


def _suggestion(one: Notice, edits: Sequence[Edit], documents: dict[str, Document]) -> Json | None:
    """The edits of a fix as one, if they stand close together where the finding does."""
    if not one.finding or {edit.path for edit in edits} != {one.finding.locations[0].path}:
        return None
    document = documents[edits[0].path]
    whole = Span(edits[0].span.start, max(edit.span.end for edit in edits))
    place = document.locate(whole)
    if place.end_line - place.line > LINES:
        return None
    shifted = [
        edit._replace(span=Span(edit.span.start - whole.start, edit.span.end - whole.start))
        for edit in edits
    ]
    try:
        text = rehearse.apply_edits(document.text[whole.start : whole.end], shifted)
    except ValueError:  # they are in each other's way
        return None
    start = _position(place.line, document.text[whole.start - place.column + 1 : whole.start])
    end = _position(place.end_line, document.text[whole.end - place.end_column + 1 : whole.end])
    return {"range": {"start": start, "end": end}, "text": text}


REPORTER = Reporter(name="rdjson", render=render)
