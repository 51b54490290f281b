"""Where a resolver is asked: links to what is there, and dependency files as they will be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sslfix import formats
from sslfix.model import DependencyFile


def copy(
    reached: Sequence[DependencyFile],
    files: Mapping[str, DependencyFile],
    scratch: str,
    projects: Iterable[str] = (),
) -> None:
    """Copy the folders of these files and all above them into `scratch`.

    The copy is made of links, so that relative paths lead to what is there and uv finds its
    settings. But dependency files have their new texts, without hashes: those of a changed pin
    are still the old ones. The folders of local projects are copied too, as setuptools writes
    into them (*.egg-info) when it is asked what they require.
    """
    texts = {os.path.abspath(one.document.path): one for one in (*files.values(), *reached)}
    own = {os.path.dirname(os.path.abspath(one.document.path)) for one in reached}
    inside = {path for one in projects for path in (one, f"{one}/src") if os.path.isdir(path)}
    named = "\n".join([*_SETTINGS, *(one.document.text for one in reached)])
    above = set(_upwards(os.path.dirname(_top(own)))) - own - inside
    folders = {folder for one in own | inside for folder in _upwards(one)}
    for folder in folders:
        os.makedirs(copied(folder, scratch), exist_ok=True)
        for name in _names(folder):
            path = os.path.join(folder, name)
            if path in texts:
                with open(copied(path, scratch), "wb") as stream:
                    stream.write(_new_bytes(texts[path]))
            elif path not in folders and (folder not in above or name in named):
                os.symlink(path, copied(path, scratch))


# What uv looks for in folders further up, of which else only what is named is linked: a thousand
# links take half a second.
_SETTINGS = ("pyproject.toml", "uv.toml")


def _top(folders: Iterable[str]) -> str:
    """The working directory if it holds the folders, else the folder that does."""
    top, here = os.path.commonpath(list(folders)), os.getcwd()
    return here if os.path.commonpath([top, here]) == here else top


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        yield folder


def copied(path: str, scratch: str) -> str:
    """Where an absolute path is in the copy."""
    return os.path.normpath(scratch + path)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # other people's homes, or a folder that is gone
        return []


def reached(
    asking: Iterable[DependencyFile], files: Mapping[str, DependencyFile]
) -> list[DependencyFile]:
    """These files and all of the run that they include."""
    reached: dict[str, DependencyFile] = {}
    waiting = list(asking)
    while waiting:
        file = waiting.pop()
        if file.document.path not in reached:
            reached[file.document.path] = file
            targets = [formats.included_path(file, include) for include in file.includes]
            waiting += [files[target] for target in targets if target in files]
    return list(reached.values())


_HASHES = re.compile(
    r"(?:\s|\\\r?\n)*(?<=\s)--hash(?:=|[ \t]+)\S+|^[ \t]*--require-hashes\b.*", re.MULTILINE
)


def _new_bytes(file: DependencyFile) -> bytes:
    text = file.document.text
    if file.format == "requirements.txt":
        text = _HASHES.sub("", text)
    return file.document.encode(text)
