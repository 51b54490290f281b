"""From a traceback or a log to the rules that explain it.

`pasted` makes a text plain, `phrases` finds the pages' symptoms in it, `told` narrows the remedies
by what the text says of its place. A log of any size is read in windows: a window is looked at
closely only if it has the words that a symptom must have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sslfix.model import Level, Match, Rule, Symptom

from .cut import remains
from .pasted import Pasted, plain_lines, without_common_prefix, without_ellipses
from .phrases import Phrase, fold, gate, words
from .told import Told, asked_for, remedies, told

__all__ = ["Explanation", "Told", "asked_for", "explain", "read", "remedies", "told"]

WINDOW = 1 << 18
_OVERLAP = 1 << 13
_KEPT = 1 << 20
_WARNING = re.compile(r"[A-Za-z]Warning\b")
_CUT, _SHARE = 28, 0.6
_SHORT = 10


class _Hit(NamedTuple):
    line: int
    evidence: str
    weight: int


class Explanation(NamedTuple):
    """The rules that a text betrays, best first, and what was kept of the text around them."""

    matches: tuple[Match, ...]
    text: str


def explain(text: str, rules: tuple[Rule, ...]) -> tuple[Match, ...]:
    """The rules that a text betrays: the certain first, then the worse, then the more exact."""
    return read(iter((text.encode("utf-8", "replace"),)), rules).matches


def read(blocks: Iterator[bytes], rules: tuple[Rule, ...]) -> Explanation:
    """The explanation of a text in UTF-8 that comes in blocks; memory does not grow with it."""
    search = _Search(rules)
    first = next(blocks, b"")
    if len(first) < WINDOW:
        first += next(blocks, b"")
    following = next(blocks, b"")
    if len(first) <= WINDOW and not following:
        return Explanation(_of_small(search, first), first.decode("utf-8", "replace"))
    kept, size = [], 0
    for number, window in _windows(_chain(first, following, blocks)):
        if search.look(window, number) and size < _KEPT:
            kept.append(window)
            size += len(window)
    return Explanation(search.matches(), b"\n".join(kept).decode("utf-8", "replace"))


def _of_small(search: _Search, text: bytes) -> tuple[Match, ...]:
    """What is pasted is worth more trouble: broken words, unknown prefixes, cut lines."""
    lines = list(plain_lines(text))
    search.read(Pasted.of(lines))
    search.read(Pasted.of(lines, b""), search.refusals(), squeezed=True)
    for others in (lines, without_common_prefix(lines)):
        if any(match.confidence == "certain" for match in search.matches()):
            break
        search.read(Pasted.of(others, b""), squeezed=True)
    return search.matches() or search.cut(Pasted.of(without_ellipses(lines), b""))


class _Search:
    """The symptoms of the rules, and where each of their phrases was first found."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.symptoms = [(rule, symptom) for rule in rules for symptom in rule.symptoms]
        texts = {
            text
            for _, symptom in self.symptoms
            for text in (symptom.text, *symptom.needs, *symptom.unless)
        }
        self.phrases = {text: Phrase.of(text) for text in texts}
        self.gates: dict[str, bytes] = {}
        self.hits: dict[str, _Hit] = {}

    def refusals(self) -> set[str]:
        """The texts that keep a symptom from counting; a broken word must not hide them."""
        return {text for _, symptom in self.symptoms for text in symptom.unless}

    def look(self, window: bytes, number: int) -> bool:
        """Read a window whose first line has that number, if a phrase can be in it."""
        if b"\x1b" in window or b"\\" in window:
            lines = list(plain_lines(window, number))
            folded = Pasted.of(lines).folded
        else:
            lines, folded = [], fold(window)
        present = words(folded)
        self.gates = self.gates or {text: gate(text) for text in self.phrases}
        left = [
            text
            for text, phrase in self.phrases.items()
            if text not in self.hits
            and (self.gates[text] in present if self.gates[text] else phrase.pieces[0] in folded)
        ]
        if not left:
            return False
        found = len(self.hits)
        self.read(Pasted.of(lines or plain_lines(window, number)), left)
        return len(self.hits) > found

    def read(
        self, pasted: Pasted, texts: Iterable[str] | None = None, *, squeezed: bool = False
    ) -> None:
        """Note which of the texts' phrases are there (of all that are not found yet).

        Without blanks short ones are not looked for: "reset" would be taken for the name ESET.
        """
        for text in list(self.phrases if texts is None else texts):
            phrase = self.phrases[text]
            if text not in self.hits and not (squeezed and phrase.weight < _SHORT):
                place = pasted.find(phrase)
                if place is not None:
                    self.hits[text] = _Hit(*pasted.evidence(*place.told), phrase.weight)

    def matches(self) -> tuple[Match, ...]:
        """The rules whose symptoms were found, best first.

        A program goes on after a warning, so what ended it comes first, however likely. Of two
        that are equally certain and bad, the one comes first that says whose fault it is not.
        """
        best: dict[str, tuple[tuple[int, ...], Match]] = {}
        for rule, symptom in self.symptoms:
            hit = self.hits.get(symptom.text)
            if hit is None or not self._holds(symptom):
                continue
            key = (
                rule.level == Level.NOTE and _WARNING.search(hit.evidence) is not None,
                symptom.confidence != "certain",
                -rule.level,
                not rule.id.startswith("SSL9"),
                -hit.weight,
                hit.line,
            )
            match = Match(rule, symptom.confidence, hit.evidence, hit.line)
            if rule.id not in best or key < best[rule.id][0]:
                best[rule.id] = (key, match)
        return tuple(match for _, match in sorted(best.values(), key=lambda one: one[0]))

    def _holds(self, symptom: Symptom) -> bool:
        needed = not symptom.needs or any(text in self.hits for text in symptom.needs)
        return needed and not any(text in self.hits for text in symptom.unless)

    def cut(self, squeezed: Pasted) -> tuple[Match, ...]:
        """The rules of which a line shows only the beginning or the end of a message.

        It must show most of the message or a good length of it, and of no other rule's more. Of
        several that it shows as much of, the one comes first that lacks least.
        """
        possible = [(rule, symptom) for rule, symptom in self.symptoms if self._holds(symptom)]
        phrases = [self.phrases[symptom.text] for _, symptom in possible]
        pieces = [phrase.squeezed for phrase in phrases]
        shown = [
            one
            for one in remains(pieces, squeezed.folded, squeezed.starts)
            if one.length >= min(_CUT, phrases[one.phrase].weight * _SHARE)
        ]
        most = max((one.length for one in shown), default=0)
        best: dict[str, Match] = {}
        for one in sorted(shown, key=lambda one: phrases[one.phrase].weight):
            rule = possible[one.phrase][0]
            if one.length == most and rule.id not in best:
                line, evidence = squeezed.evidence(one.offset)
                best[rule.id] = Match(rule, "likely", evidence, line)
        return tuple(best.values())


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest


def _windows(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Windows that overlap, each with the number of its first line.

    They end with a line, unless a line is longer than a window.
    """
    number, rest = 1, b""
    for block in blocks:
        window = rest + block
        cut = window.rfind(b"\n") + 1
        if len(window) < WINDOW or (not cut and len(window) < 2 * WINDOW):
            rest = window
            continue
        cut = cut or len(window)
        yield number, window[:cut]
        keep = window.rfind(b"\n", 0, max(cut - _OVERLAP, 0)) + 1 or max(cut - _OVERLAP, 0)
        number += window.count(b"\n", 0, keep)
        rest = window[keep:]
    if rest:
        yield number, rest
