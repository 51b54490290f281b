"""`sslfix [check]`: find, and with --apply fix, what cannot work here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sslfix import __version__
from sslfix.errors import UsageError
from sslfix.language import counted
from sslfix.language import say as _

if TYPE_CHECKING:  # imported when needed: --help starts without the nouns and the rooms
    from sslfix.model import Finding, Level, Problem, Report
    from sslfix.session import Request, Run

FORMATS = ("json", "text")
ONLY = ("pins", "environment", "source")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="default: .")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--apply", action="store_true", help="fix what is safe to fix, and verify")
    doing.add_argument("--diff", action="store_true", help="print the patch, change nothing")
    parser.add_argument("--unsafe", action="store_true", help="allow unsafe fixes too")
    judged = parser.add_argument_group("which Python is judged")
    judged.add_argument(
        "--python", metavar="PATH|VERSION", action="append", help="this interpreter (repeatable)"
    )
    judged.add_argument(
        "--target",
        metavar="NAME",
        action="append",
        help="a known deployment target, or `auto` for those that the project names (repeatable)",
    )
    judged.add_argument(
        "--no-exec", action="store_true", help="read interpreters from their files, run none"
    )
    chosen = parser.add_argument_group("what is checked")
    chosen.add_argument("--only", choices=ONLY, action="append")
    chosen.add_argument("--select", metavar="RULE", action="append", help="id, prefix or name")
    chosen.add_argument("--ignore", metavar="RULE", action="append", help="id, prefix or name")
    chosen.add_argument("--as", dest="read_as", metavar="FORMAT", help="read PATH as this format")
    chosen.add_argument("--config", metavar="FILE", help="default: .sslfix.toml or pyproject.toml")
    chosen.add_argument("--offline", action="store_true", help="run nothing that needs the network")
    chosen.add_argument("--no-cache", action="store_true", help="nothing is cached as yet")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, default="text")
    output.add_argument("--output", metavar="FILE", help="write the report there")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    output.add_argument("--fail-on", choices=("error", "warning"), help="default: error")
    output.add_argument(
        "--exit-zero", action="store_true", help="exit 0 whatever is found; 2 stays 2"
    )
    output.add_argument("-q", "--quiet", action="store_true", help="print the findings only")
    output.add_argument("-v", "--verbose", action="store_true", help="say what is being done")
    parser.add_argument("--version", action="version", version=f"sslfix {__version__}")


def run(arguments: argparse.Namespace) -> int:
    """Check, show the patch, or repair; the exit code is that of the contract."""
    from sslfix.model import Report
    from sslfix.session import check

    request, fail_on = _request(arguments)
    if arguments.diff:
        return _show_difference(request)
    if arguments.apply:
        report = _repaired(request, quiet=arguments.quiet)
    else:
        looked = check(request)
        report = Report(looked.facts, looked.findings, looked.problems)
        if arguments.format == "text" and not arguments.quiet:
            report = report._replace(elsewhere=tuple(_elsewhere(request, looked)))
    _print(report, arguments)
    findings = () if arguments.exit_zero else report.findings
    return exit_code(findings, report.problems, fail_on)


def _repaired(request: Request, *, quiet: bool) -> Report:
    from sslfix.repair import repair

    if quiet:
        return repair(request, lambda _: None)
    from sslfix.reporters.progress import steps

    with steps() as say:
        return repair(request, say)


def _elsewhere(request: Request, looked: Run) -> Iterator[str]:
    """What works or fails on other Pythons, for a person: those of the project and the machine."""
    from sslfix.model import Level
    from sslfix.session import elsewhere

    if request.targets or sys.stdout.isatty():
        yield from elsewhere(request, looked)
    if not request.no_exec and any(one.level == Level.ERROR for one in looked.findings):
        from sslfix.repair.environments import other_ways

        yield from other_ways(looked, request)


def exit_code(findings: tuple[Finding, ...], problems: tuple[Problem, ...], fail_on: Level) -> int:
    """0, 1 or 2 as the contract says: fail closed, but an error found comes first."""
    from sslfix.model import Level

    standing = [one.level for one in findings if one.status in {"open", "withheld"}]
    worst = max(standing, default=Level.NOTE)
    if worst == Level.ERROR or (worst >= fail_on and not problems):
        return 1
    return 2 if problems else 0


def _request(arguments: argparse.Namespace) -> tuple[Request, Level]:
    from sslfix.collect import configuration
    from sslfix.model import Level
    from sslfix.session import Request

    paths = tuple(arguments.paths)
    settings = configuration.read(paths, arguments.config)
    targets = tuple(arguments.target or ())
    python = tuple(arguments.python or ())
    if targets and python:
        raise UsageError(_("--target stands in for an interpreter; say it or --python, not both"))
    if not targets and not python:
        targets, python = settings.targets, settings.python
    if arguments.no_exec and (arguments.apply or arguments.diff):
        raise UsageError(_("--no-exec only looks: fixes are tried out with tools that run code"))
    if arguments.read_as:
        _require_format(arguments.read_as)
    request = Request(
        paths=paths,
        python=python,
        targets=targets,
        only=tuple(arguments.only or ONLY),
        select=(*settings.select, *(arguments.select or ())),
        ignore=(*settings.ignore, *(arguments.ignore or ())),
        exclude=settings.exclude,
        read_as=arguments.read_as,
        unsafe=arguments.unsafe,
        offline=arguments.offline,
        no_exec=arguments.no_exec,
    )
    return request, Level[(arguments.fail_on or settings.fail_on or "error").upper()]


def _require_format(name: str) -> None:
    from sslfix import formats

    if formats.by_name(name) is None:
        known = ", ".join(one.name for one in formats.all_formats())
        text = _("no file format is named {name}; there are {known}")
        raise UsageError(text.format(name=name, known=known))


def _progress(line: str) -> None:
    print(f"sslfix: {line}", file=sys.stderr, flush=True)


def _show_difference(request: Request) -> int:
    from sslfix.repair import difference

    looked, patch, notes = difference(request)
    # The bytes of the files, whatever their encoding and line ends are.
    sys.stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))
    for note in notes:
        print(f"sslfix: {note}", file=sys.stderr)
    unsafe = sum(one.status == "withheld" and _is_unsafe(one) for one in looked.findings)
    if unsafe and not request.unsafe:
        text = counted(
            "one finding has a fix that only --unsafe applies",
            "{number} findings have fixes that only --unsafe applies",
            unsafe,
        )
        print(f"sslfix: {text}", file=sys.stderr)
    for problem in looked.problems:
        place = problem.path if problem.line is None else f"{problem.path}:{problem.line}"
        print(f"sslfix: {place}: {problem.message}", file=sys.stderr)
    if patch:
        return 1
    return 2 if looked.problems else 0


def _is_unsafe(finding: Finding) -> bool:
    from sslfix.model import Applicability

    return finding.fix is not None and finding.fix.applicability == Applicability.UNSAFE


def _print(report: Report, arguments: argparse.Namespace) -> None:
    from sslfix import reporters

    if arguments.verbose:
        for file in report.facts.files:
            text = _("read {path} as {format}")
            _progress(text.format(path=file.document.path, format=file.format))
    silent = arguments.quiet and not report.findings and not report.problems
    if silent and arguments.format == "text":
        return
    report = report._replace(quiet=arguments.quiet)
    text = reporters.all_reporters()[arguments.format].render(report)
    if arguments.output:
        _write(arguments.output, text)
    elif arguments.format == "text" and _colored(arguments.color):
        from sslfix.reporters.terminal import show

        show(text)
    else:
        print(text)


def _colored(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
    except OSError as error:
        text = _("{path}: cannot be written: {reason}")
        raise UsageError(text.format(path=path, reason=error.strerror)) from None
