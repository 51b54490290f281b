"""Reporters: findings to text, one module each, found by name."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from sslfix.errors import UsageError
from sslfix.model import Reporter


def by_name(name: str) -> Reporter:
    """The reporter of that name. Raises UsageError for others."""
    if name in {module.name for module in pkgutil.iter_modules(__path__)}:
        reporter = getattr(import_module(f".{name}", __package__), "REPORTER", None)
        if isinstance(reporter, Reporter):
            return reporter
    raise UsageError(f"no report format is named {name}; there are {', '.join(names())}")


def names() -> list[str]:
    """The names of all reporters."""
    modules = (import_module(f".{one.name}", __package__) for one in pkgutil.iter_modules(__path__))
    found = (getattr(module, "REPORTER", None) for module in modules)
    return sorted(reporter.name for reporter in found if isinstance(reporter, Reporter))
