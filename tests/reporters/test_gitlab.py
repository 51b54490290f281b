"""GitLab's code quality report."""

from __future__ import annotations

import json

import pytest

from sslfix.model import Report
from sslfix.reporters import gitlab

from .samples import HOSTILE, hostile, report, typical

# What GitLab's documentation asks for; it publishes no schema.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "not": {"pattern": "^\\./"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("one", [report(), typical(), *map(hostile, HOSTILE)])
def test_the_report_is_what_gitlab_reads(one: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")
    issues = json.loads(gitlab.render(one))
    jsonschema.validate(issues, SCHEMA)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_a_clean_report_is_an_empty_list() -> None:
    assert json.loads(gitlab.render(report())) == []


def test_what_stands_is_listed_and_what_is_fixed_or_ignored_is_not() -> None:
    issues = json.loads(gitlab.render(typical()))
    found = [(one["severity"], one["location"]["lines"]["begin"]) for one in issues]
    assert found == [
        ("critical", 2),
        ("major", 1),
        ("info", 6),
        ("critical", 3),
        ("critical", 1),
    ]
    assert issues[3]["description"] == "could not check: is not JSON"
    assert "it was tried and did not hold" in issues[1]["description"]
