"""Commands of other programs, run so that they can neither ask, nor go astray, nor outlive us."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from sslfix.errors import ApplyError
from sslfix.language import say as _

TIMEOUT = 1800
"""Seconds that a command may take; resolving or building a large project takes minutes."""

# They would send a command to another environment than the one it is meant for.
_MISLEADING = frozenset(
    {
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "PIPENV_IGNORE_VIRTUALENVS",
        "PIP_PREFIX",
        "PIP_PYTHON",
        "PIP_REQUIRE_VIRTUALENV",
        "PIP_ROOT",
        "PIP_TARGET",
        "PIP_USER",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
    }
)
_SHOWN_LINES = 12
_held: list[int] = []


class CommandError(ApplyError):
    """A command that failed: the message has the last lines, `output` all that it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@contextmanager
def holding(descriptor: int) -> Iterator[None]:
    """All commands run meanwhile hold this descriptor too: a lock on it outlives our own death."""
    _held.append(descriptor)
    try:
        yield
    finally:
        _held.remove(descriptor)


def run(command: Sequence[str], cwd: str, extra: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; its output, or ApplyError with the last lines if it fails.

    It runs in a session of its own: a grandchild that went on writing after an interruption
    would spoil what is put back meanwhile.
    """
    import shlex

    code, output = finish(command, cwd, extra)
    if code:
        lines = [line for line in output.splitlines() if line.strip()][-_SHOWN_LINES:]
        text = _("{command} failed with exit code {code}:")
        text = text.format(command=f"`{shlex.join(command)}`", code=code)
        raise CommandError("\n".join([text, *lines]), output)
    return output


def finish(
    command: Sequence[str],
    cwd: str,
    extra: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
) -> tuple[int, str]:
    """The exit code and the whole output of a command that is run as by `run`.

    After `timeout` seconds it is killed, and the exit code is 124.
    """
    code, output = _call(command, cwd, variables(extra), timeout)
    if code not in {0, 124} and (os.environ.get("LD_PRELOAD") or os.environ.get("LD_LIBRARY_PATH")):
        # What a person preloads for their program may break uv, pip or poetry just as well.
        plain = {**(extra or {}), "LD_PRELOAD": "", "LD_LIBRARY_PATH": ""}
        code, output = _call(command, cwd, variables(plain), timeout)
    return code, output


def _call(
    command: Sequence[str], cwd: str, variables: Mapping[str, str], timeout: float
) -> tuple[int, str]:
    """Exit code and output; the command's whole session is killed if we are interrupted."""
    import signal
    import subprocess

    try:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=_held,
        )
    except OSError as error:
        return 127, str(error.strerror)
    with child:
        try:
            output = child.communicate(timeout=timeout)[0]
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return 124, _("gave up after {number} s").format(number=int(timeout))
            raise
    return child.returncode, output.decode("utf-8", "replace")


def variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables for a child: ours, without those that point to another environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _MISLEADING and not name.startswith("PYTHON")
    }
    return {**kept, **(extra or {})}
