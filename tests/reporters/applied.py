"""Fixes applied as those who read a report apply them."""

from __future__ import annotations

import re
from typing import Any


def by_code_points(text: str, replacements: list[dict[str, Any]]) -> str:
    """The text after the replacements of a SARIF fix, whose columns count code points."""
    for one in sorted(replacements, key=_start, reverse=True):
        region = one["deletedRegion"]
        start = _line(text, region["startLine"]) + region["startColumn"] - 1
        end = _line(text, region["endLine"]) + region["endColumn"] - 1
        text = text[:start] + one["insertedContent"]["text"] + text[end:]
    return text


def by_bytes(text: str, suggestion: dict[str, Any]) -> str:
    """The text after a suggestion of RDJSON, whose columns count bytes of UTF-8."""
    data = text.encode()
    start, end = (
        len(text[: _line(text, place["line"])].encode()) + place["column"] - 1
        for place in (suggestion["range"]["start"], suggestion["range"]["end"])
    )
    new: bytes = suggestion["text"].encode()
    return (data[:start] + new + data[end:]).decode()


def _line(text: str, number: int) -> int:
    """Where a line begins."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))][number - 1]


def _start(replacement: dict[str, Any]) -> tuple[int, int]:
    region = replacement["deletedRegion"]
    return region["startLine"], region["startColumn"]
