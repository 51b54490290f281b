"""What importing somebody else's module does to `ssl`, from data and what is installed.

The setters of `ssl.SSLContext` look themselves up by the global name, which a patch replaces by a
subclass. A class that was taken before then ends in a RecursionError, if contexts are made of it
(https://github.com/gevent/gevent/issues/1016). The data is derived from the real releases by
`python -m tests.source.holders`.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from sslfix.model import Declaration, DependencyFile, Document, Interpreter, Kind
from sslfix.source.syntax import parse

if TYPE_CHECKING:
    from packaging.version import Version

PATCHES, RECURSES, HOLDS, QUIET = "patches", "recurses", "holds", "quiet"
_ORDER = (PATCHES, RECURSES, HOLDS)
# https://github.com/psf/requests/pull/5443: before, requests let pyOpenSSL make all contexts.
_REQUESTS_WITHOUT_PYOPENSSL = (2, 24)


class Tried(NamedTuple):
    """What a module of a distribution did in the releases that were tried ("" for all)."""

    distribution: str
    effects: Mapping[str, str]


@cache
def table() -> dict[str, list[Tried]]:
    """Every module that does something to ssl when it is imported; its file says the words."""
    import tomli

    with open(os.path.join(os.path.dirname(__file__), "holders.toml"), encoding="utf-8") as stream:
        text = stream.read()
    found: dict[str, list[Tried]] = {}
    for distribution, entries in tomli.loads(text).items():
        for key, value in entries.items():
            for module in value if isinstance(value, list) else [key]:
                effects = {"": key} if isinstance(value, list) else value
                found.setdefault(module, []).append(Tried(distribution, effects))
    return found


class Holders:
    """The table, as the versions of one environment decide it.

    `installed` are the distributions in it, none if nobody looked. `injected` says that the program
    lets pyOpenSSL make urllib3's contexts by itself.
    """

    def __init__(
        self,
        versions: Mapping[str, str],
        installed: Iterable[str] = (),
        *,
        injected: bool = False,
    ) -> None:
        self.versions = versions
        self.installed = frozenset(map(_normal, installed))
        self.injected = injected or _requests_injects(versions)
        self.effect = cache(self._effect)

    def is_missing(self, name: str) -> bool:
        """Whether a module of the table is of no distribution that is installed here."""
        parts = name.split(".")
        places = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        owners = {one.distribution for place in places for one in table().get(place, ())}
        return bool(self.installed) and self.installed.isdisjoint(owners)

    def _effect(self, name: str) -> str:
        """What the import of a dotted name surely does: "" for nothing, or nobody knows."""
        parts = name.split(".")
        found = {
            self._decide(tried)
            for count in range(1, len(parts) + 1)
            for tried in table().get(".".join(parts[:count]), ())
        }
        return next((effect for effect in _ORDER if effect in found), "")

    def _decide(self, tried: Tried) -> str:
        effects = {version: self._meant(word) for version, word in tried.effects.items()}
        effect = decide(effects, self.versions.get(tried.distribution, ""))
        is_replaced = self.injected and tried.distribution == "urllib3"
        return HOLDS if is_replaced and effect == RECURSES else effect

    def _meant(self, word: str) -> str:
        """The effect that a word of the table stands for here."""
        effect, _, other = word.partition(" with ")
        if other and other not in self.versions:
            return ""
        return effect if effect in {*_ORDER, QUIET} else self.effect(effect)


def injects(documents: Iterable[Document]) -> bool:
    """Whether one of the modules lets pyOpenSSL make urllib3's contexts as soon as it runs."""
    return any(_injects(one) for one in documents if _INJECTS in one.text)


_INJECTS = "inject_into_urllib3"


def _injects(document: Document) -> bool:
    tree = parse(document)
    waiting: list[ast.stmt] = list(tree.body) if tree else []
    for one in waiting:
        if isinstance(one, (ast.Try, ast.With)):
            waiting += one.body
    calls = (one.value for one in waiting if isinstance(one, ast.Expr))
    return any(isinstance(one, ast.Call) and _is_injection(one.func) for one in calls)


def _is_injection(function: ast.expr) -> bool:
    return ast.unparse(function).rpartition(".")[2] == _INJECTS


def _requests_injects(versions: Mapping[str, str]) -> bool:
    """Whether pyOpenSSL makes the contexts of urllib3 because requests is that old."""
    if "pyopenssl" not in versions or not versions.get("requests"):
        return False
    version = _version(versions["requests"])
    return version is not None and version.release < _REQUESTS_WITHOUT_PYOPENSSL


def _version(text: str) -> Version | None:
    """The version, or None for a text that is none, as a lock file may hold."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


def decide(effects: Mapping[str, str], version: str) -> str:
    """The effect of a release, if those tried on both sides of it agree; "" otherwise.

    One newer than all that were tried does what the newest did. Of a version nobody knows the two
    newest have to agree, as a resolver takes the newest.
    """
    if version in effects:
        return effects[version]
    if len(set(effects.values())) == 1:
        return next(iter(effects.values()))
    from packaging.version import Version

    tried = sorted(effects, key=Version)
    if not version:
        return effects[tried[-1]] if effects[tried[-1]] == effects[tried[-2]] else ""
    wanted = _version(version)
    older = [one for one in tried if wanted and Version(one) <= wanted]
    newer = tried[len(older) :]
    if not older:
        return ""
    before = effects[older[-1]]
    return before if not newer or effects[newer[0]] == before else ""


def known_versions(interpreter: Interpreter, files: Iterable[DependencyFile]) -> dict[str, str]:
    """The version of each distribution: as installed, else as the one pin of it says.

    It is "" where the project surely asks for a distribution in whatever version.
    """
    found: dict[str, set[str]] = {}
    for file in files:
        for one in file.declarations:
            if one.version or _is_needed(one, file.document.path):
                found.setdefault(_normal(one.name), set()).add(one.version or "")
                if not _BRING_PYOPENSSL.isdisjoint(one.extras):
                    found.setdefault("pyopenssl", set())
    pins = {name: versions - {""} for name, versions in found.items()}
    declared = {name: one.pop() if len(one) == 1 else "" for name, one in pins.items()}
    return {**declared, **{_normal(one.name): one.version for one in interpreter.distributions}}


# requests[security] and urllib3[secure], as old projects ask for them.
_BRING_PYOPENSSL = {"security", "secure"}
_FOR_SOME = re.compile(r"(?i)dev|test|doc|lint|optional|extra")


def _is_needed(one: Declaration, path: str) -> bool:
    """Whether the program is surely run with it: nothing that only developers or some install."""
    place = f"{one.section} {path.rpartition('/')[2]}"
    return one.kind == Kind.REQUIREMENT and not one.marker and not _FOR_SOME.search(place)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
