"""The manual page sslfix(1), in the macros of man(7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from sslfix import __version__

from . import Argument, Command

_FILES = (
    (".sslfix.toml", "settings of a project; the nearest at or above what is checked counts"),
    ("pyproject.toml", "the same settings in the table [tool.sslfix]"),
)
_VARIABLES = (
    ("VIRTUAL_ENV, CONDA_PREFIX", "the active environment: judged where the project has none"),
    ("NO_COLOR", "if set, reports have no colours"),
    ("LC_ALL, LC_MESSAGES, LANG", "the language of reports, unless --lang names one"),
)
_ABOUT = """\
Python programs die on import because a pin meets the wrong SSL library, or because a virtual
environment outlived its Python. sslfix says what cannot work here, and fixes it.

Without a command it checks. What it knows is in rules, each a page: sslfix rule SSL101."""


def render(commands: Sequence[Command], date: str = "") -> str:
    """The page as roff."""
    check, *others = commands
    lines = [
        f'.TH SSLFIX 1 "{date}" "sslfix {__version__}" "User Commands"',
        *(
            ".SH NAME",
            r"sslfix \- find, explain and fix what cannot work on this Python's SSL library",
        ),
        *(".SH SYNOPSIS", *_usage(commands)),
        *(".SH DESCRIPTION", _escaped(_ABOUT).replace("\n\n", "\n.PP\n")),
        *(".SH OPTIONS", *_arguments(check)),
        *(".SH COMMANDS", *(line for one in others for line in _command(one))),
        *(".SH FILES", *_table(_FILES)),
        *(".SH ENVIRONMENT", *_table(_VARIABLES)),
        *(".SH EXAMPLES", *_epilog(check)),
    ]
    return "\n".join(lines)


def _usage(commands: Sequence[Command]) -> Iterator[str]:
    for number, one in enumerate(commands):
        name = "sslfix" if one.name == "check" else f"sslfix {one.name}"
        placed = _value(one.positional) if one.positional else ""
        if one.positional and not one.positional.required:
            placed = f"[{placed}]"
        yield from [".br"] if number else []
        yield f".B {_escaped(name)}\n[\\fIoptions\\fR] {placed}"


def _command(command: Command) -> Iterator[str]:
    yield f".SS {_escaped(command.name)}"
    yield _escaped(f"{command.help[0].upper()}{command.help[1:]}.")
    yield from _arguments(command)
    yield ".PP"
    yield from _epilog(command)


def _arguments(command: Command) -> Iterator[str]:
    for one in command.arguments:
        flags = ", ".join(f"\\fB{_escaped(flag)}\\fR" for flag in one.flags)
        yield f".TP\n{' '.join(filter(None, [flags, _value(one)]))}"
        yield _escaped("\n".join(wrap(one.help, 76))) or r"\&"


def _value(argument: Argument) -> str:
    """What is written for the value of an argument: its name, or what it may be."""
    if argument.choices:
        return "|".join(f"\\fB{_escaped(one)}\\fR" for one in argument.choices)
    more = " ..." if argument.repeats and not argument.flags else ""
    return f"\\fI{_escaped(argument.value)}\\fR{more}" if argument.value else ""


def _epilog(command: Command) -> Iterator[str]:
    """The examples, line by line, and what stands behind them."""
    text = command.epilog
    yield from (".nf", _escaped(text[text.index("examples:") :]), ".fi")


def _table(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield f".TP\n.B {_escaped(name)}\n{_escaped(text)}"


def _escaped(text: str) -> str:
    """Text as roff prints it: https://man7.org/linux/man-pages/man7/groff_man_style.7.html."""
    for plain, roff in (("\\", r"\e"), ("-", r"\-"), ("'", r"\(aq"), ("`", r"\(ga")):
        text = text.replace(plain, roff)
    return "\n".join(f"\\&{line}" if line[:1] == "." else line for line in text.splitlines())
