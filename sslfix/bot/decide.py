"""What to do with each branch of the bot: a pure function of what is wanted and what is there.

A branch is the bot's as long as it stands where the bot left it. Nothing is pushed over anybody
else's commits, and what a person closed stays closed until it is about something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .model import Action, Close, Delete, Leave, Marker, Open, PullRequest, State, Update, Wanted

NOT_OURS = (
    "This branch has commits that are not sslfix's, so sslfix leaves it alone from now on. "
    "To have it made anew, tick the box at the end of the description."
)
NOT_NEEDED = (
    "Nothing is left to fix here. sslfix would close this, but the branch has commits that are "
    "not its own."
)


def decide(
    wanted: Sequence[Wanted],
    state: State,
    *,
    base: str,
    limit: int,
    left: Sequence[str] = (),
    sure: bool = True,
) -> tuple[Action, ...]:
    """One action for each branch that is wanted or there.

    `left` are the fingerprints of findings that stay: a fix that could not be made this time is
    wanted still. `sure` says that everything could be checked: else what is not wanted may only be
    unseen, and nothing is closed.
    """
    names = {one.branch for one in wanted}
    room = limit - sum(_open(state, name) is not None for name in names)
    actions: list[Action] = []
    for one in wanted:
        action = _wanted(one, state, base)
        if isinstance(action, Open):
            room -= 1
            if room < 0:
                why = f"{limit} requests are open, which is the limit"
                action = Leave(one.branch, why, in_order=False)
        actions.append(action)
    for branch in sorted({*state.branches, *state.pulls} - names):
        if sure:
            actions += _unwanted(branch, wanted, state, base, left)
        else:
            actions += _kept(branch, state, "not everything could be checked")
    return tuple(actions)


def _open(state: State, branch: str) -> PullRequest | None:
    """The open request from a branch: the bot's own if somebody else made one too."""
    every = [one for one in state.pulls.get(branch, ()) if one.open]
    return next((one for one in every if one.marker), next(iter(every), None))


# --------------------------------------------------------------------------- wanted


def _wanted(wanted: Wanted, state: State, base: str) -> Action:
    pull, head = _open(state, wanted.branch), state.branches.get(wanted.branch, "")
    if pull is not None:
        return _standing(wanted, pull, head, base)
    done = state.pulls.get(wanted.branch, ())
    refused = next((one for one in done if _is_refused(one, wanted)), None)
    if refused is not None:
        return Leave(wanted.branch, f"{refused.url or refused.number} was closed by a person")
    known = {"", wanted.commit}.union(*(one.marker.heads for one in done if one.marker))
    if head not in known and wanted.branch not in state.abandoned:
        why = "a branch of that name has commits that are not sslfix's"
        return Leave(wanted.branch, why, in_order=False)
    return Open(wanted, head)


def _is_refused(pull: PullRequest, wanted: Wanted) -> bool:
    """Whether a person closed it, unmerged, and it was about the same or more."""
    marker = pull.marker
    if pull.merged:
        return False
    if marker is None or marker.closed:
        return marker is None
    return set(wanted.fingerprints) <= set(marker.fingerprints)


def _standing(wanted: Wanted, pull: PullRequest, head: str, base: str) -> Action:
    """What to do with an open pull request that is wanted."""
    marker = pull.marker
    if pull.base not in ("", base):
        return Leave(wanted.branch, f"somebody aimed it at {pull.base}", pull=pull)
    if pull.again:
        return Update(wanted, pull, head, head != wanted.commit, "somebody wants it made anew")
    if marker is None:
        return Leave(wanted.branch, "its hidden line was removed: somebody took it over", pull=pull)
    if head and head not in (wanted.commit, *marker.heads):
        why = "it has commits that are not sslfix's"
        return Leave(wanted.branch, why, pull=pull, comment=NOT_OURS)
    pushed = marker.heads[-1:] if marker.commit == wanted.commit else ()
    stands = head in (wanted.commit, *pushed)
    same = marker.text in ("", wanted.text)
    finished = not (marker.bare or marker.closed)
    if stands and same and marker.commit == wanted.commit and finished:
        return Leave(wanted.branch, "up to date", pull=pull)
    return Update(wanted, pull, head, not stands, _why(wanted, marker, stands=stands, same=same))


def _why(wanted: Wanted, marker: Marker, *, stands: bool, same: bool) -> str:
    if stands:
        return "it was not finished" if same else "its text changed"
    moved = same and marker.fingerprints in ((), wanted.fingerprints)
    return "the base branch moved" if moved else "the fix changed"


# --------------------------------------------------------------------------- not wanted


def _kept(branch: str, state: State, why: str) -> Iterator[Action]:
    pull = _open(state, branch)
    if pull is not None:
        yield Leave(branch, f"kept: {why}", pull=pull)


def _unwanted(
    branch: str, wanted: Sequence[Wanted], state: State, base: str, left: Sequence[str]
) -> Iterator[Action]:
    """What to do with a branch that nothing is to be fixed on; nothing if it is nobody's matter."""
    pull, head = _open(state, branch), state.branches.get(branch, "")
    if pull is None:
        if branch in state.abandoned or _is_left_over(head, state.pulls.get(branch, ())):
            yield Delete(branch, head)
        return
    marker = pull.marker
    if marker is None:
        return
    about = set(marker.fingerprints)
    if pull.base not in ("", base):
        yield Leave(branch, f"somebody aimed it at {pull.base}", pull=pull)
    elif head and head not in marker.heads:
        why = "nothing is left to fix, but it has commits that are not sslfix's"
        yield Leave(branch, why, pull=pull, comment=NOT_NEEDED)
    elif about & set(left) or (left and not about):
        yield from _kept(branch, state, "what it cures could not be fixed this time")
    elif marker.closed:
        yield Leave(branch, "nothing is left to fix, but somebody opened it again", pull=pull)
    else:
        by = next((one.branch for one in wanted if about & set(one.fingerprints)), "")
        used = any(one.open and one != pull for one in state.pulls[branch])
        yield Close(pull, "" if used else head, by)


def _is_left_over(head: str, pulls: Sequence[PullRequest]) -> bool:
    """Whether a branch without an open request stands as the bot left it when that was done."""
    return any(
        one.marker is not None and head in one.marker.heads and (one.merged or one.marker.closed)
        for one in pulls
    )
