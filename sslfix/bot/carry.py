"""Carrying out what was decided: the calls in an order in which each may fail.

What the body says is written before the branch moves, and a request is closed before its branch
goes. Cut off anywhere, the next run finds a state that it knows, and goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Callable, NamedTuple

from sslfix.collect.configuration import BotSettings

from . import git
from .model import (
    Action,
    Close,
    Delete,
    Forge,
    ForgeError,
    Leave,
    Open,
    Publisher,
    PullRequest,
    Update,
    Wanted,
    with_marker,
)

_HOPELESS = frozenset({401, 429})
"""What the next action would meet as well."""


class Telling(NamedTuple):
    """Not at all: what would be pushed is told."""

    clone: git.Clone
    show: Callable[[str], None]

    def prepared(self, wanted: Wanted) -> str:
        """The commit, after the patch was shown."""
        self.show(f"branch {wanted.branch}\n\n{git.patch(self.clone, wanted.commit)}")
        self.show(f"{wanted.title}\n\n{wanted.body}\n")
        return wanted.commit

    def move(self, branch: str, commit: str, over: str) -> None:
        """Show the command."""
        lease = f"--force-with-lease={branch}:{over}"
        self.show(f"git push {lease} {self.clone.remote.url} {commit}:refs/heads/{branch}")


class Done(NamedTuple):
    """A line on what was done, and whether it could be."""

    line: str
    failed: bool = False


class Carrier(NamedTuple):
    """What carries out the actions for one repository."""

    forge: Forge
    publisher: Publisher
    base: str
    bot: BotSettings

    def all(self, actions: Sequence[Action]) -> Iterator[Done]:
        """What came of each action; one that fails leaves the others their turn."""
        opened: dict[str, str] = {}
        for at, action in enumerate(actions):
            try:
                yield Done(self._one(action, opened))
            except ForgeError as error:
                yield Done(str(error), failed=True)
                if error.status in _HOPELESS:
                    rest = len(actions) - at - 1
                    if rest:
                        yield Done(f"{rest} more not tried", failed=True)
                    return

    def _one(self, action: Action, opened: dict[str, str]) -> str:
        if isinstance(action, Open):
            return self._open(action, opened)
        if isinstance(action, Update):
            opened[action.wanted.branch] = action.pull.number
            return self._update(action)
        if isinstance(action, Close):
            if action.by and action.by not in opened:
                return f"{action.pull.url or action.pull.branch}: kept until {action.by} is open"
            return self._close(action, opened.get(action.by, ""))
        if isinstance(action, Delete):
            self.publisher.move(action.branch, "", action.head)
            return f"deleted the branch {action.branch}, which was left behind"
        return self._leave(action, opened)

    def _open(self, action: Open, opened: dict[str, str]) -> str:
        wanted = action.wanted
        head = self.publisher.prepared(wanted)
        if action.head != head:
            self.publisher.move(wanted.branch, head, action.head)
        bare = self.forge.dresses(self.bot)
        body = wanted.marked([head], bare=bare)
        pull = self.forge.open(wanted, self.base, body, self.bot)
        opened[wanted.branch] = pull.number
        if bare:
            self._dress(pull.number, wanted, [head])
        return f"opened {pull.url or wanted.branch}: {wanted.title}"

    def _dress(self, number: str, wanted: Wanted, heads: Sequence[str]) -> None:
        """Labels and people; then the body says that they need not be thought of again."""
        self.forge.dress(number, self.bot)
        self.forge.edit(number, wanted.title, wanted.marked(heads))

    def _update(self, action: Update) -> str:
        wanted, pull, head = action.wanted, action.pull, action.head
        if action.pushes:
            head = self.publisher.prepared(wanted)
        heads = list(dict.fromkeys(filter(None, (action.head, head))))
        if pull.marker and pull.marker.bare:
            self._dress(pull.number, wanted, heads)
        else:
            self.forge.edit(pull.number, wanted.title, wanted.marked(heads))
        if action.pushes:
            self.publisher.move(wanted.branch, head, action.head)
        return f"updated {pull.url or wanted.branch}: {action.why}"

    def _leave(self, action: Leave, opened: dict[str, str]) -> str:
        pull = action.pull
        if pull is not None:
            opened[action.branch] = pull.number
            if action.comment:
                self._say_once(pull, action.comment, "left")
        return f"{pull.url if pull and pull.url else action.branch}: {action.why}"

    def _close(self, action: Close, by: str) -> str:
        pull = action.pull
        text = "Nothing is left to fix here."
        if by:
            text = f"Superseded by {self.forge.reference(by)}."
        self._say_once(pull, text, "closed")
        marker = pull.marker
        if marker is not None:
            self.forge.close(pull.number, with_marker(pull.body, marker._replace(closed=True)))
        if action.head:
            self.publisher.move(pull.branch, "", action.head)
        return f"closed {pull.url or pull.branch}: {text[0].lower()}{text[1:-1]}"

    def _say_once(self, pull: PullRequest, text: str, what: str) -> None:
        """Comment, unless that was said of this state of the branch already."""
        marker = pull.marker
        mark = f"<!-- sslfix-bot {what} {marker.heads[-1] if marker else ''} -->"
        if not any(mark in one for one in self.forge.comments(pull.number)):
            self.forge.comment(pull.number, f"{text}\n\n{mark}")
