"""GitLab without its API, for the token of a CI job: it can push, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from sslfix.collect.configuration import BotSettings

from . import git
from .client import World
from .model import (
    TRAILER,
    Marker,
    Publisher,
    PullRequest,
    Repository,
    Token,
    Wanted,
    marker_line,
)

_LONGEST = 8000


class GitLab:
    """A project seen by git alone, for CI_JOB_TOKEN: merge requests are made by push options.

    Their description is a short one. Whether a person closed one cannot be seen: it stays
    closed as long as its branch is there.
    https://docs.gitlab.com/topics/git/commit/#push-options-for-merge-requests,
    https://docs.gitlab.com/ci/jobs/ci_job_token/
    """

    noun = "merge request"
    user = "gitlab-ci-token"

    def __init__(self, repo: str, server: str, token: Token, world: World) -> None:
        self.url = f"{server}/{repo}.git"
        self._repo = repo
        self._remote = git.Remote(self.url, self.user, token.secret)
        self._heads: dict[str, str] = {}
        self._tell = world.tell

    def repository(self) -> Repository:
        """The project."""
        return Repository(self._repo, git.default_branch(self._remote))

    def branches(self, prefix: str) -> dict[str, str]:
        """The heads of the branches whose name begins so."""
        self._heads = git.heads(self._remote, f"{prefix}*")
        return self._heads

    def pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """What stands for a merge request: the branch itself, by its last commit's message."""
        head = self._heads.get(branch, "")
        if not head:
            return ()
        own = (head,) if TRAILER in self.message(branch) else ()
        marker = Marker(head, own, (), "")
        return (PullRequest("", branch, "", marker_line(marker)),)

    def message(self, commit: str) -> str:
        """The message of the last commit of a branch."""
        return git.message_at(self._remote, commit)

    def open(self, wanted: Wanted, base: str, body: str, _bot: BotSettings) -> PullRequest:
        """The push made it."""
        return PullRequest("", wanted.branch, base, body)

    def dresses(self, _bot: BotSettings) -> bool:
        """No: the push did it."""
        return False

    def dress(self, number: str, bot: BotSettings) -> None:
        """Nothing is left to add."""

    def reference(self, _number: str) -> str:
        """No number is known."""
        return "another merge request"

    def edit(self, number: str, title: str, body: str) -> None:
        """A job's token may not: the text stays that of the first commit."""

    def close(self, number: str, body: str) -> None:
        """Nothing: it goes with its branch."""

    def comments(self, _number: str) -> list[str]:
        """None can be seen."""
        return []

    def comment(self, _number: str, text: str) -> None:
        """Told in the log instead."""
        self._tell(text.partition("\n")[0])

    def publisher(self, clone: git.Clone, base: str, bot: BotSettings) -> Publisher:
        """Git, with what a new branch's merge request is like."""
        options = ["merge_request.create", f"merge_request.target={base}"]
        options += ["merge_request.remove_source_branch"]
        options += [f"merge_request.label={one}" for one in bot.labels]
        options += [f"merge_request.assign={one}" for one in bot.assignees]
        return _Asking(git.pushing(clone, bot), options)


class _Asking:
    """Pushes, and asks for a merge request where the branch is new."""

    def __init__(self, pushing: git.Pushing, options: Sequence[str]) -> None:
        self._pushing = pushing
        self._options = options
        self._told: dict[str, str] = {}

    def prepared(self, wanted: Wanted) -> str:
        """The commit; what is said of it is kept for the push."""
        self._told[wanted.branch] = brief(wanted.body)
        return self._pushing.prepared(wanted)

    def move(self, branch: str, commit: str, over: str) -> None:
        """Push it."""
        described = f"merge_request.description={self._told.get(branch, '')}"
        asked = () if over else (*self._options, described)
        self._pushing._replace(options=asked).move(branch, commit, over)


def brief(body: str) -> str:
    """What breaks and why it is changed so, on one line: push options take no more.

    https://gitlab.com/gitlab-org/gitlab/-/issues/241710
    """
    told = body.partition("### What it costs")[0].partition("### How it was checked")[0]
    lines = (line[2:] for line in told.splitlines() if line.startswith("- "))
    return "<br>".join(lines)[:_LONGEST]
