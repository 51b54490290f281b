"""The report for people: what is wrong, where, why here, what to do, where to read on."""

from __future__ import annotations

from collections.abc import Iterator

from sslfix.model import (
    Advice,
    Applicability,
    Finding,
    Interpreter,
    Level,
    Location,
    Report,
    Reporter,
)


def render(report: Report) -> str:
    """The whole report as plain text; `sslfix.reporters.terminal` colours it."""
    blocks = ["\n".join(_finding(one)) for one in report.findings if one.status != "ignored"]
    blocks += ["\n".join(_problems(report))] if report.problems else []
    blocks += ["\n".join(_left(report))] if report.left_to_do else []
    blocks += [] if report.quiet else ["\n".join(_closing(report))]
    return "\n\n".join(blocks)


def _finding(finding: Finding) -> Iterator[str]:
    place = finding.locations[0]
    yield f"{_place(place)}: {_heading(finding)}"
    width = max(len(str(one.line)) for one in finding.locations)
    margin = " " * width
    path = ""
    for number, location in enumerate(finding.locations):
        if number and location.path != path:
            yield f"{margin}::: {_place(location)}"
        elif number:
            yield "..."
        path = location.path
        yield from _excerpt(location, location.note if number else finding.detail, width)
    if finding.status != "fixed":
        yield f"{margin} |"
        yield from (f"{margin} = {text}" for text in _advice(finding))


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}:{location.column}"


def _heading(finding: Finding) -> str:
    level = "fixed" if finding.status == "fixed" else finding.level.name.lower()
    return f"{level}[{finding.rule.id}]: {finding.message}"


def _excerpt(location: Location, note: str, width: int) -> Iterator[str]:
    margin = " " * width
    if not location.snippet:
        if note:
            yield f"{margin} | {note}"
        return
    shown = location.snippet.expandtabs(1)
    last = location.end_column if location.end_line == location.line else len(shown) + 1
    carets = "^" * max(1, last - location.column)
    yield f"{margin} |"
    yield f"{location.line:>{width}} | {shown}"
    yield f"{margin} | {' ' * (location.column - 1)}{carets} {note}".rstrip()


def _advice(finding: Finding) -> Iterator[str]:
    fix = finding.fix
    by_hand = fix is None or fix.applicability == Applicability.DISPLAY
    if fix is not None:
        kind = "by hand" if by_hand else fix.applicability.name.lower()
        yield f"fix: {fix.title} ({kind}): {fix.why}".rstrip(": ")
        for action in fix.actions:
            if isinstance(action, Advice):
                yield from (f"paste: {command}" for command in action.commands)
    if finding.withheld and not by_hand:
        yield "not applied: " + finding.withheld.strip().replace("\n", "\n      ")
    if finding.left_to_run:
        yield f"left to run: {finding.left_to_run}"
    yield f"more: sslfix rule {finding.rule.id}"


def _problems(report: Report) -> Iterator[str]:
    for problem in report.problems:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        yield f"{place}: could not check: {problem.message}"


def _left(report: Report) -> Iterator[str]:
    yield "left to do:"
    yield from (f"  {step}" for step in report.left_to_do)


def _closing(report: Report) -> Iterator[str]:
    for interpreter in report.facts.interpreters:
        yield f"judged for {judged(interpreter)}"
    yield summary(report)


def judged(interpreter: Interpreter) -> str:
    """One line on an interpreter that was judged, and why that one."""
    library = interpreter.ssl.raw if interpreter.ssl else "no ssl"
    if interpreter.source == "profile":
        place = interpreter.executable
    elif interpreter.environment is not None:
        place = interpreter.environment.path
    else:
        place = interpreter.executable
    python = f"Python {interpreter.version or '(unknown)'}"
    return f"{place} ({python}, {library}): {interpreter.chosen_because}"


def summary(report: Report) -> str:
    """The last line: what was found and how much was read."""
    standing = [one.level for one in report.findings if one.status in {"open", "withheld"}]
    statuses = [one.status for one in report.findings]
    unread = _count(len(report.problems), "problem")
    parts = [_count(standing.count(level), level.name.lower()) for level in sorted(Level)[::-1]]
    parts += [f"{statuses.count('fixed')} fixed" if "fixed" in statuses else ""]
    parts += [f"{statuses.count('ignored')} ignored" if "ignored" in statuses else ""]
    parts += [f"{unread} in what could not be checked" if unread else ""]
    declarations = sum(len(file.declarations) for file in report.facts.files)
    read = _count(declarations, "declaration") or "0 declarations"
    if report.facts.files:
        read = f"{_count(len(report.facts.files), 'file')}, {read}"
    else:
        read = "no dependency files"
    return f"{', '.join(filter(None, parts)) or 'nothing found'} ({read} read)"


def _count(number: int, word: str) -> str:
    """The number and its noun; "" for none."""
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


REPORTER = Reporter(name="text", render=render)
