"""What an install would bring, checked before it does. Nothing is installed, nothing is kept.

pip or uv say what they would install; that, and what stays of the environment, is matched as if it
were there. A finding points at the words that would bring it in.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Optional

from . import constraints, formats, match, plan, session, specifiers
from .apply import resolvers
from .apply.resolvers import Arrival, NoSolutionError, Prospect, UnavailableError
from .language import counted
from .language import say as _
from .model import (
    Advice,
    Applicability,
    Declaration,
    DependencyFile,
    Distribution,
    Document,
    Facts,
    Finding,
    Fix,
    Interpreter,
    Level,
    Matcher,
    Problem,
    Remedy,
    Report,
    Span,
)
from .plan import tasks

PLACE = "<command line>"
"""What stands for a path in the locations of what was asked for."""


_Key = tuple[str, Optional[str]]  # a rule's id and a distribution


class Wish(NamedTuple):
    """What `pip install` would be given: requirements, and the files after `-r` and `-c`."""

    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Its arguments."""
        options = [("-r", one) for one in self.files] + [("-c", one) for one in self.limits]
        return (*self.requirements, *(word for option in options for word in option))


class _Preview(NamedTuple):
    """An interpreter as it is and with what it would have, and the answer that says so."""

    before: Interpreter
    interpreter: Interpreter
    prospect: Prospect
    findings: tuple[Finding, ...]


def check(request: session.Request, wish: Wish) -> Report:
    """The findings on what would be installed, and on what that would be installed beside.

    What a resolver refuses, or cannot tell, is a problem of the report.
    """
    people, problems = session.interpreters(request)
    matching = session.matcher(request._replace(only=(session.PINS,)))
    asked = _read(wish)
    findings: list[Finding] = []
    notes: list[str] = []
    for person in people:
        try:
            preview = _preview(wish, person, matching)
        except (NoSolutionError, UnavailableError) as error:
            problems += (Problem(PLACE, None, error.message),)
            continue
        cures = _cures(preview, wish, asked, matching)
        located = [_located(one, preview, asked) for one in preview.findings]
        findings += [one._replace(fix=cures.get(_key(one))) for one in located]
        notes += _notes(preview)
    ordered = tuple(sorted(findings, key=match.order))
    return Report(Facts(people, (asked,)), ordered, problems, elsewhere=tuple(notes))


def _read(wish: Wish) -> DependencyFile:
    """The command line as a file, a line for each requirement or option."""
    lines = [*wish.requirements, *(f"-r {one}" for one in wish.files)]
    format_ = formats.by_name("requirements.txt")
    assert format_ is not None
    return format_.read(Document(PLACE, "".join(f"{line}\n" for line in lines)))


def _preview(wish: Wish, interpreter: Interpreter, matching: Matcher) -> _Preview:
    if interpreter.source == "binary":
        text = _("{interpreter} was not run, and so cannot be asked what it would install")
        raise UnavailableError(text.format(interpreter=match.describe(interpreter)))
    if interpreter.ssl is None:
        text = _("its SSL library is unknown, so pins are not judged: {reason}")
        raise UnavailableError(text.format(reason=interpreter.ssl_error))
    prospect = resolvers.foresee(interpreter, *wish)
    there = {one.name: one for one in interpreter.distributions}
    coming = {
        one.name: Distribution(one.name, one.version, "", requested=one.requested)
        for one in prospect.arrivals
    }
    filled = interpreter._replace(distributions=tuple({**there, **coming}.values()))
    return _Preview(interpreter, filled, prospect, tuple(matching(Facts((filled,)))))


def _notes(preview: _Preview) -> Iterator[str]:
    """What would be installed, and how such releases are kept out of every install."""
    arrivals = [f"{one.name} {one.version}" for one in preview.prospect.arrivals]
    text = counted("one distribution", "{number} distributions", len(arrivals))
    if arrivals:
        said = _("{resolver} would install {number}: {names}")
    else:
        said = _("{resolver} would install nothing: all that is asked for is there")
    names = _(", ").join(arrivals)
    yield said.format(resolver=preview.prospect.resolver, number=text, names=names)
    rules = {one.rule.id: one.rule for one in preview.findings}
    limits = constraints.compute(preview.interpreter, rules.values())
    if limits:
        names = _(", ").join(one.requirement for one in limits)
        told = _("limits for every install, from {command}: {names}")
        yield told.format(command="`sslfix constraints`", names=names)


# --------------------------------------------------------------------------- places


def _located(finding: Finding, preview: _Preview, asked: DependencyFile) -> Finding:
    """The finding at the words that bring its distribution in; as it is for what is installed."""
    arrivals = {one.name: one for one in preview.prospect.arrivals}
    if finding.distribution not in arrivals:
        return finding
    declared = {one.name: one for one in asked.declarations}
    chain = _chain(finding.distribution, arrivals, declared)
    own = declared.get(chain[0])
    span = own.span if own else _files_span(asked.document)
    detail = finding.detail
    if len(chain) > 1:
        steps = (f"{one} {arrivals[one].version}" if one in arrivals else one for one in chain)
        text = _("{detail}; it comes with {chain}")
        detail = text.format(detail=detail, chain=" -> ".join([*steps][:-1]))
    return finding._replace(
        detail=detail,
        declared=_text(own, asked.document) if own and len(chain) == 1 else None,
        locations=(asked.document.locate(span),),
    )


