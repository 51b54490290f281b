"""JUnit's XML, as Jenkins and GitLab read it: a test for each finding and for each clean file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape  # xml.sax.saxutils imports an HTTP client

from sslfix.model import Level, Report, Reporter

from ._notices import UNCHECKED, Notice, clean, notices, stated
from .text import summary


def render(report: Report) -> str:
    """The XML document; errors and warnings fail, what is ignored is skipped, notes pass."""
    shown = notices(report)
    counts = Counter(_outcome(one) for one in shown)
    paths = {one.locations[0].path for one in shown}
    read = [stated(file.document.path, report.root) for file in report.facts.files]
    clear = [path for path in read if path not in paths]
    tests = len(shown) + len(clear)
    totals = f'tests="{tests}" failures="{counts["failure"]}" errors="{counts["error"]}"'
    told = "\n".join([*report.left_to_do, summary(report)])
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="sslfix" {totals}>',
        f' <testsuite name="sslfix" {totals} skipped="{counts["skipped"]}">',
        *(line for one in shown for line in _case(one)),
        *(f"  <testcase {_named('nothing found', path)}/>" for path in clear),
        f"  <system-out>{escape(clean(told))}</system-out>",
        " </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines)


def _outcome(one: Notice) -> str:
    if one.status == UNCHECKED:
        return "error"
    if one.status == "ignored":
        return "skipped"
    return "failure" if one.counts and one.level > Level.NOTE else "system-out"


def _case(one: Notice) -> Iterator[str]:
    outcome, place = _outcome(one), one.locations[0]
    attributes = ""
    if outcome in {"failure", "error"}:
        attributes = f' type="{one.level.name.lower()}" message="{escape(one.message)}"'
    yield f"  <testcase {_named(f'{one.title} ({place.line})', place.path)}>"
    yield f"   <{outcome}{attributes}>{escape(one.text)}</{outcome}>"
    yield "  </testcase>"


def _named(name: str, path: str) -> str:
    return f'name="{escape(name)}" classname="{escape(clean(path))}"'


REPORTER = Reporter(name="junit", render=render)
