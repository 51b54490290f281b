"""The few kinds of error that sslfix raises; each formats its own message.

Every message says what was wrong, where, and what to do next, because it is printed as it
stands: a traceback of ours in front of a user is a bug.
"""

from __future__ import annotations

from .language import say as _


class SslfixError(Exception):
    """The base of every error that is shown to a person instead of a traceback."""


class UsageError(SslfixError):
    """The command line or the configuration asks for something that does not exist."""


class ReadError(SslfixError):
    """A file could not be read or understood; `path` and, where known, the 1-based `line`."""

    def __init__(self, path: str, message: str, line: int | None = None) -> None:
        super().__init__(path, message, line)
        self.path = path
        self.message = message
        self.line = line

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.message}"


class ProbeError(SslfixError):
    """An interpreter could not be asked about itself; `executable` and the reason."""

    def __init__(self, executable: str, reason: str) -> None:
        super().__init__(executable, reason)
        self.executable = executable
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.executable}: {self.reason}"


class ApplyError(SslfixError):
    """A fix could not be carried out; nothing was changed, or all was put back.

    `command` is what is left for the person to run, as it would be typed in a shell.
    """

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message, command)
        self.message = message
        self.command = command

    def __str__(self) -> str:
        if not self.command:
            return self.message
        text = _("{message}; left to run: {command}")
        return text.format(message=self.message, command=self.command)
