"""Asking an interpreter about itself, by running `probe_script.py` with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict

from sslfix.errors import ProbeError
from sslfix.language import say as _
from sslfix.model import Interpreter, SslLibrary

if TYPE_CHECKING:
    import subprocess

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "probe_script.py")
ISOLATED = ("-I", "-S")
ISOLATED_2 = ("-E", "-s", "-S")  # Python 2.7 does not know -I


class UndecidedError(ProbeError):
    """Whether the interpreter works is not known."""


class ProbeTimeoutError(UndecidedError):
    """The interpreter did not answer in time."""


class CannotStartError(ProbeError):
    """The system does not run the executable at all: made for another kind of processor, say."""


class _Reply(TypedDict):
    """The reply of `probe_script.py`."""

    version: str
    implementation: str
    markers: dict[str, str]
    executable: str
    prefix: str
    base_prefix: str
    stdlib: str
    site_packages: list[str]
    ssl: str | None
    ssl_error: str | None


class Answer(_Reply, total=False):
    """What an interpreter is; `source` as in `Interpreter`, "asked" where it is left out."""

    source: str


def ask(
    executable: str, *, timeout: float = 10.0, variables: Mapping[str, str] | None = None
) -> Interpreter:
    """What the interpreter says of itself; ProbeError says why it cannot be asked."""
    return interpreter(answer(executable, timeout=timeout, variables=variables))


def interpreter(said: Answer) -> Interpreter:
    """The answer as an `Interpreter`, without an id and without what is read from disk."""
    return Interpreter(
        id="",
        executable=said["executable"],
        version=said["version"],
        implementation=said["implementation"],
        markers=said["markers"],
        ssl=None if said["ssl"] is None else SslLibrary.parse(said["ssl"]),
        ssl_error=said["ssl_error"],
        source=said.get("source", "asked"),
        prefix=said["prefix"],
        base_prefix=said["base_prefix"],
        stdlib=said["stdlib"],
    )


def answer(
    executable: str, *, timeout: float = 10.0, variables: Mapping[str, str] | None = None
) -> Answer:
    """The interpreter's whole reply; ProbeError says why there is none.

    Variables of Python's own do not count, whatever they say; LD_PRELOAD and LD_LIBRARY_PATH do,
    because they change which SSL library is loaded.
    """
    _require_executable(executable)
    inherited = os.environ if variables is None else variables
    clean = {name: text for name, text in inherited.items() if not name.startswith("PYTHON")}
    cookies = [os.urandom(16).hex(), os.urandom(16).hex()]
    for options in (ISOLATED, ISOLATED_2):
        command = [executable, *options, SCRIPT, *cookies]
        code, output, errors = _run(command, timeout, clean)
        if "Unknown option: -I" not in errors:
            break
    return _reply(executable, cookies, code, output, errors)


def _require_executable(path: str) -> None:
    if os.path.islink(path) and not os.path.exists(path):
        raise ProbeError(
            path,
            _("is a link to {target}, which does not exist").format(target=os.path.realpath(path)),
        )
    if not os.path.exists(path):
        raise ProbeError(path, _("does not exist"))
    if os.path.isdir(path):
        raise ProbeError(path, _("is a folder; expected the executable of a Python"))
    if not os.access(path, os.X_OK):
        raise ProbeError(path, _("is not executable"))


def _run(
    command: Sequence[str], timeout: float, variables: Mapping[str, str]
) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that is stopped, with its children, in time."""
    import subprocess

    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # a shim's children hold the pipes open: stop the whole group
        )
    except OSError as error:
        raise CannotStartError(command[0], _cannot_start(error)) from error
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _stop(process)
        reason = _("timed out: no answer within {seconds} seconds").format(seconds=f"{timeout:g}")
        raise ProbeTimeoutError(command[0], reason) from None
    except BaseException:
        _stop(process)
        raise
    return process.returncode, output, errors


def _stop(process: subprocess.Popen[str]) -> None:
    import signal

    with suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _cannot_start(error: OSError) -> str:
    import errno

    if error.errno == errno.ENOEXEC:
        return _("cannot run on this machine (made for another kind of processor, or no program)")
    if error.errno == errno.ENOENT:
        return _(
            "cannot start: the loader or the program that it names in its beginning is missing"
        )
    return _("cannot start: {reason}").format(reason=error.strerror)


def _reply(executable: str, cookies: Sequence[str], code: int, output: str, errors: str) -> Answer:
    import json

    opening, closing = (cookie[::-1] for cookie in cookies)
    _before, found, rest = output.partition(opening)
    body, ended, _after = rest.partition(closing)
    if found and ended:
        said: Answer = json.loads(body)
        return said
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    last = f": {lines[-1]}" if lines else ""
    if code < 0:
        reason = _("was stopped by signal {number}").format(number=-code)
    elif code:
        reason = _("exits with {code}").format(code=code)
    else:
        reason = _("does not answer as a Python does")
    raise ProbeError(executable, reason + last)
