"""`sslfix pip-hook`: constraints where pip and uv read them, so that they choose what works."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from sslfix.errors import ReadError, UsageError
from sslfix.language import say as _

if TYPE_CHECKING:  # imported when needed: --help starts without the nouns and the rooms
    from collections.abc import Iterable, Mapping

    from sslfix.model import Interpreter
    from sslfix.pip_hook import File, Place, Wanted
    from sslfix.pip_hook.judging import Verdict

_EXIT_CODES = (
    "exit codes: 0 active and current, 1 not active, not everywhere or not current, 2 could not"
)
EXAMPLES = (
    ("sslfix pip-hook install", "for the project's environment"),
    ("sslfix pip-hook install --user", "for all environments made from its Python"),
    ("sslfix pip-hook status", "what is active, and whether it is current"),
    ("sslfix pip-hook remove", ""),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EXIT_CODES
    parser.add_argument("action", choices=("install", "status", "remove"))
    parser.add_argument(
        "--python",
        metavar="PATH|VERSION",
        help="this interpreter or environment (default: the project's)",
    )
    level = parser.add_mutually_exclusive_group()
    for name, text in (
        ("user", "in the user's settings, for this Python's version only"),
        ("global", "in the machine's settings, for this Python's version only"),
    ):
        level.add_argument(f"--{name}", dest="level", action="store_const", const=name, help=text)
    parser.set_defaults(level="environment")
    parser.add_argument(
        "--level",
        dest="least",
        choices=("error", "warning", "note"),
        help="keep out what fails, can fail, or warns (default: as it is installed, or error)",
    )
    parser.add_argument(
        "--builds",
        action="store_true",
        help="also for what packages are built with (pip then refuses --no-build-isolation)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Install, remove or describe the hook; the exit code says whether it is in effect."""
    action = {"install": _install, "remove": _remove, "status": _status}[arguments.action]
    return action(arguments)


def _install(arguments: argparse.Namespace) -> int:
    from sslfix import pip_hook
    from sslfix.apply import pip_hook as writing

    interpreter = _interpreter(arguments)
    _require_installable(interpreter, arguments)
    place = _places(interpreter, arguments.least)[arguments.level]
    changes: Mapping[str, bytes | None] = pip_hook.removed(place)
    if pip_hook.composed(place):
        builds = arguments.builds or pip_hook.has_builds(place)
        changes = pip_hook.written(place, builds=builds, uv=_has_uv())
    writing.write(changes, _files(place))
    return _report(interpreter, arguments, changes)


def _remove(arguments: argparse.Namespace) -> int:
    from sslfix import pip_hook
    from sslfix.apply import pip_hook as writing
    from sslfix.collect import pip_hook as collect

    shared = arguments.level != pip_hook.ENVIRONMENT
    prefix = "" if shared else _prefix(_interpreter(arguments, dead=True))
    place = collect.places(prefix, os.environ)[arguments.level]
    changes = pip_hook.removed(place)
    writing.write(changes, _files(place))
    if arguments.format == "json":
        _print_json({"schema": 1, "changed": list(changes)})
    elif not changes:
        print(_("there is no pip hook at {path}").format(path=place.settings.path))
    else:
        _print_changes(changes)
    return 0


def _status(arguments: argparse.Namespace) -> int:
    return _report(_interpreter(arguments), arguments, {})


def _files(place: Place) -> dict[str, File]:
    files = (place.settings, place.constraints, place.uv)
    return {one.path: one for one in files if one is not None}


# --------------------------------------------------------------------------- what it is about


def _interpreter(arguments: argparse.Namespace, *, dead: bool = False) -> Interpreter:
    """The interpreter that is meant; ReadError where it can't be judged, unless it may be dead."""
    from sslfix.collect import configuration, interpreters

    words = (arguments.python,) if arguments.python else configuration.read((".",), None).python
    choices = interpreters.choose(".", words, os.environ)
    if not choices:
        raise UsageError(_("no Python was found; name one with --python"))
    if len(choices) > 1:
        text = _("the pip hook is for one interpreter; choose one with {option}: {names}")
        names = ", ".join(one.executable for one in choices)
        raise UsageError(text.format(option="--python", names=names))
    found = interpreters.inspect(choices[0], "i1")
    if found.ssl is None and not dead:
        reason = _("its SSL library is unknown: {reason}").format(reason=found.ssl_error)
        raise ReadError(found.executable, reason)
    return found


