"""Which releases of a distribution a project uses, where that is known for sure."""

from __future__ import annotations

from sslfix import specifiers
from sslfix.language import say as _
from sslfix.model import Declaration, Facts, Interpreter, Location


def all_in(
    name: str, specifier: str, facts: Facts, interpreter: Interpreter
) -> tuple[Location, ...] | None:
    """The places that say so if all that is known of its releases is in the specifier.

    None where another release is pinned or installed as well, or nothing is known: a range that
    also admits others says nothing of what is in use.
    """
    places: list[Location] = []
    for file in facts.files:
        if interpreter.judges is not None and file.document.path not in interpreter.judges:
            continue
        for one in file.declarations:
            if one.name != name:
                continue
            if _is_in(one, specifier):
                note = _("{name} is declared here").format(name=name)
                places.append(file.document.locate(one.span, note))
            elif one.version is not None or not _may_be_in(one, specifier):
                return None
    for installed in interpreter.distributions:
        if installed.name == name:
            if not specifiers.holds(installed.version, specifier):
                return None
            text = _("{name} {version} is installed here")
            note = text.format(name=name, version=installed.version)
            places.append(Location(installed.path, 1, 1, 1, 1, note))
    return tuple(places) or None


def _is_in(one: Declaration, specifier: str) -> bool:
    if one.version is not None:
        return specifiers.holds(one.version, specifier)
    accepted = [text for text in one.accepts if text]
    return bool(accepted) and all(specifiers.within(text, specifier) for text in accepted)


def _may_be_in(one: Declaration, specifier: str) -> bool:
    return not one.accepts or any(
        not specifiers.contradicts(text, specifier) for text in one.accepts
    )
