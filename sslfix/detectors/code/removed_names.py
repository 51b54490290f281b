"""Names that the judged Python, its SSL library or an installed release no longer has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sslfix import specifiers
from sslfix.language import say as _
from sslfix.model import Detector, Document, Facts, Hit, Interpreter, Location
from sslfix.source.names import Name, Use, all_names, mentions, uses
from sslfix.source.syntax import span

from . import _releases


def detect(facts: Facts, interpreter: Interpreter) -> tuple[Hit, ...]:
    """A hit for each name that is surely missing here, and for each that only warns."""
    # Asked only where a source has one of all these words: comparing versions takes 20 ms.
    sources = [one for one in facts.sources if mentions(one.text)]
    names = all_names() if sources else ()
    wanted = frozenset(one.name for one in names if _may_be_told(one, facts, interpreter))
    hits = (
        hit
        for document in sources
        for use in uses(document, wanted)
        for hit in _judge(document, use, facts, interpreter)
    )
    # One for each line and page: `OP_NO_TLSv1 | OP_NO_TLSv1_1` warns once, and is one thing to do.
    lines = {(hit.rule, hit.locations[0][:2]): hit for hit in reversed(tuple(hits))}
    return tuple(reversed(tuple(lines.values())))


def _may_be_told(name: Name, facts: Facts, interpreter: Interpreter) -> bool:
    """Whether any use of it would be told: most names are there on most Pythons."""
    gone = (_missing(*one, facts, interpreter) is not None for one in name.gone.items())
    return any(gone) or _is_deprecated(name, interpreter)


def _is_deprecated(name: Name, interpreter: Interpreter) -> bool:
    return bool(name.deprecated) and specifiers.holds(interpreter.version, name.deprecated)


def _judge(document: Document, use: Use, facts: Facts, interpreter: Interpreter) -> Iterator[Hit]:
    name = use.name
    for owner, specifier in name.gone.items():
        places = _missing(owner, specifier, facts, interpreter)
        if places is not None:
            yield _hit(name.rule, document, use, _words(name), owner=owner, places=places)
            return
    if _is_deprecated(name, interpreter):
        words = _("{name} is deprecated")
        if name.is_parameter:
            words = _("{name} of {callable} is deprecated")
        yield _hit(name.note, document, use, words, owner="python", places=())


def _missing(
    owner: str, specifier: str, facts: Facts, interpreter: Interpreter
) -> tuple[Location, ...] | None:
    """The places that say so if the name is missing, None if it is there or nobody knows."""
    if owner == "python":
        return () if specifiers.holds(interpreter.version, specifier) else None
    library = interpreter.ssl
    if owner in _LIBRARIES:
        has = library is not None and library.name == owner
        return () if has and library and specifiers.holds(library.comparable, specifier) else None
    return _releases.all_in(owner, specifier, facts, interpreter)


_LIBRARIES = frozenset({"OpenSSL", "LibreSSL", "AWS-LC", "BoringSSL"})


def _words(name: Name) -> str:
    if name.is_parameter:
        return _("{callable} no longer takes {name}")
    return _("{callable} does not exist here")


def _hit(
    rule: str, document: Document, use: Use, words: str, *, owner: str, places: tuple[Location, ...]
) -> Hit:
    is_release = owner != "python" and owner not in _LIBRARIES
    texts: Mapping[str, str] = {"name": use.shown, "callable": use.name.name}
    return Hit(
        rule=rule,
        locations=(document.locate(span(document, use.node)), *places),
        message=words.format_map(texts),
        detail=_("today: {instead}").format(instead=use.name.instead),
        distribution=owner if is_release else None,
    )


DETECTOR = Detector("removed-names", detect)
