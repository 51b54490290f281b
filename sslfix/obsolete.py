"""Limits that sslfix wrote and that nothing judged needs any more.

The comment on the line names the rule (see `reasons`). The rule is asked what it would say if the
declaration let in what fails: if it has no complaint, its circumstances are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import formats, match, reasons, rules
from .language import all_of
from .language import say as _
from .model import (
    Applicability,
    Declaration,
    DependencyFile,
    Facts,
    Finding,
    Interpreter,
    Kind,
    Rule,
)

DETECTOR = "obsolete"
"""What the page of the rule names in `when.detector`."""


def find(facts: Facts, rule: Rule, known: Sequence[Rule], *, declared: bool) -> Iterator[Finding]:
    """The findings of `rule`, which is about limits for the `known` rules.

    `declared` says that the interpreters are those that the project or the person named: then the
    fix is safe. Otherwise somebody else's Python may need the limit still.
    """
    for file in facts.files:
        if "sslfix: SSL" not in file.document.text:
            continue
        for one in file.declarations:
            told = list(reasons.read(file, one)) if one.kind != Kind.LOCK else []
            asking = [rules.find(tuple(known), reason.rule) for reason in told]
            judged = list(_judged(facts, file, one))
            spared = not any(other is None or _needs(facts, file, one, other) for other in asking)
            if told and judged and spared and all(person.ssl for person in judged):
                yield _finding(rule, file, one, told[0], judged, declared=declared)


def _judged(facts: Facts, file: DependencyFile, one: Declaration) -> Iterator[Interpreter]:
    """The interpreters that a declaration counts for."""
    for person in facts.interpreters:
        judges = person.judges is None or file.document.path in person.judges
        if judges and match.marker_holds(one.marker, person.markers):
            yield person


def _needs(facts: Facts, file: DependencyFile, one: Declaration, rule: Rule) -> bool:
    """Whether a rule would complain if this declaration let in what the rule is about."""
    bad = tuple(case.affected[one.name] for case in rule.cases if one.name in case.affected)
    what_if = one._replace(accepts=bad, version=None)
    files = []
    for other in formats.joined(file, facts.files):
        kept = tuple(each for each in other.declarations if each.name != one.name)
        files.append(other._replace(declarations=(*kept, what_if) if other is file else kept))
    found = match.match(facts._replace(files=tuple(files), sources=()), (rule,), {})
    return not bad or any(each.subject == what_if for each in found)


def _finding(
    rule: Rule,
    file: DependencyFile,
    one: Declaration,
    reason: reasons.Reason,
    judged: Sequence[Interpreter],
    *,
    declared: bool,
) -> Finding:
    case = rule.cases[0]
    if not declared:
        remedies = (each._replace(applicability=Applicability.UNSAFE) for each in case.remedies)
        case = case._replace(remedies=tuple(remedies))
    text = _("was placed for {rule}, which does not concern {interpreters}")
    one_of_them = _("{python} with {ssl}")
    people = all_of(
        one_of_them.format(python=match.describe(each), ssl=each.ssl.raw)
        for each in judged
        if each.ssl
    )
    return Finding(
        rule=rule,
        case=case,
        level=rule.level,
        message=_("{declared} is not needed here any more").format(
            declared=one.name + one.specifier
        ),
        detail=text.format(rule=reason.rule, interpreters=people),
        interpreter=judged[0].id,
        locations=(file.document.locate(one.span),),
        distribution=one.name,
        version=one.version,
        declared=one.name + one.specifier,
        subject=one,
    )
