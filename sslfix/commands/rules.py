"""`sslfix rules`: the list of rules."""

from __future__ import annotations

import argparse

from sslfix import rules
from sslfix.model import Rule


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the word to look for and the output format."""
    parser.add_argument(
        "word", nargs="?", default="", metavar="WORD", help="only rules whose page has this word"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each rule; 1 if there is none with that word."""
    found = [rule for rule in rules.load() if _has(rule, arguments.word.casefold())]
    if arguments.format == "json":
        import json

        print(json.dumps({"schema": 1, "rules": [_entry(rule) for rule in found]}, indent=2))
    else:
        for rule in found:
            print(f"{rule.id}  {rule.level.name.lower():<8} {rule.name:<32} {rule.title}")
        if not found:
            print(f"no rule's page has the word {arguments.word!r}")
    return 0 if found else 1


def _has(rule: Rule, word: str) -> bool:
    names = (name for case in rule.cases for name in case.affected)
    text = " ".join((rule.id, rule.name, rule.title, *names, rule.body))
    return word in text.casefold()


def _entry(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "level": rule.level.name.lower(),
        "since": rule.since,
    }
