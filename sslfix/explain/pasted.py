"""A text as people paste it, made plain: no colours, no log prefixes, no escapes.

The lines keep their numbers, so that the line that is the evidence can be shown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from .phrases import DROPPED, Phrase, Place, find, find_squeezed, fold

_ESCAPED_COLOUR = rb"\\{1,8}(?:u001b|x1b|033|e)\[[0-9;?]{0,20}[A-Za-z]"
_NOISE = re.compile(
    rb"\x1b\[[0-9;?]{0,20}[A-Za-z]|" + _ESCAPED_COLOUR + rb"|"
    rb"\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|"  # links of terminals
    rb"&quot;|&apos;|&#0?39;|&#x27;|"
    rb"\xe2\x80[\x98\x99\x9a\x9b\x9c\x9d\xb2\x8b]|\xc2\xab|\xc2\xbb|\xef\xbb\xbf|"  # quotes
    rb"\xe2[\x94\x95][\x80-\xbf]|"  # the frames that rich draws
    rb"(?<![\w.])[bur](?=[\"'])",  # Python's string prefixes
    re.IGNORECASE,
)
_BLANK = re.compile(rb"\xc2\xa0|\xe3\x80\x80|&nbsp;|\\{1,8}t(?![a-z])")
_ENTITIES = ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&amp;", b"&"))
# A line end as JSON writes it, and no folder of Windows: Lib\requests\adapters.py.
_ESCAPED_END = re.compile(rb"\\{1,8}[rn](?![a-z_][\w.-]{0,60}\\{1,8}(?![nr])\w)(?:\\{1,8}n)?")

_DATE = (
    rb"(?:\d{4}[-/]\d\d[-/]\d\d[T ]?|[A-Z][a-z]{2} [ \d]\d |\d\d[-/]\d\d[-/ ]|"
    rb"\d\d/[A-Z][a-z]{2}/\d{4}[: ])"
)
_TIME = rb"\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d| UTC)?"
# What mail, loggers, containers and CI systems put before a line.
_PREFIX = re.compile(
    rb"[ \t]*(?:"
    rb"(?:>+|\||#\d+ [\d.]+|E  |remote:|\[pid \d+\]|[a-z][\w.-]{0,40} +\|)[ \t]+|"
    rb"\[? {0,6}\d{1,9}\.\d{3,9}\][: \t]*|"  # the kernel's clock
    rb"(?:[\w.-]{1,64} )?[\w./-]{1,64}\[[\w.]{1,20}\]:[ \t]+|std(?:err|out) [FP] |"  # syslog, CRI
    rb"[\[(]?(?:" + _DATE + rb")?" + _TIME + rb"[\])]?[ \t]*(?:[-|:,][ \t]+)?|"
    rb"(?:\[(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|stderr|stdout)\]|"
    rb"(?:DEBUG|INFO|WARN|CRITICAL|FATAL|stderr|stdout)\b)[: |-]{0,3}[ \t]*"
    rb"){1,4}"
)
# A letter of another script, as JSON and Python write it, or one byte of it.
_ESCAPED_LETTER = re.compile(rb"\\{1,8}(?:u([0-9a-f]{4})|x([89a-f][0-9a-f]))", re.IGNORECASE)
_DOTS = rb"(?:\.{3}|\xe2\x80\xa6|\[\.{3}\])"
_ELLIPSIS = re.compile(rb"^\s*" + _DOTS + rb"|" + _DOTS + rb"\W{0,3}$")
_NOT_WITHIN_A_WORD = re.compile(rb"\w{1,300}$")
_APART = bytes.maketrans(DROPPED, b" " * len(DROPPED))
_LONG = 4000
_PREFIX_WIDTH = 200
_EVIDENCE_WIDTH = 300


class Pasted(NamedTuple):
    """Plain lines with their numbers, and the folded text of all, with where each line begins.

    Where the blanks were left out, `breaks` says where they, quotes and line ends stood.
    """

    lines: tuple[tuple[int, bytes], ...]
    folded: bytes
    starts: tuple[int, ...]
    breaks: frozenset[int] = frozenset()

    @classmethod
    def of(cls, lines: Iterable[tuple[int, bytes]], joint: bytes = b" ") -> Pasted:
        """The lines joined by a blank, or by nothing: then without any blanks."""
        kept, parts, starts, length = [], [], [], 0
        breaks: set[int] = set()
        for number, line in lines:
            part = fold(line).strip()
            if not joint:
                words = fold(line.translate(_APART)).split()
                part = b"".join(words)
                breaks.update(accumulate(map(len, words), initial=length))
            if part:
                kept.append((number, line))
                parts.append(part)
                starts.append(length)
                length += len(part) + len(joint)
        return cls(tuple(kept), joint.join(parts), tuple(starts), frozenset(breaks))

    def find(self, phrase: Phrase) -> Place | None:
        """Where the text has a phrase."""
        if self.breaks:
            return find_squeezed(phrase, self.folded, self.breaks)
        return find(phrase, self.folded)

    def evidence(self, start: int, end: int = 0) -> tuple[int, str]:
        """The number and the words of the line that has most of a part of the folded text.

        Of several that have as much it is the last: what goes wrong stands below what was tried.
        """
        first = bisect_right(self.starts, start) - 1
        last = max(first, bisect_right(self.starts, end - 1) - 1)
        ends = (*self.starts[first + 1 : last + 1], end)
        shares = [
            (min(stop, end) - max(begin, start), number)
            for number, (begin, stop) in enumerate(zip(self.starts[first : last + 1], ends), first)
        ]
        number, line = self.lines[max(shares)[1]]
        return number, " ".join(line.decode("utf-8", "replace").split())[:_EVIDENCE_WIDTH]


def plain_lines(text: bytes, first: int = 1) -> Iterator[tuple[int, bytes]]:
    """The plain lines with the numbers of the lines that they come from.

    A line end that is written as an escape, as JSON does, ends a line too.
    """
    for number, line in enumerate(text.splitlines(), first):
        rest = line
        if b"\\" in line or b"&" in line or b"\x1b" in line or not line.isascii():
            rest = _NOISE.sub(b"", _ESCAPED_LETTER.sub(_letter, line))
            rest = _BLANK.sub(b" ", rest)
            for entity, character in _ENTITIES:
                rest = rest.replace(entity, character)
        for piece in _ESCAPED_END.split(rest) if b"\\" in rest else (rest,):
            found = _PREFIX.match(piece, 0, _PREFIX_WIDTH)
            words = piece[found.end() :] if found else piece
            for start in range(0, len(words), _LONG):
                yield number, words[start : start + _LONG]


def _letter(escape: re.Match[bytes]) -> bytes:
    """The letter of an escape; half of a surrogate pair and control characters stay as they are."""
    if escape[2]:
        return bytes((int(escape[2], 16),))
    code = int(escape[1], 16)
    return escape[0] if code < 0xA0 or 0xD800 <= code < 0xE000 else chr(code).encode()


def without_ellipses(lines: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The lines without the dots that stand where something was cut off."""
    return [(number, _ELLIPSIS.sub(b"", line)) for number, line in lines]


def without_common_prefix(lines: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The lines without what most of them begin with, numbers aside: a logger nobody knows."""
    shapes = [re.sub(rb"\d+", b"0", line) for _, line in lines if line.strip()]
    prefix = _NOT_WITHIN_A_WORD.sub(b"", _beginning(_most(shapes))) if len(shapes) > 1 else b""
    if not prefix.strip():
        return lines
    pattern = re.compile(re.escape(prefix).replace(b"0", rb"\d+"))
    return [(number, pattern.sub(b"", line, count=1)) for number, line in lines]


def _beginning(shapes: list[bytes]) -> bytes:
    """What all of them begin with."""
    least, most = min(shapes), max(shapes)
    same = zip(least, most)
    size = next((n for n, (one, other) in enumerate(same) if one != other), len(least))
    return least[:size]


def _most(shapes: list[bytes]) -> list[bytes]:
    """The shapes that share the first ten characters with most of the others."""
    heads = [shape[:10] for shape in shapes]
    usual = max(set(heads), key=heads.count)
    return [shape for shape in shapes if shape[:10] == usual]
