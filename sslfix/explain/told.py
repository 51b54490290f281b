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
# python3.8, Python 3.8.2, libpython3.8.so.1.0, Python.framework/Versions/3.8
_PYTHON = re.compile(
    r"(?:python[ -/\\v]?|Python\.framework/Versions/)"
    r"([23]\.\d{1,2}(?:\.\d{1,2})?)(?:(?=m?\.so\b)|(?![\w.]*\d))",
    re.IGNORECASE,
)
_SHORT_PYTHON = re.compile(r"(?:[\\/]Python|cpython-|cp)([23])(\d{1,2})(?!\d)")
# requests==2.32.3, requests 2.32.3, requests (2.32.3), requests-2.32.3.dist-info, requests/2.32.3
_RELEASE = re.compile(
    r"(?<![\w.-])([A-Za-z][\w.-]{1,40}?)(?:==| |-|/| \(|: ?v?)"
    r"(\d{1,5}(?:\.\d{1,6}){1,3})(?![\w]|\.\d)"
)
_NAME = re.compile(r"(?<![\w.-])[A-Za-z](?:[\w-]|\.(?=\w)){1,60}")
# What only such a system prints or has, by its `sys.platform`
_PLATFORMS = {
    "win32": re.compile(r"(?<!\w)[A-Z]:(?:\\|/(?!/))|WinError|\.dll\b", re.IGNORECASE),
    "darwin": re.compile(
        r"(?<![\w:])/Users/|/Library/|/opt/homebrew/|/Applications/|\bdyld\b|\.dylib\b|macosx_\d"
    ),
    "linux": re.compile(
        r"/lib(?:64)?/(?:x86_64|aarch64)-linux|/usr/lib(?:64)?/python|(?<!\w)/home/|\.so\.\d"
        r"|linux-gnu|manylinux|musllinux"
    ),
}


class Told(NamedTuple):
    """SSL library, Python version and distributions' versions, as far as they are known.

    `named` are the distributions that are mentioned at all, or installed. `platform` is a
    `sys.platform`.
    """

    ssl: SslLibrary | None = None
    python: str = ""
    versions: Mapping[str, str] = {}
    named: frozenset[str] = frozenset()
    platform: str = ""


def told(text: str, names: Iterable[str], live: Interpreter | None = None) -> Told:
    """What a text says of these distributions and of its Python.

    `live` is the interpreter that the text comes from, where that is at hand: it fills the gaps.
    """
    wanted = set(names)
    versions = {_normalized(name): version for name, version in _RELEASE.findall(text)}
    versions = {name: version for name, version in versions.items() if name in wanted}
    named = wanted.intersection(map(_normalized, _NAME.findall(text)))
    found = Told(_ssl(text), _python(text), versions, frozenset(named), _platform(text))
    if live is None:
        return found
    installed = {one.name: one.version for one in live.distributions if one.name in wanted}
    return Told(
        found.ssl or live.ssl,
        live.version,
        {**installed, **versions},
        found.named | set(installed),
        live.markers.get("sys_platform", ""),
    )


def asked_for(rules: Iterable[Rule]) -> set[str]:
    """The distributions whose versions, or presence, narrow the remedies of these rules."""
    return {
        _name(requirement)
        for rule in rules
        for case in rule.cases
        for requirements in (
            case.affected,
            case.when.beside,
            case.when.together,
            *(remedy.constraint for remedy in case.remedies),
        )
        for requirement in requirements
    }


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~ ]", requirement, maxsplit=1)[0]


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
    held = [
        (remedy._replace(constraint=_moved(remedy, case, place)), case)
        for case in cases
        for remedy in case.remedies
        if not remedy.python or not place.python or _holds(place.python, remedy.python)
        if not remedy.platform or place.platform in ("", remedy.platform)
    ]
    told_apart = (
        len(cases) == 1 or len({(str(one.constraint), one.action) for one, _c in held}) == 1
    )
    found = [_suited(remedy, case, place, words, told_apart=told_apart) for remedy, case in held]
    return tuple({(str(remedy.constraint), remedy.action): remedy for remedy in found}.values())


def _suited(
    remedy: Remedy, case: Case, place: Told, words: Mapping[str, str], *, told_apart: bool
) -> Remedy:
    """The remedy with what it is for.

    Where the text does not tell which case it is, a remedy says with which releases it helps.
    """
    remedy = remedy.filled(words)
    why = remedy.why
    if not told_apart:
        beside = _(" or ").join(case.when.beside) or _(" and ").join(case.when.together)
        python = f"Python {case.when.python}" if case.when.python and not place.python else ""
        releases = ", ".join(filter(None, (beside, python)))
        why = _("with {releases}: {why}").format(releases=releases, why=why) if releases else why
    return remedy._replace(why=why)


def _moved(remedy: Remedy, case: Case, place: Told) -> Mapping[str, str]:
    """What a remedy constrains, without the distributions that the place does not have."""
    own = {
        name: specifier
        for name, specifier in remedy.constraint.items()
        if name in case.affected or name in place.named
    }
    return own or remedy.constraint


def _ssl(text: str) -> SslLibrary | None:
    found = _LIBRARY.search(text)
    return SslLibrary.parse(_NAMES[found[1].casefold()] + found[2]) if found else None


def _python(text: str) -> str:
    versions = _PYTHON.findall(text) or [".".join(pair) for pair in _SHORT_PYTHON.findall(text)]
    return max(versions, key=versions.count) if versions else ""


def _platform(text: str) -> str:
    """The only system that the text shows signs of; of several, as with WSL or Docker, none."""
    shown = [name for name, signs in _PLATFORMS.items() if signs.search(text)]
    return shown[0] if len(shown) == 1 else ""


def _holds(version: str, specifier: str) -> bool:
    from sslfix.specifiers import holds

    return holds(version, specifier)


def _is_told(requirement: str, place: Told) -> bool | None:
    """Whether the place has a release that meets a requirement, None if that is not known."""
    name = _name(requirement)
    version = place.versions.get(name)
    return None if version is None else _holds(version, requirement[len(name) :])


def _may_hold(case: Case, place: Told) -> bool:
    """Whether a case's conditions on SSL library, Python and releases can hold there."""
    when = case.when
    affected = [_is_told(name + specifier, place) for name, specifier in case.affected.items()]
    beside = [_is_told(one, place) for one in when.beside]
    told_otherwise = (
        (affected and None not in affected and True not in affected)
        or (beside and None not in beside and True not in beside)
        or any(_is_told(one, place) is False for one in when.together)
        or (place.python and when.python and not _holds(place.python, when.python))
    )
    return not told_otherwise and (place.ssl is None or _is_library(place.ssl, when))


def _is_library(library: SslLibrary, when: When) -> bool:
    negated, name = when.ssl.startswith("not "), when.ssl.replace("not ", "", 1)
    if name and (library.name == name) is negated:
        return False
    return not when.ssl_version or _holds(library.comparable, when.ssl_version)
