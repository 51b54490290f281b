"""Reporters: findings to text, one module each, found by name."""

from __future__ import annotations

from sslfix import extensions
from sslfix.model import Reporter


def all_reporters() -> dict[str, Reporter]:
    """Every reporter of this folder, by its name."""
    found = extensions.load(__name__, __path__[0], "REPORTER", Reporter)
    return {one.name: one for one in found}


def by_name(name: str) -> Reporter:
    """The reporter of that name; the others are not imported."""
    from importlib import import_module

    reporter: Reporter = import_module(f"{__name__}.{name}").REPORTER
    return reporter
