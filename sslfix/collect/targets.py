"""Known deployment targets: interpreters that stand in for one that is not at hand."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sslfix.errors import UsageError
from sslfix.language import say as _
from sslfix.model import Interpreter, SslLibrary

_SYSTEMS = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}
_VERSION = re.compile(r"\d+\.\d+\.\d+")
# Where the same images are found: the part in front of their name.
_REGISTRY = re.compile(
    r"(?:.*/)?library/"
    r"|(?:docker\.io|public\.ecr\.aws|mcr\.microsoft\.com|quay\.io"
    r"|registry\.access\.redhat\.com|registry\.redhat\.io)/"
)
# python:3.9, python:3.9.6-slim, python:3.9-slim-bullseye, python:3.9-alpine3.18
_IMAGE = re.compile(r"python:(\d+\.\d+)(?:\.(\d+))?(?:-slim(?!-alpine))?(?:-([a-z]+[\d.]*))?")
# Those of uv that go with the newest release: they are made from the image of Python beside it.
_UV = re.compile(r"ghcr\.io/astral-sh/uv:python(\d\.\d+)-([a-z]+[\d.]*)(?:-slim)?")
# What a Lambda image's tag may say beside the release: the architecture, the day it was made.
_LAMBDA = re.compile(r"((?:lambda/python|amazon/aws-lambda-python):\d\.\d+)[.-].*")
_SAM = re.compile(r"(sam/build-python\d\.\d+):\S+")


class Target(NamedTuple):
    """A target as `targets.toml` knows it; its comment says what the fields are."""

    name: str
    aliases: tuple[str, ...]
    python: str
    ssl: SslLibrary
    platform: str
    machine: str
    since: str
    until: str
    source: str
    url: str
    plain: tuple[int, int] | None = None
    oldest: int = 0

    @property
    def minor(self) -> str:
        """Python's minor release, "3.9"."""
        return self.python.rpartition(".")[0]

    def of(self, python: str) -> Target | None:
        """The target with another patch release; None where its SSL library is not known.

        A release newer than the one that the table knows is unknown too, if it is one at all.
        """
        newest = int(self.python.rpartition(".")[2])
        is_known = self.oldest <= int(python.rpartition(".")[2]) <= newest
        return self._replace(python=python) if is_known else None

    def interpreter(self, identifier: str, because: str) -> Interpreter:
        """The target as an interpreter that is known by profile."""
        os_name, system = _SYSTEMS[self.platform]
        markers = {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": os_name,
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": self.minor,
            "sys_platform": self.platform,
        }
        return Interpreter(
            id=identifier,
            executable=self.name,
            version=self.python,
            implementation="cpython",
            markers=markers,
            ssl=self.ssl,
            source="profile",
            chosen_because=because,
        )


# --------------------------------------------------------------------------- reading


@lru_cache(maxsize=1)
def load() -> dict[str, Target]:
    """All targets by name, in the order of targets.toml. ValueError where it is wrong."""
    import tomli

    path = os.path.join(os.path.dirname(__file__), "targets.toml")
    with open(path, "rb") as stream:
        entries = tomli.load(stream)["target"]
    known: dict[str, Target] = {}
    for one in (target for entry in entries for target in _targets(**entry)):
        if one.name in known:
            raise ValueError(f"{one.name} is there twice")
        known[one.name] = one
    return known


def _targets(
    *, name: str, aliases: list[str], ssl: str, releases: list[dict[str, Any]], **rest: str
) -> Iterator[Target]:
    library = SslLibrary.parse(ssl)
    for release in releases:
        python = str(release["python"])
        if not _VERSION.fullmatch(python) or not library.version:
            raise ValueError(f"{name}: Python {python}, {ssl}")
        minor = python.rpartition(".")[0]
        words = {"{minor}": minor, "{nodot}": minor.replace(".", "")}
        plain = tuple(release.get("plain", ()))
        yield Target(
            name=_filled(name, words),
            aliases=tuple(_filled(one, words) for one in aliases),
            python=python,
            ssl=library,
            platform=rest["platform"],
            machine=rest["machine"],
            since=str(release["since"]),
            until=str(release["until"]),
            source=_filled(rest["source"], words),
            url=rest["url"],
            plain=(plain[0], plain[1]) if plain else None,
            oldest=int(release.get("oldest", 0)),
        )


def _filled(text: str, words: dict[str, str]) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


# --------------------------------------------------------------------------- finding


def find(name: str, identifier: str) -> Interpreter:
    """The target of that name as the interpreter `identifier`. Raises UsageError for others."""
    target = named(name)
    if target is None:
        import difflib

        close = difflib.get_close_matches(name, _names(), n=1)
        text = _("no target is named {name}; {command} lists them")
        if close:
            text = _("no target is named {name}; did you mean {other}?")
        other = close[0] if close else ""
        raise UsageError(text.format(name=name, other=other, command="sslfix targets"))
    return target.interpreter(identifier, _("the target {name}").format(name=name))


def named(word: str) -> Target | None:
    """The target that a name, an alias or the tag of a docker image means, if it is known."""
    word = word.lower().partition("@")[0].removesuffix(":latest")
    word = _REGISTRY.sub("", word, count=1)
    word = _UV.sub(r"python:\1-\2", word)
    word = _SAM.sub(r"\1", _LAMBDA.sub(r"\1", word))
    return load().get(word) or _aliases().get(word) or _image(word)


@lru_cache(maxsize=1)
def _aliases() -> dict[str, Target]:
    return {alias: one for one in load().values() for alias in one.aliases}


def _names() -> list[str]:
    """All that can be said after --target, the names that tell most first."""
    return [*load(), *_aliases()]


def _image(word: str) -> Target | None:
    """The official docker image of a tag that names a patch release, or no distribution.

    A tag with no distribution in it is built on the newest one that there was when its patch
    release was current: https://github.com/docker-library/python
    """
    tag = _IMAGE.fullmatch(word)
    if tag is None:
        return None
    minor, patch, suite = tag[1], int(tag[2]) if tag[2] else None, tag[3] or ""
    if suite not in {"", "alpine"}:
        found = load().get(f"python:{minor}-{suite}")
    else:
        found = _plain(minor, patch, alpine=bool(suite))
    if found is None or patch is None:
        return found
    exact = found.of(f"{minor}.{patch}")
    return exact._replace(name=word) if exact else None


def _plain(minor: str, patch: int | None, *, alpine: bool) -> Target | None:
    """The image of a patch release (None: of the last one) whose tag names no distribution."""
    images = {
        one.plain: one
        for one in load().values()
        if one.plain and one.minor == minor and ("-alpine" in one.name) == alpine
    }
    if patch is None:
        return images[max(images)] if images else None
    return next((one for (first, last), one in images.items() if first <= patch <= last), None)
