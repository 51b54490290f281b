"""Fixes of sources: a patch that comes too late goes to the top of the module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslfix.language import say as _
from sslfix.model import Applicability, Facts, Fix, Interpreter
from sslfix.source import modern
from sslfix.source.late import Misplaced, misplaced
from sslfix.source.moving import Move, move_to_top, on_top
from sslfix.source.moving_style import NAMES, style_of

from .tasks import Task

_LISTED = 3


def move(task: Task, interpreter: Interpreter) -> Fix | None:
    """The fix of a patch that comes too late; None where only a person can tell what to do."""
    found = misplaced(task.finding.locations[0], task.facts, interpreter)
    settings = _settings(task.facts)
    made = [move for move in (_made(one, settings) for one in found) if move]
    if not made or len(made) < len(found):
        return None
    title = _("move the patch to the top of {path}")
    others = sorted(one.entry.path for one in found if one.entry.path != one.patch.path)
    if others:
        title = _("patch at the top of {path} as well")
    whys = [one.why_unsafe for one in made if not one.safe]
    if not all(one.certain for one in found):
        whys.append(_("where it stands it runs under a condition only"))
    applicability = Applicability.UNSAFE if whys else Applicability.SAFE
    why = whys[0] if whys else _("nothing above it does more than import and define")
    edits = tuple(edit for move in made for edit in move.edits)
    path = _listed(others) or found[0].entry.path
    return Fix(title.format(path=path), applicability, edits, why)


def _listed(paths: Sequence[str]) -> str:
    """The paths in a row, from the fourth on only their number."""
    row = ", ".join(paths[:_LISTED])
    left = len(paths) - _LISTED
    return _("{paths} and {count} more").format(paths=row, count=left) if left > 0 else row


def modernise(task: Task) -> Fix | None:
    """The fix of a name that is gone: what says the same today; None where nothing does."""
    place = task.finding.locations[0]
    document = next(one for one in task.facts.sources if one.path == place.path)
    found = modern.fix(document, place, task.finding.rule.id)
    return Fix(found.title, found.applicability, found.edits, found.why) if found else None


def _made(found: Misplaced, settings: Mapping[str, str]) -> Move | None:
    style = style_of(settings, found.entry.path)
    if found.entry.path == found.patch.path:
        return move_to_top(found.patch, found.statement, style)
    return on_top(found.entry, found.patch, found.statement, style)


def _settings(facts: Facts) -> dict[str, str]:
    """The texts in which linters and sorters have their settings, by path."""
    documents = (*facts.sources, *(file.document for file in facts.files))
    return {one.path: one.text for one in documents if one.path.rpartition("/")[2] in NAMES}
