"""`sslfix env`: what an interpreter is, and whether its environment still fits."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Callable

from sslfix.collect import environments, interpreters
from sslfix.errors import ApplyError, ProbeError, UsageError
from sslfix.language import say as _
from sslfix.model import Installation, Interpreter

if TYPE_CHECKING:
    from sslfix.collect.machine import Machine

EXAMPLES = (
    ("sslfix env", "this project's Python and environment"),
    ("sslfix env --all", "every one of this machine"),
    ("sslfix env --recreate --python 3.12", "make .venv anew with another Python"),
    ("sslfix env --undo", "put the one before that back"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="the project's folder; with --all folders to look for environments in (default: .)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH|VERSION",
        action="append",
        default=[],
        help="an executable, an environment's folder, or a version (repeatable)",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="every interpreter and environment of this machine, with state, owner and size",
    )
    parser.add_argument(
        "--no-exec", action="store_true", help="read interpreters from their files, run none"
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument(
        "--recreate",
        action="store_true",
        help="make the environment anew, with --python's Python; with --all all that are not well",
    )
    doing.add_argument(
        "--undo", action="store_true", help="put back the environment as it was before that"
    )
    parser.add_argument("--offline", action="store_true", help="install from caches only")
    parser.add_argument("--no-size", action="store_true", help="with --all: do not look at sizes")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="the SSL libraries that distributions bring; with --all: reasons, what is installed",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what each interpreter is; exit 1 if one is not well, 2 if one could not be judged."""
    paths = arguments.paths or ["."]
    if arguments.no_exec and (arguments.recreate or arguments.undo):
        raise UsageError(_("--no-exec only looks: fixes are tried out with tools that run code"))
    for path in paths:
        if not os.path.isdir(path) and not arguments.undo:
            reason = _("not a folder; give a project's, or --python")
            raise UsageError(f"{path}: {reason}")
    if arguments.all:
        return _run_all(paths, arguments)
    if len(paths) > 1:
        raise UsageError(_("several folders are for --all; give one"))
    if arguments.recreate or arguments.undo:
        return _change(paths[0], arguments)
    no_exec = arguments.no_exec
    choices = interpreters.choose(paths[0], arguments.python, os.environ, no_exec=no_exec)
    if not arguments.python:
        choices = (*_half_made(paths[0], choices), *choices)
    if not choices:
        raise UsageError(_("no Python was found; name one with --python"))
    found = list(_inspected(choices, no_exec=no_exec))
    _print(found, arguments.format, verbose=arguments.verbose)
    if len(found) < len(choices):
        return 2
    return 0 if all(_is_well(one) for one in found) else 1


def _change(path: str, arguments: argparse.Namespace) -> int:
    from sslfix.reporters.progress import steps

    with steps() as say:
        if arguments.undo:
            _undo(path, say)
        else:
            from sslfix.repair.environments import remake

            base = arguments.python[-1] if arguments.python else ""
            remake(path, base, say, offline=arguments.offline)
    return 0


def _undo(path: str, say: Callable[[str], None]) -> None:
    from sslfix.apply import environments as remaking

    found = remaking.undoable(path)
    if not found:
        text = _("{path}: sslfix has made no environment anew here that it could put back")
        raise UsageError(text.format(path=path))
    if len(found) > 1:
        text = _("which of them? {paths}")
        raise UsageError(text.format(paths=", ".join(found)))
    remaking.undo(found[0], say)


def _inspected(choices: Sequence[interpreters.Choice], *, no_exec: bool) -> Iterator[Interpreter]:
    answer = interpreters.answer_unrun if no_exec else interpreters.answer
    for number, choice in enumerate(choices, 1):
        try:
            found = _judged(interpreters.inspect(choice, f"i{number}", answer=answer))
            yield found if no_exec else found._replace(differs=_difference(found))
        except ProbeError as error:
            print(f"sslfix: {error} ({choice.because})", file=sys.stderr)


def _difference(asked: Interpreter) -> str:
    """What an interpreter says of itself that its files do not: a library may be preloaded."""
    from sslfix.collect import binaries

    if asked.source != "asked":
        return ""
    try:
        return binaries.differs(asked, binaries.read(asked.executable, os.environ)) or ""
    except ProbeError:
        return ""  # files of a kind that can't be read: what it says is all there is


def _half_made(project: str, known: Sequence[interpreters.Choice]) -> Iterator[interpreters.Choice]:
    """The project's environments whose recreation was cut short when nothing stood there."""
    from sslfix.apply import room

    roots = {os.path.realpath(one.environment) for one in known if one.environment}
    for one in room.pending(project):
        if os.path.realpath(one.path) not in roots:
            name = os.path.basename(one.path)
            because = _("the project's {name}").format(name=name)
            yield interpreters.Choice(environments.executable_of(one.path), because, one.path)


