"""Which fixes are carried out, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable

from sslfix import plan, rehearse, settle
from sslfix.errors import ApplyError
from sslfix.model import Applicability, Finding, Level, Plan
from sslfix.rules import names
from sslfix.session import Request, Run, matcher
from sslfix.settle import Progress


def open_ones(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are there to be fixed."""
    return [one for one in findings if one.status == "open"]


def withhold(finding: Finding, error: ApplyError) -> Finding:
    """The finding whose fix failed, with the reason and the command that is left to run."""
    return finding._replace(status="withheld", withheld=error.message, left_to_run=error.command)


def with_reason(finding: Finding, withheld: Finding | None) -> Finding:
    """The finding, if it was withheld with what was said about it then."""
    if withheld is None or finding.status == "ignored":
        return finding
    return finding._replace(
        status="withheld", withheld=withheld.withheld, left_to_run=withheld.left_to_run
    )


def rehearsed(run: Run, request: Request, progress: Progress) -> tuple[Plan, dict[str, str]]:
    """The plan for the files, tried in memory and with a resolver, and the new texts by path."""
    allowed = Applicability.UNSAFE if request.unsafe else Applicability.SAFE
    waiting = open_ones(run.findings)
    named = [one for one in waiting if _is_named(one, request)]
    others = [one for one in waiting if not _is_named(one, request)]
    usual = plan.make(others, allowed, lambda one: _is_taken_note(one, request, waiting))
    bold = plan.make(named, Applicability.UNSAFE, lambda _: True)
    whole = Plan(usual.fixes + bold.fixes, usual.withheld + bold.withheld)
    matching = matcher(request)
    decided, texts = rehearse.rehearse(whole, run.facts, matching)
    if request.offline:
        return decided, texts
    return settle.settle(decided, texts, run.facts, matching, progress)


def _is_taken_note(finding: Finding, request: Request, others: Iterable[Finding]) -> bool:
    """Whether a note is selected, or stands in the way of a fix that --unsafe allows."""
    return is_selected_note(finding, request) or (
        request.unsafe
        and any(
            other.level > Level.NOTE
            and other.interpreter == finding.interpreter
            and any(other.distribution in one.constraint for one in finding.case.remedies)
            for other in others
        )
    )


def _is_named(finding: Finding, request: Request) -> bool:
    return any(names(word, finding.rule) for word in request.unsafe_for)


def is_selected_note(finding: Finding, request: Request) -> bool:
    """Whether a finding that is fixed only when it is selected is."""
    return any(names(word, finding.rule) for word in request.select)


def decided(run: Run, decided: Plan) -> tuple[Finding, ...]:
    """The findings of a run, those that are withheld with why."""
    withheld = {one.key: one for one in decided.withheld}
    return tuple(withheld.get(one.key, one) for one in run.findings)
