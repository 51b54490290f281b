"""A plan is tried on the text in memory before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from . import formats, verify
from .language import say as _
from .model import DependencyFile, Edit, Facts, Finding, Matcher, Plan, Span
from .plan import propose


class CrowdedError(ValueError):
    """Two fixes change the same text of the file `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(_("two fixes change the same text of {path}").format(path=path))
        self.path = path


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
            raise CrowdedError(edit.path)
        if text[edit.span.start : edit.span.end] == edit.text:
            raise ValueError(_("a fix changes nothing in {path}").format(path=edit.path))
        pieces += [text[done : edit.span.start], edit.text]
        done = edit.span.end
    return "".join([*pieces, text[done:]])


def speechless(facts: Facts, findings: Iterable[Finding]) -> frozenset[str]:
    """The files that would read some remark of these fixes as more than that, or cannot say."""
    files = {file.document.path: file for file in facts.files}
    found = set()
    for path, changes in edits(findings).items():
        try:
            if path in files and _edited(files[path], changes) != apply_edits(
                files[path].document.text, changes
            ):
                found.add(path)
        except ValueError:
            found.add(path)
    return frozenset(found)


def rehearse(plan: Plan, facts: Facts, match: Matcher) -> tuple[Plan, dict[str, str]]:
    """The part of the plan that keeps its promise, and the new texts by path.

    The edits are made in memory, the texts read again with their formats and matched again. A
    fix that does not remove its finding, or that brings a new one, is withheld. What a tool has
    to do (re-lock, install, recreate) is judged after it was done.
    """
    kept, withheld = list(plan.fixes), list(plan.withheld)
    later: list[Finding] = []
    if {source.path for source in facts.sources}.isdisjoint(edits(kept)):
        facts = facts._replace(sources=())  # what stands there does not change
    while True:
        try:
            texts = _texts(facts, edits(kept))
        except CrowdedError as error:
            later.insert(0, _last_touching(kept, error.path))
            kept.remove(later[0])
            continue
        except ValueError as error:
            withheld.append(kept.pop()._replace(status="withheld", withheld=str(error)))
            continue
        again = read_again(facts, texts)
        crowded = [one for path in _unreadable(facts, again) for one in _several(kept, path)]
        if crowded:
            later.insert(0, crowded[-1])
            kept.remove(later[0])
            continue
        broken = _broken(kept, facts, again, match)
        if not broken:
            break
        withheld += [_not_holding(one) for one in kept if one.key in broken]
        kept = [one for one in kept if one.key not in broken]
    if len(kept) > 1 and not later:
        kept = _needed(kept, facts, match)
        texts = _texts(facts, edits(kept))
    for one in later:
        changed = _one_more(one, again, match)
        if changed is None:
            withheld.append(_not_holding(one))
            continue
        kept.append(one)
        texts.update(changed)
        again = read_again(again, changed)
    return Plan(tuple(kept), tuple(withheld)), texts


def _needed(kept: list[Finding], facts: Facts, match: Matcher) -> list[Finding]:
    """The fixes without those whose findings the others cure as well.

    botocore need not move where it is only at odds with the urllib3 that moves already.
    """
    for one in kept[: -_TRIED - 1 : -1]:
        rest = [other for other in kept if other is not one]
        if not _is_edit(one) or _plain(edits(rest)) == _plain(edits(kept)):
            continue  # without it the same text changes, and less would be said of why
        again = read_again(facts, _texts(facts, edits(rest)))
        left = {other.key for other in _open(match(again))}
        if one.key not in left and not _broken(rest, facts, again, match):
            kept = rest
    return kept


def _plain(changes: Mapping[str, tuple[Edit, ...]]) -> list[Edit]:
    return [one for found in changes.values() for one in found if not one.remark]


_TRIED = 20
"""How many fixes are tried without, as each takes a whole match."""


def _open(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.status != "ignored"]


def _one_more(finding: Finding, facts: Facts, match: Matcher) -> dict[str, str] | None:
    """The texts with one more fix, proposed anew for what others have made of them, or None.

    Two limits that go into one place that is made for them cannot both make it.
    """
    left = next((one for one in _open(match(facts)) if one.key == finding.key), None)
    fix = propose(left, facts, match) if left else None
    if left is None or finding.fix is None:
        return {}
    if fix is None or fix.applicability < finding.fix.applicability:
        return None
    done, texts = rehearse(Plan((left._replace(fix=fix),), ()), facts, match)
    return texts if done.fixes else None


def _not_holding(finding: Finding) -> Finding:
    reason = _("tried on a copy, the fix did not hold")
    return finding._replace(status="withheld", withheld=reason)


def _broken(kept: list[Finding], before: Facts, after: Facts, match: Matcher) -> set[object]:
    """The keys of fixes that do not do what they should, or do harm."""
    outcome = verify.compare(_open(match(before)), _open(match(after)))
    promised = Counter(one.key for one in kept if _is_edit(one))
    done = Counter(one.key for one in outcome.fixed)
    broken: set[object] = {key for key, number in promised.items() if done[key] < number}
    if verify.is_worse(outcome):
        new = outcome.introduced[0]
        broken |= {one.key for one in kept if _touches(one, new.locations[0].path)}
    broken |= {
        one.key for path in _unreadable(before, after) for one in kept if _touches(one, path)
    }
    return broken


def _several(findings: Iterable[Finding], path: str) -> list[Finding]:
    """The findings whose fixes edit a file, if it is more than one."""
    found = [one for one in findings if _touches(one, path)]
    return found if len(found) > 1 else []


def _last_touching(findings: list[Finding], path: str) -> Finding:
    return next(one for one in reversed(findings) if _touches(one, path))


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
    files = {file.document.path: file for file in facts.files}
    documents = facts.documents
    return {
        path: _edited(files[path], found)
        if path in files
        else apply_edits(documents[path].text, found)
        for path, found in changes.items()
    }


def _edited(file: DependencyFile, changes: tuple[Edit, ...]) -> str:
    """The text with its edits, without the remarks if the format takes them for more than that."""
    text = apply_edits(file.document.text, changes)
    plain = tuple(one for one in changes if not one.remark)
    if len(plain) == len(changes):
        return text
    silent = apply_edits(file.document.text, plain)
    said = _said(file, silent)
    if said == _said(file, text):
        return text
    alone = ({*plain, one} for one in changes if one.remark)
    kept = [
        tried - {*plain}
        for tried in alone
        if said == _said(file, apply_edits(file.document.text, sorted(tried, key=_place)))
    ]
    return apply_edits(file.document.text, sorted({*plain}.union(*kept), key=_place))


def _place(edit: Edit) -> Span:
    return edit.span


def _said(file: DependencyFile, text: str) -> list[object]:
    """What a file declares with that text, wherever it stands."""
    format_ = formats.by_name(file.format)
    assert format_ is not None, "it was read"
    again, nowhere = format_.read(file.document._replace(text=text)), Span(0, 0)
    declared = (one._replace(span=nowhere, specifier_span=None) for one in again.declarations)
    return [*declared, *(one.message for one in again.problems)]


def read_again(facts: Facts, texts: Mapping[str, str]) -> Facts:
    """The facts with the files as they are read with those texts."""
    files = []
    for file in facts.files:
        text = texts.get(file.document.path)
        format_ = formats.by_name(file.format)
        if text is not None and format_ is not None:
            file = format_.read(file.document._replace(text=text))  # noqa: PLW2901
        files.append(file)
    sources = (one._replace(text=texts.get(one.path, one.text)) for one in facts.sources)
    return facts._replace(files=tuple(files), sources=tuple(sources))
