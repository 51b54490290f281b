"""The knowledge base: one Markdown page per rule, beside this file.

A page opens with a TOML head in a fence and goes on in prose; `page.py` says what the head may
hold. To add a rule, add a page: nothing else names it.
"""

from __future__ import annotations

from functools import cache

from sslfix.model import Rule


@cache
def load(folder: str = "") -> tuple[Rule, ...]:
    """Every page (of the folder) as a rule, sorted by id; raises ReadError for a malformed one."""
    if not folder:
        try:
            from sslfix.rules._pages import PAGES  # type: ignore[import-not-found]
        except ImportError:  # a checkout
            pass
        else:
            from sslfix.rules.compiled import thaw

            return thaw(PAGES)
    return read(folder)


def read(folder: str = "") -> tuple[Rule, ...]:
    """The rules as the pages (of the folder) state them; raises ReadError for a malformed one."""
    from pathlib import Path

    from sslfix.rules.page import read_page

    pages = sorted((Path(folder) if folder else Path(__file__).parent).glob("*.md"))
    return tuple(read_page(page.name, page.read_text(encoding="utf-8")) for page in pages)


def find(rules: tuple[Rule, ...], word: str) -> Rule | None:
    """The rule with that id or name, in any case, or None."""
    wanted = word.casefold()
    return next((rule for rule in rules if wanted in (rule.id.casefold(), rule.name)), None)
