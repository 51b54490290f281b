"""`sslfix explain`: cause and remedy for a traceback or a log."""

from __future__ import annotations

import argparse
import sys

from sslfix import rules
from sslfix.errors import ReadError
from sslfix.explain import explain, remedies
from sslfix.model import Match, Remedy

UNKNOWN = """\
not recognised: no rule knows this text
  If the SSL library is to blame, the report should come with what `sslfix env` prints,
  and with the whole traceback, from the line "Traceback (most recent call last)" on."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the text's place and the output format."""
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="the text (default: standard input)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print what is recognised, best first; 0 if anything was, else 1."""
    text = _read(arguments.file)
    matches = explain(text, rules.load())
    print((_json if arguments.format == "json" else _text)(matches, text))
    return 0 if matches else 1


def _read(name: str) -> str:
    """The text of a file or of standard input; a log's odd bytes are no reason to give up."""
    if name == "-":
        return sys.stdin.buffer.read().decode("utf-8", errors="replace")
    try:
        with open(name, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ReadError(name, error.strerror or str(error)) from error
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def _title(remedy: Remedy) -> str:
    constraints = (name + specifier for name, specifier in remedy.constraint.items())
    return remedy.action or ", ".join(constraints)


def _commands(remedy: Remedy) -> list[str]:
    pins = (f'"{name}{specifier}"' for name, specifier in remedy.constraint.items())
    return [*(f"python -m pip install {pin}" for pin in pins), *remedy.commands]


def _text(matches: tuple[Match, ...], text: str) -> str:
    lines = []
    for match in matches:
        rule = match.rule
        lines += [
            f"{rule.id} {rule.name} ({match.confidence}): {rule.title}",
            f"  line {match.line}: {match.evidence}",
        ]
        for remedy in remedies(rule, text):
            lines.append(f"  = do: {_title(remedy)}: {remedy.why}")
            lines += [f"        {command}" for command in _commands(remedy)]
        lines += [f"  = more: sslfix rule {rule.id}", ""]
    return "\n".join(lines).rstrip() or UNKNOWN


def _json(matches: tuple[Match, ...], text: str) -> str:
    import json

    return json.dumps(
        {
            "schema": 1,
            "matches": [
                {
                    "rule": match.rule.id,
                    "name": match.rule.name,
                    "title": match.rule.title,
                    "confidence": match.confidence,
                    "evidence": match.evidence,
                    "remedies": [
                        {
                            "text": f"{_title(remedy)}: {remedy.why}",
                            "commands": _commands(remedy),
                        }
                        for remedy in remedies(match.rule, text)
                    ],
                }
                for match in matches
            ],
        },
        indent=2,
    )
