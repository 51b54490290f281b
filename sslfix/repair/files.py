"""Dependency files edited and re-locked, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sslfix import formats, rehearse, verify
from sslfix.apply import files as replacing
from sslfix.errors import ApplyError
from sslfix.language import say as _
from sslfix.model import Edit, Facts, Finding, Plan, Relock
from sslfix.plan import locks
from sslfix.session import Request, Run, check, matcher
from sslfix.settle import Progress

from . import changes


def bring_in_line(run: Run, request: Request, progress: Progress) -> tuple[Run, Plan, list[str]]:
    """The files edited and re-locked in one step: the run that looked again, and what was done."""
    decided, texts = changes.rehearsed(run, request, progress)
    withheld = list(decided.withheld)
    steps: list[str] = []
    contents, failed, moved = _contents(run.facts, decided, texts, request, progress)
    while failed:
        failed += _beside(failed, decided.fixes, run.facts)
        withheld += failed
        keys = {one.key for one in failed}
        rest = tuple(one for one in decided.fixes if one.key not in keys)
        decided, texts = rehearse.rehearse(Plan(rest, ()), run.facts, matcher(request))
        contents, failed, moved = _contents(run.facts, decided, texts, request, progress)
    if not contents:
        return run, Plan((), tuple(withheld)), steps
    documents = run.facts.documents
    try:
        old = replacing.replace(contents, {path: documents[path].encode() for path in contents})
    except ApplyError as error:
        withheld += [changes.withhold(one, error) for one in decided.fixes]
        return run, Plan((), tuple(withheld)), steps
    after = check(request)
    if verify.is_worse(verify.compare(run.findings, after.findings)):
        reason = _put_back(old, contents)
        withheld += [one._replace(status="withheld", withheld=reason) for one in decided.fixes]
        return check(request), Plan((), tuple(withheld)), steps
    step = _("look at what else moved in the lock file: {change}")
    steps += [step.format(change=one) for one in moved]
    return after, Plan(decided.fixes, tuple(withheld)), steps


def _beside(failed: Sequence[Finding], fixes: Sequence[Finding], facts: Facts) -> Iterator[Finding]:
    """The other fixes of the same project: where one file of it can't be made, none is changed."""
    keys, files = {one.key for one in failed}, {one.document.path: one for one in facts.files}
    paths = {path for one in failed for path in _paths(one) if path in files}
    near = {one.document.path for path in paths for one in formats.joined(files[path], facts.files)}
    text = _("{path} could not be made, and no file of its project is changed without it")
    reason = text.format(path=next(iter(_relocked(failed[0])), failed[0].locations[0].path))
    for one in fixes:
        if one.key not in keys and near & _paths(one):
            yield one._replace(status="withheld", withheld=reason)


def _paths(finding: Finding) -> set[str]:
    """The files that a fix edits or has made anew."""
    actions = finding.fix.actions if finding.fix else ()
    return {one.path for one in actions if isinstance(one, (Edit, Relock))}


def _relocked(finding: Finding) -> list[str]:
    actions = finding.fix.actions if finding.fix else ()
    return [one.path for one in actions if isinstance(one, Relock)]


def _put_back(old: dict[str, bytes], new: dict[str, bytes]) -> str:
    """Why a fix that was made is gone again, or that it could not be taken back."""
    try:
        replacing.replace(old, new)
    except ApplyError as error:
        text = _("looked at again, the fix made it worse, and it could not be taken back: {reason}")
        return text.format(reason=error.message)
    return _("looked at again, the fix made it worse; all files were put back")


def _contents(
    facts: Facts, decided: Plan, texts: dict[str, str], request: Request, progress: Progress
) -> tuple[dict[str, bytes], list[Finding], list[str]]:
    """The new bytes of all files; the fixes whose lock file could not be made; what moved."""
    from sslfix.apply import lockfiles

    files = {file.document.path: file for file in facts.files}
    documents = facts.documents
    contents = {path: documents[path].encode(text) for path, text in texts.items()}
    moved: list[str] = []
    # A lock file may be made from another (`-c requirements.txt`), which then comes first.
    waiting = relocks(decided.fixes)
    waiting.sort(key=lambda one: len(locks.manifests(files[one[0]], facts)))
    for path, relock, asking in waiting:
        progress(_("re-locking {path} with {tool}").format(path=path, tool=relock.tool))
        judge = next(one for one in facts.interpreters if one.id == asking[0].interpreter)
        try:
            done = lockfiles.relock(relock, files, contents, judge, offline=request.offline)
        except ApplyError as error:
            return {}, [changes.withhold(one, error) for one in asking], []
        contents[path] = done.data
        moved += [f"{path}: {one}" for one in done.moved]
    return contents, [], moved


def relocks(fixes: Iterable[Finding]) -> list[tuple[str, Relock, list[Finding]]]:
    """One re-lock for each lock file, with the bounds of all findings, and those findings."""
    by_path: dict[str, tuple[Relock, list[Finding]]] = {}
    for finding in fixes:
        for action in finding.fix.actions if finding.fix else ():
            if not isinstance(action, Relock):
                continue
            merged, asking = by_path.get(action.path, (action, []))
            constraint = {**merged.constraint, **action.constraint}
            sections = tuple(dict.fromkeys((*merged.sections, *action.sections)))
            commands = tuple(dict.fromkeys((*merged.commands, *action.commands)))
            merged = merged._replace(constraint=constraint, sections=sections, commands=commands)
            by_path[action.path] = (merged, [*asking, finding])
    return [(path, relock, asking) for path, (relock, asking) in by_path.items()]
