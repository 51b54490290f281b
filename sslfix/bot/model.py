"""What the bot knows of a repository on its forge, what it wants there, and what it will do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, Union

from sslfix.collect.configuration import BotSettings
from sslfix.errors import SslfixError

if TYPE_CHECKING:
    from .git import Clone

TRAILER = "Sslfix-Fingerprint:"
"""Begins the last line of each commit's message, which says whose it is."""

LONGEST = 65_536
"""Characters in a body: GitHub takes no more."""


class ForgeError(SslfixError):
    """A call that the forge did not answer as asked: what it said, and what would help.

    `status` is that of HTTP, 0 where there was no answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message, status)
        self.message = message
        self.status = status

    def __str__(self) -> str:
        return self.message


class OutdatedError(SslfixError):
    """The forge is not as it was looked at: somebody was quicker."""


class Token(NamedTuple):
    """A token, and the variable that it was in; both "" for none."""

    secret: str = ""
    variable: str = ""


# --------------------------------------------------------------------------- what is there


class Repository(NamedTuple):
    """A repository; an archived one takes no requests."""

    name: str
    default_branch: str
    archived: bool = False


class Marker(NamedTuple):
    """What the bot remembers of a pull request, in a hidden line of its body.

    `commit` is what the commit would be if git made it here, `heads` those that were pushed or are
    about to be; a branch that stands elsewhere has somebody else's commits. The last of them is
    what stands for `commit` on the forge. `fingerprints` are the findings that it cures, () where
    that is not known, and `text` is a digest of title and body as they were written, "" likewise.
    `bare` says that labels and people are still to come, `closed` that the bot closed the request.
    """

    commit: str
    heads: tuple[str, ...]
    fingerprints: tuple[str, ...]
    text: str
    bare: bool = False
    closed: bool = False


# On a line of its own: a path that is shown may hold anything.
_MARKER = re.compile(r"(?m)^<!-- sslfix-bot (\{.*?\}) -->")


def marker_line(marker: Marker) -> str:
    """The hidden line that `read_marker` reads again."""
    text = json.dumps(marker._asdict(), sort_keys=True).replace(">", "\\u003e")
    return f"<!-- sslfix-bot {text} -->"


def read_marker(body: str) -> Marker | None:
    """The marker at the end of a body, None where it is gone or not to be understood."""
    found = _MARKER.findall(body)
    try:
        said = json.loads(found[-1]) if found else {}
        lists = {name: tuple(said[name]) for name in ("heads", "fingerprints")}
        return Marker(**{**said, **lists})
    except (ValueError, TypeError, KeyError):
        return None


AGAIN = "- [ ] <!-- sslfix-bot again --> make this branch anew, over whatever is on it"
"""A box at the end of a body; who ticks it wants the bot to take the branch over again."""
_TICKED = re.compile(r"(?m)^- \[[xX]\] <!-- sslfix-bot again -->")


def with_marker(body: str, marker: Marker) -> str:
    """The body with another marker in the place of the one that it has."""
    return _MARKER.sub(lambda _: marker_line(marker), body)


class PullRequest(NamedTuple):
    """A pull request (GitLab: merge request) from a branch of ours; `base` "" is not known."""

    number: str
    branch: str
    base: str
    body: str
    url: str = ""
    open: bool = True
    merged: bool = False

    @property
    def marker(self) -> Marker | None:
        """What the bot wrote into its body."""
        return read_marker(self.body)

    @property
    def again(self) -> bool:
        """Whether somebody ticked the box to have it made anew."""
        return _TICKED.search(self.body) is not None


class State(NamedTuple):
    """The bot's branches (name -> head) and their pull requests, the newest first.

    `abandoned` are branches without any request whose head is a commit of the bot's.
    """

    branches: Mapping[str, str] = {}
    pulls: Mapping[str, Sequence[PullRequest]] = {}
    abandoned: frozenset[str] = frozenset()


# --------------------------------------------------------------------------- what is wanted


class Wanted(NamedTuple):
    """A pull request as it should stand: a branch with one commit, title and body.

    `fingerprints` are the findings that it cures, whatever the base and the fix are meanwhile.
    """

    branch: str
    commit: str
    fingerprints: tuple[str, ...]
    title: str
    body: str

    @property
    def text(self) -> str:
        """A digest of title and body."""
        import hashlib

        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()[:16]

    def marked(self, heads: Sequence[str], *, bare: bool = False) -> str:
        """The body with the hidden line, as long as the forge takes it."""
        marker = Marker(self.commit, tuple(heads), self.fingerprints, self.text, bare)
        line = marker_line(marker)
        return f"{self.body[: LONGEST - len(line) - 2]}\n{line}\n"


# --------------------------------------------------------------------------- what will be done


class Open(NamedTuple):
    """Push the branch, over `head` if it is there (""), and ask to merge it."""

    wanted: Wanted
    head: str


class Update(NamedTuple):
    """Bring a pull request up to date: its texts, and its branch if it is not where it should be.

    `head` is where the branch is.
    """

    wanted: Wanted
    pull: PullRequest
    head: str
    pushes: bool
    why: str


class Leave(NamedTuple):
    """Do nothing, and why. `in_order` says that nothing waits to be requested.

    `comment` is said once on the pull request.
    """

    branch: str
    why: str
    in_order: bool = True
    pull: PullRequest | None = None
    comment: str = ""


class Close(NamedTuple):
    """Close a pull request with a comment, and delete its branch at `head` ("" to keep it).

    `by` is the branch of the one that takes its place, "" for none.
    """

    pull: PullRequest
    head: str
    by: str = ""


class Delete(NamedTuple):
    """Delete a branch that was left behind."""

    branch: str
    head: str


Action = Union[Open, Update, Leave, Close, Delete]


class Publisher(Protocol):
    """How commits get to the forge."""

    def prepared(self, wanted: Wanted) -> str:
        """The commit as the forge will know it."""

    def move(self, branch: str, commit: str, over: str) -> None:
        """Make a branch point there ("" deletes it) if it still points to `over` ("": to nothing).

        Raises OutdatedError where it does not.
        """


class Forge(Protocol):
    """The calls to a forge for one repository."""

    noun: str
    user: str
    url: str

    def repository(self) -> Repository:
        """The repository; raises ForgeError where it is not to be seen."""

    def branches(self, prefix: str) -> dict[str, str]:
        """The heads of the branches whose name begins so."""

    def pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """The pull requests from a branch of this repository, open and closed, newest first."""

    def message(self, commit: str) -> str:
        """The message of a commit."""

    def open(self, wanted: Wanted, base: str, body: str, bot: BotSettings) -> PullRequest:
        """The pull request made; raises OutdatedError where there is one already."""

    def dresses(self, bot: BotSettings) -> bool:
        """Whether labels and people need calls of their own."""

    def dress(self, number: str, bot: BotSettings) -> None:
        """Add labels and people as far as they exist; doing it twice is doing it once."""

    def edit(self, number: str, title: str, body: str) -> None:
        """Write title and body of a pull request."""

    def close(self, number: str, body: str) -> None:
        """Close a pull request, and write its body."""

    def comments(self, number: str) -> list[str]:
        """The texts of the comments on a pull request."""

    def comment(self, number: str, text: str) -> None:
        """Comment on a pull request."""

    def reference(self, number: str) -> str:
        """How a text names a pull request so that it becomes a link."""

    def publisher(self, clone: Clone, base: str, bot: BotSettings) -> Publisher:
        """How commits get there, as the settings say."""
