"""The pip hook: constraints for one interpreter in a file, and settings of pip that name it.

Everything here is said of texts that were read before. `pip_conf` and `uv_toml` edit settings,
`judging` says whether what is there will do, this module what there is to write and to remove.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sslfix.model import Document

from . import blocks, pip_conf, uv_toml

USUAL = "error"
_MARKER = re.compile(r"; python_full_version == \"([^\"]+)\"")
_LEAST = re.compile(r"^# level: (warning|note)$", re.MULTILINE)
ENVIRONMENT, USER, GLOBAL = LEVELS = ("environment", "user", "global")


class File(NamedTuple):
    """A settings file or a constraints file; `exists` is False for one that may be made."""

    document: Document
    exists: bool

    @property
    def path(self) -> str:
        """Where it is, absolute."""
        return self.document.path


class Wanted(NamedTuple):
    """What is to be kept out: the text for the constraints file, and its lines without comments.

    `version` is that of the Python where a file is read by several, and has a part for each.
    """

    text: str = ""
    requirements: tuple[str, ...] = ()
    version: str = ""


class Place(NamedTuple):
    """The files of the hook at one level, and what is wanted in them.

    `lower` are the settings that pip reads before those of this level, and that these replace. `uv`
    is uv's settings file, None for an environment: uv reads none there. `lost` are the constraints
    files of this hook that are named and do not exist.
    """

    level: str
    settings: File
    constraints: File
    lower: tuple[File, ...] = ()
    uv: File | None = None
    lost: tuple[str, ...] = ()
    wanted: Wanted = Wanted()


def marked(specifier: str, version: str) -> str:
    """The specifier for that very Python, where one file is read by several."""
    return f'{specifier} ; python_full_version == "{version}"'


def with_least(text: str, least: str) -> str:
    """The text of a constraints file that says from which level of rules on it was made."""
    return text if least == USUAL else f"{text}\n# level: {least}\n"


def least_of(text: str) -> str:
    """The level of rules that a part of a constraints file was made for."""
    found = _LEAST.search(text)
    return found[1] if found else USUAL


def lines(text: str) -> tuple[str, ...]:
    """The requirements in a constraints file."""
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


# --------------------------------------------------------------------------- parts for a Python


def part(text: str, version: str) -> str:
    """What a constraints file says to that Python, "" for nothing; all of it if `version` is ""."""
    return next((one for one in _parts(text) if version in versions(one)), "") if version else text


def versions(text: str) -> tuple[str, ...]:
    """The Pythons that a constraints file has parts for."""
    return tuple(dict.fromkeys(_MARKER.findall(text)))


def composed(place: Place) -> str:
    """The constraints file with what is wanted, parts for other Pythons kept; "" for nothing."""
    wanted, old = place.wanted, place.constraints.document.text
    new = wanted.text if wanted.requirements else ""
    if not wanted.version:
        return new
    known = {versions(one)[0]: one for one in _parts(old) if versions(one)}
    return "\n".join(filter(None, {**known, wanted.version: new}.values()))


def _parts(text: str) -> list[str]:
    found = re.split(r"^(?=# made by sslfix )", text, flags=re.MULTILINE)
    return [one.rstrip() + "\n" for one in found if one.strip()]


# --------------------------------------------------------------------------- installing


def written(place: Place, *, builds: bool, uv: bool) -> dict[str, bytes]:
    """The files that are not as they have to be with their new contents, in the order to write.

    `builds` asks for build-constraint as well, `uv` for a file of uv's where there is none.
    """
    constraints = composed(place)
    pairs = [(place.constraints, constraints), (place.settings, settings(place, builds=builds))]
    if place.uv is not None and (uv or place.uv.exists):
        text = uv_toml.add(place.uv.document, lines(constraints), new=_is_made(place.uv))
        pairs.append((place.uv, text))
    return {
        file.path: _encoded(file.document, text)
        for file, text in pairs
        if not file.exists or text != file.document.text
    }


def settings(place: Place, *, builds: bool) -> str:
    """The text of pip.conf with the hook; as it is where pip reads the same in it."""
    document, path = place.settings.document, pip_conf.spelled(place.constraints.path)
    lower = merged(place.lower)
    text = pip_conf.add(document, lower, path, builds=builds, new=_is_made(place.settings))
    before, after = pip_conf.values(document), pip_conf.values(document._replace(text=text))
    as_sets = ({key: set(named) for key, named in one.items()} for one in (before, after))
    return document.text if next(as_sets) == next(as_sets) else text


def _is_made(file: File) -> bool:
    """Whether the file is made for the hook, now or by an earlier install."""
    return not file.exists or blocks.is_new(file.document.text)


def merged(files: Iterable[File]) -> pip_conf.Values:
    """What pip makes of the files: a later one's values replace those of the earlier ones."""
    return {key: named for one in files for key, named in pip_conf.values(one.document).items()}


def has_builds(place: Place) -> bool:
    """Whether build-constraint names our file already."""
    found = pip_conf.values(place.settings.document)
    return any(
        key == pip_conf.BUILD and any(map(pip_conf.is_ours, named))
        for (_section, key), named in found.items()
    )


def _encoded(document: Document, text: str) -> bytes:
    return document.bom + text.encode(document.encoding, "surrogateescape")


# --------------------------------------------------------------------------- removing


def removed(place: Place) -> dict[str, bytes | None]:
    """The files that change when the hook is taken out, None for those that go; in that order."""
    pairs = [(place.settings, pip_conf.remove(place.settings.document))]
    if place.uv is not None:
        pairs.append((place.uv, uv_toml.remove(place.uv.document)))
    found = {
        file.path: None if _goes(file.document.text, text) else _encoded(file.document, text)
        for file, text in pairs
        if text != file.document.text
    }
    if place.constraints.exists:
        found[place.constraints.path] = None
    return found


def _goes(before: str, after: str) -> bool:
    """Whether the file was made for the hook, and nothing has come in beside it since."""
    if blocks.has_any(before):
        return blocks.is_new(before) and not after.strip()
    return pip_conf.is_bare(after)
