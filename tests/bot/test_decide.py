"""What is done with each branch, for what is wanted and what is there."""

from __future__ import annotations

from typing import Any

import pytest

from sslfix.bot.decide import decide
from sslfix.bot.model import (
    AGAIN,
    Action,
    Close,
    Delete,
    Leave,
    Marker,
    Open,
    PullRequest,
    State,
    Update,
    Wanted,
    marker_line,
)

OLD, NEW, THEIRS = "a" * 40, "b" * 40, "c" * 40
WANTED = Wanted("sslfix/lock", NEW, ("f1",), "Title", "Text")


def marker(**changed: Any) -> Marker:
    given = Marker(NEW, (NEW,), ("f1",), WANTED.text)
    return given._replace(**changed)


def pull(mark: Marker | None = None, **changed: Any) -> PullRequest:
    body = marker_line(mark or marker())
    return PullRequest("7", "sslfix/lock", "main", body, "URL")._replace(**changed)


def state(head: str, *pulls: PullRequest, abandoned: bool = False) -> State:
    branches = {"sslfix/lock": head} if head else {}
    names = frozenset(branches if abandoned else ())
    return State(branches, {"sslfix/lock": pulls} if head or pulls else {}, names)


def one(wanted: bool, there: State, **how: Any) -> Action | None:
    given: dict[str, Any] = {"base": "main", "limit": 5, **how}
    actions = decide([WANTED] if wanted else [], there, **given)
    assert len(actions) <= 1
    return actions[0] if actions else None


TICKED = AGAIN.replace("[ ]", "[x]")
CLOSED: dict[str, Any] = {"open": False}
BEFORE = marker(commit=OLD, heads=(OLD,))


@pytest.mark.parametrize(
    ("there", "kind", "why"),
    [
        # nothing is there, or what the bot left there
        (state(""), Open, ""),
        (state(NEW, abandoned=True), Open, ""),
        (state(OLD, abandoned=True), Open, ""),
        (state(THEIRS), Leave, "a branch of that name has commits that are not sslfix's"),
        # open
        (state(NEW, pull()), Leave, "up to date"),
        (state(OLD, pull(BEFORE)), Update, "the base branch moved"),
        (state(OLD, pull(BEFORE._replace(text="x"))), Update, "the fix changed"),
        (state(OLD, pull(BEFORE._replace(fingerprints=("f0",)))), Update, "the fix changed"),
        (state(NEW, pull(marker(text="x"))), Update, "its text changed"),
        (state(NEW, pull(marker(text=""))), Leave, "up to date"),
        (state(NEW, pull(marker(bare=True))), Update, "it was not finished"),
        (state(THEIRS, pull()), Leave, "it has commits that are not sslfix's"),
        (state(NEW, pull(body="Mine now")), Leave, "its hidden line was removed"),
        (state(NEW, pull(base="next")), Leave, "somebody aimed it at next"),
        (state(NEW, pull(base="")), Leave, "up to date"),
        # the bot closed it, and a person opened it again
        (state(NEW, pull(marker(closed=True))), Update, "it was not finished"),
        # the body was written, and then the push failed
        (state(OLD, pull(marker(heads=(OLD, NEW)))), Update, "the base branch moved"),
        # the branch of an open request is gone
        (state("", pull()), Update, "the base branch moved"),
        # a commit that the forge made has another name there
        (state(THEIRS, pull(marker(heads=(OLD, THEIRS)))), Leave, "up to date"),
        (state(OLD, pull(marker(heads=(OLD, THEIRS)))), Update, "the base branch moved"),
        # a person ticked the box
        (state(THEIRS, pull(body=f"{TICKED}\n{marker_line(marker())}")), Update, "somebody wants"),
        (state(THEIRS, pull(body=TICKED)), Update, "somebody wants it made anew"),
        (state(THEIRS, pull(body=f"{AGAIN}\n{marker_line(marker())}")), Leave, "it has commits"),
        # closed
        (state("", pull(**CLOSED)), Leave, "URL was closed by a person"),
        (state(NEW, pull(**CLOSED)), Leave, "URL was closed by a person"),
        (state("", pull(body="", **CLOSED)), Leave, "URL was closed by a person"),
        (state("", pull(marker(fingerprints=("f0",)), **CLOSED)), Open, ""),
        (state(OLD, pull(marker(fingerprints=("f0",), heads=(OLD,)), **CLOSED)), Open, ""),
        (state("", pull(marker(fingerprints=("f0", "f1")), **CLOSED)), Leave, "URL was closed"),
        (state("", pull(marker(closed=True), **CLOSED)), Open, ""),
        (state("", pull(merged=True, **CLOSED)), Open, ""),
        (state(NEW, pull(merged=True, **CLOSED)), Open, ""),
        (state(THEIRS, pull(merged=True, **CLOSED)), Leave, "a branch of that name"),
        (state("", pull(marker(closed=True), **CLOSED), pull(**CLOSED)), Leave, "URL was closed"),
        # the branch is where an older one was left
        (state(OLD, pull(merged=True, **CLOSED), pull(BEFORE, merged=True, **CLOSED)), Open, ""),
        # open again
        (state(NEW, pull(), pull(**CLOSED)), Leave, "up to date"),
    ],
)
def test_a_request_that_is_wanted(there: State, kind: type, why: str) -> None:
    action = one(True, there)
    assert isinstance(action, kind)
    assert getattr(action, "why", "").startswith(why)


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (state(NEW, pull()), Close),
        (state("", pull()), Close),
        (state(OLD, pull(marker(heads=(OLD, NEW)))), Close),
        (state(THEIRS, pull()), Leave),
        (state(NEW, pull(base="next")), Leave),
        (state(NEW, pull(marker(closed=True))), Leave),  # a person opened it again
        # nobody's matter: a person's branch, or what a person closed
        (state(NEW, pull(body="A request of my own")), type(None)),
        (state(THEIRS), type(None)),
        (state(NEW, pull(**CLOSED)), type(None)),
        (state(THEIRS, pull(merged=True, **CLOSED)), type(None)),
        # left behind
        (state(NEW, pull(merged=True, **CLOSED)), Delete),
        (state(NEW, pull(marker(closed=True), **CLOSED)), Delete),
        (state(NEW, abandoned=True), Delete),
        (state("", pull(merged=True, **CLOSED)), type(None)),
    ],
)
def test_a_branch_on_which_nothing_is_left_to_fix(there: State, kind: type) -> None:
    assert isinstance(one(False, there), kind)


