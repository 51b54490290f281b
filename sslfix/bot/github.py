"""GitHub's REST API, as far as the bot needs it."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from sslfix.collect.configuration import BotSettings

from . import git
from .client import Client, World
from .git import Clone
from .model import ForgeError, OutdatedError, Publisher, PullRequest, Repository, Token, Wanted

SERVER = "https://github.com"
SERVER_VARIABLE = "GITHUB_SERVER_URL"
API_VARIABLE = "GITHUB_API_URL"
_VERSION = "2022-11-28"


def api_url(server: str) -> str:
    """Where the API of a server is: GitHub's own has a host for it."""
    return "https://api.github.com" if server == SERVER else f"{server}/api/v3"


class GitHub:
    """The calls for one repository ("owner/name")."""

    noun = "pull request"
    user = "x-access-token"

    def __init__(self, repo: str, api: str, server: str, token: Token, world: World) -> None:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": _VERSION}
        if token.secret:
            headers["Authorization"] = f"Bearer {token.secret}"
        self.client = Client(api, headers, token.secret, world, hint)
        self._server = server
        self._tell = world.tell
        self._call_it(repo)

    def _call_it(self, repo: str) -> None:
        self._repo = repo
        self._at = f"/repos/{quote(repo)}"
        self.url = f"{self._server}/{repo}.git"

    def repository(self) -> Repository:
        """The repository, from now on by the name that it has today.

        Raises ForgeError where the token does not see it.
        """
        found = self.client.get(self._at)
        self._call_it(found["full_name"])
        return Repository(self._repo, found["default_branch"], bool(found.get("archived")))

    def branches(self, prefix: str) -> dict[str, str]:
        """The heads of the branches whose name begins so."""
        path = f"{self._at}/git/matching-refs/{_ref(prefix)}"
        found = self.client.get(path)
        return {one["ref"][len("refs/heads/") :]: one["object"]["sha"] for one in found}

    def pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """The pull requests from a branch of this repository, open and closed, newest first."""
        owner = self._repo.partition("/")[0]
        found = self.client.get(
            f"{self._at}/pulls",
            head=f"{owner}:{branch}",
            state="all",
            sort="created",
            direction="desc",
            per_page="20",
        )
        return tuple(_pull(one) for one in found if self._is_own(one, branch))

    def _is_own(self, found: Any, branch: str) -> bool:
        """Whether it comes from this repository: an owner may have several forks of one."""
        head = found["head"]
        name = (head.get("repo") or {}).get("full_name", self._repo)
        return bool(head["ref"] == branch and name.casefold() == self._repo.casefold())

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return str(self.client.get(f"{self._at}/git/commits/{commit}")["message"])

    def open(self, wanted: Wanted, base: str, body: str, _bot: BotSettings) -> PullRequest:
        """The pull request made; raises OutdatedError where there is one already."""
        fields = {"title": wanted.title, "head": wanted.branch, "base": base, "body": body}
        try:
            made = self.client.write("POST", f"{self._at}/pulls", fields)
        except ForgeError as error:
            if error.status == 422 and "already exists" in error.message:
                raise OutdatedError(error.message) from None
            raise
        return PullRequest("NEW", wanted.branch, base, body) if made is None else _pull(made)

    def dresses(self, bot: BotSettings) -> bool:
        """Whether there are labels or people to add: each kind is a call of its own."""
        return bool(bot.labels or bot.assignees or bot.reviewers)

    def dress(self, number: str, bot: BotSettings) -> None:
        """Add labels and people; what cannot be is told and does not matter."""
        teams = [one.partition("/")[2] for one in bot.reviewers if "/" in one]
        people = [one for one in bot.reviewers if "/" not in one]
        reviewing = f"pulls/{number}/requested_reviewers"
        self._add(f"issues/{number}/labels", "labels", bot.labels)
        self._add(f"issues/{number}/assignees", "assignees", bot.assignees)
        self._add(reviewing, "reviewers", people)
        self._add(reviewing, "team_reviewers", teams)

    def _add(self, path: str, key: str, names: Sequence[str]) -> None:
        """All names at once; where that is refused each by itself, so that one spoils no other."""
        if not names:
            return
        try:
            self.client.write("POST", f"{self._at}/{path}", {key: list(names)})
        except ForgeError as error:
            if len(names) == 1:
                self._tell(f"left out {names[0]} ({key}): {error}")
                return
            for name in names:
                self._add(path, key, [name])

    def reference(self, number: str) -> str:
        """How a text names a pull request so that it becomes a link."""
        return f"#{number}"

    def edit(self, number: str, title: str, body: str) -> None:
        """Write title and body of a pull request."""
        self.client.write("PATCH", f"{self._at}/pulls/{number}", {"title": title, "body": body})

    def close(self, number: str, body: str) -> None:
        """Close a pull request, and write its body."""
        self.client.write("PATCH", f"{self._at}/pulls/{number}", {"state": "closed", "body": body})

    def comments(self, number: str) -> list[str]:
        """The texts of the comments on a pull request."""
        found = self.client.pages(f"{self._at}/issues/{number}/comments")
        return [one.get("body") or "" for one in found]

    def comment(self, number: str, text: str) -> None:
        """Comment on a pull request; not repeated: it might be said twice."""
        path = f"{self._at}/issues/{number}/comments"
        self.client.write("POST", path, {"body": text}, repeat=False)

    def publisher(self, clone: Clone, _base: str, bot: BotSettings) -> Publisher:
        """Git, or the Git database: GitHub signs what its own token or an app commits there."""
        if bot.commit == "api":
            return _Committing(self.client, self._at, clone)
        return git.Pushing(clone)


