"""Repair: carry out the fixes that are allowed, look again, put back what got worse."""

from __future__ import annotations

from sslfix import verify
from sslfix.language import say as _
from sslfix.model import Document, Report
from sslfix.session import Request, Run, check
from sslfix.settle import Progress

from . import changes, environments, files


def difference(request: Request) -> tuple[Run, str, tuple[str, ...]]:
    """The patch that `repair` would make to files, and what no patch can say; nothing changes."""
    import difflib

    run = check(request)
    decided, texts = changes.rehearsed(run, request, lambda _: None)
    patch: list[str] = []
    notes: list[str] = []
    for path, document in run.facts.documents.items():
        if path not in texts:
            continue
        if not _has_lines(document):
            text = _("{path} is {encoding}: --apply edits it, no patch can")
            notes.append(text.format(path=path, encoding=document.encoding))
        old, new = _lines(document, document.text), _lines(document, texts[path])
        patch += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    for path, relock, _findings in files.relocks(decided.fixes):
        text = _("{path} would be re-locked with {tool}")
        notes.append(text.format(path=path, tool=relock.tool))
    findings = changes.decided(run, decided)
    return run._replace(findings=findings), "".join(map(_ended, patch)), tuple(notes)


def _lines(document: Document, text: str) -> list[str]:
    """The lines of the file with that text, what is no UTF-8 as surrogates (`surrogateescape`)."""
    import io

    shown = text
    if _has_lines(document):
        shown = document.encode(text).decode("utf-8", "surrogateescape")
    # A patch's lines end at LF and nowhere else.
    return io.StringIO(shown, newline="\n").readlines()


def _has_lines(document: Document) -> bool:
    """Whether the file's bytes have lines for other programs, as they have not in UTF-16."""
    return "\n".encode(document.encoding) == b"\n"


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
