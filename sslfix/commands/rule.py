"""`sslfix rule`: one rule's page."""

from __future__ import annotations

import argparse
import sys

from sslfix import rules
from sslfix.errors import UsageError
from sslfix.language import say as _
from sslfix.model import Rule, When

EXAMPLES = (
    ("sslfix rule SSL101", ""),
    ("sslfix rule urllib3-openssl-too-old", "by name"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the rule's id or name and the output format."""
    parser.add_argument("rule", metavar="RULE", help="a rule's id or name")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print the page: as Markdown, set by rich where a person looks at it."""
    rule = rules.find(rules.load(), arguments.rule)
    if rule is None:
        text = _("no rule {word}; {command} lists them all")
        raise UsageError(text.format(word=repr(arguments.rule), command="`sslfix rules`"))
    if arguments.format == "json":
        import json

        print(json.dumps(_entry(rule), indent=2))
    elif sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page(rule)))
    else:
        print(page(rule), end="")
    return 0


def page(rule: Rule) -> str:
    """The page for people: title, what the head says that matters to them, and the prose."""
    evidence = rule.evidence["how"] + (
        f" ({rule.evidence['note']})" if rule.evidence["note"] else ""
    )
    facts = [f"level: {rule.level.name.lower()}", f"since: {rule.since}", f"evidence: {evidence}"]
    for case in rule.cases:
        when = " and ".join(_conditions(case.when))
        for name, specifier in case.affected.items():
            facts.append(f"affected: `{name}{specifier}`" + (f" with {when}" if when else ""))
    head = "\n".join(f"- {fact}" for fact in facts)
    references = "\n".join(f"- <{reference}>" for reference in rule.references)
    return (
        f"# {rule.id} {rule.name}: {rule.title}\n\n{head}\n\n{rules.prose(rule)}\n"
        f"## References\n\n{references}\n"
    )


def _conditions(when: When) -> list[str]:
    library = when.ssl.replace("not ", "an SSL library other than ", 1)
    return [
        *([f"{library} {when.ssl_version}".strip()] if library else []),
        *([f"Python {when.python}"] if when.python else []),
        *([when.platform] if when.platform else []),
        *([" or ".join(when.beside)] if when.beside else []),
        *when.together,
    ]


def _entry(rule: Rule) -> dict[str, object]:
    return {
        "schema": 1,
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "level": rule.level.name.lower(),
        "since": rule.since,
        "cases": [
            {"when": " and ".join(_conditions(case.when)), "affected": dict(case.affected)}
            for case in rule.cases
        ],
        "evidence": dict(rule.evidence),
        "references": list(rule.references),
        "page": page(rule),
    }
