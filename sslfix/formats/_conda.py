"""conda's package specifications (`channel::name>=1,<2`, `name=1.2=build`), said in PEP 440.

https://github.com/conda/ceps/blob/main/cep-0029.md
https://github.com/conda/conda/blob/26.1.0/conda/models/match_spec.py
"""

from __future__ import annotations

import re

from sslfix.language import say as _
from sslfix.model import Declaration, Document, Span

from . import _pep508
from ._passage import Passage
from ._pep508 import RELEASE, RequirementError, is_specifier, normalize

_CHANNEL = re.compile(r"(?:[^\s\[\]=<>!~]+::)?")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_FILE = re.compile(r"\S+\.(?:conda|tar\.bz2)(?:#\S*)?")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_VERSION_KEY = re.compile(r"\bversion\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s,'\"]+))")
_CLAUSE = re.compile(r"(==|=|!=|~=|<=|>=|<|>|)([^\s=<>!~,|]+)")
_CLAUSES = r"(?:==|[=!~<>]=|[=<>])?[\w.*+!-]+"
_SPECIFIER = re.compile(
    rf"(?:{_CLAUSES}(?:[,|]{_CLAUSES})*,?(?:[= ][\w.*+-]+)?)?|\^.*\$|.*\(.*\).*"
)
_RELEASE = re.compile(RELEASE)
_EXACT = re.compile(r"(?P<operator>={0,2})(?P<version>[^=<>!~,|*]+)(?P<build>=[^=<>!~,|]*)?")
_PIN = re.compile(r"={2,3}([^=*,]+)")

# A name that means one distribution in conda's channels and another one, or none, on the package
# index; all others of those that rules speak of mean the same.
# https://github.com/conda-forge/python-kubernetes-feedstock, .../redis-py-feedstock,
# .../docker-py-feedstock
_DISTRIBUTIONS = {"docker-py": "docker", "python-kubernetes": "kubernetes", "redis-py": "redis"}
_PROGRAMS = frozenset({"kubernetes", "redis"})


def package_name(name: str) -> str:
    """What conda calls a distribution."""
    return next((own for own, theirs in _DISTRIBUTIONS.items() if theirs == name), name)


def declare(passage: Passage, section: str) -> Declaration | None:
    """The declaration that a specification makes, None for a file. Raises RequirementError."""
    text = passage.text
    channel = _CHANNEL.match(text)
    start = channel.end() if channel else 0
    name = _NAME.match(text, start)
    if "://" in text[start:] or _FILE.fullmatch(text):
        return None
    rest = Span(name.end(), len(text.rstrip())) if name else Span(0, 0)
    version = _version(text, rest)
    written = re.sub(r"\s*([,|<>=!~])\s*", r"\1", text[slice(*version)]) if version else ""
    if name is None or version is None or not _SPECIFIER.fullmatch(written):
        message = _('"{text}" is not a specification of a conda package').format(text=text)
        raise RequirementError(message)
    accepts, exact = _meaning(written)
    known = name[0].lower() not in _PROGRAMS
    own = normalize(name[0]) if name[0][0] != "_" else name[0].lower()
    return Declaration(
        name=_DISTRIBUTIONS.get(own, own),
        specifier=written,
        span=passage.span(0, len(text.rstrip())),
        section=section,
        version=exact if known else None,
        accepts=accepts if known else (),
        specifier_span=passage.span(*version),
    )


def _version(text: str, rest: Span) -> Span | None:
    """Where the version and build stand, an empty span for none; None where that is no version."""
    opening = text.find("[", *rest)
    if opening >= 0:
        brackets = _BRACKETS.match(text, opening)
        if brackets is None or brackets.end() != rest.end:
            return None
        found = _VERSION_KEY.search(text, *brackets.span(1))
        if found is not None:
            return Span(*found.span(found.lastindex or 0))
        rest = Span(rest.start, opening)
    content = text[slice(*rest)]
    if not content.strip():
        return Span(rest.start, rest.start)
    if content[0] not in " \t=<>!~":
        return None
    start = rest.end - len(content.lstrip())
    return Span(start, start + len(content.strip()))


def _meaning(written: str) -> tuple[tuple[str, ...], str | None]:
    """The PEP 440 specifiers of which one has to hold, and the version of a single pin.

    `=1.2` is any 1.2, while `==1.2`, `1.2` and, with a build, `=1.2=py_0` are that version alone.
    `=1.2.3` is a pin too, as people write it: what else it admits, a 1.2.3.1, hardly ever exists.
    """
    version, _blank, _build = written.partition(" ")
    exact = _EXACT.fullmatch(version)
    if exact and (exact["operator"] != "=" or exact["build"]):
        specifier = f"=={exact['version']}"
        return ((specifier,) if is_specifier(specifier) else ()), exact["version"]
    alternatives = []
    for alternative in version.split("|"):
        clauses = [_clause(clause) for clause in alternative.split(",") if clause]
        if None in clauses:
            return (), None
        alternatives.append(",".join(filter(None, clauses)))
    pin = exact and exact["operator"] and re.fullmatch(r"\d+(?:\.\d+){2,}", exact["version"])
    return tuple(alternatives), exact["version"] if exact and pin else None


def spell(document: Document, declaration: Declaration, specifier: str) -> str:
    """A PEP 440 specifier as conda writes it, in the author's style: `=1.3` or `1.3` for a pin.

    Conda knows no `===`. A value in brackets needs quotes where it has a comma.
    """
    span = declaration.specifier_span or Span(0, 0)
    old, pin = _EXACT.fullmatch(document.text[slice(*span)]), _PIN.fullmatch(specifier)
    specifier = specifier.replace("===", "==")
    if pin and old:
        return old["operator"] + pin[1]
    text = _pep508.respecify(document, declaration, specifier)
    if not re.search(r"\bversion\s*=\s*\Z", document.text[declaration.span.start : span.start]):
        return text
    quote = '"' if document.text[: declaration.span.start].endswith("'") else "'"
    return quote + text + quote


def _clause(clause: str) -> str | None:
    """The PEP 440 clause, "" for any version, None where there is none that says the same."""
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return None
    operator, version = found[1], found[2]
    if version == "*":
        return ""
    if version.endswith("*"):
        version = version.rstrip("*").rstrip(".")
        operator = {"": "==", "=": "=="}.get(operator, operator)
        version += ".*" if operator in ("==", "!=") else ""
    elif operator == "=":
        operator, version = "==", f"{version}.*" if _RELEASE.fullmatch(version) else version
    specifier = (operator or "==") + version
    return specifier if is_specifier(specifier) else None
