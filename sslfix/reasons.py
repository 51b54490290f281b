"""Why a constraint is there and until when: a comment on its line, written and read again.

A limit outlives its cause: nobody dares to remove a `urllib3<2` that says nothing. So each limit
that sslfix writes says which rule asked for it, where newer releases fail, and what stood there
before. The comments are English in every language, as the code around them is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from . import specifiers
from .model import Case, Declaration, DependencyFile, Document, Edit, Finding, Span, When

ANY = "anything"
"""What a comment calls a specifier that was empty."""

_REASON = re.compile(
    r"#\s*sslfix:\s*(?P<rule>SSL\d{3}): (?:newer|older) (?P<name>\S+) fails"
    r"(?P<rest>[^#\r\n]*[^#\s])"
)
_WAS = re.compile(r", was (.+?)\s*$")
_COMMENT = re.compile(r"(?:^|(?<=[\s,]))#[^\r\n]*[^\s\\]")
_LINE_END = re.compile(r"(?:[^\r\n\\]|\\(?:\r\n|\r|\n)?)*")


class Reason(NamedTuple):
    """What a comment says of a constraint; `was` is None where there was none before."""

    rule: str
    name: str
    was: str | None
    span: Span


class Comment(NamedTuple):
    """What people wrote beside a declaration, and on the lines above it (the nearest first)."""

    beside: str
    above: str
    span: Span


def comment(finding: Finding, name: str, was: str | None = None) -> str:
    """The comment for a constraint on a distribution that cures the finding."""
    case = finding.case
    newer = holds_back(case, name)
    told = f"{'newer' if newer else 'older'} {name} fails {where(case.when)}"
    parts = [f"sslfix: {finding.rule.id}: {told}", "remove when that is gone"]
    if was is not None:
        parts.append(f"was {was or ANY}")
    return ", ".join(parts)  # no semicolon: setuptools splits lists on one line of setup.cfg there


def holds_back(case: Case, name: str) -> bool:
    """Whether the newest releases are the ones that fail, so that a cure keeps them out."""
    return specifiers.reaches("", case.affected.get(name, "==0"))


def where(when: When) -> str:
    """The circumstances that a rule names, as few of them as have to go."""
    library = when.ssl or "an SSL library"
    if library.startswith("not "):
        library = f"an SSL library that is {library}"
    parts = []
    if when.ssl or when.ssl_version:
        parts.append(f"with {library}{when.ssl_version}")
    elif when.python and not (when.beside or when.together):
        parts.append(f"on Python{when.python}")
    elif when.platform:
        parts.append(f"on {when.platform}")
    if when.beside or when.together:
        every = [" or ".join(when.beside), *when.together]
        parts.append(f"beside {' and '.join(filter(None, every))}")
    return " ".join(parts) or "everywhere"


def remark(finding: Finding, file: DependencyFile, declaration: Declaration) -> Edit | None:
    """The comment beside a declaration whose specifier a fix will replace by a limit.

    None where the new specifier holds nothing back, and so has nothing to outlive, and where the
    line could not tell which of its declarations is meant. A comment for the same rule that
    stands there already is brought up to date.
    """
    document, span = file.document, declaration.specifier_span
    was = document.text[span.start : span.end] if span else declaration.specifier
    ambiguous = _is_ambiguous(file, declaration) or set(was) & set("\\\r\n")
    if ambiguous or not holds_back(finding.case, declaration.name):
        return None
    old = next((one for one in read(file, declaration) if one.rule == finding.rule.id), None)
    text = "# " + comment(finding, declaration.name, old.was if old else was)
    if old is not None:
        return None if _text(document, old.span) == text else Edit(document.path, old.span, text)
    at = _end_of_line(document.text, declaration.span.end)
    if document.text[:at].endswith("\\"):  # what goes on there is blank
        return None
    return Edit(document.path, Span(at, at), f"  {text}", remark=True)


def _is_ambiguous(file: DependencyFile, declaration: Declaration) -> bool:
    """Whether its line declares the same distribution more than once."""
    text = file.document.text
    alike = (one for one in file.declarations if one.name == declaration.name)
    ends = [_end_of_line(text, one.span.end) for one in alike]
    return ends.count(_end_of_line(text, declaration.span.end)) > 1


def read(file: DependencyFile, declaration: Declaration) -> Iterator[Reason]:
    """The reasons that the line of a declaration gives for it, if it can mean no other."""
    document = file.document
    start, end = declaration.span.end, _end_of_line(document.text, declaration.span.end)
    if "sslfix:" not in document.text[start:end] or _is_ambiguous(file, declaration):
        return
    for found in _REASON.finditer(document.text, start, end):
        if found["name"] == declaration.name:
            was = _WAS.search(found["rest"])
            text = was[1].replace(ANY, "") if was else None
            yield Reason(found["rule"], declaration.name, text, Span(*found.span()))


def people_say(file: DependencyFile, declaration: Declaration) -> Comment | None:
    """The comments that belong to a declaration, None where others stand on its line."""
    text, start = file.document.text, declaration.span.start
    begin, end = _start_of_line(text, start), _end_of_line(text, declaration.span.end)
    if any(begin <= one.span.start < end for one in file.declarations if one != declaration):
        return None
    found = _COMMENT.search(text, declaration.span.end, end)
    above = takewhile(_is_comment, reversed(text[:begin].splitlines()))
    span = Span(*found.span()) if found else Span(end, end)
    return Comment(found[0] if found else "", "\n".join(above), span)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _start_of_line(text: str, offset: int) -> int:
    return 1 + max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset))


def _end_of_line(text: str, offset: int) -> int:
    """Where the line ends that goes on behind an offset, backslashes followed, blanks left out."""
    found = _LINE_END.match(text, offset)
    assert found is not None, "it matches the empty text"
    return offset + len(found[0].rstrip())


def _text(document: Document, span: Span) -> str:
    return document.text[span.start : span.end].rstrip()
