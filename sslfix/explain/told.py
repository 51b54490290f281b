"""What a text tells of the place that it comes from, and the remedies that suit that place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sslfix.language import say as _
from sslfix.model import Case, Interpreter, Remedy, Rule, SslLibrary, When

_NAMES = {name.casefold(): name for name in ("OpenSSL", "LibreSSL", "BoringSSL", "AWS-LC")}
_LIBRARY = re.compile(
    r"(?:compiled with '?|OPENSSL_VERSION\W{1,6}|\()"
    r"(OpenSSL|LibreSSL|BoringSSL|AWS-LC)( \d[\w.-]{0,30})",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"python[ -/\\v]?([23]\.\d{1,2}(?:\.\d{1,2})?)(?![\w.]*\d)", re.IGNORECASE)
_SHORT_PYTHON = re.compile(r"(?:[\\/]Python|cpython-|cp)([23])(\d{1,2})(?!\d)")
# requests==2.32.3, requests 2.32.3, requests (2.32.3), requests-2.32.3.dist-info, requests/2.32.3
_RELEASE = re.compile(
    r"(?<![\w.-])([A-Za-z][\w.-]{1,40}?)(?:==| |-|/| \(|: ?v?)"
    r"(\d{1,5}(?:\.\d{1,6}){1,3})(?![\w]|\.\d)"
)


class Told(NamedTuple):
    """SSL library, Python version and distributions' versions, as far as they are known."""

    ssl: SslLibrary | None = None
    python: str = ""
    versions: Mapping[str, str] = {}


def told(text: str, names: Iterable[str], live: Interpreter | None = None) -> Told:
    """What a text says of these distributions and of its Python.

    `live` is the interpreter that the text comes from, where that is at hand: it fills the gaps.
    """
    wanted = set(names)
    versions = {
        re.sub(r"[-_.]+", "-", name).lower(): version for name, version in _RELEASE.findall(text)
    }
    versions = {name: version for name, version in versions.items() if name in wanted}
    found = Told(_ssl(text), _python(text), versions)
    if live is None:
        return found
    installed = {one.name: one.version for one in live.distributions if one.name in wanted}
    return Told(found.ssl or live.ssl, live.version, {**installed, **versions})


def remedies(rule: Rule, place: Told) -> tuple[Remedy, ...]:
    """What cures a rule in such a place; what is not known of it may be so."""
    cases = [case for case in rule.cases if _may_hold(case, place)] or rule.cases
    words = {
        "library": place.ssl.name if place.ssl else _("the SSL library"),
        "ssl": place.ssl.raw if place.ssl else _("the SSL library"),
        "python": place.python or "3",
        "interpreter": _("this Python"),
        "name": next((name for case in cases for name in case.affected), ""),
        "version": "",
        "beside": _("the other one"),
    }
    found = [
        remedy._replace(why=remedy.why.format_map(words))
        for case in cases
        for remedy in case.remedies
        if not remedy.python or not place.python or _holds(place.python, remedy.python)
    ]
    return tuple({(str(remedy.constraint), remedy.action): remedy for remedy in found}.values())


def _ssl(text: str) -> SslLibrary | None:
    found = _LIBRARY.search(text)
    return SslLibrary.parse(_NAMES[found[1].casefold()] + found[2]) if found else None


def _python(text: str) -> str:
    versions = _PYTHON.findall(text) or [".".join(pair) for pair in _SHORT_PYTHON.findall(text)]
    return max(versions, key=versions.count) if versions else ""


def _holds(version: str, specifier: str) -> bool:
    from sslfix.specifiers import holds

    return holds(version, specifier)


def _may_hold(case: Case, place: Told) -> bool:
    """Whether a case's conditions on SSL library, Python and releases can hold there."""
    affected = {name: place.versions[name] for name in case.affected if name in place.versions}
    if affected and not any(_holds(affected[name], case.affected[name]) for name in affected):
        return False
    when: When = case.when
    if place.python and when.python and not _holds(place.python, when.python):
        return False
    if place.ssl is None:
        return True
    negated, name = when.ssl.startswith("not "), when.ssl.replace("not ", "", 1)
    if name and (place.ssl.name == name) is negated:
        return False
    return not when.ssl_version or _holds(place.ssl.comparable, when.ssl_version)
