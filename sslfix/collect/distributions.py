"""Installed distributions, read from their metadata on disk.

Not by importlib.metadata (38 ms to import) and not by the pip of the environment, which in a sick
one cannot run. The formats: https://packaging.python.org/specifications/recording-installed-packages/
and, for what setuptools wrote before, https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from errno import EINVAL
from io import FileIO
from stat import S_ISREG
from typing import NamedTuple

from sslfix.model import Distribution


class _Record(NamedTuple):
    """A distribution, the tool that installed it, and whether that tool marked it as requested."""

    distribution: Distribution
    installer: str = ""
    requested: bool = False


def read(site_packages: Iterable[str]) -> tuple[Distribution, ...]:
    """What is installed in these folders, by name; the first folder that has a name wins."""
    records: dict[str, _Record] = {}
    for folder in site_packages:
        for record in _read_folder(folder):
            records.setdefault(record.distribution.name, record)
    # Not all tools write REQUESTED (pip does from 20.2 on): those that did it once count.
    marking = {one.installer for one in records.values() if one.requested}
    return tuple(
        one.distribution._replace(requested=one.requested or one.installer not in marking)
        for _, one in sorted(records.items())
    )


def normalize(name: str) -> str:
    """The name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_folder(folder: str) -> Iterator[_Record]:
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in entries:
        path = os.path.join(folder, entry)
        if entry.endswith(".dist-info"):
            record = _dist_info(path, entries)
        elif entry.endswith(".egg-link"):
            record = _egg_link(path)
        elif entry.endswith((".egg-info", ".egg")):
            record = _egg(path)
        else:
            continue
        if record is not None:
            yield record


def _dist_info(path: str, beside: list[str]) -> _Record | None:
    try:
        files = os.listdir(path)
        name, version = _name_and_version(os.path.join(path, "METADATA"))
    except OSError:
        return None
    if not name or not version:
        return None
    direct_url = (
        text_of(os.path.join(path, "direct_url.json")) if "direct_url.json" in files else ""
    )
    editable = _editable(direct_url) or _editable_path(path, name, beside)
    distribution = Distribution(normalize(name), version, path, editable, direct_url)
    installer = text_of(os.path.join(path, "INSTALLER")).strip() if "INSTALLER" in files else ""
    return _Record(distribution, installer, "REQUESTED" in files)


def _egg(path: str) -> _Record | None:
    """What setuptools, distutils or easy_install left: a folder or, from distutils, a file."""
    inner = "EGG-INFO/PKG-INFO" if path.endswith(".egg") else "PKG-INFO"
    try:
        name, version = _name_and_version(
            os.path.join(path, inner) if os.path.isdir(path) else path
        )
    except OSError:
        return None
    return _Record(Distribution(normalize(name), version, path)) if name and version else None


def _egg_link(path: str) -> _Record | None:
    """An editable install by `setup.py develop`: the link names the project's source folder."""
    target = text_of(path).partition("\n")[0].strip()
    try:
        inside = [name for name in sorted(os.listdir(target)) if name.endswith(".egg-info")]
    except OSError:
        return None
    record = _egg(os.path.join(target, inside[0])) if inside else None
    if record is None:
        return None
    return _Record(record.distribution._replace(editable=target))


def _editable(direct_url: str) -> str:
    """The project's folder if direct_url.json (PEP 610) speaks of an editable install."""
    if '"editable"' not in direct_url:
        return ""
    import json
    from urllib.parse import unquote

    try:
        values = json.loads(direct_url)
        url, editable = values["url"], values["dir_info"]["editable"]
    except (ValueError, KeyError, TypeError):
        return ""
    return unquote(url[len("file://") :]) if editable and url.startswith("file://") else ""


def _editable_path(path: str, name: str, beside: list[str]) -> str:
    """The folder that a .pth file adds for this distribution (poetry; setuptools without a URL)."""
    stem = os.path.basename(path)[: -len(".dist-info")]
    for entry in (f"__editable__.{stem}.pth", f"{name}.pth", f"{name.replace('-', '_')}.pth"):
        if entry in beside:
            target = text_of(os.path.join(os.path.dirname(path), entry)).partition("\n")[0].strip()
            if os.path.isabs(target) and os.path.isdir(target):
                return target
    return ""


def _name_and_version(path: str) -> tuple[str, str]:
    """Name and Version of a metadata file, "" where it has none."""
    # The first lines as a rule; opened without buffers, which cost as much as the reading.
    with open_regular(path) as file:
        text = file.read(2000).decode("utf-8", "replace")
        if len(text) >= 2000 and not ("\nName:" in text and "\nVersion:" in text):
            text += file.readall().decode("utf-8", "replace")
    head = text.replace("\r\n", "\n").partition("\n\n")[0]
    found: dict[str, str] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(":")
        found.setdefault(key.lower(), value.strip())
    return found.get("name", ""), found.get("version", "")


def text_of(path: str) -> str:
    """The text of a small file, "" where it cannot be read."""
    try:
        with open_regular(path) as file:
            text = file.readall().decode("utf-8", "replace")
    except OSError:
        return ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def open_regular(path: str) -> FileIO:
    """The file to read from, without a buffer; OSError for a pipe, which would be waited for."""
    file = FileIO(path, "r", opener=_at_once)
    if not S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(EINVAL, os.strerror(EINVAL), path)
    return file


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
