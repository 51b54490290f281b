"""The releases of a distribution, and folders with them for PYTHONPATH.

A wheel is unpacked into a folder of its own, so that a trial combines releases freely, also those
that a resolver would refuse.
"""

from __future__ import annotations

import os
import shutil
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from packaging import tags
from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from tests.conftest import index_url
from tests.test_match import interpreter


class File(NamedTuple):
    """A wheel as the index lists it, yanked or not."""

    version: Version
    name: str
    url: str
    requires_python: str
    tags: frozenset[tags.Tag]


class _Page(HTMLParser):
    """The links of an index page (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs))


@cache
def files(name: str) -> tuple[File, ...]:
    """All wheels that the index has of a distribution."""
    url = f"{index_url().rstrip('/')}/{name}/"
    with urllib.request.urlopen(url, timeout=60) as answer:
        page = _Page()
        page.feed(answer.read().decode())
    return tuple(filter(None, (_file(url, link) for link in page.links)))


def _file(page: str, link: dict[str, str | None]) -> File | None:
    url = urllib.parse.urljoin(page, link.get("href") or "").split("#")[0]
    name = urllib.parse.unquote(url.rsplit("/", 1)[1])
    try:
        _, version, _, fits = parse_wheel_filename(name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return File(version, name, url, link.get("data-requires-python") or "", fits)


@cache
def supported(python: str) -> tuple[tags.Tag, ...]:
    """The wheel tags of a CPython of that version on this machine, best first."""
    minor = (int(python.split(".", maxsplit=1)[0]), int(python.split(".")[1]))
    abis = ["cp27mu"] if minor == (2, 7) else None
    own = tags.cpython_tags(minor, abis, platforms=list(tags.platform_tags()))
    return (*own, *tags.compatible_tags(minor, platforms=list(tags.platform_tags())))


@cache
def candidates(name: str, python: str) -> dict[Version, File]:
    """The wheel to take of each release that says it supports that Python, oldest first."""
    order = {tag: rank for rank, tag in enumerate(supported(python))}
    best: dict[Version, tuple[int, File]] = {}
    for file in files(name):
        ranks = [order[tag] for tag in file.tags if tag in order]
        if not ranks or not SpecifierSet(file.requires_python).contains(python, prereleases=True):
            continue
        if file.version not in best or min(ranks) < best[file.version][0]:
            best[file.version] = (min(ranks), file)
    return {version: file for version, (_, file) in sorted(best.items())}


def shelf_root() -> Path:
    """The folder that keeps unpacked releases: $SSLFIX_SHELF, or one in the temporary folder."""
    import tempfile

    return Path(os.environ.get("SSLFIX_SHELF") or Path(tempfile.gettempdir()) / "sslfix-shelf")


def unpack(file: File) -> Path:
    """The folder for PYTHONPATH that holds this release; it is filled once."""
    folder = shelf_root() / file.name
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _extract(file, making)
        os.replace(making, folder)
    return folder


def _extract(file: File, folder: Path) -> None:
    archive = folder / file.name
    with urllib.request.urlopen(file.url, timeout=300) as answer, archive.open("wb") as out:
        shutil.copyfileobj(answer, out)
    with zipfile.ZipFile(archive) as wheel:
        wheel.extractall(folder)
    archive.unlink()
    for place in ("purelib", "platlib"):
        for data in folder.glob(f"*.data/{place}"):
            shutil.copytree(data, folder, dirs_exist_ok=True)


def requirements(folder: Path, python: str) -> Iterator[Requirement]:
    """What the distribution in that folder requires on that Python, without extras."""
    environment = {**interpreter("", python).markers, "extra": ""}
    for line in _metadata(folder).get("requires_dist", []):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement


def _metadata(folder: Path) -> RawMetadata:
    (path,) = folder.glob("*.dist-info/METADATA")
    raw, _ = parse_email(path.read_bytes())
    return raw
