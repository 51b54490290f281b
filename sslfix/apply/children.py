"""Commands of other programs, run so that they can neither ask, nor go astray, nor outlive us."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress

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


def run(command: Sequence[str], cwd: str, extra: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; its output, or ApplyError with the last lines if it fails.

    It runs in a session of its own: a grandchild that went on writing after an interruption
    would spoil what is put back meanwhile.
    """
    import shlex

    code, output = _call(command, cwd, variables(extra))
    if code and (os.environ.get("LD_PRELOAD") or os.environ.get("LD_LIBRARY_PATH")):
        # What a person preloads for their program may break uv, pip or poetry just as well.
        plain = {**(extra or {}), "LD_PRELOAD": "", "LD_LIBRARY_PATH": ""}
        code, output = _call(command, cwd, variables(plain))
    if code:
        lines = [line for line in output.splitlines() if line.strip()][-_SHOWN_LINES:]
        text = _("{command} failed with exit code {code}:")
        text = text.format(command=f"`{shlex.join(command)}`", code=code)
        raise ApplyError("\n".join([text, *lines]))
    return output


def _call(command: Sequence[str], cwd: str, variables: Mapping[str, str]) -> tuple[int, str]:
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
        )
    except OSError as error:
        return 127, str(error.strerror)
    with child:
        try:
            output = child.communicate(timeout=TIMEOUT)[0]
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return 124, _("gave up after {number} s").format(number=TIMEOUT)
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