class _Committing(NamedTuple):
    client: Client
    at: str
    clone: Clone

    def prepared(self, wanted: Wanted) -> str:
        """The commit, made with the files of the one in the clone."""
        entries = []
        for entry in git.entries(self.clone, wanted.commit):
            content = base64.b64encode(entry.data).decode()
            blob = self._made("blobs", {"content": content, "encoding": "base64"})
            entries.append(
                {"path": entry.path, "mode": entry.mode, "type": "blob", "sha": blob["sha"]}
            )
        base_tree = git.tree(self.clone, self.clone.base)
        tree = self._made("trees", {"base_tree": base_tree, "tree": entries})
        said = git.message(self.clone, wanted.commit)
        commit = {"message": said, "tree": tree["sha"], "parents": [self.clone.base]}
        return str(self._made("commits", commit)["sha"])

    def _made(self, kind: str, body: object) -> Any:
        return self.client.write("POST", f"{self.at}/git/{kind}", body)

    def move(self, branch: str, commit: str, over: str) -> None:
        """Look where it stands, then move it: the API knows no lease."""
        ref = _ref(branch)
        if self._head(ref) != over:
            raise OutdatedError(f"{branch} is not where it was")
        if not commit:
            self.client.write("DELETE", f"{self.at}/git/refs/{ref}", None)
        elif over:
            moved = {"sha": commit, "force": True}
            self.client.write("PATCH", f"{self.at}/git/refs/{ref}", moved)
        else:
            self._made("refs", {"ref": f"refs/heads/{branch}", "sha": commit})

    def _head(self, ref: str) -> str:
        try:
            return str(self.client.get(f"{self.at}/git/ref/{ref}")["object"]["sha"])
        except ForgeError as error:
            if error.status == 404:
                return ""
            raise


def _ref(branch: str) -> str:
    return quote(f"heads/{branch}", safe="")


def _pull(found: Any) -> PullRequest:
    return PullRequest(
        number=str(found["number"]),
        branch=found["head"]["ref"],
        base=found["base"]["ref"],
        body=found.get("body") or "",
        url=found.get("html_url") or "",
        open=found["state"] == "open",
        merged=bool(found.get("merged_at")),
    )


# Status, a pattern of method and path, and what would help: the first that fits is said.
# https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
_HINTS = (
    (401, "", "the token is wrong or has expired"),
    (404, "", "there is no such repository, or the token cannot see it"),
    (
        403,
        "POST .*/pulls$",
        (
            "the token needs `pull-requests: write`; for the token of GitHub Actions also switch "
            'on "Allow GitHub Actions to create and approve pull requests" (repository settings, '
            "Actions, General, Workflow permissions)"
        ),
    ),
    (403, ".*/labels$", "a label that is not there takes `issues: write`: make it once by hand"),
    (403, "GET .*/git/", "the token needs `contents: read`"),
    (403, ".*/git/", "the token needs `contents: write`"),
    (403, "GET .*/(pulls|issues)", "the token needs `pull-requests: read`"),
    (403, ".*/(pulls|issues)", "the token needs `pull-requests: write`"),
)


def hint(status: int, method: str, path: str) -> str:
    """What would make GitHub do what it refused, "" where that is not known."""
    call = f"{method} {path}"
    fitting = (words for known, at, words in _HINTS if known == status and re.match(at, call))
    return next(fitting, "")
