"""GitLab's code quality report.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
What is fixed or ignored is left out: GitLab compares two reports and calls it resolved.
"""

from __future__ import annotations

import json

from sslfix.model import Level, Report, Reporter

from ._notices import Notice, clean, notices

SEVERITY = {Level.ERROR: "critical", Level.WARNING: "major", Level.NOTE: "info"}


def render(report: Report) -> str:
    """A list of issues, empty where nothing is wrong."""
    return json.dumps([_issue(one) for one in notices(report) if one.counts], indent=1)


def _issue(one: Notice) -> dict[str, object]:
    place = one.locations[0]
    return {
        "type": "issue",
        "check_name": one.title,
        "description": one.text,
        "categories": ["Compatibility"],
        "severity": SEVERITY[one.level],
        "fingerprint": one.fingerprint,
        "location": {
            "path": clean(place.path),
            "lines": {"begin": place.line, "end": place.end_line},
        },
    }


REPORTER = Reporter(name="gitlab", render=render)
