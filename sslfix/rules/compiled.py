"""Rules as plain tuples, so that a run does not have to read TOML: an installed sslfix has them.

`setup.py` writes `source(rules)` into the wheel as `sslfix/rules/_pages.py`. pip compiles that
to bytecode, from which it is loaded as one constant. A checkout has no such file and reads its
pages, so nothing can be out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslfix.model import Applicability, Case, Example, Level, Remedy, Rule, Symptom, When


def source(rules: tuple[Rule, ...]) -> str:
    """The module that holds the rules."""
    return f'"""The pages of this folder, compiled."""\n\nPAGES = {freeze(rules)!r}\n'


def freeze(value: Any) -> Any:
    """The value in tuples, strings and numbers only: a constant to Python's compiler."""
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, tuple):
        return tuple(freeze(one) for one in value)
    return int(value) if isinstance(value, (Level, Applicability)) else value


def thaw(pages: tuple[tuple[Any, ...], ...]) -> tuple[Rule, ...]:
    """The rules of `freeze(rules)`."""
    return tuple(map(_rule, pages))


# Written out field by field: `_make` and `_replace` take three times as long.


def _rule(page: tuple[Any, ...]) -> Rule:
    id_, name, title, level, since, cases, symptoms, examples, evidence, references = page
    return Rule(
        id_,
        name,
        title,
        Level(level),
        since,
        tuple(map(_case, cases)),
        tuple([Symptom(*one) for one in symptoms]),
        tuple([Example(*one) for one in examples]),
        dict(evidence),
        references,
    )


def _case(case: tuple[Any, ...]) -> Case:
    when, affected, brought_by, remedies, message, detail = case
    return Case(
        When(*when),
        dict(affected),
        dict(brought_by),
        tuple(map(_remedy, remedies)),
        message,
        detail,
    )


def _remedy(remedy: tuple[Any, ...]) -> Remedy:
    constraint, why, action, commands, applicability, python, platform = remedy
    return Remedy(
        dict(constraint), why, action, commands, Applicability(applicability), python, platform
    )
