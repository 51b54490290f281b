"""`sslfix completion`: what shells need to complete commands, and the manual page."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported when needed: --help starts without it
    from sslfix.shells import Words

EXAMPLES = (
    ('eval "$(sslfix completion bash)"', "in ~/.bashrc"),
    ('eval "$(sslfix completion zsh)"', "in ~/.zshrc, after compinit"),
    ("sslfix completion fish | source", "in config.fish"),
    ("sslfix completion man | man -l -", "the manual page"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "man"))


def run(arguments: argparse.Namespace) -> int:
    """Print the script, or the page."""
    from importlib import import_module

    from sslfix import shells

    commands = shells.commands(arguments.parsers())
    render = import_module(f"sslfix.shells.{arguments.shell}").render
    print(render(commands) if arguments.shell == "man" else render(commands, _words()))
    return 0


def _words() -> Words:
    """What values may be: rules, targets, formats, languages."""
    from sslfix import formats, language, rules
    from sslfix.collect import targets

    every = rules.load()
    return {
        "rules": {**{one.id: one.title for one in every}, **{one.name: one.id for one in every}},
        "targets": {
            "auto": "those that the project names",
            **{one.name: f"Python {one.python}, {one.ssl.raw}" for one in targets.load().values()},
        },
        "formats": {one.name: "" for one in formats.all_formats()},
        "languages": dict.fromkeys(language.known(), ""),
    }
