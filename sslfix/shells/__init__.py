"""What shells and people need to know of the command line: completion scripts, the manual page.

All is made from the parsers themselves, so it is never out of date. shtab does the same from one
parser with subcommands; ours are one for each command, and `check` is what no command means.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# What is completed for a value that is called so: words by that name, or "files", "programs".
_KINDS = {
    "COMMAND": "programs",
    "FILE": "files",
    "FORMAT": "formats",
    "FORMAT=FILE": "files",
    "LANG": "languages",
    "PATH": "files",
    "PATH|VERSION": "files",
    "RULE": "rules",
}

Words = Mapping[str, Mapping[str, str]]
"""For each kind of value what it may be, and what that is in a few words."""


class Argument(NamedTuple):
    """An option, or without flags a positional argument.

    `value` is what its value is called, "" for none, `kind` how it is completed ("" for not at
    all; with `choices` it is one of them). `repeats` says that there may be several.
    """

    flags: tuple[str, ...]
    help: str
    value: str
    choices: tuple[str, ...]
    kind: str
    repeats: bool
    required: bool


class Command(NamedTuple):
    """A command with its arguments, in the order of its help."""

    name: str
    help: str
    arguments: tuple[Argument, ...]
    epilog: str

    @property
    def options(self) -> list[Argument]:
        """The arguments with flags."""
        return [one for one in self.arguments if one.flags]

    @property
    def positional(self) -> Argument | None:
        """The argument without flags: no command has more than one."""
        return next((one for one in self.arguments if not one.flags), None)


def commands(parsers: Mapping[str, argparse.ArgumentParser]) -> tuple[Command, ...]:
    """The commands that the parsers read."""
    return tuple(
        Command(name, parser.description or "", tuple(_arguments(parser)), parser.epilog or "")
        for name, parser in parsers.items()
    )


def _arguments(parser: argparse.ArgumentParser) -> Iterator[Argument]:
    for action in parser._actions:  # noqa: SLF001  there is no other way to ask a parser
        named = str(action.metavar or action.dest.upper())
        yield Argument(
            flags=tuple(action.option_strings),
            help=(action.help or "").replace("%%", "%"),
            value="" if action.nargs == 0 else named,
            choices=tuple(map(str, action.choices or ())),
            kind="targets" if action.dest == "target" else _KINDS.get(named, ""),
            repeats=action.nargs in {"*", "+", "..."} or "repeatable" in (action.help or ""),
            required=action.nargs not in {"?", "*"},
        )
