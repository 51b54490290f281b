"""The text report in colour, for a terminal; rich is imported only here."""

from __future__ import annotations

import re

# The first group of each pattern is what gets the style.
_STYLES = {
    r"(?m)^(\S+:\d+:\d+):": "bold",
    r"(?m)^\S+: (error\[\w+\]:)": "bold red",
    r"(?m)^\S+: (warning\[\w+\]:)": "bold yellow",
    r"(?m)^\S+: (note\[\w+\]:)": "bold blue",
    r"(?m)^\S+: (fixed\[\w+\]:)": "bold green",
    r"(?m)^ *(\d* \|)": "blue",
    r"(?m)^ *\| +(\^+.*)$": "red",
    r"(?m)^ *= (fix|more|not applied|left to run|paste):": "bold cyan",
}


def show(text: str) -> None:
    """Print the report with colours; not a character of the text changes."""
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    for pattern, style in _STYLES.items():
        for found in re.finditer(pattern, text):
            styled.stylize(style, *found.span(1))
    Console(highlight=False, soft_wrap=True, force_terminal=True).print(styled)
