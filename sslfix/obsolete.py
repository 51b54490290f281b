"""Limits that nothing judged needs any more.

Those that sslfix wrote name their rule in a comment (see `reasons`). Of those that people wrote
some say in a comment that it is about an SSL library, and some say nothing but stand exactly where
a rule's trouble begins. In each case the rules are asked what they would say if the declaration let
in what it keeps out: if they have no complaint, its circumstances are gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Union

from . import formats, match, reasons, rules, specifiers
from .language import all_of
from .language import say as _
from .model import (
    Applicability,
    Declaration,
    DependencyFile,
    Facts,
    Finding,
    Interpreter,
    Level,
    Rule,
)


class _World(NamedTuple):
    """The facts, the rules by the distributions whose limits they explain, and all rules.

    `declared` says that the interpreters are those that the project or the person named.
    """

    facts: Facts
    explain: Mapping[str, Sequence[Rule]]
    known: Sequence[Rule]
    declared: bool


def find(facts: Facts, rule: Rule, known: Sequence[Rule], *, declared: bool) -> Iterator[Finding]:
    """The findings of `rule`, which is about limits for the `known` rules.

    Where the interpreters are not `declared`, somebody else's Python may need a limit still, and
    no fix is safe.
    """
    unneeded = DETECTORS[rule.cases[0].when.detector]
    written = [file for file in facts.files if formats.lock_of(file) is None]
    limited = {one.name for file in written for one in file.declarations if one.specifier}
    world = _World(facts, _about_libraries(known, limited), known, declared)
    for file in written:
        for one in file.declarations:
            cause = unneeded(world, file, one)
            judged = list(_judged(facts, file, one)) if cause is not None else []
            if cause and judged and all(person.ssl for person in judged):
                yield _finding(rule, file, one, cause, judged, declared=declared)


def _judged(facts: Facts, file: DependencyFile, one: Declaration) -> Iterator[Interpreter]:
    """The interpreters that a declaration counts for."""
    for person in facts.interpreters:
        judges = person.judges is None or file.document.path in person.judges
        if judges and match.marker_holds(one.marker, person.markers):
            yield person


def _finding(
    rule: Rule,
    file: DependencyFile,
    one: Declaration,
    cause: Rule,
    judged: Sequence[Interpreter],
    *,
    declared: bool,
) -> Finding:
    case = rule.cases[0]
    if not declared:
        remedies = (each._replace(applicability=Applicability.UNSAFE) for each in case.remedies)
        case = case._replace(remedies=tuple(remedies))
    one_of_them = _("{python} with {ssl}")
    people = all_of(
        one_of_them.format(python=match.describe(each), ssl=each.ssl.raw)
        for each in judged
        if each.ssl
    )
    texts = {
        "obsolete": _("was placed for {rule}, which does not concern {interpreters}"),
        "obsolete-told": _("its comment means {rule}, which does not concern {interpreters}"),
        "obsolete-bare": _("keeps out what {rule} is about, which does not concern {interpreters}"),
    }
    return Finding(
        rule=rule,
        case=case,
        level=rule.level,
        message=_("{declared} is not needed here any more").format(
            declared=one.name + one.specifier
        ),
        detail=texts[case.when.detector].format(rule=cause.id, interpreters=people),
        interpreter=judged[0].id,
        locations=(file.document.locate(one.span),),
        distribution=one.name,
        version=one.version,
        declared=one.name + one.specifier,
        subject=one,
    )


# --------------------------------------------------------------------------- limits of sslfix


def _marked(world: _World, file: DependencyFile, one: Declaration) -> Rule | None:
    """The rule that the comment of sslfix names, if it has no complaint."""
    if "sslfix: SSL" not in file.document.text:
        return None
    told = list(reasons.read(file, one))
    asking = [rules.find(tuple(world.known), reason.rule) for reason in told]
    spared = not any(other is None or _needs(world, file, one, other) for other in asking)
    return asking[0] if asking and spared else None


def _needs(world: _World, file: DependencyFile, one: Declaration, rule: Rule) -> bool:
    """Whether a rule would complain if this declaration let in what the rule is about."""
    bad = tuple(case.affected[one.name] for case in rule.cases if one.name in case.affected)
    what_if = one._replace(accepts=bad, version=None)
    found = match.match(_imagined(world.facts, file, one, what_if), (rule,), {})
    return not bad or any(each.subject == what_if for each in found)


def _imagined(facts: Facts, file: DependencyFile, one: Declaration, what_if: Declaration) -> Facts:
    """The world with another declaration for this one, and no other for its distribution."""
    files = []
    for other in formats.joined(file, facts.files):
        kept = tuple(each for each in other.declarations if each.name != one.name)
        files.append(other._replace(declarations=(*kept, what_if) if other is file else kept))
    return facts._replace(files=tuple(files), sources=())


# --------------------------------------------------------------------------- limits of people

# "pyOpenSSL" is another matter, and "ssl" alone too vague.
_SSL_LIBRARY = re.compile(
    r"\b(?:Open|Libre|Boring)SSL\b|OPENSSL_VERSION|\bssl\b.{0,20}\bmodule\b", re.IGNORECASE
)


def _about_libraries(
    known: Sequence[Rule], limited: AbstractSet[str]
) -> Mapping[str, Sequence[Rule]]:
    """The rules about SSL libraries that newer releases fail with, by those distributions."""
    found: dict[str, list[Rule]] = {}
    for rule in known:
        for case in rule.cases if rule.level == Level.ERROR else ():
            about = case.when.ssl or case.when.ssl_version
            for name in limited & case.affected.keys() if about else ():
                if reasons.holds_back(case, name) and rule not in found.setdefault(name, []):
                    found[name].append(rule)
    return found


def _told(world: _World, file: DependencyFile, one: Declaration) -> Rule | None:
    """The rule that people mean who wrote that an SSL library is the cause."""
    causes = _causes(world, one)
    said = reasons.people_say(file, one) if causes else None
    if said is None or "sslfix:" in said.beside:
        return None
    text = f"{said.beside}\n{said.above}"
    meant = [rule for rule in causes if _SSL_LIBRARY.search(text) or _is_cited(rule, text)]
    return meant[0] if meant and _is_spared(world, file, one) else None


def _is_cited(rule: Rule, text: str) -> bool:
    issues = (one for one in rule.references if "/issues/" in one or "/pull/" in one)
    return any(one in text for one in issues)


def _bare(world: _World, file: DependencyFile, one: Declaration) -> Rule | None:
    """The rule whose trouble begins exactly where a limit without any word does."""
    if not world.declared:
        return None
    causes = [rule for rule in _causes(world, one) if _is_boundary(one, rule)]
    said = reasons.people_say(file, one) if causes else None
    if said is None or said.beside or said.above:
        return None
    return causes[0] if _is_spared(world, file, one) else None


def _causes(world: _World, one: Declaration) -> list[Rule]:
    """Rules about SSL libraries whose trouble a declaration keeps out by a limit."""
    if one.name not in world.explain or one.url or len(one.accepts) != 1:
        return []
    loose = specifiers.without_limits(one.accepts[0])
    return [
        rule
        for rule in world.explain[one.name]
        if any(
            specifiers.reaches(loose, bad) and not specifiers.reaches(one.accepts[0], bad)
            for bad in _affected(rule, one.name)
        )
    ]


def _affected(rule: Rule, name: str) -> Iterator[str]:
    yield from (case.affected[name] for case in rule.cases if name in case.affected)


def _is_boundary(one: Declaration, rule: Rule) -> bool:
    """Whether a limit keeps out nothing but what the rule is about."""
    limits = [clause for clause in one.accepts[0].split(",") if clause.startswith(("<", "=", "~"))]
    if len(limits) != 1 or not limits[0].startswith("<"):
        return False
    kept_out = limits[0].replace("<=", ">").replace("<", ">=")
    return any(specifiers.within(kept_out, bad) for bad in _affected(rule, one.name))


def _is_spared(world: _World, file: DependencyFile, one: Declaration) -> bool:
    """Whether no rule at all would complain without the limit, about whatever distribution."""
    loose = one._replace(accepts=(specifiers.without_limits(one.accepts[0]),), version=None)
    serious = [
        {each.key for each in match.match(imagined, world.known, {}) if each.level > Level.NOTE}
        for imagined in (_imagined(world.facts, file, one, each) for each in (one, loose))
    ]
    return serious[1] <= serious[0]


DETECTORS: Mapping[str, Callable[[_World, DependencyFile, Declaration], Union[Rule, None]]] = {
    "obsolete": _marked,
    "obsolete-told": _told,
    "obsolete-bare": _bare,
}
"""What pages name in `when.detector`, and who answers it."""
