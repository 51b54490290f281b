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
    return tuple(_rule(Rule._make(page)) for page in pages)


def _rule(rule: Rule) -> Rule:
    return rule._replace(
        level=Level(rule.level),
        cases=tuple(_case(Case._make(one)) for one in rule.cases),
        symptoms=tuple(map(Symptom._make, rule.symptoms)),
        examples=tuple(map(Example._make, rule.examples)),
        evidence=dict(rule.evidence),
    )


def _case(case: Case) -> Case:
    return case._replace(
        when=When._make(case.when),
        affected=dict(case.affected),
        brought_by=dict(case.brought_by),
        remedies=tuple(_remedy(Remedy._make(one)) for one in case.remedies),
    )


def _remedy(remedy: Remedy) -> Remedy:
    return remedy._replace(
        constraint=dict(remedy.constraint), applicability=Applicability(remedy.applicability)
    )
