"""What importing somebody else's module does to `ssl`, from data and what is installed.

The setters of `ssl.SSLContext` look themselves up by the global name, which a patch replaces by a
subclass. A class that was taken before then ends in a RecursionError, if contexts are made of it
(https://github.com/gevent/gevent/issues/1016). The data is derived from the real releases by
`python -m tests.source.holders`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sslfix.model import DependencyFile, Interpreter

PATCHES, RECURSES, HOLDS = "patches", "recurses", "holds"
_ORDER = (PATCHES, RECURSES, HOLDS)


class Tried(NamedTuple):
    """What a module of a distribution did in the releases that were tried."""

    distribution: str
    effects: Mapping[str, str]


@cache
def table() -> dict[str, list[Tried]]:
    """Every module that does something to ssl when it is imported."""
    import tomli

    text = Path(__file__).with_name("holders.toml").read_text("utf-8")
    found: dict[str, list[Tried]] = {}
    for distribution, modules in tomli.loads(text).items():
        for module, effects in modules.items():
            found.setdefault(module, []).append(Tried(distribution, effects))
    return found


class Holders:
    """The table, as the versions of one environment decide it."""

    def __init__(self, versions: Mapping[str, str]) -> None:
        self.versions = versions
        self.effect = cache(self._effect)

    def _effect(self, name: str) -> str:
        """What the import of a dotted name surely does: "" for nothing, or nobody knows."""
        parts = name.split(".")
        found = {
            decide(tried.effects, self.versions.get(tried.distribution, ""))
            for count in range(1, len(parts) + 1)
            for tried in table().get(".".join(parts[:count]), ())
        }
        return next((effect for effect in _ORDER if effect in found), "")


def decide(effects: Mapping[str, str], version: str) -> str:
    """The effect of a release, if those tried on both sides of it agree; "" otherwise.

    Of a version nobody knows only what all do is known. One newer than all that were tried does
    what the newest did.
    """
    if version in effects:
        return effects[version]
    if len(set(effects.values())) == 1:
        return next(iter(effects.values()))
    if not version:
        return ""
    from packaging.version import Version

    older = [one for one in effects if Version(one) <= Version(version)]
    newer = [one for one in effects if Version(one) > Version(version)]
    if not older:
        return ""
    before = effects[max(older, key=Version)]
    return before if not newer or effects[min(newer, key=Version)] == before else ""


def known_versions(interpreter: Interpreter, files: Iterable[DependencyFile]) -> dict[str, str]:
    """The version of each distribution: as installed, else as the one pin of it says."""
    pins: dict[str, set[str]] = {}
    for file in files:
        for one in file.declarations:
            if one.version:
                pins.setdefault(_normal(one.name), set()).add(one.version)
    pinned = {name: found.pop() for name, found in pins.items() if len(found) == 1}
    return {**pinned, **{_normal(one.name): one.version for one in interpreter.distributions}}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
