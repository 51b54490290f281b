"""Annotations for GitHub Actions: workflow commands, and what is more than its limits as text.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from sslfix.language import counted
from sslfix.model import Level, Location, Report, Reporter

from ._notices import Notice, ignored, notices, one_line
from .text import summary

SHOWN = 10
"""How many errors, warnings and notices each the runner shows of one step."""

LONGEST = 4000
"""The runner cuts a message after 4096 characters."""

COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def render(report: Report) -> str:
    """A workflow command for each finding, then what the page of the run does not show."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    rest: list[Notice] = []
    used = dict.fromkeys(COMMANDS.values(), 0)
    shown = notices(report)
    for one in sorted(shown, key=lambda one: -one.level):
        command = COMMANDS[one.level] if one.counts else "notice"
        if one.status == "ignored":
            continue
        if used[command] == SHOWN:
            rest.append(one)
            continue
        used[command] += 1
        yield _command(command, one)
    if rest:
        yield counted(
            "sslfix: {number} more is not annotated, as the runner shows ten of a kind:",
            "sslfix: {number} more are not annotated, as the runner shows ten of a kind:",
            len(rest),
        )
    yield from (_plain(one) for one in rest)
    for line in (*ignored(shown), *report.left_to_do):
        yield _harmless(f"sslfix: {line}")
    yield f"sslfix: {summary(report)}"


def _command(command: str, one: Notice) -> str:
    place = one.locations[0]
    properties = {"title": f"sslfix {one.title}"[:255], **_place(place)}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{command} {listed}::{_data(one.text[:LONGEST])}"


def _place(place: Location) -> dict[str, str]:
    """The properties of a place; columns count on one line only, and no file is elsewhere."""
    if os.path.isabs(place.path) or place.path.startswith("../"):
        return {}
    found = {"file": one_line(place.path), "line": str(place.line)}
    if place.end_line != place.line:
        return {**found, "endLine": str(place.end_line)}
    return {**found, "col": str(place.column), "endColumn": str(place.end_column)}


def _plain(one: Notice) -> str:
    place = one.locations[0]
    return _harmless(f"{place.path}:{place.line}: {one.title}: {one.said}")


def _harmless(text: str) -> str:
    """One line that the runner takes for no command: it looks for `##[` anywhere in a line."""
    line = one_line(text).replace("##[", "## [")
    return f" {line}" if line.startswith("::") else line


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


REPORTER = Reporter(name="github", render=render)
