"""Environments that do not fit any more, and interpreters that cannot import ssl."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sslfix.language import all_of, counted
from sslfix.language import say as _
from sslfix.model import Detector, Environment, Facts, Hit, Interpreter, Location, Span

STALE, BASE_GONE, WITHOUT_SSL, OUT_OF_STEP = "SSL501", "SSL502", "SSL503", "SSL504"
LIBPYTHON_GONE, LIBSSL_GONE, MAC_LIBSSL_GONE = "SSL507", "SSL509", "SSL510"
OTHER_LIBSSL, BUILT_WITHOUT_SSL = "SSL511", "SSL515"
OTHER_MACHINE, MODULES_OF_OTHER_MACHINE, OTHER_BUILD = "SSL529", "SSL530", "SSL531"
PIP_BROKEN = "SSL534"
_WORKS_IN_PART = frozenset({STALE, OUT_OF_STEP, MODULES_OF_OTHER_MACHINE, PIP_BROKEN})
_NAMED = 3  # of several that share a cause

# Why `import ssl` fails, by the loader's and Python's own words; the first that holds.
_CAUSES = (
    (BUILT_WITHOUT_SSL, re.compile(r"No module named '?_ssl\b")),
    (
        LIBSSL_GONE,
        re.compile(
            r"lib(?:ssl|crypto)\.so[\w.]*: cannot open shared object"
            r"|Error loading shared library lib(?:ssl|crypto)"
            r"|Shared object \"lib(?:ssl|crypto)"
        ),
    ),
    (MAC_LIBSSL_GONE, re.compile(r"Library not loaded: \S*lib(?:ssl|crypto)")),
    (
        OTHER_BUILD,
        re.compile(
            r"undefined symbol: _?Py|Symbol not found: __?Py|cannot import name|PROTOCOL_TLS"
            r"|module '_ssl' has no attribute"
        ),
    ),
    (OTHER_LIBSSL, re.compile(r"undefined symbol|[Ss]ymbol not found|version `OPENSSL_")),
)
_NOT_THERE = re.compile(r"cannot import name|PROTOCOL_TLS|has no attribute")
_LIBPYTHON = re.compile(r"libpython[\w.]*\.so")


class Sign(NamedTuple):
    """One thing that is wrong: the rule whose page tells of it, and how it shows here."""

    rule: str
    reason: str


def diagnose(interpreter: Interpreter) -> tuple[str, tuple[str, ...]]:
    """The state of the interpreter's environment, "ok", "stale" or "broken", and the reasons.

    `version` in pyvenv.cfg is no reason: it stays as it was when the base is upgraded in place,
    also in an environment that only links to the base and works.
    """
    if interpreter.environment is None:
        return "ok", ()
    signs = _signs(interpreter)
    reasons = tuple(sign.reason for sign in signs)
    if any(sign.rule not in _WORKS_IN_PART for sign in signs):
        return "broken", reasons
    return ("stale" if signs else "ok"), reasons


def _signs(interpreter: Interpreter) -> tuple[Sign, ...]:
    """What is wrong with the interpreter and its environment, the gravest first."""
    environment = interpreter.environment
    if environment is None:
        return tuple(_without_ssl(interpreter))
    deaths = tuple(_deaths(interpreter, environment))
    if deaths:
        return (*deaths, *_move(environment))
    fatal = (
        *_other_minor(interpreter, environment),
        *(_ssl_misfit(interpreter, environment) or _without_ssl(interpreter)),
    )
    return (
        *fatal,
        *(() if fatal else _other_release(interpreter, environment)),
        *_foreign_modules(interpreter, environment),
        *_move(environment),
        *_pip(environment),
    )


# --------------------------------------------------------------------------- its Python


def _deaths(interpreter: Interpreter, environment: Environment) -> Iterator[Sign]:
    """Why its python cannot run, or runs without its base.

    A copy whose base is gone may fall back on the standard library of the prefix that it was
    compiled for, if there is one.
    """
    base, why = environment.base_executable, environment.base_failure
    lost = why and not environment.base_unheard and base not in environment.failure
    text = _("its base interpreter {base} {fails}")
    found = [Sign(BASE_GONE, text.format(base=base, fails=why))] if lost else []
    if environment.machine:
        text = _("its python is made for {machine}, and this machine does not run it")
        yield Sign(OTHER_MACHINE, text.format(machine=environment.machine))
    elif environment.failure:
        gone = _LIBPYTHON.search(environment.failure) and not lost
        text = _("its python {fails}").format(fails=environment.failure)
        yield Sign(LIBPYTHON_GONE if gone else BASE_GONE, text)
    elif found:
        text = _("its python runs with {stdlib} instead").format(stdlib=interpreter.stdlib)
        found.append(Sign(BASE_GONE, text))
    yield from found


def _other_minor(interpreter: Interpreter, environment: Environment) -> Iterator[Sign]:
    """The distributions stand in lib/pythonX.Y of a Python that the executable no longer is."""
    minor = ".".join(interpreter.version.split(".")[:2])
    if not environment.libraries or minor in environment.libraries:
        return
    text = _("its distributions are in {folders}, but its python is {version}")
    if environment.base_executable:
        text = _("its distributions are in {folders}, but its python ({base}) is {version}")
    reason = text.format(
        folders=all_of([f"lib/python{one}" for one in environment.libraries]),
        base=environment.base_executable,
        version=interpreter.version,
    )
    yield Sign(STALE, reason)


def _other_release(interpreter: Interpreter, environment: Environment) -> tuple[Sign, ...]:
    """A copied executable and the standard library of its base are of different releases."""
    known = (environment.base_version, environment.stdlib_version)
    others = [version for version in known if version and version != interpreter.version]
    if not environment.copied or not others:
        return ()
    text = _(
        "its copied python is {version}, but the standard library of its base, {stdlib}, is {other}"
    )
    reason = text.format(version=interpreter.version, stdlib=interpreter.stdlib, other=others[0])
    return (Sign(OUT_OF_STEP, reason),)


# --------------------------------------------------------------------------- its ssl module


def _ssl_misfit(interpreter: Interpreter, environment: Environment) -> tuple[Sign, ...]:
    """Why `import ssl` fails, if that is the fault of a copied executable and not its base's."""
    error = interpreter.ssl_error
    if not error or not environment.copied:
        return ()
    release = _other_release(interpreter, environment)
    unfit = environment.base_ssl is not None or _NOT_THERE.search(error)
    if not release and not unfit:
        return ()
    text = _("its copied python is {version} and does not fit {stdlib}")
    unlike = text.format(version=interpreter.version, stdlib=interpreter.stdlib)
    cause = release[0].reason if release else unlike
    text = _("{cause}: import ssl fails with {error}")
    return (Sign(STALE, text.format(cause=cause, error=error)),)


