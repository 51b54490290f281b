"""The commands of a shell script, word by word, each knowing where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._passage import Builder, Passage

_TOKEN = re.compile(
    r"""(?P<blank>[^\S\n]+)
    |(?P<comment>(?<![^\s;&|()])\#[^\n]*)
    |(?P<end>[;&|()\n])
    |(?P<redirect>(?:(?<![^\s;&|()])\d+)?(?:<<<|<<-?|>>|[<>])&?)
    |'(?P<single>[^']*)'?
    |"(?P<double>(?:[^"\\]|\\.)*)"?
    |\\(?P<escaped>.?)
    |(?P<computed>\$\((?:[^()]|\([^()]*\))*\)?|`[^`]*`?|\$\{[^}]*\}?)
    |(?P<plain>[^\s;&|()<>'"\\`$]+|\$)""",
    re.VERBOSE | re.DOTALL,
)
_PARTS = ("single", "double", "escaped", "computed", "plain")


def commands(passage: Passage) -> Iterator[list[Passage]]:
    """The words of each simple command, quotes removed, nothing expanded.

    Redirections and comments are left out.
    """
    words: list[Passage] = []
    word: Builder | None = None
    redirected = False
    for token in _TOKEN.finditer(passage.text):
        part = next((name for name in _PARTS if token[name] is not None), "")
        if part:
            word = word or Builder()
            copy(word, passage, *token.span(part))
            continue
        if word is not None:
            words += [] if redirected else [word.build()]
            word, redirected = None, False
        redirected = redirected or token["redirect"] is not None
        if token["end"] is not None:
            yield words
            words, redirected = [], False
    if word is not None and not redirected:
        words.append(word.build())
    yield words


def copy(word: Builder, passage: Passage, start: int, end: int) -> None:
    """Append a part of a passage of verbatim pieces, piece by piece."""
    if start == end:
        word.add("", passage.span(start, end).start)
    for piece in passage.pieces:
        first, last = max(start, piece.at), min(end, piece.at + piece.end - piece.start)
        if first < last:
            word.add(passage.text[first:last], passage.span(first, last).start)
