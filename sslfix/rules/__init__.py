"""The knowledge base: one Markdown page per rule, beside this file.

A page opens with a TOML head in a fence and goes on in prose; `page.py` says what the head may
hold. To add a rule, add a page: nothing else names it.
"""

from __future__ import annotations

from functools import cache
from typing import Callable

from sslfix.language import ENGLISH, say, spoken
from sslfix.model import Case, Remedy, Rule


def load(folder: str = "") -> tuple[Rule, ...]:
    """Every page (of the folder) as a rule, sorted by id; raises ReadError for a malformed one.

    What reports say of a rule is in the language that is spoken; the prose of a page is English.
    """
    return _load(folder, spoken())


@cache
def _load(folder: str, language: str) -> tuple[Rule, ...]:
    rules = _compiled_or_read(folder)
    return rules if language == ENGLISH else tuple(translated(rule, say) for rule in rules)


def _compiled_or_read(folder: str) -> tuple[Rule, ...]:
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


def prose(rule: Rule) -> str:
    """The Markdown of a rule's page below its head."""
    from pathlib import Path

    from sslfix.rules import page

    path = Path(__file__).with_name(f"{rule.id}-{rule.name}.md")
    return page.prose(path.read_text(encoding="utf-8"))


def translated(rule: Rule, say: Callable[[str], str]) -> Rule:
    """The rule with the texts that reports show put through `say`."""
    cases = tuple(_translated_case(case, say) for case in rule.cases)
    return rule._replace(title=say(rule.title), cases=cases)


def _translated_case(case: Case, say: Callable[[str], str]) -> Case:
    def remedy(one: Remedy) -> Remedy:
        return one._replace(action=say(one.action), why=say(one.why))

    return case._replace(
        message=say(case.message),
        detail=say(case.detail),
        remedies=tuple(map(remedy, case.remedies)),
    )


def find(rules: tuple[Rule, ...], word: str) -> Rule | None:
    """The rule with that id or name, in any case, or None."""
    wanted = word.casefold()
    return next((rule for rule in rules if wanted in (rule.id.casefold(), rule.name)), None)


def names(word: str, rule: Rule) -> bool:
    """Whether a word of a person (id, beginning of one, or name) means the rule."""
    return (word != "" and rule.id.startswith(word.upper())) or rule.name == word


def unknown(word: str, rules: tuple[Rule, ...]) -> str:
    """Why a word means none of the rules, with the one that may be meant; "" if it means one."""
    if any(names(word, rule) for rule in rules):
        return ""
    from difflib import get_close_matches

    close = get_close_matches(word, [text for rule in rules for text in (rule.id, rule.name)], n=1)
    text = say("no rule is called {word}; {command} lists them")
    if close:
        text = say("no rule is called {word}; did you mean {other}?")
    return text.format(word=word, other="".join(close), command="sslfix rules")
