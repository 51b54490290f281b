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
    from sslfix.baseline import Baseline
    from sslfix.collect.configuration import Settings
    from sslfix.model import Finding, Level, Problem, Report
    from sslfix.session import Request, Run

FORMATS = ("text", "json", "sarif", "github", "gitlab", "markdown", "junit", "rdjson")
ONLY = ("pins", "environment", "source")

EXIT_CODES = (
    "exit codes: 0 nothing found or all fixed, 1 findings remain, 2 could not check, "
    "3 a bug in sslfix"
)
EXAMPLES = (
    ("sslfix", "check this project with its own Python"),
    ("sslfix --diff", "print the patch that --apply would make"),
    ("sslfix --apply", "fix what is safe to fix, and verify"),
    ("sslfix --target macos-python3.9 requirements.txt", ""),
    ("sslfix --install requests", "what `pip install requests` would bring"),
    ("sslfix --baseline known.json --write-baseline", "from now on only new findings count"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXIT_CODES
    parser.add_argument("paths", metavar="PATH", nargs="*", default=["."], help="default: .")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--apply", action="store_true", help="fix what is safe to fix, and verify")
    doing.add_argument("--diff", action="store_true", help="print the patch, change nothing")
    doing.add_argument(
        "--write-baseline",
        action="store_true",
        help="write what is found into the baseline, so that only new findings count",
    )
    doing.add_argument(
        "--show-settings", action="store_true", help="print each setting and where it comes from"
    )
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
    chosen.add_argument("--only", choices=ONLY, action="append", help="only this (repeatable)")
    chosen.add_argument("--select", metavar="RULE", action="append", help="id, prefix or name")
    chosen.add_argument("--ignore", metavar="RULE", action="append", help="id, prefix or name")
    chosen.add_argument(
        "--install",
        metavar="REQUIREMENT",
        nargs="*",
        help="what `pip install` of this would bring, instead of PATH; with -r and -c as pip has",
    )
    for short, long in (("-r", "--requirement"), ("-c", "--constraint")):
        chosen.add_argument(
            short, long, metavar="FILE", action="append", default=[], help="goes with --install"
        )
    chosen.add_argument("--as", dest="read_as", metavar="FORMAT", help="read PATH as this format")
    chosen.add_argument("--config", metavar="FILE", help="default: .sslfix.toml or pyproject.toml")
    chosen.add_argument("--baseline", metavar="FILE", help="findings that are known already")
    chosen.add_argument("--offline", action="store_true", help="run nothing that needs the network")
    chosen.add_argument("--no-cache", action="store_true", help="nothing is cached as yet")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, default="text")
    output.add_argument("--output", metavar="FILE", help="write the report there")
    output.add_argument(
        "--report",
        metavar="FORMAT=FILE",
        action="append",
        type=_report,
        help="write it there in this format as well (repeatable)",
    )
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
    from sslfix.collect import configuration, repository
    from sslfix.model import Level, Report
    from sslfix.session import check

    settings = configuration.read(arguments.paths, arguments.config)
    if arguments.show_settings:
        return _show_settings(arguments, settings)
    request = _request(arguments, settings)
    if arguments.diff:
        return _show_difference(request, arguments)
    if arguments.install is not None:
        report = _before_install(arguments, request)
    elif arguments.apply:
        report = _repaired(request, quiet=arguments.quiet)
    else:
        looked = check(request)
        if arguments.write_baseline:
            request, looked = _with_new_baseline(request, looked)
        report = Report(looked.facts, looked.findings, looked.problems)
        if arguments.format == "text" and not arguments.quiet:
            notes = (*_elsewhere(request, looked), *_notes(request, looked, arguments))
            report = report._replace(elsewhere=notes)
    _print(report._replace(root=repository.root(arguments.paths[0])), arguments)
    findings = () if arguments.exit_zero else report.findings
    fail_on = Level[(arguments.fail_on or settings.fail_on).upper()]
    return exit_code(findings, report.problems, fail_on)


def _before_install(arguments: argparse.Namespace, request: Request) -> Report:
    from sslfix import preflight

    requirements = filter(None, (" ".join(word.split()) for word in arguments.install))
    wish = preflight.Wish(
        tuple(requirements), tuple(arguments.requirement), tuple(arguments.constraint)
    )
    if not wish.requirements and not wish.files:
        raise UsageError(_("--install needs a requirement, or -r and a file of them"))
    return preflight.check(request, wish)


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
    errors = (one for one in looked.findings if one.level == Level.ERROR)
    if not request.no_exec and any(one.status != "ignored" for one in errors):
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


def _request(arguments: argparse.Namespace, settings: Settings) -> Request:
    """What is asked for: the command line wins over the settings, and adds rules to theirs."""
    from sslfix.session import request_for

    targets = tuple(arguments.target or ())
    python = tuple(arguments.python or ())
    if targets and python:
        raise UsageError(_("--target stands in for an interpreter; say it or --python, not both"))
    if not targets and not python:
        targets, python = settings.targets, settings.python
    if arguments.no_exec and (arguments.apply or arguments.diff):
        raise UsageError(_("--no-exec only looks: fixes are tried out with tools that run code"))
    _require_installing(arguments)
    if arguments.read_as:
        _require_format(arguments.read_as)
    asked = request_for(arguments.paths, settings._replace(baseline=""))
    return asked._replace(
        python=python,
        targets=targets,
        only=tuple(arguments.only or ONLY),
        select=(*asked.select, *(arguments.select or ())),
        ignore=(*asked.ignore, *(arguments.ignore or ())),
        baseline=_baseline(arguments, settings),
        read_as=arguments.read_as,
        unsafe=arguments.unsafe,
        offline=arguments.offline,
        no_exec=arguments.no_exec,
    )


def _baseline(arguments: argparse.Namespace, settings: Settings) -> Baseline | None:
    """The baseline that counts; an empty one where it is to be written for the first time."""
    from sslfix.baseline import Baseline
    from sslfix.collect import configuration, projects

    path = arguments.baseline or settings.baseline
    if not arguments.write_baseline:
        return configuration.known(path) if path else None
    if not path:
        raise UsageError(_("--write-baseline needs --baseline FILE, or `baseline` in the settings"))
    if arguments.only or arguments.select or arguments.ignore:
        text = _("a baseline is of everything: leave out --only, --select and --ignore")
        raise UsageError(text)
    return configuration.known(path) if os.path.isfile(path) else Baseline(projects.show(path))


def _with_new_baseline(request: Request, looked: Run) -> tuple[Request, Run]:
    """The same look with a baseline of what it found, which is written."""
    from sslfix import baseline
    from sslfix.apply import files

    assert request.baseline is not None
    is_whole = not looked.problems
    new = baseline.made(looked.findings, request.baseline, request.paths, is_whole=is_whole)
    # A path that is no UTF-8 has surrogates: JSON has escapes for them.
    text = baseline.render(new) + "\n"
    files.write(new.path, text.encode("utf-8", "backslashreplace"))
    findings = baseline.marked(looked.findings, new)
    return request._replace(baseline=new), looked._replace(findings=findings)


def _notes(request: Request, looked: Run, arguments: argparse.Namespace) -> Iterator[str]:
    """What a person should know of comments and of the baseline."""
    from sslfix import baseline, ignoring, rules

    documents = looked.facts.documents
    texts = {path: one.text for path, one in documents.items()}
    used = {ignoring.silencer(one, texts) for one in looked.findings}
    for comment in ignoring.comments(tuple(documents.values()), rules.load()):
        reasons = [
            rules.unknown(word, rules.load()) if word else _("no rule stands in its brackets")
            for word in comment.unknown
        ]
        if not reasons and arguments.verbose and (comment.path, comment.line) not in used:
            reasons = [_("there is no such finding on its line")]
        for reason in reasons:
            text = _("{path}:{line}: this comment ignores nothing: {reason}")
            yield text.format(path=comment.path, line=comment.line, reason=reason)
    is_narrow = arguments.only or arguments.select or arguments.ignore or looked.problems
    if arguments.verbose and not is_narrow:
        yield from _unused_exceptions(request, looked)
    if request.baseline is None:
        return
    if arguments.write_baseline:
        text = _("what was found is in {path} now")
        if looked.problems:
            text = _(
                "what was found is in {path} now; as not all was checked, nothing was left out"
            )
        yield text.format(path=request.baseline.path)
    elif not is_narrow:
        gone = len(baseline.gone(looked.findings, request.baseline, request.paths))
        if gone:
            text = counted(
                "one finding in it is there no more; --write-baseline leaves it out",
                "{number} findings in it are there no more; --write-baseline leaves them out",
                gone,
            )
            yield f"{request.baseline.path}: {text}"


def _unused_exceptions(request: Request, looked: Run) -> Iterator[str]:
    """The exceptions that nothing is meant by, where all that they could be about was looked at."""
    from sslfix import ignoring

    folders = {os.path.abspath(path) for path in request.paths}
    for place in ignoring.unused(request.ignores, looked.findings):
        if os.path.dirname(os.path.abspath(place.path)) in folders:
            text = _("{path}:{line}: this exception ignores nothing: there is no such finding")
            yield text.format(path=place.path, line=place.line)


def _show_settings(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what counts in this run, value by value, and where it is said."""
    from sslfix.collect import configuration
    from sslfix.reporters import settings as shown

    said = {
        "targets": arguments.target,
        "python": arguments.python,
        "select": arguments.select,
        "ignore": arguments.ignore,
        "fail-on": arguments.fail_on,
        "baseline": arguments.baseline,
    }
    rows = configuration.told(settings, {key: value for key, value in said.items() if value})
    path = settings.document.path if settings.document else ""
    render = shown.as_json if arguments.format == "json" else shown.as_text
    print(render([(one.key, one.value, one.origins) for one in rows], path))
    return 0


def _report(text: str) -> tuple[str, str]:
    """The format and the file of a --report."""
    format_, _equals, path = text.partition("=")
    if format_ not in FORMATS or not path:
        raise argparse.ArgumentTypeError(f"expected FORMAT=FILE, FORMAT of {', '.join(FORMATS)}")
    return format_, path


def _require_installing(arguments: argparse.Namespace) -> None:
    """Raise UsageError for options that do not go with --install, or without it."""
    if arguments.install is None:
        if arguments.requirement or arguments.constraint:
            text = _("-r and -c belong to --install; to check a file, say its name alone")
            raise UsageError(text)
        return
    if arguments.offline:
        raise UsageError(_("--install asks pip or uv, which need the network: not with --offline"))
    for name in ("apply", "diff", "write_baseline", "no_exec"):
        if getattr(arguments, name):
            text = _("--install asks pip or uv and changes nothing; leave out {option}")
            raise UsageError(text.format(option="--" + name.replace("_", "-")))
    for path in arguments.paths:
        if not os.path.exists(path):
            text = _("{path}: no such folder; a requirement stands right behind --install")
            raise UsageError(text.format(path=path))


def _require_format(name: str) -> None:
    from sslfix import formats

    if formats.by_name(name) is None:
        known = ", ".join(one.name for one in formats.all_formats())
        text = _("no file format is named {name}; there are {known}")
        raise UsageError(text.format(name=name, known=known))


def _progress(line: str) -> None:
    print(f"sslfix: {line}", file=sys.stderr, flush=True)


def _show_difference(request: Request, arguments: argparse.Namespace) -> int:
    from sslfix.collect import repository
    from sslfix.model import Report
    from sslfix.repair import difference

    looked, patch, notes = difference(request)
    root = repository.root(arguments.paths[0])
    _write_reports(Report(looked.facts, looked.findings, looked.problems, root=root), arguments)
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
    report = report._replace(quiet=arguments.quiet)
    _write_reports(report, arguments)
    is_said = any(one.status != "ignored" for one in report.findings) or report.problems
    if arguments.quiet and not is_said and arguments.format == "text" and not arguments.output:
        return
    text = reporters.by_name(arguments.format).render(report)
    if arguments.output:
        _write(arguments.output, text)
    elif arguments.format == "text" and _colored(arguments.color):
        from sslfix.reporters.terminal import show

        show(text)
    else:
        if arguments.format != "text" and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        print(text)


def _write_reports(report: Report, arguments: argparse.Namespace) -> None:
    from sslfix import reporters

    for format_, path in arguments.report or ():
        _write(path, reporters.by_name(format_).render(report))


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
