"""The JSON report of `sslfix check`; its schema is schema.json, beside it."""

from __future__ import annotations

import json

from sslfix import __version__
from sslfix.model import Action, Finding, Fix, Level, Location, Report, Reporter

from .declarations import problem
from .interpreters import interpreter_json


def render(report: Report) -> str:
    """The whole report as one JSON object."""
    facts, findings = report.facts, report.findings
    by_level = {
        level: sum(one.level == level and one.status in {"open", "withheld"} for one in findings)
        for level in Level
    }
    files = [
        {
            "path": file.document.path,
            "format": file.format,
            "declarations": len(file.declarations),
        }
        for file in facts.files
    ]
    return json.dumps(
        {
            "schema": 1,
            "sslfix": __version__,
            "interpreters": [interpreter_json(one) for one in facts.interpreters],
            "findings": [_finding(one) for one in findings],
            "files": files,
            "errors": [problem(one) for one in report.problems],
            "summary": {
                "errors": by_level[Level.ERROR],
                "warnings": by_level[Level.WARNING],
                "notes": by_level[Level.NOTE],
                "fixed": sum(one.status == "fixed" for one in findings),
                "files": len(files),
                "declarations": sum(len(file.declarations) for file in facts.files),
            },
        },
        indent=2,
    )


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "level": finding.level.name.lower(),
        "message": finding.message,
        "detail": finding.detail,
        "distribution": finding.distribution,
        "version": finding.version,
        "declared": finding.declared,
        "interpreter": finding.interpreter,
        "locations": [_location(one) for one in finding.locations],
        "fix": _fix(finding.fix) if finding.fix else None,
        "status": finding.status,
        "reason": finding.withheld,
        "left_to_run": finding.left_to_run,
        "ignored_by": finding.ignored_by,
        "help": f"sslfix rule {finding.rule.id}",
    }


def _location(location: Location) -> dict[str, object]:
    return {
        "path": location.path,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
        "note": location.note,
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "applicability": fix.applicability.name.lower(),
        "why": fix.why,
        "actions": [_action(one) for one in fix.actions],
    }


def _action(action: Action) -> dict[str, object]:
    return {"kind": type(action).__name__.lower(), **action._asdict()}


REPORTER = Reporter(name="json", render=render)
