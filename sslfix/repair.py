"""Repair: carry out the fixes that are allowed, look again, put back what got worse."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from . import formats, plan, rehearse, settle, verify
from .apply import files as replacing
from .errors import ApplyError
from .language import say as _
from .model import (
    Applicability,
    Facts,
    Finding,
    Install,
    Interpreter,
    Kind,
    Level,
    Plan,
    Recreate,
    Relock,
    Report,
)
from .plan import locks
from .session import PINS, Request, Run, check, matcher, names
from .settle import Progress

if TYPE_CHECKING:
    from .apply.environments import LockInstall


def difference(request: Request) -> tuple[Run, str, tuple[str, ...]]:
    """The patch that `repair` would make to files, and what no patch can say; nothing changes."""
    import difflib
    import io

    run = check(request)
    decided, texts = _rehearsed(run, request, lambda _: None)
    patch: list[str] = []
    notes: list[str] = []
    for file in run.facts.files:
        document, path = file.document, file.document.path
        if path not in texts:
            continue
        if document.encoding not in {"utf-8", "ascii"}:
            text = _("{path} is {encoding}: --apply edits it, no patch can")
            notes.append(text.format(path=path, encoding=document.encoding))
        mark = "\ufeff" if document.bom else ""
        # A patch's lines end at LF and nowhere else.
        old, new = (
            io.StringIO(mark + text, newline="\n").readlines()
            for text in (document.text, texts[path])
        )
        patch += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    for path, relock, _findings in _relocks(decided.fixes):
        text = _("{path} would be re-locked with {tool}")
        notes.append(text.format(path=path, tool=relock.tool))
    findings = _decided(run, decided)
    return run._replace(findings=findings), "".join(map(_ended, patch)), tuple(notes)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def repair(request: Request, progress: Progress) -> Report:
    """Fix what may be fixed, look again, and put everything back if it got worse.

    Files come first, then what is installed: an environment is made anew from the lock file as
    it is then.
    """
    first = check(request)
    second, decided, steps = _repair_files(first, request, progress)
    third, withheld = _repair_environments(second, request, progress)
    outcome = verify.compare(first.findings, third.findings)
    reasons = {one.key: one for one in (*decided.withheld, *withheld)}
    remaining = tuple(_with_reason(one, reasons.get(one.key)) for one in third.findings)
    done = {one.key: one.fix for one in decided.fixes}
    fixed = tuple(
        one._replace(status="fixed", fix=done.get(one.key, one.fix))
        for one in outcome.fixed
        if one.status == "open"
    )
    return Report(third.facts, (*fixed, *remaining), third.problems, tuple(steps))


def _withhold(finding: Finding, error: ApplyError) -> Finding:
    return finding._replace(status="withheld", withheld=error.message, left_to_run=error.command)


def _with_reason(finding: Finding, withheld: Finding | None) -> Finding:
    if withheld is None:
        return finding
    return finding._replace(
        status="withheld", withheld=withheld.withheld, left_to_run=withheld.left_to_run
    )


def _rehearsed(run: Run, request: Request, progress: Progress) -> tuple[Plan, dict[str, str]]:
    allowed = Applicability.UNSAFE if request.unsafe else Applicability.SAFE
    open_ones = [one for one in run.findings if one.status == "open"]
    whole = plan.make(open_ones, allowed, lambda one: _is_taken_note(one, request, open_ones))
    matching = matcher(request)
    decided, texts = rehearse.rehearse(whole, run.facts, matching)
    if request.offline:
        return decided, texts
    return settle.settle(decided, texts, run.facts, matching, progress)


def _is_taken_note(finding: Finding, request: Request, others: Iterable[Finding]) -> bool:
    """Whether a note is selected, or stands in the way of a fix that --unsafe allows."""
    return _is_selected_note(finding, request) or (
        request.unsafe
        and any(
            other.level > Level.NOTE
            and other.interpreter == finding.interpreter
            and any(other.distribution in one.constraint for one in finding.case.remedies)
            for other in others
        )
    )


def _is_selected_note(finding: Finding, request: Request) -> bool:
    return any(names(word, finding.rule) for word in request.select)


def _decided(run: Run, decided: Plan) -> tuple[Finding, ...]:
    withheld = {one.key: one for one in decided.withheld}
    return tuple(withheld.get(one.key, one) for one in run.findings)


def _repair_files(run: Run, request: Request, progress: Progress) -> tuple[Run, Plan, list[str]]:
    """The files edited and re-locked in one step: the run that looked again, and what was done."""
    decided, texts = _rehearsed(run, request, progress)
    withheld = list(decided.withheld)
    steps: list[str] = []
    contents, failed, moved = _contents(run.facts, decided, texts, request, progress)
    while failed:
        withheld += failed
        keys = {one.key for one in failed}
        rest = tuple(one for one in decided.fixes if one.key not in keys)
        decided, texts = rehearse.rehearse(Plan(rest, ()), run.facts, matcher(request))
        contents, failed, moved = _contents(run.facts, decided, texts, request, progress)
    if not contents:
        return run, Plan((), tuple(withheld)), steps
    files = {file.document.path: file.document for file in run.facts.files}
    try:
        old = replacing.replace(contents, {path: files[path].encode() for path in contents})
    except ApplyError as error:
        withheld += [_withhold(one, error) for one in decided.fixes]
        return run, Plan((), tuple(withheld)), steps
    after = check(request)
    if verify.is_worse(verify.compare(run.findings, after.findings)):
        reason = _put_back(old, contents)
        withheld += [one._replace(status="withheld", withheld=reason) for one in decided.fixes]
        return check(request), Plan((), tuple(withheld)), steps
    step = _("look at what else moved in the lock file: {change}")
    steps += [step.format(change=one) for one in moved]
    return after, Plan(decided.fixes, tuple(withheld)), steps


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
    from .apply import lockfiles

    files = {file.document.path: file for file in facts.files}
    contents = {path: files[path].document.encode(text) for path, text in texts.items()}
    moved: list[str] = []
    # A lock file may be made from another (`-c requirements.txt`), which then comes first.
    relocks = _relocks(decided.fixes)
    relocks.sort(key=lambda one: len(locks.manifests(files[one[0]], facts)))
    for path, relock, asking in relocks:
        progress(_("re-locking {path} with {tool}").format(path=path, tool=relock.tool))
        judge = next(one for one in facts.interpreters if one.id == asking[0].interpreter)
        try:
            done = lockfiles.relock(relock, files, contents, judge, offline=request.offline)
        except ApplyError as error:
            return {}, [_withhold(one, error) for one in asking], []
        contents[path] = done.data
        moved += [f"{path}: {one}" for one in done.moved]
    return contents, [], moved


def _relocks(fixes: Iterable[Finding]) -> list[tuple[str, Relock, list[Finding]]]:
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


def _repair_environments(
    run: Run, request: Request, progress: Progress
) -> tuple[Run, list[Finding]]:
    """What is installed brought in line: dead environments made anew, then distributions.

    In that order: an environment made anew holds again what it held.
    """
    withheld: list[Finding] = []
    for kind in (Recreate, Install):
        done: set[str] = set()
        for finding, action in _acting(run, request, kind):
            people = run.facts.interpreters
            interpreter = next(one for one in people if one.id == finding.interpreter)
            try:
                if str(action) not in done:
                    _act(action, interpreter, run, request, progress)
                    done.add(str(action))
            except ApplyError as error:
                withheld.append(_withhold(finding, error))
        run = check(request) if done else run
    return run, withheld


def _acting(
    run: Run, request: Request, kind: type[Install | Recreate]
) -> Iterator[tuple[Finding, Install | Recreate]]:
    """The actions of one kind that may be carried out."""
    allowed = Applicability.UNSAFE if request.unsafe else Applicability.SAFE
    for finding in run.findings:
        too_low = finding.level == Level.NOTE and not _is_selected_note(finding, request)
        if finding.fix is None or finding.status != "open" or too_low:
            continue
        if finding.fix.applicability >= allowed:
            for action in finding.fix.actions:
                if isinstance(action, kind):
                    yield finding, action


def _act(
    action: Install | Recreate, interpreter: Interpreter, run: Run, request: Request, say: Progress
) -> None:
    from .apply import environments

    if isinstance(action, Install):
        text = _("installing {requirements} into {path}")
        say(text.format(requirements=", ".join(action.requirements), path=action.path))
        environments.install(
            interpreter, action.requirements, _ask, offline=request.offline, report=say
        )
        return
    environment = interpreter.environment
    assert environment is not None, "only an environment is made anew"
    minor = ".".join(interpreter.version.split(".")[:2])
    libraries = environment.libraries or (minor,)
    wanted = minor if minor in libraries else libraries[-1]
    lock = _lock_of(environment.path, run.facts)
    try:
        base = environments.find_base(
            environment, wanted, _ask, _suitable(run, request, interpreter)
        )
    except ApplyError:
        # None that the pins can use, or none at all: the pins can be fixed afterwards.
        base = environments.find_base(environment, wanted, _ask)
    environments.recreate(interpreter, base, _ask, lock=lock, offline=request.offline, report=say)


def _suitable(run: Run, request: Request, old: Interpreter) -> Callable[[Interpreter], bool]:
    """Whether what the files pin and the environment holds works on a base's SSL library."""
    matching = matcher(request._replace(only=(PINS,)))

    def suits(base: Interpreter) -> bool:
        inside = base._replace(id="i0", distributions=old.distributions)
        found = matching(Facts((inside,), run.facts.files))
        return not any(one.level == Level.ERROR for one in found)

    return suits


def _ask(executable: str) -> Interpreter:
    """What an interpreter says of itself, and what is installed for it."""
    from .collect import interpreters

    return interpreters.inspect(interpreters.Choice(executable, "asked while repairing"), "i0")


def _lock_of(environment: str, facts: Facts) -> LockInstall | None:
    """The lock file beside an environment, which says what belongs into it."""
    from .apply.environments import LockInstall

    folder = posixpath.dirname(environment.rstrip("/"))
    for file in facts.files:
        path = file.document.path
        locked = any(one.kind == Kind.LOCK for one in file.declarations)
        if locked and formats.lock_of(file) and posixpath.dirname(path) == folder:
            return LockInstall(path, file.format)
    return None
