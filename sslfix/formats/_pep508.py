"""PEP 508 requirements (`name[extras] >=1 ; marker`, `name @ url`) with the spans of their parts.

packaging's own parser takes 44 to 65 ms to import and says nothing about positions; tests hold
this one against it.
"""

from __future__ import annotations

import re
from functools import cache

from sslfix.language import say as _
from sslfix.model import Declaration, Document, Kind, Span

from . import _archive
from ._passage import Passage

# With packaging, and unlike the specification, a name may end in "_".
NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_HEAD = re.compile(rf"({NAME})\s*(\[([^\[\]]*)\])?\s*")
_EXTRAS = re.compile(rf"\s*(?:{NAME}\s*(?:,\s*{NAME}\s*)*)?")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
"""What pip replaces in requirements files by a variable of the environment."""

# https://packaging.python.org/en/latest/specifications/version-specifiers/
RELEASE = r"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*"
SUFFIX = (
    r"(?:[-_.]?(?:alpha|beta|preview|pre|a|b|c|rc)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?"
    r"(?:[-_.]?dev[-_.]?[0-9]*)?"
)
_LOCAL = r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?"
_CLAUSE = (
    r"(?:===\s*[^\s;),]+"
    rf"|[=!]=\s*v?{RELEASE}(?:\.\*|{SUFFIX}{_LOCAL})"
    rf"|~=\s*v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)+{SUFFIX}"
    rf"|[<>]=?\s*v?{RELEASE}{SUFFIX})"
)
_SPECIFIER = re.compile(rf"{_CLAUSE}(?:\s*,\s*{_CLAUSE})*\s*,?", re.IGNORECASE | re.ASCII)
_PIN = re.compile(r"={2,3}([^*,]+),?")

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/
_OPERAND = (
    r"""(?:'[^']*'|"[^"]*"|\b(?:python_version|python_full_version|os[._]name|sys[._]platform"""
    r"""|platform_(?:release|system)|platform[._](?:version|machine|python_implementation)"""
    r"""|python_implementation|implementation_(?:name|version)|extras?|dependency_groups)\b)"""
)
_COMPARISON = re.compile(rf"{_OPERAND}\s*(?:===|[=!~<>]=|[<>]|\bnot\s+in\b|\bin\b)\s*{_OPERAND}")
_COMBINATION = re.compile(r"\(\s*\.\s*\)|\.\s*(?:and|or)\s*\.")


class RequirementError(ValueError):
    """Says in words why a text is no requirement."""


def normalize(name: str) -> str:
    """A distribution's name as indexes compare it: `Foo.Bar_baz` is `foo-bar-baz`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_specifier(text: str) -> bool:
    """Whether a text is one or more PEP 440 clauses."""
    return _SPECIFIER.fullmatch(text) is not None


def pinned(specifier: str) -> str | None:
    """The version of a single exact pin, else None."""
    match = _PIN.fullmatch(specifier)
    return match[1] if match else None


@cache
def is_marker(text: str) -> bool:
    """Whether a text is a PEP 508 marker.

    Each comparison is replaced by a dot, then dots are combined until one is left.
    """
    rest, before = _COMPARISON.sub(".", text).strip(), ""
    while rest != before:
        rest, before = _COMBINATION.sub(".", rest), rest
    return rest == "."


def declare(
    passage: Passage,
    start: int,
    end: int,
    *,
    section: str = "",
    kind: Kind = Kind.REQUIREMENT,
    variables: bool = False,
) -> Declaration:
    """The declaration that stands at `start` to `end` of a passage. Raises RequirementError.

    With `variables` the specifier may have some, and then accepts nothing that is known.
    """
    text = passage.text[:end]
    body, separator, marker = text[start:].partition(";")
    marker = marker.strip()
    if marker and not is_marker(marker):
        raise RequirementError(_('"{text}" is not an environment marker').format(text=marker))
    stop = len(text.rstrip()) if separator else start + len(body.rstrip())
    head = _HEAD.match(text, start, start + len(body))
    if head is None or not _EXTRAS.fullmatch(head[3] or ""):
        raise RequirementError(_reason(body.strip()))
    declaration = Declaration(
        name=normalize(head[1]),
        specifier="",
        span=passage.span(start, stop),
        section=section,
        marker=marker,
        extras=tuple(extra.strip() for extra in (head[3] or "").split(",") if extra.strip()),
        kind=kind,
    )
    if text.startswith("@", head.end()):
        url = _url(text[head.end() + 1 : start + len(body)])
        return declaration._replace(url=url, version=_archive.version(url, declaration.name))
    declaration = _specified(declaration, passage, head, start + len(body))
    if not declaration.accepts and not (variables and VARIABLE.search(declaration.specifier)):
        raise RequirementError(_reason(body.strip()))
    return declaration


def _specified(
    declaration: Declaration, passage: Passage, head: re.Match[str], end: int
) -> Declaration:
    """With its specifier; what is none accepts nothing."""
    first, last = head.end(), len(passage.text[:end].rstrip())
    if first < last and passage.text[first] == "(" and passage.text[last - 1] == ")":
        first, last = first + 1, last - 1
    written = passage.text[first:last]
    first += len(written) - len(written.lstrip())
    written = written.strip()
    specifier = re.sub(r"\s+", "", written)
    if not written:
        first = head.end(2) if head[2] else head.end(1)
    known = not written or is_specifier(written)
    return declaration._replace(
        specifier=specifier,
        version=pinned(specifier) if known else None,
        accepts=(specifier.rstrip(","),) if known else (),
        specifier_span=passage.span(first, first + len(written)),
    )


def _url(text: str) -> str:
    url = text.strip()
    if not url or re.search(r"\s", url):
        raise RequirementError(_('expected a URL after "@", found "{text}"').format(text=url))
    return url


def _reason(text: str) -> str:
    shown = text if len(text) <= 60 else text[:57] + "..."
    reason = _('"{text}" is not a requirement')
    if re.fullmatch(rf"{NAME}\s*=\s*[^\s=]+", text):
        reason = _('"{text}" is not a requirement; "=" is no operator, write "=="')
    elif re.match(r"(?:<{7}|={7}|>{7})(?:\s|$)", text):
        reason = _('"{text}" is not a requirement; resolve the merge conflict')
    elif "{{" in text or "{%" in text:
        reason = _('"{text}" is not a requirement; render the template and check the result')
    elif re.fullmatch(r"[\w.-]+::\S+", text):
        reason = _('"{text}" is not a requirement; it reads like one of conda\'s')
    return reason.format(text=shown)


def respecify(document: Document, declaration: Declaration, specifier: str) -> str:
    """The specifier with blanks where the author put them: `>= 2, < 3` for `>= 1`."""
    span = declaration.specifier_span or Span(0, 0)
    old = document.text[span.start : span.end]
    if re.search(r"[<>=~!][ \t]+[^\s\\]", old):
        specifier = re.sub(r"([<>=~!]+)(?=[^<>=~!])", r"\1 ", specifier)
        return re.sub(r",(?=\S)", ", ", specifier)
    return re.sub(r",(?=\S)", ", ", specifier) if re.search(r",[ \t]", old) else specifier
