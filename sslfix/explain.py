"""From a traceback or a log to the rules that explain it.

People paste texts that were wrapped, coloured, quoted and prefixed on their way. So the text is
made plain first (`Plain`), and the patterns of the pages are searched in that: one line, single
blanks, straight quotes. All expressions here and on the pages run in time linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from .model import Match, Remedy, Rule, SslLibrary, Symptom, When

_COLOUR = re.compile(r"(?:\x1b|\\u001b|\\x1b|\\033|\\e)\[[0-9;?]*[A-Za-z]", re.IGNORECASE)
# What loggers, containers, CI systems and mail put before a line.
_PREFIX = re.compile(
    r"^\s*(?:(?:>+|\||[a-z][\w.-]{0,40}\s+\|)\s)*"
    r"(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,:+Z]*\]?\s+)?",
    re.ASCII,
)
_QUOTES = str.maketrans("\u2018\u2019\u201a\u201b\u2032`\u201c\u201d\u00a0", "''''''\"\" ")
_EVIDENCE_WIDTH = 300
_NAMES = {name.casefold(): name for name in ("OpenSSL", "LibreSSL", "BoringSSL", "AWS-LC")}
_LIBRARY = re.compile(
    r"compiled with '?(OpenSSL|LibreSSL|BoringSSL|AWS-LC)( [\w.-]+)?", re.IGNORECASE
)
_PYTHON = re.compile(r"python[ -]?([23]\.\d{1,2}(?:\.\d{1,2})?)\b", re.IGNORECASE)


class Plain(NamedTuple):
    """A text on one line, and where in it each line of the original begins."""

    text: str
    starts: tuple[int, ...]
    lines: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, text: str) -> Plain:
        """The plain form; a newline written as an escape, as JSON does, ends a line too."""
        parts, starts, lines, length = [], [], [], 0
        for number, line in enumerate(text.splitlines(), 1):
            for piece in _COLOUR.sub("", line).replace("\\r\\n", "\\n").split("\\n"):
                words = _PREFIX.sub("", piece, count=1).replace('\\"', '"').translate(_QUOTES)
                plain = re.sub(r"\b0pen(?=SSL)", "Open", " ".join(words.split()))
                if plain:
                    parts.append(plain)
                    starts.append(length)
                    lines.append((number, plain))
                    length += len(plain) + 1
        return cls(" ".join(parts), tuple(starts), tuple(lines))

    def line(self, offset: int) -> tuple[int, str]:
        """The number and the words of the line that an offset belongs to."""
        return self.lines[bisect_right(self.starts, offset) - 1]


def explain(text: str, rules: tuple[Rule, ...]) -> tuple[Match, ...]:
    """The rules that a text betrays, best first: the certain ones, the worse, the earlier."""
    plain = Plain.of(text)
    matches = [match for rule in rules for match in _recognise(rule, plain)]
    return tuple(sorted(matches, key=lambda m: (m.confidence != "certain", -m.rule.level, m.line)))


def _recognise(rule: Rule, plain: Plain) -> list[Match]:
    for symptom in sorted(rule.symptoms, key=lambda symptom: symptom.confidence != "certain"):
        found = _search(symptom, plain.text)
        if found:
            number, line = plain.line(found.start())
            return [Match(rule, symptom.confidence, line[:_EVIDENCE_WIDTH], number)]
    return []


def _search(symptom: Symptom, text: str) -> re.Match[str] | None:
    if symptom.needs and not re.search(symptom.needs, text, re.IGNORECASE):
        return None
    return re.search(symptom.pattern, text, re.IGNORECASE)


def remedies(rule: Rule, text: str) -> tuple[Remedy, ...]:
    """What cures a rule where the text comes from, as far as it tells SSL library and Python."""
    plain = Plain.of(text).text
    ssl, python = _ssl(plain), _python(plain)
    cases = [case for case in rule.cases if _may_hold(case.when, ssl, python)] or rule.cases
    words = {"library": ssl.name if ssl else "the SSL library"}
    found = [
        remedy._replace(why=remedy.why.format_map(words))
        for case in cases
        for remedy in case.remedies
        if _may_hold(When(python=remedy.python), ssl, python)
    ]
    return tuple({(str(remedy.constraint), remedy.action): remedy for remedy in found}.values())


def _ssl(plain: str) -> SslLibrary | None:
    found = _LIBRARY.search(plain)
    return SslLibrary.parse(_NAMES[found[1].casefold()] + (found[2] or "")) if found else None


def _python(plain: str) -> str:
    versions = _PYTHON.findall(plain)
    return max(versions, key=versions.count) if versions else ""


def _may_hold(when: When, ssl: SslLibrary | None, python: str) -> bool:
    """Whether the conditions on SSL library and Python can hold; what is not known may be so."""
    from .specifiers import holds

    if python and not holds(python, when.python):
        return False
    if ssl is None:
        return True
    negated, name = when.ssl.startswith("not "), when.ssl.replace("not ", "", 1)
    if name and (ssl.name == name) is negated:
        return False
    return not when.ssl_version or holds(ssl.comparable, when.ssl_version)
