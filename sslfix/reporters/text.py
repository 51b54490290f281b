"""The report for people: what is wrong, where, why here, what to do, where to read on."""

from __future__ import annotations

from collections.abc import Iterator

from sslfix.language import columns, counted
from sslfix.language import say as _
from sslfix.model import (
    Advice,
    Applicability,
    Finding,
    Fix,
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
    yield f"{margin} |"
    yield from (f"{margin} = {text}" for text in below(finding))


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}:{location.column}"


def _heading(finding: Finding) -> str:
    word = _("fixed") if finding.status == "fixed" else level_word(finding.level)
    return f"{word}[{finding.rule.id}]: {finding.message}"


def level_word(level: Level) -> str:
    """What reports call a level."""
    return {Level.ERROR: _("error"), Level.WARNING: _("warning"), Level.NOTE: _("note")}[level]


def _excerpt(location: Location, note: str, width: int) -> Iterator[str]:
    margin = " " * width
    if not location.snippet:
        if note:
            yield f"{margin} | {note}"
        return
    shown = location.snippet.expandtabs(1)
    first = location.column - 1
    last = location.end_column - 1 if location.end_line == location.line else len(shown)
    carets = "^" * max(1, columns(shown[first:last]))
    yield f"{margin} |"
    yield f"{location.line:>{width}} | {shown}"
    yield f"{margin} | {' ' * columns(shown[:first])}{carets} {note}".rstrip()


def below(finding: Finding) -> Iterator[str]:
    """Lines on what is to be done, or was, and on where to read more."""
    fix = finding.fix
    if finding.status == "fixed":
        yield _("done: {title}").format(title=fix.title) if fix else _("done")
    else:
        yield from _advice(finding)


def _advice(finding: Finding) -> Iterator[str]:
    fix = finding.fix
    by_hand = fix is None or fix.applicability == Applicability.DISPLAY
    if fix is not None:
        yield _fix(fix)
        for action in fix.actions:
            if isinstance(action, Advice):
                for command in action.commands:
                    yield _("paste: {command}").format(command=command)
    if finding.withheld and not by_hand:
        reason = finding.withheld.strip().replace("\n", "\n      ")
        yield _("not applied: {reason}").format(reason=reason)
    if finding.left_to_run:
        yield _("left to run: {command}").format(command=finding.left_to_run)
    yield _("more: {command}").format(command=f"sslfix rule {finding.rule.id}")


def _fix(fix: Fix) -> str:
    kind = {
        Applicability.SAFE: _("safe"),
        Applicability.UNSAFE: _("unsafe"),
        Applicability.DISPLAY: _("by hand"),
    }[fix.applicability]
    text = _("fix: {title} ({kind}): {why}") if fix.why else _("fix: {title} ({kind})")
    return text.format(title=fix.title, kind=kind, why=fix.why)


def _problems(report: Report) -> Iterator[str]:
    for problem in report.problems:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        yield _("{place}: could not check: {reason}").format(place=place, reason=problem.message)


def _left(report: Report) -> Iterator[str]:
    yield _("left to do:")
    yield from (f"  {step}" for step in report.left_to_do)


def _closing(report: Report) -> Iterator[str]:
    for interpreter in report.facts.interpreters:
        yield _("judged for {interpreter}").format(interpreter=judged(interpreter))
    yield from report.elsewhere
    yield summary(report)


def judged(interpreter: Interpreter) -> str:
    """One line on an interpreter that was judged, and why that one."""
    library = interpreter.ssl.raw if interpreter.ssl else _("no ssl")
    if interpreter.source == "profile":
        place = interpreter.executable
    elif interpreter.environment is not None:
        place = interpreter.environment.path
    else:
        place = interpreter.executable
    return _("{place} (Python {version}, {library}): {because}").format(
        place=place,
        version=interpreter.version or _("(unknown)"),
        library=library,
        because=interpreter.chosen_because,
    )


def summary(report: Report) -> str:
    """The last line: what was found and how much was read."""
    standing = [one.level for one in report.findings if one.status in {"open", "withheld"}]
    statuses = [one.status for one in report.findings]
    errors, warnings, notes = (standing.count(level) for level in sorted(Level)[::-1])
    fixed, known = statuses.count("fixed"), sum(_is_known(one) for one in report.findings)
    ignored = statuses.count("ignored") - known
    unread = len(report.problems)
    found = [
        errors and counted("{number} error", "{number} errors", errors),
        warnings and counted("{number} warning", "{number} warnings", warnings),
        notes and counted("{number} note", "{number} notes", notes),
        fixed and counted("{number} fixed", "{number} fixed", fixed),
        ignored and counted("{number} ignored", "{number} ignored", ignored),
        known and counted("{number} in the baseline", "{number} in the baseline", known),
        unread and _unread(unread),
    ]
    parts = _(", ").join(one for one in found if one) or _("nothing found")
    return _("{found} ({read} read)").format(found=parts, read=_amount(report))


def _is_known(finding: Finding) -> bool:
    return finding.ignored_by == "baseline"


def _unread(number: int) -> str:
    return counted(
        "{number} problem in what could not be checked",
        "{number} problems in what could not be checked",
        number,
    )


def _amount(report: Report) -> str:
    """How much was read: files and declarations."""
    files = report.facts.files
    number = sum(len(file.declarations) for file in files)
    declarations = counted("{number} declaration", "{number} declarations", number)
    if not files:
        return _("no dependency files")
    return _(", ").join([counted("{number} file", "{number} files", len(files)), declarations])


REPORTER = Reporter(name="text", render=render)
