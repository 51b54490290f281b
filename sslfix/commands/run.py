"""`sslfix run`: a command as it is; if it fails, what is known about its messages."""

from __future__ import annotations

import argparse
import sys

from sslfix import relay
from sslfix.errors import UsageError
from sslfix.language import say as _

EXAMPLES = (
    ("sslfix run -- python app.py", "explains what it wrote, if it fails"),
    ("sslfix run -- pip install -r requirements.txt", ""),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Take the command and its arguments unread."""
    parser.usage = "%(prog)s [-h] [--lang LANG] [--] COMMAND [ARGUMENT ...]"
    parser.add_argument(
        "command", metavar="COMMAND", nargs=argparse.REMAINDER, help="the command, with arguments"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run it; its exit code, or its death by a signal, is ours. 127 not found, 126 cannot run."""
    command: list[str] = arguments.command
    if command[:1] == ["--"]:
        del command[0]
    if not command:
        raise UsageError(
            _("nothing to run; for example: {command}").format(
                command="sslfix run -- python app.py"
            )
        )
    try:
        code, stderr = relay.run(command)
    except OSError as error:
        return _cannot_start(command[0], error)
    if code:
        _explain(command[0], code, stderr)
    if code < 0:
        relay.die_by(-code)
        return 128 - code  # a signal that we are told to ignore
    return code


def _cannot_start(name: str, error: OSError) -> int:
    missing = isinstance(error, FileNotFoundError)
    reason = _("command not found") if missing and "/" not in name else error.strerror
    print(f"sslfix: {name}: {reason}", file=sys.stderr)
    return 127 if missing else 126


def _explain(name: str, code: int, stderr: bytes) -> None:
    """Print what is known; whatever goes wrong here must not change the exit code."""
    text = stderr.decode("utf-8", "replace")
    heading = _("{name} failed with exit code {code}; what is known about its messages:").format(
        name=name, code=code
    )
    if code < 0:
        import signal

        word = signal.strsignal(-code) or f"signal {-code}"
        text += f"\n{word}\n"  # as a shell would print
        heading = _(
            "{name} was ended by a signal ({word}); what is known about its messages:"
        ).format(name=name, word=word)
    try:
        from sslfix.commands.explain import explanation

        known = explanation(text)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        text = _("cannot explain: {reason}").format(reason=f"{type(error).__name__}: {error}")
        _say(f"sslfix: {text}\n")
        return
    if known:
        gap = "\n" if stderr.endswith(b"\n") or not stderr else "\n\n"
        _say(f"{gap}sslfix: {heading}\n{known}\n")


def _say(text: str) -> None:
    """Print to stderr; that nobody reads it any more is no error of the command's."""
    relay.write(text.encode(sys.stderr.encoding, "backslashreplace"))
