"""The report for people: what is wrong, where, why here, what to do, where to read on."""

from __future__ import annotations

from collections.abc import Iterator

from sslfix.model import Applicability, Finding, Interpreter, Level, Location, Report, Reporter


def render(report: Report) -> str:
    """The whole report as plain text; `sslfix.reporters.terminal` colours it."""
    blocks = ["\n".join(_finding(one)) for one in report.findings if one.status != "ignored"]
    blocks += ["\n".join(_problems(report))] if report.problems else []
    blocks += ["\n".join(_left(report))] if report.left_to_do else []
    blocks.append("\n".join(_closing(report)))
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
    if fix is not None:
        kind = "by hand" if fix.applicability == Applicability.DISPLAY else None
        yield f"fix: {fix.title} ({kind or fix.applicability.name.lower()}): {fix.why}".rstrip(": ")
    if finding.withheld:
        yield f"not applied: {finding.withheld}"
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
    counts = [
        _count(sum(one.level == level and one.status == "open" for one in report.findings), word)
        for level, word in (
            (Level.ERROR, "error"),
            (Level.WARNING, "warning"),
            (Level.NOTE, "note"),
        )
    ]
    found = ", ".join(filter(None, counts)) or "nothing found"
    fixed = sum(one.status == "fixed" for one in report.findings)
    withheld = sum(one.status == "withheld" for one in report.findings)
    ignored = sum(one.status == "ignored" for one in report.findings)
    parts = [found if found != "nothing found" or not (fixed or withheld) else ""]
    parts += [f"{fixed} fixed" if fixed else "", f"{withheld} not fixed" if withheld else ""]
    parts += [f"{ignored} ignored" if ignored else ""]
    unread = len(report.problems)
    parts += [f"{_count(unread, 'problem')} in what could not be checked" if unread else ""]
    declarations = sum(len(file.declarations) for file in report.facts.files)
    read = f"{_count(len(report.facts.files), 'file')}, {_count(declarations, 'declaration')}"
    return f"{', '.join(filter(None, parts))} ({read or 'nothing'} read)"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number or word == "file" else ""


REPORTER = Reporter(name="text", render=render)
