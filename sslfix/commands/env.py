"""`sslfix env`: what an interpreter is, and whether its environment still fits."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable

from sslfix.collect import interpreters
from sslfix.errors import ProbeError, UsageError
from sslfix.language import say as _
from sslfix.model import Interpreter


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="PATH", nargs="?", default=".", help="the project's folder")
    parser.add_argument(
        "--python",
        metavar="PATH|VERSION",
        action="append",
        default=[],
        help="an executable, an environment's folder, or a version (repeatable)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print what each interpreter is; exit 1 if one is not well, 2 if one could not be judged."""
    if not os.path.isdir(arguments.path):
        reason = _("not a folder; give a project's, or --python")
        raise UsageError(f"{arguments.path}: {reason}")
    choices = interpreters.choose(arguments.path, arguments.python, os.environ)
    if not choices:
        raise UsageError(_("no Python was found; name one with --python"))
    found: list[Interpreter] = []
    for number, choice in enumerate(choices, 1):
        try:
            found.append(interpreters.inspect(choice, f"i{number}"))
        except ProbeError as error:
            print(f"sslfix: {error} ({choice.because})", file=sys.stderr)
    if arguments.format == "json":
        print(_as_json(found))
    elif found:
        print(_as_text(found))
    if len(found) < len(choices):
        return 2
    return 0 if all(_is_well(one) for one in found) else 1


def _is_well(interpreter: Interpreter) -> bool:
    environment = interpreter.environment
    return interpreter.ssl is not None and (environment is None or environment.state == "ok")


def _as_json(found: Iterable[Interpreter]) -> str:
    import json

    from sslfix.reporters.interpreters import interpreter_json

    return json.dumps(
        {"schema": 1, "interpreters": [interpreter_json(one) for one in found]}, indent=2
    )


def _as_text(found: Iterable[Interpreter]) -> str:
    from sslfix.reporters.interpreters import interpreter_text

    return "\n\n".join(interpreter_text(one) for one in found)
