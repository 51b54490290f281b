"""`sslfix constraints`: a constraints file for pip and uv, for one interpreter."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from sslfix.errors import ReadError, UsageError
from sslfix.language import say as _

if TYPE_CHECKING:  # imported when needed: --help starts without the nouns and the rooms
    from collections.abc import Sequence

    from sslfix.constraints import Constraint
    from sslfix.model import Interpreter, Level
    from sslfix.session import Request

EXAMPLES = (
    ("sslfix constraints > constraints.txt", "for this project's Python"),
    ("pip install -c constraints.txt requests", "with pip"),
    ("sslfix constraints --target lambda-python3.9", "for where it will run"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the project's folder")
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--python", metavar="PATH|VERSION", help="for this interpreter")
    judged.add_argument("--target", metavar="NAME", help="for a known deployment target")
    parser.add_argument(
        "--no-exec", action="store_true", help="read the interpreter from its files, run none"
    )
    parser.add_argument(
        "--level",
        choices=("error", "warning", "note"),
        help="keep out what fails, can fail, or warns (default: error)",
    )
    parser.add_argument(
        "--select",
        metavar="RULE",
        action="append",
        default=[],
        help="id, prefix or name, whatever its level (repeatable)",
    )
    parser.add_argument(
        "--ignore", metavar="RULE", action="append", default=[], help="id, prefix or name"
    )
    parser.add_argument("--config", metavar="FILE", help="default: .sslfix.toml or pyproject.toml")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--output", metavar="FILE", help="write it there, in one step")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the file; what cannot be judged is an error and writes nothing."""
    from sslfix import constraints, session
    from sslfix.apply import files

    request, least = _request(arguments)
    interpreter = _interpreter(request)
    found = constraints.compute(interpreter, session.selected(request), least)
    if arguments.format == "json":
        text = _json(found, interpreter)
    else:
        text = constraints.render(found, interpreter)
    if arguments.output:
        files.write(arguments.output, text.encode())
    else:
        sys.stdout.write(text)
    return 0


def _request(arguments: argparse.Namespace) -> tuple[Request, Level]:
    """What is asked for, and from which level on a rule counts."""
    from sslfix.collect import configuration
    from sslfix.model import Level
    from sslfix.session import PINS, request_for

    settings = configuration.read((arguments.path,), arguments.config)
    asked = request_for((arguments.path,), settings._replace(baseline=""))
    if arguments.python or arguments.target:
        python = tuple(filter(None, [arguments.python]))
        targets = tuple(filter(None, [arguments.target]))
        asked = asked._replace(python=python, targets=targets)
    request = asked._replace(
        only=(PINS,),
        select=(*asked.select, *arguments.select),
        ignore=(*asked.ignore, *arguments.ignore),
        no_exec=arguments.no_exec,
    )
    usual = "note" if arguments.select else "error"
    return request, Level[(arguments.level or usual).upper()]


def _interpreter(request: Request) -> Interpreter:
    """The one that the file is for; UsageError for several, ReadError for one not judged."""
    from sslfix import session

    found, problems = session.interpreters(request)
    for problem in problems:
        raise ReadError(problem.path, problem.message)
    if len(found) > 1:
        text = _("a constraints file is for one interpreter; choose one with {options}: {names}")
        names = ", ".join(one.executable for one in found)
        raise UsageError(text.format(options="--python, --target", names=names))
    return found[0]


def _json(found: Sequence[Constraint], interpreter: Interpreter) -> str:
    import json

    from sslfix.constraints import fingerprint
    from sslfix.reporters.interpreters import interpreter_json

    entries = [
        {
            "requirement": one.requirement,
            "distribution": one.name,
            "specifier": one.specifier,
            "rules": list(one.rules),
            "reasons": list(one.reasons),
        }
        for one in found
    ]
    report = {
        "schema": 1,
        "interpreter": interpreter_json(interpreter),
        "fingerprint": fingerprint(interpreter, found),
        "constraints": entries,
    }
    return json.dumps(report, indent=2) + "\n"