ALICES = pull(number="9", base="next", body="Mine")


def test_what_somebody_else_asks_for_the_same_branch_does_not_count() -> None:
    assert one(True, state(NEW, ALICES, pull())) == Leave("sslfix/lock", "up to date", pull=pull())
    closing = one(False, state(NEW, ALICES, pull()))
    assert closing == Close(pull(), "")  # the branch is hers too


@pytest.mark.parametrize("there", [state(NEW, pull()), state(NEW, abandoned=True)])
def test_nothing_goes_while_something_could_not_be_checked(there: State) -> None:
    assert not isinstance(one(False, there, sure=False), (Close, Delete))


@pytest.mark.parametrize(
    ("left", "about", "kind"),
    [
        (("f1",), ("f1",), Leave),
        (("f1", "f2"), ("f0", "f1"), Leave),
        (("f2",), ("f1",), Close),
        (("f2",), (), Leave),  # what it is about is not known
        ((), (), Close),
    ],
)
def test_a_request_stays_while_its_fix_could_only_not_be_made(
    left: tuple[str, ...], about: tuple[str, ...], kind: type
) -> None:
    there = state(NEW, pull(marker(fingerprints=about)))
    assert isinstance(one(False, there, left=left), kind)


def test_an_update_pushes_only_what_is_not_there() -> None:
    text, moved = state(NEW, pull(marker(text="x"))), state(OLD, pull(BEFORE))
    assert [one(True, there).pushes for there in (text, moved)] == [False, True]  # type: ignore[union-attr]


def test_opening_goes_over_what_the_bot_left_there_and_nothing_else() -> None:
    assert one(True, state("")) == Open(WANTED, "")
    assert one(True, state(OLD, abandoned=True)) == Open(WANTED, OLD)


def test_what_is_left_to_people_is_said_once_on_the_request() -> None:
    action = one(True, state(THEIRS, pull()))
    assert isinstance(action, Leave)
    assert "tick the box" in action.comment


def test_no_more_are_opened_than_the_limit_and_those_that_stand_count() -> None:
    wanted = [WANTED._replace(branch=f"sslfix/{at}") for at in range(4)]
    there = State({"sslfix/3": NEW}, {"sslfix/3": (pull(branch="sslfix/3"),)})
    actions = decide(wanted, there, base="main", limit=2)
    assert [type(one) for one in actions] == [Open, Leave, Leave, Leave]
    assert [getattr(one, "in_order", True) for one in actions] == [True, False, False, True]


def test_what_a_person_closed_takes_no_room() -> None:
    wanted = [WANTED, WANTED._replace(branch="sslfix/other")]
    actions = decide(wanted, state("", pull(**CLOSED)), base="main", limit=1)
    assert [type(one) for one in actions] == [Leave, Open]


def test_a_request_that_another_replaces_names_it() -> None:
    every = Wanted("sslfix/all", NEW, ("f1", "f2"), "Title", "Text")
    actions = decide([every], state(NEW, pull()), base="main", limit=5)
    assert [type(one) for one in actions] == [Open, Close]
    assert actions[1].by == "sslfix/all"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("line", "ticked"),
    [
        ("- [x] <!-- sslfix-bot again --> make this branch anew", True),
        ("- [X] <!-- sslfix-bot again --> make\r", True),
        ("- [ ] <!-- sslfix-bot again --> make this branch anew", False),
        ("- `a- [x] <!-- sslfix-bot again -->/requirements.txt`, line 1", False),
    ],
)
def test_who_ticks_the_box_wants_it_made_anew(line: str, ticked: bool) -> None:
    made = pull(marker())
    assert made._replace(body=f"Text\n{line}\n{made.body}").again == ticked


def test_a_path_that_looks_like_the_hidden_line_is_none() -> None:
    made = pull(marker())
    fake = '- `<!-- sslfix-bot {"commit": "x", "heads": [], "fingerprints": [], "text": ""} -->/a`'
    assert made._replace(body=f"{made.body}\n{fake}").marker == made.marker
