"""`sslfix rules`: the list of rules, or those that a word, a distribution or a message finds."""

from __future__ import annotations

import argparse

from sslfix import rules
from sslfix.language import padded
from sslfix.language import say as _
from sslfix.model import Rule

EXAMPLES = (
    ("sslfix rules", "all of them"),
    ("sslfix rules macos certificates", "whose pages have these words"),
    ("sslfix rules --distribution urllib3", "about one distribution"),
    ('sslfix rules --symptom "unsafe legacy renegotiation"', "about a message"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what to look for and the output format."""
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only rules whose page has all these words"
    )
    parser.add_argument(
        "--distribution", metavar="NAME", help="only rules about this distribution's releases"
    )
    parser.add_argument("--symptom", metavar="TEXT", help="only rules that know this message")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each rule; 1 if none is found."""
    found = _found(rules.load(), arguments)
    if arguments.format == "json":
        import json

        print(json.dumps({"schema": 1, "rules": [_entry(rule) for rule in found]}, indent=2))
    elif not found:
        print(_("no rule is about that; {command} lists them all").format(command="`sslfix rules`"))
    else:
        from sslfix.reporters.text import level_word

        width = max(len(rule.name) for rule in found)
        for rule in found:
            level = padded(level_word(rule.level), 8)
            print(f"{rule.id}  {level} {rule.name:<{width}}  {rule.title}")
    return 0 if found else 1


def _found(every: tuple[Rule, ...], arguments: argparse.Namespace) -> list[Rule]:
    """The rules that meet all that is asked for; those that know a message best first."""
    found = list(every)
    if arguments.symptom:
        from sslfix.explain import explain

        found = [match.rule for match in explain(arguments.symptom, every)]
    if arguments.distribution:
        name = _normalized(arguments.distribution)
        found = [rule for rule in found if name in _distributions(rule)]
    words = [word.casefold() for word in arguments.words]
    return [rule for rule in found if all(word in _text(rule) for word in words)]


def _normalized(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def _distributions(rule: Rule) -> set[str]:
    """The distributions that a rule judges, moves, or needs beside them."""
    from sslfix.specifiers import split

    return {
        split(name)[0]
        for case in rule.cases
        for names in (
            case.affected,
            case.brought_by,
            case.when.beside,
            case.when.together,
            *(remedy.constraint for remedy in case.remedies),
        )
        for name in names
    }


def _text(rule: Rule) -> str:
    messages = (symptom.example for symptom in rule.symptoms)
    parts = (rule.id, rule.name, rule.title, *_distributions(rule), rules.prose(rule), *messages)
    return " ".join(" ".join(parts).split()).casefold()


def _entry(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "level": rule.level.name.lower(),
        "since": rule.since,
    }
