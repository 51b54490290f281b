"""The text report in colour, for a terminal; rich is imported only here."""

from __future__ import annotations

import re

from sslfix.language import say as _


def _styles() -> dict[str, str]:
    """Patterns; the first group of each is what gets the style."""
    return {
        r"(?m)^(\S+:\d+:\d+):": "bold",
        rf"(?m)^\S+: ({_('error')}\[\w+\]:)": "bold red",
        rf"(?m)^\S+: ({_('warning')}\[\w+\]:)": "bold yellow",
        rf"(?m)^\S+: ({_('note')}\[\w+\]:)": "bold blue",
        rf"(?m)^\S+: ({_('fixed')}\[\w+\]:)": "bold green",
        r"(?m)^ *(\d* \|)": "blue",
        r"(?m)^ *\| +(\^+.*)$": "red",
        r"(?m)^ *= ([^:\uff1a]+)[:\uff1a]": "bold cyan",
    }


def show(text: str) -> None:
    """Print the report with colours; not a character of the text changes."""
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for pattern, style in _styles().items():
        for found in re.finditer(pattern, text):
            styled.stylize(style, *found.span(1))
    Console(highlight=False, soft_wrap=True, force_terminal=True).print(styled)
