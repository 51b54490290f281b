"""Environments that outlived their base interpreter, and interpreters that cannot import ssl."""

from __future__ import annotations

import re

from sslfix.model import Detector, Environment, Facts, Hit, Interpreter, Location, Span

STALE, BASE_GONE, WITHOUT_SSL, OUT_OF_STEP = "SSL501", "SSL502", "SSL503", "SSL504"

_MESSAGES = {
    STALE: "is stale: it does not fit its base Python any more",
    BASE_GONE: "is broken: it has no Python that works",
    OUT_OF_STEP: "is stale, though it works",
}

# The ssl extension itself cannot be loaded; any other failure comes from ssl.py not fitting it.
_NOT_LOADED = re.compile(
    r"named '?_ssl\b|cannot open shared object|undefined symbol|not found|DLL load failed"
    r"|Library not loaded"
)


def diagnose(interpreter: Interpreter) -> tuple[str, tuple[str, ...]]:
    """The state of the interpreter's environment, "ok", "stale" or "broken", and the reasons.

    `version` in pyvenv.cfg is no reason: it stays as it was when the base is upgraded in place,
    also in an environment that only links to the base and works.
    """
    rule, reasons = _verdict(interpreter)
    return {BASE_GONE: "broken", STALE: "stale", OUT_OF_STEP: "stale"}.get(rule, "ok"), reasons


def _verdict(interpreter: Interpreter) -> tuple[str, tuple[str, ...]]:
    """The rule that the environment breaks, "" for none, and the reasons, the gravest first."""
    environment = interpreter.environment
    if environment is None:
        return "", ()
    deaths = _deaths(interpreter, environment)
    if deaths:
        return BASE_GONE, (*deaths, *_move(environment))
    fatal = (*_other_minor(interpreter, environment), *_ssl_misfit(interpreter, environment))
    harmless = () if fatal else _other_release(interpreter, environment)
    reasons = (*fatal, *harmless, *_move(environment))
    return (STALE if fatal else OUT_OF_STEP if reasons else ""), reasons


def _deaths(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """Why its python cannot run, or runs without its base.

    A copy whose base is gone may fall back on the standard library of the prefix that it was
    compiled for, if there is one.
    """
    base, why = environment.base_executable, environment.base_failure
    lost = why and not why.startswith("timed out") and base not in environment.failure
    found = (f"its base interpreter {base} {why}",) if lost else ()
    if environment.failure:
        return (f"its python {environment.failure}", *found)
    return (*found, f"its python runs with {interpreter.stdlib} instead") if found else ()


def _other_minor(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """The distributions stand in lib/pythonX.Y of a Python that the executable no longer is."""
    minor = ".".join(interpreter.version.split(".")[:2])
    if not environment.libraries or minor in environment.libraries:
        return ()
    folders = " and ".join(f"lib/python{one}" for one in environment.libraries)
    base = f" ({environment.base_executable})" if environment.base_executable else ""
    return (f"its distributions are in {folders}, but its python{base} is {interpreter.version}",)


def _ssl_misfit(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """Why `import ssl` fails, if that is the environment's fault and not its base's."""
    error = interpreter.ssl_error
    release = _other_release(interpreter, environment)
    base_works = environment.copied and environment.base_ssl is not None
    if not error or not (release or base_works or not _NOT_LOADED.search(error)):
        return ()
    copied = "copied python" if environment.copied else "python"
    unfit = f"its {copied} is {interpreter.version} and does not fit {interpreter.stdlib}"
    return (f"{next(iter(release), unfit)}: import ssl fails with {error}",)


def _other_release(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """A copied executable and the standard library of its base are of different releases."""
    known = (environment.base_version, environment.stdlib_version)
    others = [version for version in known if version and version != interpreter.version]
    if not environment.copied or not others:
        return ()
    stdlib = f"the standard library of its base, {interpreter.stdlib},"
    return (f"its copied python is {interpreter.version}, but {stdlib} is {others[0]}",)


def _move(environment: Environment) -> tuple[str, ...]:
    if not environment.moved_from:
        return ()
    return (f"it was made at {environment.moved_from}, where its scripts still look for it",)


# --------------------------------------------------------------------------- hits


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """What is wrong with the interpreter's environment, or else with its ssl module."""
    del facts  # an environment is judged by itself
    environment = interpreter.environment
    rule, reasons = _verdict(interpreter)
    if environment is not None and rule:
        message = f"{environment.path} {_MESSAGES[rule]}"
        return (Hit(rule, (_place(interpreter),), message, "; ".join(reasons)),)
    if interpreter.ssl_error:
        message = f"this Python cannot import ssl: {interpreter.ssl_error}"
        detail = f"{interpreter.executable} (Python {interpreter.version})"
        return (Hit(WITHOUT_SSL, (_place(interpreter),), message, detail),)
    return ()


def _place(interpreter: Interpreter) -> Location:
    """The line of pyvenv.cfg that names the base, or else the executable."""
    environment = interpreter.environment
    document = environment.document if environment else None
    if document is None:
        return Location(interpreter.executable, 1, 1, 1, 1)
    found = re.search(r"^home\s*=[^\r\n]*", document.text, re.MULTILINE | re.IGNORECASE)
    return document.locate(Span(*found.span()) if found else Span(0, 0))


DETECTOR = Detector(name="stale-environment", detect=detect)
