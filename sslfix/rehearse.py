"""A plan is tried on the text in memory before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from . import formats, verify
from .language import say as _
from .model import Edit, Facts, Finding, Matcher, Plan


def edits(findings: Iterable[Finding]) -> dict[str, tuple[Edit, ...]]:
    """The edits of all fixes by path, each once, in the order of the text."""
    by_path: dict[str, dict[Edit, None]] = {}
    for finding in findings:
        for action in finding.fix.actions if finding.fix else ():
            if isinstance(action, Edit):
                by_path.setdefault(action.path, {})[action] = None
    return {path: tuple(sorted(found, key=lambda one: one.span)) for path, found in by_path.items()}


def apply_edits(text: str, changes: Iterable[Edit]) -> str:
    """The text with the edits made; nothing outside their spans changes.

    Raises ValueError for edits that overlap or that change nothing.
    """
    pieces, done = [], 0
    for edit in changes:
        if edit.span.start < done:
            raise ValueError(_("two fixes change the same text of {path}").format(path=edit.path))
        if text[edit.span.start : edit.span.end] == edit.text:
            raise ValueError(_("a fix changes nothing in {path}").format(path=edit.path))
        pieces += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    return "".join([*pieces, text[done:]])


def rehearse(plan: Plan, facts: Facts, match: Matcher) -> tuple[Plan, dict[str, str]]:
    """The part of the plan that keeps its promise, and the new texts by path.

    The edits are made in memory, the texts read again with their formats and matched again. A
    fix that does not remove its finding, or that brings a new one, is withheld. What a tool has
    to do (re-lock, install, recreate) is judged after it was done.
    """
    kept, withheld = list(plan.fixes), list(plan.withheld)
    while True:
        try:
            texts = _texts(facts, edits(kept))
        except ValueError as error:
            withheld.append(kept.pop()._replace(status="withheld", withheld=str(error)))
            continue
        again = _read_again(facts, texts)
        outcome = verify.compare(match(facts), match(again))
        broken = {one.key for one in outcome.remaining} & {one.key for one in kept if _is_edit(one)}
        if verify.is_worse(outcome):
            new = outcome.introduced[0]
            broken |= {one.key for one in kept if _touches(one, new.locations[0].path)}
        broken |= {
            one.key for path in _unreadable(facts, again) for one in kept if _touches(one, path)
        }
        if not broken:
            return Plan(tuple(kept), tuple(withheld)), texts
        reason = _("tried on a copy, the fix did not hold")
        withheld += [
            one._replace(status="withheld", withheld=reason) for one in kept if one.key in broken
        ]
        kept = [one for one in kept if one.key not in broken]


def _unreadable(before: Facts, after: Facts) -> Iterator[str]:
    """The paths of files that have more problems than before."""
    for old, new in zip(before.files, after.files):
        if len(new.problems) > len(old.problems):
            yield new.document.path


def _is_edit(finding: Finding) -> bool:
    return finding.fix is not None and all(isinstance(one, Edit) for one in finding.fix.actions)


def _touches(finding: Finding, path: str) -> bool:
    return finding.fix is not None and any(
        isinstance(action, Edit) and action.path == path for action in finding.fix.actions
    )


def _texts(facts: Facts, changes: Mapping[str, tuple[Edit, ...]]) -> dict[str, str]:
    documents = {file.document.path: file.document for file in facts.files}
    return {path: apply_edits(documents[path].text, found) for path, found in changes.items()}


def _read_again(facts: Facts, texts: Mapping[str, str]) -> Facts:
    files = []
    for file in facts.files:
        text = texts.get(file.document.path)
        format_ = formats.by_name(file.format)
        if text is not None and format_ is not None:
            file = format_.read(file.document._replace(text=text))  # noqa: PLW2901
        files.append(file)
    return facts._replace(files=tuple(files))
