"""Line numbers for many problems of one text: a wrong `--as` finds thousands."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from sslfix.model import Document

_LINE_END = re.compile(r"\r\n|\r|\n")


def line_of(document: Document, offset: int) -> int:
    """The 1-based line of an offset."""
    return bisect_right(_ends(document.text), offset) + 1


@lru_cache(maxsize=1)
def _ends(text: str) -> list[int]:
    return [found.end() for found in _LINE_END.finditer(text)]