def _without_ssl(interpreter: Interpreter) -> tuple[Sign, ...]:
    error = interpreter.ssl_error
    if not error:
        return ()
    return (Sign(_cause(error), _("import ssl fails with {error}").format(error=error)),)


def _cause(error: str) -> str:
    """The rule whose page tells why `import ssl` fails so; SSL503 where the words do not tell."""
    return next((rule for rule, words in _CAUSES if words.search(error)), WITHOUT_SSL)


# --------------------------------------------------------------------------- what is in it


def _foreign_modules(interpreter: Interpreter, environment: Environment) -> Iterator[Sign]:
    foreign = [one for one in environment.unloadable if one.machine]
    if not foreign:
        return
    text = _("made for {machine}, while its python is for {own}: {names}")
    reason = text.format(
        machine=foreign[0].machine,
        own=interpreter.markers.get("platform_machine", ""),
        names=_some([one.distribution for one in foreign]),
    )
    yield Sign(MODULES_OF_OTHER_MACHINE, reason)


def _move(environment: Environment) -> Iterator[Sign]:
    if environment.moved_from:
        text = _("it was made at {place}, where its scripts still look for it")
        yield Sign(OUT_OF_STEP, text.format(place=environment.moved_from))
    elif environment.dead_scripts:
        text = _("the first line of {scripts} names {python}, which does not exist")
        scripts = _some([f"bin/{name}" for name in environment.dead_scripts])
        yield Sign(OUT_OF_STEP, text.format(scripts=scripts, python=environment.dead_python))


def _pip(environment: Environment) -> Iterator[Sign]:
    if environment.pip_failure:
        yield Sign(PIP_BROKEN, environment.pip_failure)


def _some(names: list[str]) -> str:
    """The names, the first few where they are many."""
    if len(names) <= _NAMED:
        return all_of(names)
    more = counted("{number} more", "{number} more", len(names) - _NAMED)
    return all_of([*names[:_NAMED], more])


# --------------------------------------------------------------------------- hits


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """What is wrong with the interpreter's environment, or else with its ssl module."""
    del facts  # an environment is judged by itself
    signs = _signs(interpreter)
    if not signs:
        return ()
    rule = signs[0].rule
    reasons = [sign.reason for sign in signs]
    environment = interpreter.environment
    message = _message(rule)
    if environment is None or not message:
        message = _("this Python cannot import ssl: {error}").format(error=interpreter.ssl_error)
        reasons[0] = f"{interpreter.executable} (Python {interpreter.version})"
    else:
        message = message.format(path=environment.path)
    return (Hit(rule, (_place(interpreter),), message, _("; ").join(reasons)),)


def _message(rule: str) -> str:
    return {
        STALE: _("{path} is stale: it does not fit its base Python any more"),
        BASE_GONE: _("{path} is broken: it has no Python that works"),
        LIBPYTHON_GONE: _("{path} is broken: the library of its Python is gone"),
        OTHER_MACHINE: _("{path} is broken: it was made for another kind of machine"),
        MODULES_OF_OTHER_MACHINE: _("{path} is stale: parts are made for another kind of machine"),
        OUT_OF_STEP: _("{path} is stale, though it works"),
        PIP_BROKEN: _("{path} is stale: its pip is not whole"),
    }.get(rule, "")


def _place(interpreter: Interpreter) -> Location:
    """The line of pyvenv.cfg that names the base, or else the executable."""
    environment = interpreter.environment
    document = environment.document if environment else None
    if document is None:
        return Location(interpreter.executable, 1, 1, 1, 1)
    found = re.search(r"^home\s*=[^\r\n]*", document.text, re.MULTILINE | re.IGNORECASE)
    return document.locate(Span(*found.span()) if found else Span(0, 0))


DETECTOR = Detector(name="stale-environment", detect=detect)
