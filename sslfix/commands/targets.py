"""`sslfix targets`: the deployment targets that sslfix knows, or those that words find."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sslfix.language import say as _

if TYPE_CHECKING:  # imported when needed: --help starts without the nouns
    from sslfix.collect.targets import Target

EXAMPLES = (
    ("sslfix targets", "all of them"),
    ("sslfix targets lambda", "that have this word"),
    ("sslfix targets 3.9-slim --format json", ""),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what to look for and the output format."""
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="only targets that have all these words"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each target; 1 if none is found."""
    from sslfix.collect import targets

    words = [word.casefold() for word in arguments.words]
    found = [one for one in targets.load().values() if all(word in _text(one) for word in words)]
    if not found and len(words) == 1:
        other = targets.named(arguments.words[0])
        found = [other] if other else []
    if arguments.format == "json":
        import json

        print(json.dumps({"schema": 1, "targets": [_entry(one) for one in found]}, indent=2))
    elif not found:
        text = _("no target is called that; {command} lists them all")
        print(text.format(command="`sslfix targets`"))
    else:
        print("\n".join(_table(found)))
    return 0 if found else 1


def _text(target: Target) -> str:
    parts = (target.name, *target.aliases, f"python {target.python}", target.ssl.raw, target.source)
    return " ".join(parts).casefold()


def _table(found: list[Target]) -> list[str]:
    rows = [
        (_("name"), "Python", _("SSL library"), _("since"), _("until"), _("how it is known")),
        *(
            (one.name, one.python, one.ssl.raw, one.since, one.until, f"{one.source} {one.url}")
            for one in found
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join([*(f"{text:<{width}}" for text, width in zip(row, widths)), row[5]]).rstrip()
        for row in rows
    ]


def _entry(target: Target) -> dict[str, object]:
    return {
        "name": target.name,
        "aliases": list(target.aliases),
        "python": target.python,
        "ssl": {
            "library": target.ssl.name,
            "version": target.ssl.version,
            "raw": target.ssl.raw,
        },
        "platform": target.platform,
        "machine": target.machine,
        "since": target.since or None,
        "until": target.until or None,
        "ended": _has_ended(target),
        "source": target.source,
        "url": target.url,
    }


def _has_ended(target: Target) -> bool:
    import time

    return target.until != "" and target.until < time.strftime("%Y-%m-%d")
