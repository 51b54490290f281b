"""The texts that sslfix can say in other languages, and the catalogs that hold them.

    python3 dev.py messages [LANGUAGE ...]

collects the texts marked in the code and those of the pages' heads, brings the catalog of each
language in `sslfix/locale` up to date, and compiles it; a language that is named is begun. A text
that has changed loses its translation: write the new one into the `.po` file and run it again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sslfix import language, rules
from sslfix.model import Rule

PACKAGE = Path(language.__file__).parent
KEYWORDS = {"_": None, "say": None, "counted": (1, 2)}


def main(wanted: list[str]) -> int:
    """Write the catalogs; print how much of each is translated."""
    found = {path.name for path in Path(language.FOLDER).iterdir()}
    for code in sorted({*found, *wanted}):
        old = read(code) if po_file(code).exists() else new(code)
        catalog = updated(old, collected())
        save(catalog, code)
        done = sum(is_translated(message) for message in texts(catalog))
        print(f"{code}: {done} of {len(texts(catalog))} texts translated")
    return 0


# --------------------------------------------------------------------------- the texts


def collected() -> Catalog:
    """All texts, those of the code first, each with the files or rules that it comes from."""
    catalog = Catalog()
    for path, text in of_code():
        catalog.add(text, locations=[(path, 0)])
    for rule in rules.read():
        for text in of_rule(rule):
            catalog.add(text, locations=[(rule.id, 0)])
    return catalog


def of_code() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """The marked texts of the code with their files; where number counts, both forms."""
    found = extract_from_dir(
        PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS, strip_comment_tags=True
    )
    for path, _line, text, _comments, _context in sorted(found, key=lambda one: (one[0], one[1])):
        yield f"sslfix/{path}", text


def of_rule(rule: Rule) -> list[str]:
    """The texts of a page's head that reports show."""
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    rules.translated(rule, note)
    return [text for text in found if text]


# --------------------------------------------------------------------------- catalogs


KEPT_HEADERS = (
    "Language",
    "Plural-Forms",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)


class Plain(Catalog):
    """A catalog without times, addresses and Babel's version: they change, and say nothing."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [one for one in super().mime_headers if one[0] in KEPT_HEADERS]


def po_file(code: str) -> Path:
    return Path(language.FOLDER, code, "LC_MESSAGES", "sslfix.po")


def new(code: str) -> Catalog:
    comment = "# The texts of sslfix. Collected by `python3 dev.py messages`; translate here."
    return Plain(locale=code, header_comment=comment, fuzzy=False)


def read(code: str) -> Catalog:
    with po_file(code).open("rb") as file:
        return read_po(file, locale=code)


def updated(old: Catalog, template: Catalog) -> Catalog:
    """The texts of the template in their order, with the translations that the old one has."""
    catalog = new(str(old.locale))
    for message in texts(template):
        translation = known.string if (known := old.get(message.id)) else None
        catalog.add(message.id, translation, locations=message.locations)
    return catalog


def texts(catalog: Catalog) -> list[Message]:
    """All messages but the header."""
    return [message for message in catalog if message.id]


def ids(message: Message) -> tuple[str, ...]:
    """The text, or its singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translations(message: Message) -> tuple[str, ...]:
    """What the catalog says for it, "" for nothing; where number counts, all forms."""
    found = message.string or ""
    return (found,) if isinstance(found, str) else tuple(found)


def is_translated(message: Message) -> bool:
    return all(translations(message)) and not message.fuzzy


def save(catalog: Catalog, code: str) -> None:
    """Write the catalog and what is compiled from it; without lines and times, which only move."""
    path = po_file(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=0, include_lineno=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
