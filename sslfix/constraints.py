"""What one interpreter must not be given, as a constraints file for pip and uv.

No marker says "if LibreSSL", so the limits are worked out for one interpreter. Only rules that
speak of a distribution by itself can be said so: a limit for half of a pair would hold for those
too who do not have the other half. And a limit says exactly what its rules say: the complement of
the affected releases. Where that is no PEP 440 specifier, or no release is known that works, there
is none: a wrong limit is worse than none. Pre-releases are never named, as that would let them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from . import __version__, match, plan, reasons, specifiers
from .model import Case, Interpreter, Level, Rule

if TYPE_CHECKING:
    from packaging.version import Version

_FIRST, _LAST = "0.dev0", "999999!0"  # no release is older or newer
_MOST_PREFIXES = 40


class Constraint(NamedTuple):
    """A limit for one distribution, as the constraints file has it.

    `rules` are the ids of the rules that ask for it; `reasons` say for each, in English, which
    releases fail where. `marker` is "" in a file for one interpreter: one that several read has it.
    """

    name: str
    specifier: str
    rules: tuple[str, ...]
    reasons: tuple[str, ...]
    marker: str = ""

    @property
    def requirement(self) -> str:
        """The line for pip."""
        return self.name + self.specifier + (f" ; {self.marker}" if self.marker else "")


class _Range(NamedTuple):
    """Affected releases from `low` on and before `high`, with the rules and cases that say so."""

    low: Version
    high: Version
    causes: tuple[tuple[Rule, Case], ...]


def compute(
    interpreter: Interpreter, rules: Iterable[Rule], least: Level = Level.ERROR
) -> tuple[Constraint, ...]:
    """A limit for each distribution that fails on this interpreter whatever is beside it.

    `least` is the level from which on a rule counts. Sorted by name.
    """
    causes: dict[str, list[tuple[Rule, Case]]] = {}
    for rule in rules:
        for case in rule.cases if rule.level >= least else ():
            alone = not (case.when.beside or case.when.together or case.when.detector)
            if alone and case.affected and match.applies(case, interpreter):
                for name in case.affected:
                    causes.setdefault(name, []).append((rule, case))
    found = (_limit(name, causes[name], interpreter) for name in sorted(causes))
    return tuple(one for one in found if one is not None)


def fingerprint(interpreter: Interpreter, constraints: Iterable[Constraint]) -> str:
    """What changes when the file has to be made anew: with the Python, or what is known of it."""
    from hashlib import sha256

    library = interpreter.ssl.raw if interpreter.ssl else ""
    python = (interpreter.implementation, interpreter.version, library)
    lines = (*python, *(one.name + one.specifier for one in constraints))
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def render(constraints: Sequence[Constraint], interpreter: Interpreter) -> str:
    """The text of the file: ASCII, as old pips read it in the locale's encoding."""
    library = interpreter.ssl.raw if interpreter.ssl else "no SSL library"
    lines = [
        f"made by sslfix {__version__} (sslfix constraints); releases that fail on this Python",
        f"fingerprint: {fingerprint(interpreter, constraints)}",
        f"interpreter: {match.describe(interpreter)}",
        f"SSL library: {library}",
    ]
    if not constraints:
        lines.append("no release is known to fail whatever is beside it")
    text = "".join(f"# {_plain(line)}\n" for line in lines)
    for one in constraints:
        text += "\n" + "".join(f"# {reason}\n" for reason in one.reasons) + one.requirement + "\n"
    return text


def _plain(text: str) -> str:
    """The text on one line of ASCII: a path may hold anything."""
    line = re.sub(r"[\x00-\x1f\x7f]", "?", text)
    return line.encode("ascii", "backslashreplace").decode("ascii").rstrip("\\")


# --------------------------------------------------------------------------- one distribution