def _chain(
    name: str, arrivals: Mapping[str, Arrival], declared: Mapping[str, Declaration]
) -> tuple[str, ...]:
    """Who brings a distribution in: from what was asked for down to it, by the shortest way."""
    chains: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    for chain in chains:  # grows
        first = arrivals.get(chain[0])
        if chain[0] in declared or first is None or first.requested:
            return chain
        new = [one for one in first.required_by if one not in seen]
        seen.update(new)
        chains += [(one, *chain) for one in new]
    return (name,)


def _files_span(document: Document) -> Span:
    """The first line that names a file, else the first line."""
    start = max(document.text.find("\n-r ") + 1, 0)
    return Span(start, document.text.index("\n", start))


def _text(declaration: Declaration, document: Document) -> str:
    return document.text[declaration.span.start : declaration.span.end]


# --------------------------------------------------------------------------- cures


def _cures(
    preview: _Preview, wish: Wish, asked: DependencyFile, matching: Matcher
) -> dict[_Key, Fix]:
    """A fix for each finding: one install that has none of them, tried as this one was.

    The first remedies of all pages together, or else the second ones.
    """
    serious = _serious(preview.findings)
    ways = {_key(one): _ways(one, preview.before) for one in serious}
    for number in range(max(map(len, ways.values()), default=0)):
        chosen = {key: way[min(number, len(way) - 1)] for key, way in ways.items() if way}
        better = _with(wish, asked, preview, chosen.values())
        if _works(better, preview, matching, {*ways} - {*chosen}):
            tool = "uv pip" if preview.prospect.resolver.startswith("uv") else "pip"
            return {key: _fix(one, better, tool) for key, one in chosen.items()}
    others = [(_key(one), _by_hand(one, wish)) for one in preview.findings]
    return {key: fix for key, fix in others if fix is not None}


def _key(finding: Finding) -> _Key:
    return finding.rule.id, finding.distribution


def _serious(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.level > Level.NOTE and one.status == "open"]


def _by_hand(finding: Finding, wish: Wish) -> Fix | None:
    fix = _in_files(wish) if finding.level > Level.NOTE else None
    return fix or tasks.by_hand(finding.case.remedies)


def _in_files(wish: Wish) -> Fix | None:
    """Where what has to change stands in the files: check shows how."""
    files = shlex.join(dict.fromkeys([*wish.files, *wish.limits]))
    if not files:
        return None
    title = _("change {files}").format(files=files)
    advice = Advice(title, (f"sslfix --diff {files}",))
    return Fix(title, Applicability.DISPLAY, (advice,))


def _ways(finding: Finding, interpreter: Interpreter) -> tuple[Remedy, ...]:
    return tuple(
        one for one in finding.case.remedies if one.constraint and plan.suits(one, interpreter)
    )


def _with(wish: Wish, asked: DependencyFile, preview: _Preview, remedies: Iterable[Remedy]) -> Wish:
    """The wish with the limits of the remedies on what would be there."""
    limits: dict[str, list[str]] = {}
    for remedy in remedies:
        for one in preview.interpreter.distributions:
            if one.name in remedy.constraint:
                limits.setdefault(one.name, []).append(remedy.constraint[one.name])
    wanted = list(wish.requirements)
    for name, said in limits.items():
        own = [one for one in asked.declarations if one.name == name and one.specifier_span]
        for declaration in own:
            line = asked.document.position(declaration.span.start)[0] - 1
            wanted[line] = _limited(declaration, asked.document, specifiers.intersect(said))
        if not own:
            wanted.append(name + specifiers.intersect(said))
    return wish._replace(requirements=tuple(dict.fromkeys(wanted)))


def _limited(declaration: Declaration, document: Document, limit: str) -> str:
    """The requirement with a limit; what it said goes where it says the contrary, or no more."""
    text, span = document.text, declaration.specifier_span
    assert span is not None, "asked before"
    author = ",".join(declaration.accepts)
    if (
        author
        and not specifiers.contradicts(author, limit)
        and not specifiers.within(limit, author)
    ):
        limit = f"{declaration.specifier},{limit}"
    start = text.rfind("\n", 0, span.start) + 1
    return text[start : span.start] + limit + text[span.end : text.index("\n", span.end)]


def _works(better: Wish, preview: _Preview, matching: Matcher, others: AbstractSet[_Key]) -> bool:
    """Whether that install has none of these findings but the others, and no new ones."""
    try:
        found = _preview(better, preview.before, matching).findings
    except (NoSolutionError, UnavailableError):
        return False
    return {_key(one) for one in _serious(found)} <= others


def _fix(remedy: Remedy, better: Wish, tool: str) -> Fix:
    title = _("install {requirements}").format(requirements=shlex.join(better.words))
    advice = Advice(title, (f"{tool} install {shlex.join(better.words)}",))
    return Fix(title, Applicability.DISPLAY, (advice,), remedy.why)
