"""The language that sslfix speaks: English, or that of a catalog in `sslfix/locale`.

Texts for people are marked with `say`, imported as `_`, and `counted`: whole sentences, with named
{placeholders}. Commands, names, specifiers and lines of evidence are never translated.
`python3 dev.py messages` collects the marked texts and those of the pages' heads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import GNUTranslations

ENGLISH = "en"
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")


class _Spoken:
    """The one language of this process; English has no catalog."""

    name = ENGLISH
    catalog: GNUTranslations | None = None


def choose(wanted: str | None, environ: Mapping[str, str]) -> None:
    """Speak the wanted language, or else the locale's, or else English.

    Raises LookupError for a wanted one that has no catalog.
    """
    names = [wanted] if wanted is not None else _of_locale(environ)
    found = next((name for name in map(_code, names) if _exists(name)), None)
    if found is None and wanted is not None:
        raise LookupError(wanted)
    _Spoken.name = found or ENGLISH
    _Spoken.catalog = None if _Spoken.name == ENGLISH else _read(_Spoken.name)


def spoken() -> str:
    """The code of the language that is spoken."""
    return _Spoken.name


def known() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    return (ENGLISH, *sorted(filter(_exists, {*os.listdir(FOLDER)} - {ENGLISH})))


def say(text: str) -> str:
    """The text in the language that is spoken; as it is where the catalog does not have it."""
    return _Spoken.catalog.gettext(text) if _Spoken.catalog and text else text


def counted(one: str, many: str, number: int) -> str:
    """The text for that number of things, with {number} filled in."""
    if _Spoken.catalog:
        text = _Spoken.catalog.ngettext(one, many, number)
    else:
        text = one if number == 1 else many
    return text.format(number=number)


def all_of(texts: Iterable[str]) -> str:
    """The texts as a list of things that all count: "a and b"."""
    return say(" and ").join(texts)


def columns(text: str) -> int:
    """How many columns of a terminal a text takes; a wide character takes two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 1 + (east_asian_width(one) in "FW") for one in text)


def padded(text: str, width: int) -> str:
    """The text with blanks after it, up to that many columns."""
    return text + " " * (width - columns(text))


# --------------------------------------------------------------------------- catalogs


def _of_locale(environ: Mapping[str, str]) -> Iterator[str]:
    """The languages that a person prefers, as GNU gettext reads the environment."""
    named = (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, named), "C")
    if _code(locale) in {"c", "posix"}:
        return
    yield from filter(None, environ.get("LANGUAGE", "").split(":"))
    yield locale


def _code(name: str) -> str:
    """The language of a locale's name: "zh" of zh_CN.UTF-8, zh-Hant and ZH."""
    for mark in "-.@":
        name = name.replace(mark, "_")
    return name.partition("_")[0].lower()


def _path(code: str) -> str:
    return os.path.join(FOLDER, code, "LC_MESSAGES", "sslfix.mo")


def _exists(code: str) -> bool:
    return code == ENGLISH or (code.isalpha() and os.path.isfile(_path(code)))


def _read(code: str) -> GNUTranslations:
    from gettext import GNUTranslations

    with open(_path(code), "rb") as file:
        return GNUTranslations(file)
