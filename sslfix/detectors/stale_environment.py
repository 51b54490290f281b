"""Environments that outlived their base interpreter, and interpreters that cannot import ssl."""

from __future__ import annotations

import re

from sslfix.language import all_of
from sslfix.language import say as _
from sslfix.model import Detector, Environment, Facts, Hit, Interpreter, Location, Span

STALE, BASE_GONE, WITHOUT_SSL, OUT_OF_STEP = "SSL501", "SSL502", "SSL503", "SSL504"

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
    text = _("its base interpreter {base} {fails}")
    found = (text.format(base=base, fails=why),) if lost else ()
    if environment.failure:
        return (_("its python {fails}").format(fails=environment.failure), *found)
    instead = _("its python runs with {stdlib} instead").format(stdlib=interpreter.stdlib)
    return (*found, instead) if found else ()


def _other_minor(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """The distributions stand in lib/pythonX.Y of a Python that the executable no longer is."""
    minor = ".".join(interpreter.version.split(".")[:2])
    if not environment.libraries or minor in environment.libraries:
        return ()
    text = _("its distributions are in {folders}, but its python is {version}")
    if environment.base_executable:
        text = _("its distributions are in {folders}, but its python ({base}) is {version}")
    return (
        text.format(
            folders=all_of([f"lib/python{one}" for one in environment.libraries]),
            base=environment.base_executable,
            version=interpreter.version,
        ),
    )


def _ssl_misfit(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """Why `import ssl` fails, if that is the environment's fault and not its base's."""
    error = interpreter.ssl_error
    release = _other_release(interpreter, environment)
    base_works = environment.copied and environment.base_ssl is not None
    if not error or not (release or base_works or not _NOT_LOADED.search(error)):
        return ()
    text = _("its python is {version} and does not fit {stdlib}")
    if environment.copied:
        text = _("its copied python is {version} and does not fit {stdlib}")
    unfit = text.format(version=interpreter.version, stdlib=interpreter.stdlib)
    text = _("{cause}: import ssl fails with {error}")
    return (text.format(cause=next(iter(release), unfit), error=error),)


def _other_release(interpreter: Interpreter, environment: Environment) -> tuple[str, ...]:
    """A copied executable and the standard library of its base are of different releases."""
    known = (environment.base_version, environment.stdlib_version)
    others = [version for version in known if version and version != interpreter.version]
    if not environment.copied or not others:
        return ()
    text = _(
        "its copied python is {version}, but the standard library of its base, {stdlib}, is {other}"
    )
    return (text.format(version=interpreter.version, stdlib=interpreter.stdlib, other=others[0]),)


def _move(environment: Environment) -> tuple[str, ...]:
    if not environment.moved_from:
        return ()
    text = _("it was made at {place}, where its scripts still look for it")
    return (text.format(place=environment.moved_from),)


# --------------------------------------------------------------------------- hits


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """What is wrong with the interpreter's environment, or else with its ssl module."""
    del facts  # an environment is judged by itself
    environment = interpreter.environment
    rule, reasons = _verdict(interpreter)
    if environment is not None and rule:
        message = _message(rule).format(path=environment.path)
        return (Hit(rule, (_place(interpreter),), message, _("; ").join(reasons)),)
    if interpreter.ssl_error:
        message = _("this Python cannot import ssl: {error}").format(error=interpreter.ssl_error)
        detail = f"{interpreter.executable} (Python {interpreter.version})"
        return (Hit(WITHOUT_SSL, (_place(interpreter),), message, detail),)
    return ()


def _message(rule: str) -> str:
    return {
        STALE: _("{path} is stale: it does not fit its base Python any more"),
        BASE_GONE: _("{path} is broken: it has no Python that works"),
        OUT_OF_STEP: _("{path} is stale, though it works"),
    }[rule]


def _place(interpreter: Interpreter) -> Location:
    """The line of pyvenv.cfg that names the base, or else the executable."""
    environment = interpreter.environment
    document = environment.document if environment else None
    if document is None:
        return Location(interpreter.executable, 1, 1, 1, 1)
    found = re.search(r"^home\s*=[^\r\n]*", document.text, re.MULTILINE | re.IGNORECASE)
    return document.locate(Span(*found.span()) if found else Span(0, 0))


DETECTOR = Detector(name="stale-environment", detect=detect)
