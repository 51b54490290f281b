"""Finding the texts of the pages' symptoms in what people paste: literal pieces with gaps.

A phrase is no regular expression. It is searched with `bytes.find`, piece after piece, in a text
that was folded as the phrase was (`fold`), so the time is linear in the text whatever stands in
it: every start costs at most one window of `GAP` bytes for each further piece.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

GAP = 200
"""How many characters of the folded text a `{}` may stand for, in bytes."""

# What does not count: letter case, quotes, and slips of reading a picture (0 for O; 1, I for l).
_FOLDED = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ01|\t\r\n\f\v=", b"abcdefghljklmnopqrstuvwxyzoll" + b" " * 6
).replace(b"i", b"l")
DROPPED = b"'\"`\\"
"""Quotes, and what Windows puts between folders: they end a word, and do not count either."""
_BLANKS = re.compile(rb" {2,}")
_WORD = re.compile(rb"[a-z0-9_]")


def fold(text: bytes) -> bytes:
    """The text without what does not count, single blanks between its words."""
    return _BLANKS.sub(b" ", text.translate(_FOLDED, DROPPED))


class Phrase(NamedTuple):
    """A symptom's text, ready to be searched.

    `pieces` are folded, `squeezed` are the same without blanks. `whole` says for the first and
    the last end that a word must end there.
    """

    pieces: tuple[bytes, ...]
    squeezed: tuple[bytes, ...]
    whole: tuple[bool, bool]

    @classmethod
    @cache
    def of(cls, text: str) -> Phrase:
        """The phrase of a text as pages write it."""
        parts = [fold(part.encode()) for part in text.split("{}")]
        pieces = tuple(part.strip() for part in parts if part.strip())
        return cls(
            pieces,
            tuple(piece.replace(b" ", b"") for piece in pieces),
            (bool(parts[0].strip()), bool(parts[-1].strip())),
        )

    @property
    def weight(self) -> int:
        """How many characters a text must share with the phrase."""
        return sum(map(len, self.squeezed))


def gate(text: str) -> bytes:
    """A word without which no text has a phrase, b"" if it has no whole word.

    Only windows of large texts are asked for it, so it is not part of a phrase.
    """
    parts = [fold(part.encode()) for part in text.split("{}")]
    return max((word for part in parts for word in _whole_words(part, parts)), key=len, default=b"")


def words(text: bytes) -> set[bytes]:
    """The words of a folded text that phrases can be gated by."""
    return set(text.translate(_NO_WORDS).split())


_NO_WORDS = bytes(
    byte if _WORD.match(bytes((byte,))) or byte >= 128 else 32  # ASCII ends there
    for byte in range(256)
)


def _whole_words(part: bytes, parts: list[bytes]) -> list[bytes]:
    """The words of a part that are whole in every text: not those that a gap may lengthen."""
    found = part.translate(_NO_WORDS).split()
    if part is not parts[0] and found and part.translate(_NO_WORDS)[:1] != b" ":
        found = found[1:]
    if part is not parts[-1] and found and part.translate(_NO_WORDS)[-1:] != b" ":
        found = found[:-1]
    return found


class Place(NamedTuple):
    """Where a text has a phrase, and where in it the longest of the phrase's pieces stands."""

    start: int
    end: int
    told: tuple[int, int]


def find(phrase: Phrase, text: bytes) -> Place | None:
    """Where a folded text has the phrase, whole words at both ends, or None."""
    return _find(phrase.pieces, phrase.whole, text, frozenset())


def find_squeezed(phrase: Phrase, text: bytes, breaks: frozenset[int]) -> Place | None:
    """The same in a text without blanks; `breaks` are the places where one or a line end stood."""
    return _find(phrase.squeezed, phrase.whole, text, breaks)


def _find(
    pieces: tuple[bytes, ...], whole: tuple[bool, bool], text: bytes, breaks: frozenset[int]
) -> Place | None:
    start = -1
    while True:
        start = text.find(pieces[0], start + 1)
        if start < 0:
            return None
        if whole[0] and start not in breaks and not _begins_word(text, start):
            continue
        places = _follow(pieces, text, start)
        while places and whole[1] and not _ends(places[-1] + len(pieces[-1]), text, breaks):
            places = _with_later_end(places, pieces, text)
        if places:
            longest, place = max(zip(map(len, pieces), places))
            return Place(start, places[-1] + len(pieces[-1]), (place, place + longest))


def _follow(pieces: tuple[bytes, ...], text: bytes, start: int) -> list[int]:
    """Where the pieces stand from the first one at `start` on, nothing if one is out of reach."""
    places, end = [start], start + len(pieces[0])
    for piece in pieces[1:]:
        found = text.find(piece, end, end + GAP + len(piece))
        if found < 0:
            return []
        places.append(found)
        end = found + len(piece)
    return places


def _with_later_end(places: list[int], pieces: tuple[bytes, ...], text: bytes) -> list[int]:
    """The same with the next place of the last piece within its reach, nothing if there is none."""
    if len(places) == 1:
        return []
    reach = places[-2] + len(pieces[-2]) + GAP + len(pieces[-1])
    found = text.find(pieces[-1], places[-1] + 1, reach)
    return [*places[:-1], found] if found >= 0 else []


def _begins_word(text: bytes, start: int) -> bool:
    return not (_WORD.match(text, start) and start and _WORD.match(text, start - 1))


def _ends(end: int, text: bytes, breaks: frozenset[int]) -> bool:
    """Whether no word goes on where a phrase ends."""
    return end in breaks or not (_WORD.match(text, end - 1) and _WORD.match(text, end))