def _limit(
    name: str, causes: Iterable[tuple[Rule, Case]], interpreter: Interpreter
) -> Constraint | None:
    """What keeps a distribution off all that is affected, as far as specifiers can say it."""
    ranges = (_range(name, rule, case) for rule, case in causes)
    merged = _merged(one for one in ranges if one is not None)
    said = [(one, _complement(one)) for one in merged]
    clauses = [clause for _, found in said for clause in found]
    specifier = ",".join(clauses)
    because = [cause for one, found in said if found for cause in one.causes]
    if not clauses or not _is_met(name, specifier, because, interpreter):
        return None
    told = dict.fromkeys((rule.id, _reason(name, rule, case)) for rule, case in because)
    ids, texts = zip(*told)
    return Constraint(name, specifier, tuple(dict.fromkeys(ids)), texts)


_VERBS = {Level.ERROR: "fails", Level.WARNING: "can fail", Level.NOTE: "warns"}


def _reason(name: str, rule: Rule, case: Case) -> str:
    told = f"{name} {case.affected[name]} {_VERBS[rule.level]}"
    return f"{rule.id} {rule.name}: {told} {reasons.where(case.when)}"


def _is_met(
    name: str, specifier: str, causes: Iterable[tuple[Rule, Case]], interpreter: Interpreter
) -> bool:
    """Whether a release that meets the limit is known: older ones are always there.

    For what nobody has repaired, such as boto, a limit could only break every install.
    """
    if ">=" not in specifier:
        return True
    return any(
        name in remedy.constraint
        and not specifiers.contradicts(specifier, remedy.constraint[name])
        and plan.suits(remedy, interpreter)
        for _, case in causes
        for remedy in case.remedies
    )


# --------------------------------------------------------------------------- arithmetic


def _range(name: str, rule: Rule, case: Case) -> _Range | None:
    """The affected releases of a case, None where they are no plain range."""
    from packaging.version import Version

    clauses = re.findall(r"([<>=!~]+)\s*([^,\s]+)", case.affected[name])
    ends: dict[str, str] = dict(clauses)
    if len(ends) < len(clauses) or not ends.keys() <= {">=", "<"}:
        return None
    low, high = Version(ends.get(">=", _FIRST)), Version(ends.get("<", _LAST))
    is_plain = not (low.is_postrelease or high.is_postrelease)
    return _Range(low, high, ((rule, case),)) if is_plain else None


def _merged(ranges: Iterable[_Range]) -> list[_Range]:
    """The ranges without overlaps: those that meet are one."""
    merged: list[_Range] = []
    for one in sorted(ranges, key=lambda each: each.low):
        last = merged.pop() if merged and one.low <= merged[-1].high else one._replace(causes=())
        merged.append(_Range(last.low, max(last.high, one.high), last.causes + one.causes))
    return merged


def _complement(one: _Range) -> tuple[str, ...]:
    """The clauses that together admit all releases but these; none where no clauses do."""
    is_first, is_last = str(one.low) == _FIRST, str(one.high) == _LAST
    if is_first:
        return () if is_last else (f">={one.high.base_version}",)
    if is_last:
        first = re.sub(r"(\.0)+$", "", one.low.base_version)  # `<2` has no pre-releases of 2 either
        return () if first == "0" else (f"<{first}",)
    prefixes = tuple(_prefixes(one.low.release, one.high.release))
    return tuple(f"!={prefix}.*" for prefix in prefixes) if len(prefixes) <= _MOST_PREFIXES else ()


def _prefixes(low: tuple[int, ...], high: tuple[int, ...]) -> Iterator[str]:
    """The prefixes of all releases from `low` on and before `high`; none where no list has all.

    From 2.7 on and before 2.8.2 there are 2.7, 2.8.0 and 2.8.1; but nobody knows where 2.7.x ends.
    """
    width = max(len(low), len(high))
    low, high = (one + (0,) * (width - len(one)) for one in (low, high))
    same = next(at for at in range(width) if low[at] != high[at])
    if any(low[same + 1 :]):
        return
    for at in range(same, width):
        for number in range(low[at] if at == same else 0, high[at]):
            yield ".".join(map(str, (*high[:at], number)))