def _require_installable(interpreter: Interpreter, arguments: argparse.Namespace) -> None:
    """Raise UsageError where that interpreter is nobody's to write to, or was not asked for."""
    from sslfix.collect import pip_hook as collect

    if arguments.level != "environment":
        return
    alone = interpreter.environment is None
    if alone and collect.is_externally_managed(interpreter.stdlib):
        text = _(
            "{path} is managed by the system (PEP 668), and pip installs nothing there; name an "
            "environment with --python, or say --user for all that are made from it"
        )
    elif alone and not arguments.python:
        text = _(
            "there is no environment here, only {path}; name one with --python (or that one), "
            "or say --user for all that are made from it"
        )
    elif not os.access(interpreter.prefix, os.W_OK):
        text = _(
            "the folder of {path} cannot be written to; say --user for your own settings, or "
            "let its owner do it"
        )
    else:
        return
    raise UsageError(text.format(path=interpreter.executable))


def _places(interpreter: Interpreter, least: str | None = None) -> dict[str, Place]:
    """The hook's place at each level, with what is wanted there from that level of rules on.

    None means what the constraints file was made for.
    """
    from sslfix import pip_hook
    from sslfix.collect import pip_hook as collect
    from sslfix.pip_hook import judging

    found = collect.places(_prefix(interpreter), os.environ)
    for level, place in found.items():
        version = "" if level == pip_hook.ENVIRONMENT else interpreter.version
        known = pip_hook.least_of(pip_hook.part(place.constraints.document.text, version))
        found[level] = place._replace(
            lost=collect.lost(judging.ours_in(place.settings)),
            wanted=_wanted(interpreter, least or known, version),
        )
    return found


def _prefix(interpreter: Interpreter) -> str:
    """Where its pip.conf is: one name for it, whichever link to it was taken."""
    return os.path.realpath(interpreter.prefix)


def _wanted(interpreter: Interpreter, least: str, version: str) -> Wanted:
    """The constraints for the interpreter, marked as that Python's if `version` is given."""
    from sslfix import constraints, pip_hook, session
    from sslfix.model import Level

    request = session.Request()
    paths = _project(interpreter)
    if not version and paths:
        from sslfix.collect import configuration

        settings = configuration.read(paths, None)
        request = request._replace(select=settings.select, ignore=settings.ignore)
    found = constraints.compute(interpreter, session.selected(request), Level[least.upper()])
    if version:
        found = tuple(
            one._replace(specifier=pip_hook.marked(one.specifier, version)) for one in found
        )
    text = constraints.render(found, _placed(interpreter, shared=bool(version)))
    lines = tuple(one.requirement for one in found)
    return pip_hook.Wanted(pip_hook.with_least(text, least), lines, version)


def _project(interpreter: Interpreter) -> tuple[str, ...]:
    """The folder that the environment lies in: the project's settings hold wherever we are."""
    environment = interpreter.environment
    return (os.path.dirname(os.path.abspath(environment.path)),) if environment else ()


def _placed(interpreter: Interpreter, *, shared: bool) -> Interpreter:
    """The interpreter under a name that does not depend on where we are; if shared, its base."""
    environment = interpreter.environment
    if shared or environment is None:
        base = interpreter.base_prefix or interpreter.prefix
        return interpreter._replace(prefix=base, executable=base, environment=None)
    path = _prefix(interpreter)
    return interpreter._replace(prefix=path, environment=environment._replace(path=path))


def _has_uv() -> bool:
    from shutil import which

    return which("uv") is not None


# --------------------------------------------------------------------------- what is reported


def _report(interpreter: Interpreter, arguments: argparse.Namespace, changed: Iterable[str]) -> int:
    """Print how the hook does now; the exit code that goes with it."""
    from sslfix.reporters.pip_hook import verdict_json, verdict_text

    places = _places(interpreter)
    found = _verdict(interpreter, places)
    if arguments.format == "json":
        _print_json({**verdict_json(found, interpreter, places), "changed": list(changed)})
    else:
        _print_changes(changed)
        print(verdict_text(found, interpreter, places))
    return 0 if found.state in {"active", "unneeded"} else 1


def _verdict(interpreter: Interpreter, places: dict[str, Place]) -> Verdict:
    from sslfix.collect import pip_hook as collect
    from sslfix.pip_hook import judging

    states = [judging.judge(one) for one in places.values()]
    files = collect.in_effect(_prefix(interpreter), os.environ)
    effects = judging.effects(files, os.environ)
    return judging.verdict(
        states,
        effects,
        places["environment"].wanted,
        judging.uv_cover(tuple(places.values()), os.environ),
        uv_counts=_is_uvs(interpreter),
        lost=collect.lost(path for one in effects for path in one.paths),
    )


def _is_uvs(interpreter: Interpreter) -> bool:
    """Whether uv is what installs there: it made the environment, or there is no pip in it."""
    environment = interpreter.environment
    if environment is None:
        return False
    return environment.made_by == "uv" or not any(
        one.name == "pip" for one in interpreter.distributions
    )


def _print_changes(changed: Iterable[str]) -> None:
    for path in changed:
        text = _("{path}: written") if os.path.exists(path) else _("{path}: removed")
        print(text.format(path=path))


def _print_json(report: dict[str, object]) -> None:
    import json

    print(json.dumps(report, indent=2))