def _judged(interpreter: Interpreter) -> Interpreter:
    """The interpreter; its environment is broken if it is not made to its end."""
    from sslfix.apply import room

    environment = interpreter.environment
    unfinished = room.pending_of(environment.path) if environment else None
    if environment is None or unfinished is None:
        return interpreter
    reasons = (unfinished.message, *environment.reasons)
    return interpreter._replace(environment=environment._replace(state="broken", reasons=reasons))


def _print(found: Sequence[Interpreter], format_: str, *, verbose: bool) -> None:
    from sslfix.reporters.interpreters import interpreter_json, interpreter_text

    if format_ == "json":
        _print_json([interpreter_json(one) for one in found])
    elif found:
        texts = (interpreter_text(one, _others(one) if verbose else ()) for one in found)
        print("\n\n".join(texts))


def _others(interpreter: Interpreter) -> tuple[str, ...]:
    from sslfix.collect import soundness

    return soundness.other_libraries(interpreter, os.environ)


def _is_well(interpreter: Interpreter) -> bool:
    environment = interpreter.environment
    return interpreter.ssl is not None and (environment is None or environment.state == "ok")


def _print_json(found: Sequence[dict[str, object]]) -> None:
    import json

    print(json.dumps({"schema": 1, "interpreters": found}, indent=2))


# --------------------------------------------------------------------------- --all


def _run_all(folders: Sequence[str], arguments: argparse.Namespace) -> int:
    """The whole machine: 1 if one is not well, else 2 if one could not be judged.

    An environment that is not well stands in the list whatever else could not be looked at, so
    that, as in check, what was found comes first.
    """
    from sslfix.collect import machine

    if arguments.no_exec:
        raise UsageError(_("--all asks every Python; say it or --no-exec, not both"))
    if arguments.python:
        raise UsageError(_("--all lists every Python; say it or --python, not both"))
    places = _places(folders)
    if arguments.recreate and _put_right(places):
        places = _places(folders)
    with _progress() as tell:
        found = machine.survey(places, sizes=not arguments.no_size, tell=tell)
    judged = (one._replace(interpreter=_judged(one.interpreter)) for one in found.installations)
    found = found._replace(installations=tuple(judged))
    if arguments.recreate:
        return _recreate_all(found.installations, offline=arguments.offline)
    for problem in found.problems:
        print(f"sslfix: {problem.path}: {problem.message}", file=sys.stderr)
    _print_all(found.installations, arguments)
    if not all(_is_well(one.interpreter) for one in found.installations):
        return 1
    return 2 if found.problems else 0


def _places(folders: Sequence[str]) -> Machine:
    """What there is, with the environments of the folders that stepped aside for another."""
    from sslfix.apply import room
    from sslfix.collect import homes, machine

    found = machine.find(folders, os.environ)
    known = {os.path.realpath(one.path) for one in found.environments}
    pending = (os.path.abspath(one.path) for folder in folders for one in room.pending(folder))
    lost = {homes.place(one, "project") for one in pending if os.path.realpath(one) not in known}
    return found._replace(environments=tuple(sorted((*found.environments, *lost))))


def _put_right(found: Machine) -> bool:
    """Whether environments were half made by a run that was cut short, and now are not."""
    from sslfix.apply import environments as remaking
    from sslfix.apply import room
    from sslfix.reporters.progress import steps

    unfinished = filter(None, (room.pending_of(one.path) for one in found.environments))
    # One that cannot be put right now is broken, and the attempt to make it anew says why.
    done = False
    with steps() as say:
        for one in unfinished:
            with suppress(ApplyError):
                done |= not one.at_work and remaking.recover(one.path, say)
    return done


def _recreate_all(found: Sequence[Installation], *, offline: bool) -> int:
    from sslfix.repair.environments import remake_all
    from sslfix.reporters.progress import steps

    dead = [one.interpreter for one in found if not _is_well(one.interpreter)]
    dead = [one for one in dead if one.environment and one.environment.made_by != "conda"]
    with steps() as say:
        return 0 if remake_all(dead, say, offline=offline) else 1


def _print_all(found: Sequence[Installation], arguments: argparse.Namespace) -> None:
    from sslfix.reporters.interpreters import installation_json, installations_text

    if arguments.format == "json":
        _print_json([installation_json(one) for one in found])
        return
    width = None
    if sys.stdout.isatty():
        from shutil import get_terminal_size

        width = get_terminal_size().columns
    print(installations_text(found, width, verbose=arguments.verbose))


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A function to tell how far it is: a bar where standard error is a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(_("looking for environments"), total=None)
        asking = _("asking them")
        yield lambda done, all_: progress.update(
            task, description=asking, completed=done, total=all_
        )
