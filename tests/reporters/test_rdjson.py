"""reviewdog's format: its fields, its byte columns, and suggestions that apply."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sslfix.model import Edit, Report, Span
from sslfix.reporters import rdjson

from .applied import by_bytes
from .samples import HOSTILE, finding, hostile, report, requirements_file, typical

# The fields of reviewdog.proto that are written; no package has its schema.
POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer"}},
    "additionalProperties": False,
}
RANGE = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": POSITION, "end": POSITION},
    "additionalProperties": False,
}
LOCATION = {
    "type": "object",
    "required": ["path"],
    "properties": {"path": {"type": "string"}, "range": RANGE},
    "additionalProperties": False,
}
SUGGESTION = {
    "type": "object",
    "required": ["range", "text"],
    "properties": {"range": RANGE, "text": {"type": "string"}},
    "additionalProperties": False,
}
RELATED = {
    "type": "object",
    "required": ["location"],
    "properties": {"message": {"type": "string"}, "location": LOCATION},
    "additionalProperties": False,
}
DIAGNOSTIC = {
    "type": "object",
    "required": ["message", "location"],
    "properties": {
        "message": {"type": "string"},
        "location": LOCATION,
        "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
        "code": {"type": "object", "required": ["value"]},
        "suggestions": {"type": "array", "items": SUGGESTION},
        "related_locations": {"type": "array", "items": RELATED},
    },
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "source": {"type": "object", "required": ["name"]},
        "diagnostics": {"type": "array", "items": DIAGNOSTIC},
    },
    "additionalProperties": False,
}


def diagnostics(one: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(rdjson.render(one))["diagnostics"]
    return found


@pytest.mark.parametrize("one", [report(), typical(), *map(hostile, HOSTILE)])
def test_the_report_has_the_fields_that_reviewdog_knows(one: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    jsonschema.validate(json.loads(rdjson.render(one)), SCHEMA)


def test_what_stands_is_listed_with_its_severity() -> None:
    found = [(one["code"]["value"], one["severity"]) for one in diagnostics(typical())]
    assert found == [
        ("SSL101", "ERROR"),
        ("SSL101", "WARNING"),
        ("SSL102", "INFO"),
        ("could-not-check", "ERROR"),
        ("could-not-check", "ERROR"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_edits_of_one_fix_are_one_suggestion_in_bytes(end: str) -> None:
    text = f"# é\n urllib3==2.0.2 ; python_version > '3' # é \N{PILE OF POO}{end}"
    file = requirements_file(text)
    one = finding(file)
    assert one.fix is not None
    at = len(text) - len(end)
    more = Edit(file.document.path, Span(at, at), "  # why", remark=True)
    both = one._replace(fix=one.fix._replace(actions=(*one.fix.actions, more)))
    (found,) = diagnostics(report(both, files=(file,)))
    (suggestion,) = found["suggestions"]
    expected = text.replace("==2.0.2", ">=2.0.3,<3").replace(
        "\N{PILE OF POO}", "\N{PILE OF POO}  # why"
    )
    assert by_bytes(text, suggestion) == expected


def test_columns_count_bytes() -> None:
    file = requirements_file("urllib3==2.0.2\n")
    one = finding(file)
    place = one.locations[0]._replace(snippet="éé urllib3", column=4, end_column=11)
    (found,) = diagnostics(report(one._replace(locations=(place,)), files=(file,)))
    assert found["location"]["range"] == {
        "start": {"line": 1, "column": 6},
        "end": {"line": 1, "column": 13},
    }


def test_a_fix_in_distant_places_is_not_suggested() -> None:
    text = "urllib3==2.0.2\n" + "# a\n" * (rdjson.LINES + 1) + "six==1\n"
    file = requirements_file(text)
    one, other = finding(file), finding(file, "six")
    assert one.fix is not None
    assert other.fix is not None
    both = one._replace(fix=one.fix._replace(actions=(*one.fix.actions, *other.fix.actions)))
    assert "suggestions" not in diagnostics(report(both, files=(file,)))[0]
    assert "suggestions" in diagnostics(report(one, files=(file,)))[0]
