"""`sslfix explain`: cause and remedy for a traceback or a log."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from sslfix import __version__, rules
from sslfix.errors import ProbeError, ReadError, UsageError
from sslfix.explain import Explanation, Told, asked_for, read, remedies, told
from sslfix.language import say as _
from sslfix.model import Interpreter, Match, Remedy, Rule

BLOCK = 1 << 18

EXAMPLES = (
    ("sslfix explain error.log", "cause and remedy for a traceback"),
    ("pytest 2>&1 | sslfix explain -", "from another program's output"),
    ("sslfix explain --format json error.log", "for another program"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the text's place and the output format."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the text (default: standard input)"
    )
    parser.add_argument(
        "--python",
        metavar="PATH|VERSION",
        help="the interpreter that the text comes from (default: the project's environment, if the "
        "text names it)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print what is recognised, best first; 0 if anything was, else 1."""
    explained = _read(arguments.file)
    place = _place(explained, arguments.python)
    if arguments.format == "json":
        print(_json(explained.matches, place))
    else:
        print(_text(explained.matches, place) or _unknown(arguments.python))
    return 0 if explained.matches else 1


def explanation(text: str) -> str:
    """What a person reads about a text, "" where no rule knows it."""
    explained = read(iter((text.encode("utf-8", "replace"),)), rules.load())
    return _text(explained.matches, _place(explained))


def _read(name: str) -> Explanation:
    """The explanation of a file or of standard input, which are read in blocks."""
    if name == "-":
        return read(_blocks(sys.stdin.buffer), rules.load())
    try:
        with open(name, "rb") as file:
            return read(_blocks(file), rules.load())
    except OSError as error:
        raise ReadError(name, error.strerror or str(error)) from error


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The blocks of a text in UTF-8; UTF-16, as PowerShell writes it, is read whole."""
    first = file.read(BLOCK)
    if first[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        yield (first + file.read()).decode("utf-16", "replace").encode()
        return
    yield first
    yield from iter(partial(file.read, BLOCK), b"")


def _place(explained: Explanation, python: str | None = None) -> Told:
    """What the text tells of the place it comes from, as far as its rules ask for it."""
    names = asked_for(match.rule for match in explained.matches)
    live = _live(explained.text, python) if explained.matches else None
    return told(explained.text, names, live)


def _live(text: str, python: str | None) -> Interpreter | None:
    """The interpreter named, or else the project's environment if the text comes from there.

    An environment's path is its own; a base interpreter's is the same on many machines.
    """
    from sslfix.collect import interpreters

    for choice in interpreters.choose(".", [python] if python else [], os.environ):
        own = choice.environment and os.path.abspath(choice.environment) + os.sep
        if python or (own and own in text):
            try:
                return interpreters.inspect(choice, "i1")
            except ProbeError as error:
                if python:
                    raise UsageError(str(error)) from error
    return None


def _unknown(python: str | None) -> str:
    """What is printed where nothing is recognised: how to ask others."""
    text = _(
        "not recognised: no rule knows this text\n"
        "  If the SSL library is to blame, ask with the whole traceback, from the line\n"
        '  "Traceback (most recent call last)" on, and with these lines (nothing private is in '
        "them):"
    )
    return f"{text}\n{_attachment(python)}"


def _attachment(python: str | None) -> str:
    """What those who are asked for help need to know of this place: no path, no name."""
    from sslfix.collect import interpreters

    lines = [f"sslfix {__version__}"]
    for choice in interpreters.choose(".", [python] if python else [], os.environ):
        try:
            one = interpreters.inspect(choice, "i1", installed=False)
        except ProbeError:
            lines.append("a Python that cannot be asked")
            continue
        markers, ssl = one.markers, one.ssl.raw if one.ssl else "no ssl module"
        system = f"{markers.get('platform_system')} {markers.get('platform_machine')}"
        lines.append(f"{one.implementation} {one.version}, {ssl}, {system}")
        if one.environment is not None:
            maker = f"{one.environment.made_by or 'unknown'} {one.environment.maker_version}"
            lines.append(f"environment made by {maker.strip()}: {one.environment.state}")
    return "\n".join(f"    {line}" for line in lines)


def _title(remedy: Remedy) -> str:
    constraints = (name + specifier for name, specifier in remedy.constraint.items())
    return remedy.action or ", ".join(constraints)


def _commands(remedy: Remedy) -> list[str]:
    pins = " ".join(f'"{name}{specifier}"' for name, specifier in remedy.constraint.items())
    return [*([f"python -m pip install {pins}"] if pins else []), *remedy.commands]


def _text(matches: tuple[Match, ...], place: Told) -> str:
    lines = []
    for match in matches:
        rule = match.rule
        lines += [_heading(match), f"  {_evidence(match)}"]
        for remedy in remedies(rule, place):
            text = _("do: {what}: {why}").format(what=_title(remedy), why=remedy.why)
            lines.append(f"  = {text}")
            lines += [f"        {command}" for command in _commands(remedy)]
        more = _("more: {command}").format(command=f"sslfix rule {rule.id}")
        lines += [f"  = {more}", ""]
    return "\n".join(lines).rstrip()


def _heading(match: Match) -> str:
    confidence = {"certain": _("certain"), "likely": _("likely")}[match.confidence]
    return f"{match.rule.id} {match.rule.name} ({confidence}): {match.rule.title}"


def _evidence(match: Match) -> str:
    return _("line {number}: {evidence}").format(number=match.line, evidence=match.evidence)


def _json(matches: tuple[Match, ...], place: Told) -> str:
    import json

    entries = [
        {
            "rule": match.rule.id,
            "name": match.rule.name,
            "title": match.rule.title,
            "confidence": match.confidence,
            "evidence": match.evidence,
            "remedies": _remedies(match.rule, place),
        }
        for match in matches
    ]
    return json.dumps({"schema": 1, "matches": entries}, indent=2)


def _remedies(rule: Rule, place: Told) -> list[dict[str, object]]:
    return [
        {
            "text": _("{what}: {why}").format(what=_title(remedy), why=remedy.why),
            "commands": _commands(remedy),
        }
        for remedy in remedies(rule, place)
    ]
