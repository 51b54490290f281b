"""Carrying out, where what is done depends on what could be done before."""

from __future__ import annotations

import pytest

from sslfix.bot.carry import Carrier, Done
from sslfix.bot.model import (
    Close,
    Delete,
    ForgeError,
    Marker,
    Open,
    PullRequest,
    Wanted,
    marker_line,
    read_marker,
)
from sslfix.collect.configuration import BotSettings

WANTED = Wanted("sslfix/all", "b" * 40, ("f1",), "Title", "Text")
PULL = PullRequest("7", "sslfix/lock", "main", marker_line(Marker("a", ("a",), ("f1",), "")))


class Forge:
    """Notes what is done; `broken` calls fail with that status."""

    noun = user = url = ""

    def __init__(self, **broken: int) -> None:
        self.done: list[str] = []
        self.bodies: list[str] = []
        self.broken = broken

    def _note(self, what: str) -> None:
        self.done.append(what)
        if what in self.broken:
            raise ForgeError(what, self.broken[what])

    def open(self, wanted: Wanted, base: str, body: str, _bot: BotSettings) -> PullRequest:
        self._note("open")
        return PullRequest("8", wanted.branch, base, body)

    def dresses(self, _bot: BotSettings) -> bool:
        return True

    def dress(self, _number: str, _bot: BotSettings) -> None:
        self._note("dress")

    def edit(self, _number: str, _title: str, body: str) -> None:
        self._note("edit")
        self.bodies.append(body)

    def close(self, _number: str, body: str) -> None:
        self._note("close")
        self.bodies.append(body)

    def comments(self, _number: str) -> list[str]:
        return []

    def comment(self, _number: str, text: str) -> None:
        self._note(f"comment {text.splitlines()[0]}")

    def reference(self, number: str) -> str:
        return f"#{number}"

    def prepared(self, wanted: Wanted) -> str:
        return wanted.commit

    def move(self, branch: str, commit: str, _over: str) -> None:
        self._note(f"move {branch}" if commit else f"delete {branch}")


def carried(forge: Forge, *actions: Open | Close | Delete) -> list[Done]:
    carrier = Carrier(forge, forge, "main", BotSettings())  # type: ignore[arg-type]
    return list(carrier.all(actions))


def test_what_takes_the_place_of_another_is_opened_first_and_named() -> None:
    forge = Forge()
    carried(forge, Open(WANTED, ""), Close(PULL, "a", "sslfix/all"))
    assert forge.done == [
        "move sslfix/all",
        "open",
        "dress",
        "edit",
        "comment Superseded by #8.",
        "close",
        "delete sslfix/lock",
    ]
    marker = read_marker(forge.bodies[-1])
    assert marker is not None
    assert marker.closed


@pytest.mark.parametrize("broken", ["move sslfix/all", "open"])
def test_what_has_no_successor_yet_is_kept(broken: str) -> None:
    forge = Forge(**{broken: 403})
    done = carried(forge, Open(WANTED, ""), Close(PULL, "a", "sslfix/all"))
    assert [one.failed for one in done] == [True, False]
    assert "close" not in forge.done
    assert done[1].line == "sslfix/lock: kept until sslfix/all is open"


def test_one_that_fails_leaves_the_others_their_turn() -> None:
    forge = Forge(**{"delete x": 422})
    done = carried(forge, Delete("x", "a"), Delete("y", "a"))
    assert [one.failed for one in done] == [True, False]


@pytest.mark.parametrize("status", [401, 429])
def test_what_would_meet_them_all_ends_it(status: int) -> None:
    forge = Forge(**{"delete x": status})
    done = carried(forge, Delete("x", "a"), Delete("y", "a"), Delete("z", "a"))
    assert [one.line for one in done] == ["delete x", "2 more not tried"]


def test_the_body_says_that_labels_are_to_come_until_they_are_there() -> None:
    forge = Forge(dress=403)
    carried(forge, Open(WANTED, ""))
    assert forge.done == ["move sslfix/all", "open", "dress"]
    forge = Forge()
    carried(forge, Open(WANTED, ""))
    marker = read_marker(forge.bodies[0])
    assert marker is not None
    assert not marker.bare


def test_a_branch_that_somebody_else_uses_is_kept() -> None:
    forge = Forge()
    carried(forge, Close(PULL, ""))
    assert "delete sslfix/lock" not in forge.done
