"""What a cut text still shows of a phrase: its beginning at a line's end, or its end at a start.

All of it works on folded text without blanks. A phrase is its pieces; what stands between them may
be anything, as in `phrases`. The time is linear in the text: the beginnings of all phrases are
looked up at once, and each occurrence of a first piece costs a bounded amount.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .phrases import GAP, fold

_HEAD = 14
"""How many characters a text must show of a phrase, at least."""
_TELLING = 8
"""How many of these must be the phrase's own, not words that many messages share."""
_REST = 4
"""How many it must show of a further piece for this to count, unless the others are long."""
_ENOUGH = 28
_OCCURRENCES = 20
_LONGEST = 200

_SHARED = re.compile(
    b"|".join(
        re.escape(fold(words.encode()).replace(b" ", b""))
        for words in (
            "ModuleNotFoundError:",
            "ImportError:",
            "AttributeError:",
            "FileNotFoundError:",
            "[Errno 2]",
            "TypeError:",
            "ValueError:",
            "NameError:",
            "OSError:",
            "SSLCertVerificationError",
            "SSLError",
            "No module named",
            "cannot import name",
            "module object has no attribute",
            "has no attribute",
            "is not defined",
            "is not available",
            "unexpected keyword argument",
            "missing 1 required positional argument",
            "undefined symbol:",
            "cannot open shared object file",
            "No such file or directory",
            "Library not loaded",
            "DLL load failed",
            "The specified module could not be found",
            "CERTIFICATE_VERIFY_FAILED",
            "certificate verify failed",
            "HTTPSConnectionPool(host",
            "Max retries exceeded with url",
            "Caused by",
            "urlopen error",
            "RecursionError: maximum recursion depth exceeded",
            "Segmentation fault",
        )
    )
)

Phrases = Sequence[tuple[bytes, ...]]


class Shown(NamedTuple):
    """How many characters of which phrase a text shows, and where its line is."""

    phrase: int
    length: int
    offset: int


def remains(phrases: Phrases, text: bytes, starts: Sequence[int]) -> Iterator[Shown]:
    """What the lines of a text, which begin at `starts`, show of phrases that they were cut in."""
    own = [_SHARED.sub(lambda words: b"\0" * len(words[0]), b"".join(one)) for one in phrases]
    for one in _beginnings(phrases, text, (*starts[1:], len(text))):
        if _tells(own[one.phrase][: one.length]):
            yield one
    size = len(text)
    backwards = [tuple(piece[::-1] for piece in reversed(pieces)) for pieces in phrases]
    for one in _beginnings(backwards, text[::-1], [size - start for start in reversed(starts)]):
        if _tells(own[one.phrase][-one.length :]):
            yield one._replace(offset=size - 1 - one.offset)
    yield from _middles(phrases, own, text, starts)


def _tells(part: bytes) -> bool:
    return len(part) - part.count(0) >= _TELLING


def _beginnings(phrases: Phrases, text: bytes, ends: Sequence[int]) -> Iterator[Shown]:
    """Phrases of which a line shows the beginning, and then ends."""
    heads: dict[bytes, list[int]] = {}
    for number, pieces in enumerate(phrases):
        heads.setdefault(pieces[0][:_HEAD], []).append(number)
        if len(pieces) > 1:
            yield from _cut_later(number, pieces, text, ends)
    for end in ends:
        for place in range(max(0, end - _LONGEST), end - _HEAD + 1):
            for number in heads.get(text[place : place + _HEAD], ()):
                piece = phrases[number][0]
                if end - place < len(piece) and piece.startswith(text[place:end]):
                    yield Shown(number, end - place, place)


def _cut_later(
    number: int, pieces: tuple[bytes, ...], text: bytes, ends: Sequence[int]
) -> Iterator[Shown]:
    """A phrase whose first pieces are there, and whose next one is cut at the end of a line."""
    place = -1
    for _ in range(_OCCURRENCES):
        place = text.find(pieces[0], place + 1)
        if place < 0:
            return
        end, length, rest = place + len(pieces[0]), len(pieces[0]), list(pieces[1:])
        while rest:
            found = text.find(rest[0], end, end + GAP + len(rest[0]))
            if found < 0:
                break
            piece = rest.pop(0)
            end, length = found + len(piece), length + len(piece)
        if rest:
            part = max((_ending(text[end:stop], rest[0]) for stop in _near(ends, end)), default=0)
            if part >= _REST or (length >= _ENOUGH and _ends_there(text, ends, end)):
                yield Shown(number, length + part, place)


def _ends_there(text: bytes, ends: Sequence[int], place: int) -> bool:
    """Whether the text ends in the line of a place or in the next one."""
    return len(text) - place <= GAP and len(_near(ends, place)) <= 2


def _near(ends: Sequence[int], place: int) -> Sequence[int]:
    """The ends of lines within reach of a place."""
    return ends[bisect_left(ends, place) : bisect_right(ends, place + GAP)]


def _ending(line: bytes, piece: bytes) -> int:
    """How many characters of the piece's beginning the line ends with."""
    sizes = range(min(len(line), len(piece) - 1), 0, -1)
    return next((size for size in sizes if line.endswith(piece[:size])), 0)


def _middles(
    phrases: Phrases, own: Sequence[bytes], text: bytes, starts: Sequence[int]
) -> Iterator[Shown]:
    """Phrases of which a line shows a part without either end; a whole piece was not cut."""
    wholes = [b"".join(pieces) for pieces in phrases]
    joined = b"\n".join(wholes)
    for start, end in zip(starts, (*starts[1:], len(text))):
        line = text[start:end]
        if _HEAD <= len(line) <= _LONGEST and line in joined:
            for number, whole in enumerate(wholes):
                place = whole.find(line) if line not in phrases[number] else -1
                if place >= 0 and _tells(own[number][place : place + len(line)]):
                    yield Shown(number, len(line), start)
