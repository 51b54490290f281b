"""uv.toml of the user or of the machine: our constraints in it, every other byte kept.

`uv pip` adds them to those of the project; uv lock, uv sync and uv run take the project's only.
https://docs.astral.sh/uv/reference/settings/#constraint-dependencies
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sslfix.errors import ReadError
from sslfix.formats import _toml
from sslfix.language import say as _
from sslfix.model import Document, Problem

from . import blocks

KEY = "constraint-dependencies"
_SETTING = re.compile(rf"{KEY} = \[|\]")


def limits(document: Document) -> tuple[str, ...]:
    """The constraints that the file states; ReadError where uv cannot read it."""
    found = _load(document).get(KEY, [])
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


def add(document: Document, wanted: Sequence[str], *, new: bool) -> str:
    """The text with these requirements among the constraints, ours from before replaced.

    ReadError where that cannot be done without changing what else the file says.
    """
    text = remove(document)
    clean = document._replace(text=text)
    data, newline = _load(clean), blocks.newline_of(text)
    lines = [f"    {_quoted(one)}," for one in wanted]
    if KEY not in data:
        text = blocks.block([f"{KEY} = [", *lines, "]"], newline, new=new) + text
    elif isinstance(data[KEY], list):
        at = _toml.find(_toml.places(text), (KEY,)).value.start + 1
        text = text[:at] + " " + blocks.block(lines, newline) + text[at:]
    others = data.get(KEY, [])
    meant = {**data, KEY: [*wanted, *others]} if isinstance(others, list) else None
    if meant is None or _load(document._replace(text=text)) != meant:
        message = _("cannot be edited without changing what else it says; write by hand: {lines}")
        raise ReadError(document.path, message.format(lines=f"{KEY} = {list(wanted)}"))
    return text


def remove(document: Document) -> str:
    """The text without our blocks; what others wrote stays, byte for byte."""
    return blocks.without_comments(blocks.without(document.text, _SETTING))


def _load(document: Document) -> Mapping[str, object]:
    data = _toml.load(document)
    if isinstance(data, Problem):
        raise ReadError(data.path, data.message, data.line)
    return data


def _quoted(requirement: str) -> str:
    """The requirement as a TOML string; it holds no backslashes and no control characters."""
    return "'" + requirement + "'" if '"' in requirement else f'"{requirement}"'
