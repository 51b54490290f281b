"""Text that was put together from parts of a document, and knows where each part stands."""

from __future__ import annotations

from typing import NamedTuple

from sslfix.model import Span


class Piece(NamedTuple):
    """Text from offset `at` of a passage on, made of the characters `start` to `end` of the file.

    `verbatim` is False where they stand for something else (an escape, a variable): then a
    span covers all of them.
    """

    at: int
    start: int
    end: int
    verbatim: bool = True


class Passage(NamedTuple):
    """A requirement line with its continuations joined, or a TOML string with escapes resolved."""

    text: str
    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Passage:
        """The characters `start` to `end` of a document's text as they are."""
        return cls(text[start:end], (Piece(0, start, end),))

    def span(self, start: int, end: int) -> Span:
        """Where the characters `start` to `end` of the passage stand in the document.

        An empty span stands right behind the character before it.
        """
        if start == end:
            point = self._end(end) if end else self._start(0)
            return Span(point, point)
        return Span(self._start(start), self._end(end))

    def _start(self, offset: int) -> int:
        piece = self._piece(offset)
        return piece.start + (offset - piece.at if piece.verbatim else 0)

    def _end(self, offset: int) -> int:
        piece = self._piece(offset - 1)
        return piece.start + offset - piece.at if piece.verbatim else piece.end

    def _piece(self, offset: int) -> Piece:
        found = self.pieces[0]
        for piece in self.pieces:
            if piece.at > offset:
                break
            found = piece
        return found


class Builder:
    """Puts a passage together, piece by piece."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._pieces: list[Piece] = []
        self._length = 0

    def add(self, text: str, start: int, end: int | None = None) -> None:
        """Append `text`: the document's own from `start` on, or what `start` to `end` mean."""
        verbatim = end is None
        piece = Piece(self._length, start, start + len(text) if end is None else end, verbatim)
        self._pieces.append(piece)
        self._texts.append(text)
        self._length += len(text)

    def build(self) -> Passage:
        """The passage of what was added."""
        return Passage("".join(self._texts), tuple(self._pieces))
