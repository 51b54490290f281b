"""Markdown for a pull request, an issue or the summary of a CI job, on GitHub and GitLab."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from sslfix.language import counted
from sslfix.language import say as _
from sslfix.model import Advice, Level, Location, Report, Reporter

from ._notices import UNCHECKED, Notice, clean, ignored, notices, one_line
from .text import judged, level_word, summary

LONGEST = 60_000
"""GitHub takes 65,536 characters in a comment, and a MiB in the summary of a step."""

LINES_BELOW = 40
"""How many lines tell of what was judged."""

_MARKUP = re.compile(r"[\\`*_{}\[\]|~^$]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_REFERENCE = re.compile(r"""(?ix) :(?=//) | www(?=\.) | \bGH(?=-\d) | [@\#!~%$&^](?=[\w"/])""")
_UNSEEN = "\N{ZERO WIDTH SPACE}"


def render(report: Report) -> str:
    """The whole report; what is too much for a comment is counted."""
    shown = notices(report)
    head = f"**sslfix: {escaped(summary(report))}**"
    foot = "\n".join(map(_small, islice(_below(report), LINES_BELOW)))
    left = LONGEST - len(head) - len(foot)
    parts, more = [], 0
    for one in sorted((one for one in shown if one.status != "ignored"), key=_weight):
        part = "\n".join(_item(one))
        left -= len(part) + 1
        if left < 0:
            more += 1
        else:
            parts.append(part)
    if more:
        parts.append("- " + counted("{number} more", "{number} more", more))
    parts += [f"- {escaped(line)}" for line in ignored(shown)]
    todo = _("left to do: {step}")
    parts += [f"- {escaped(todo.format(step=step))}" for step in report.left_to_do]
    return "\n\n".join(filter(None, [head, "\n".join(parts), foot]))


def escaped(text: str) -> str:
    """The text on one line, as Markdown that shows it: no markup, link, mention or HTML.

    Forges look for mentions, issues and addresses in what is shown, so escaping does not stop
    them: a blank of no width does.
    """
    text = _REFERENCE.sub(rf"\g<0>{_UNSEEN}", one_line(text))
    for sign, entity in _ENTITIES.items():
        text = text.replace(sign, entity)
    return _MARKUP.sub(r"\\\g<0>", text)


def code(text: str) -> str:
    """The text on one line as a code span, whatever backticks it has."""
    line = one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line[:1] in {"`", " "} or line[-1:] in {"`", " "} else ""
    return f"{fence}{pad}{line}{pad}{fence}" if line else ""


def _weight(one: Notice) -> tuple[bool, int]:
    return not one.counts, -one.level


def _item(one: Notice) -> Iterator[str]:
    words = {UNCHECKED: _("could not check"), "fixed": _("fixed")}
    word = words.get(one.status) or level_word(Level(one.level))
    rule = f" {one.title}" if one.finding else ""
    yield f"- **{word}**{rule}: {_place(one.locations[0])}: {escaped(one.message)}"
    for place in one.locations[1:]:
        yield f"  - {_place(place)}{': ' + escaped(place.note) if place.note else ''}"
    yield from (f"  - {_advised(line, _commands(one))}" for line in one.advice)


def _place(place: Location) -> str:
    return code(f"{place.path}:{place.line}")


def _advised(line: str, commands: Sequence[str]) -> str:
    """A line of advice; the command that it ends with can be copied."""
    ending = next((one for one in commands if one and line.endswith(one)), "")
    told = escaped(line[: len(line) - len(ending)])
    return f"{told} {code(ending)}" if ending else told


def _commands(one: Notice) -> list[str]:
    if one.finding is None:
        return []
    actions = one.finding.fix.actions if one.finding.fix else ()
    pasted = [each for action in actions if isinstance(action, Advice) for each in action.commands]
    return [f"sslfix rule {one.rule}", clean(one.finding.left_to_run), *map(clean, pasted)]


def _below(report: Report) -> Iterator[str]:
    for interpreter in report.facts.interpreters:
        yield _("judged for {interpreter}").format(interpreter=judged(interpreter))
    yield from report.elsewhere


def _small(line: str) -> str:
    return f"<sub>{escaped(line[:300])}</sub><br>"


REPORTER = Reporter(name="markdown", render=render)
