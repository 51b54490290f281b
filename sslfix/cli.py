"""The command table, and the only place that turns errors into exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from . import __version__, language
from .errors import SslfixError, UsageError
from .language import say as _

# Name -> what `--help` says. Each is a module of sslfix.commands, imported when it is called.
COMMANDS = {
    "check": "check dependency files, environment and sources (the default)",
    "explain": "cause and remedy for a traceback or a log",
    "run": "run a command; if it fails, explain its stderr",
    "env": "what an interpreter is: version, SSL library, environment and its state",
    "declarations": "what sslfix reads in a dependency file",
    "rules": "the list of rules",
    "rule": "one rule's page",
    "constraints": "a pip constraints file for this interpreter",
    "pip-hook": "keep pip and uv from installing what fails here: install, status, remove",
    "targets": "the deployment targets that sslfix knows",
    "completion": "what bash, zsh or fish need to complete commands; the manual page",
    "bot": "open, update and close pull requests with the fixes",
}

DESCRIPTION = "Find, explain and fix what cannot work on this Python's SSL library."


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is that of the contract in docs/architecture.md."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(_command_first(words))
        if sys.stdout is not None:  # closed
            sys.stdout.flush()
    except SslfixError as error:
        print(f"sslfix: {error}", file=sys.stderr)
        code = 2
    except KeyboardInterrupt as interruption:
        print("sslfix:", _("interrupted"), file=sys.stderr)
        code = 128 + interruption.number if isinstance(interruption, _EndedError) else 130
    except BrokenPipeError:
        code = _without_output(1)
    except Exception as error:  # noqa: BLE001  a bug of ours: say so, and how to report it
        if isinstance(error, OSError) and error.filename is None:
            reason = _("the report cannot be written: {reason}").format(reason=error.strerror)
            print(f"sslfix: {reason}", file=sys.stderr)
            return _without_output(2)
        _report_bug(words)
        code = 3
    return code


def _without_output(code: int) -> int:
    """The code, after standard output was closed or full: what is left of it goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _command_first(words: list[str]) -> list[str]:
    """The words, a command's name before the options that every command has (`--lang zh env`)."""
    at = 0
    while at < len(words) and words[at].startswith("--lang"):
        at += 1 if "=" in words[at] else 2
    if at and at < len(words) and words[at] in COMMANDS:
        return [words[at], *words[:at], *words[at + 1 :]]
    return list(words)


def _run(words: list[str]) -> int:
    name = words.pop(0) if words and words[0] in COMMANDS else "check"
    arguments = _parser(name).parse_args(words, argparse.Namespace(parsers=parsers))
    _choose_language(arguments)
    if name == "run":  # passes signals on
        result: int = _command(name).run(arguments)
    else:
        with _ending_in_order():
            result = _command(name).run(arguments)
    return result


def _command(name: str) -> ModuleType:
    module = name.replace("-", "_")
    return import_module(f".commands.{module}", __package__)


def _parser(name: str) -> argparse.ArgumentParser:
    """What reads the arguments of a command."""
    command = _command(name)
    parser = argparse.ArgumentParser(
        prog="sslfix" if name == "check" else f"sslfix {name}",
        description=DESCRIPTION if name == "check" else COMMANDS[name],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.configure(parser)
    parser.epilog = _epilog(name, command.EXAMPLES, parser.epilog or "")
    parser.add_argument(
        "--lang", metavar="LANG", help="language of the output, such as zh (default: the locale's)"
    )
    return parser


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, for what is made from all of them."""
    return {name: _parser(name) for name in COMMANDS}


class _EndedError(KeyboardInterrupt):
    """SIGTERM or SIGHUP came."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM and SIGHUP end us as Ctrl-C does: children are killed, nothing is left behind."""
    import signal

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one must not stop the tidying up
        raise _EndedError(number)

    names = ("SIGTERM", "SIGHUP")  # Windows has but the first
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ending = [one for one in numbers if signal.getsignal(one) is signal.SIG_DFL]  # not under nohup
    try:
        for number in ending:
            signal.signal(number, end)
    except ValueError:  # only the main thread may
        ending = []
    try:
        yield
    finally:
        for number in ending:
            signal.signal(number, signal.SIG_DFL)


def _choose_language(arguments: argparse.Namespace) -> None:
    """By --lang, or else by the locale: where people read it, and the terminal can show it.

    What only a program reads must not depend on the terminal that it is started from.
    """
    for_people = getattr(arguments, "format", "text") == "text"
    try:
        language.choose(arguments.lang, os.environ if for_people else {})
    except LookupError:
        known = ", ".join(language.known())
        raise UsageError(f"--lang {arguments.lang}: no such language; there are {known}") from None
    if sys.stdout is None or not hasattr(sys.stdout, "reconfigure"):
        return
    if arguments.lang is None and not _can_show(_("nothing found"), sys.stdout.encoding):
        language.choose(None, {})
    # A patch is printed as it is or not at all.
    if sys.stdout.errors == "strict" and not getattr(arguments, "diff", False):
        sys.stdout.reconfigure(errors="backslashreplace")


def _can_show(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _epilog(name: str, examples: Sequence[tuple[str, str]], more: str) -> str:
    """What `--help` says at its end: examples, and of the whole program its commands."""
    width = max((len(line) for line, text in examples if text), default=0)
    shown = "\n".join(f"  {line:<{width}}  {text}".rstrip() for line, text in examples)
    table = "\n".join(f"  {one:<14}{text}" for one, text in COMMANDS.items())
    commands = f"commands:\n{table}" if name == "check" else ""
    return "\n\n".join(filter(None, [commands, f"examples:\n{shown}", more]))


def _report_bug(words: Sequence[str]) -> None:
    import platform
    import shlex
    import traceback

    print(
        f"sslfix: this is a bug in sslfix {__version__}, please report it with what follows:\n"
        f"sslfix {shlex.join(words)}\nPython {platform.python_version()} on {platform.platform()}",
        file=sys.stderr,
    )
    traceback.print_exc()
