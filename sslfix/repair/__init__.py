"""Repair: carry out the fixes that are allowed, look again, put back what got worse."""

from __future__ import annotations

from sslfix import verify
from sslfix.language import say as _
from sslfix.model import Report
from sslfix.session import Request, Run, check
from sslfix.settle import Progress

from . import changes, environments, files


def difference(request: Request) -> tuple[Run, str, tuple[str, ...]]:
    """The patch that `repair` would make to files, and what no patch can say; nothing changes."""
    import difflib
    import io

    run = check(request)
    decided, texts = changes.rehearsed(run, request, lambda _: None)
    patch: list[str] = []
    notes: list[str] = []
    for path, document in run.facts.documents.items():
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
    for path, relock, _findings in files.relocks(decided.fixes):
        text = _("{path} would be re-locked with {tool}")
        notes.append(text.format(path=path, tool=relock.tool))
    findings = changes.decided(run, decided)
    return run._replace(findings=findings), "".join(map(_ended, patch)), tuple(notes)


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def repair(request: Request, progress: Progress) -> Report:
    """Fix what may be fixed, look again, and put everything back if it got worse.

    Files come first, then what is installed: an environment is made anew from the lock file as
    it is then.
    """
    first = check(request)
    if environments.recover(first, progress):
        first = check(request)
    second, decided, steps = files.bring_in_line(first, request, progress)
    third, withheld = environments.bring_in_line(second, request, progress)
    outcome = verify.compare(changes.open_ones(first.findings), changes.open_ones(third.findings))
    reasons = {one.key: one for one in (*decided.withheld, *withheld)}
    remaining = tuple(changes.with_reason(one, reasons.get(one.key)) for one in third.findings)
    done = {(one.key, one.locations): one.fix for one in decided.fixes}
    fixed = tuple(
        one._replace(status="fixed", fix=done.get((one.key, one.locations), one.fix))
        for one in outcome.fixed
    )
    return Report(third.facts, (*fixed, *remaining), third.problems, tuple(steps))
