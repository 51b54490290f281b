"""`sslfix explain`: cause and remedy for a traceback or a log."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from sslfix import rules
from sslfix.errors import ReadError
from sslfix.explain import Explanation, Told, read, remedies, told
from sslfix.model import Match, Remedy, Rule

UNKNOWN = """\
not recognised: no rule knows this text
  If the SSL library is to blame, the report should come with what `sslfix env` prints,
  and with the whole traceback, from the line "Traceback (most recent call last)" on."""
BLOCK = 1 << 18


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the text's place and the output format."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the text (default: standard input)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print what is recognised, best first; 0 if anything was, else 1."""
    explained = _read(arguments.file)
    place = _place(explained)
    print((_json if arguments.format == "json" else _text)(explained.matches, place) or UNKNOWN)
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


def _place(explained: Explanation) -> Told:
    """What the text tells of the place it comes from, as far as its rules ask for it."""
    names = {
        name for match in explained.matches for case in match.rule.cases for name in case.affected
    }
    return told(explained.text, names)


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
        lines += [
            f"{rule.id} {rule.name} ({match.confidence}): {rule.title}",
            f"  line {match.line}: {match.evidence}",
        ]
        for remedy in remedies(rule, place):
            lines.append(f"  = do: {_title(remedy)}: {remedy.why}")
            lines += [f"        {command}" for command in _commands(remedy)]
        lines += [f"  = more: sslfix rule {rule.id}", ""]
    return "\n".join(lines).rstrip()


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
        {"text": f"{_title(remedy)}: {remedy.why}", "commands": _commands(remedy)}
        for remedy in remedies(rule, place)
    ]
