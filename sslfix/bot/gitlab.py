"""GitLab's REST API, as far as the bot needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from sslfix.collect.configuration import BotSettings

from . import job
from .client import Client, World
from .git import Clone, pushing
from .model import (
    Forge,
    ForgeError,
    OutdatedError,
    Publisher,
    PullRequest,
    Repository,
    Token,
    Wanted,
)

SERVER = "https://gitlab.com"
SERVER_VARIABLE = "CI_SERVER_URL"
API_VARIABLE = "CI_API_V4_URL"


def api_url(server: str) -> str:
    """Where the API of a server is."""
    return f"{server}/api/v4"


class GitLab:
    """The calls for one project ("group/subgroup/name")."""

    noun = "merge request"
    user = "oauth2"

    def __init__(self, repo: str, api: str, server: str, token: Token, world: World) -> None:
        headers = {"PRIVATE-TOKEN": token.secret} if token.secret else {}
        self.client = Client(api, headers, token.secret, world, hint)
        self._server = server
        self._tell = world.tell
        self._call_it(repo)

    def _call_it(self, repo: str) -> None:
        self._repo = repo
        self._at = f"/projects/{quote(repo, safe='')}"
        self.url = f"{self._server}/{repo}.git"

    def repository(self) -> Repository:
        """The project, from now on by the name that it has today.

        Raises ForgeError where the token does not see it.
        """
        found = self.client.get(self._at)
        self._call_it(found["path_with_namespace"])
        return Repository(self._repo, found.get("default_branch") or "", bool(found["archived"]))

    def branches(self, prefix: str) -> dict[str, str]:
        """The heads of the branches whose name begins so."""
        found = self.client.pages(f"{self._at}/repository/branches", search=f"^{prefix}")
        every = {one["name"]: one["commit"]["id"] for one in found}
        return {name: head for name, head in every.items() if name.startswith(prefix)}

    def pulls(self, branch: str) -> tuple[PullRequest, ...]:
        """The merge requests from a branch of this project, open and closed, newest first."""
        found = self.client.get(
            f"{self._at}/merge_requests",
            source_branch=branch,
            state="all",
            order_by="created_at",
            sort="desc",
            per_page="20",
        )
        return tuple(
            _pull(one) for one in found if one["source_project_id"] == one["target_project_id"]
        )

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return str(self.client.get(f"{self._at}/repository/commits/{commit}")["message"])

    def open(self, wanted: Wanted, base: str, body: str, bot: BotSettings) -> PullRequest:
        """The merge request made, with labels, assignees and reviewers as far as they exist.

        Raises OutdatedError where there is one already.
        """
        fields = {
            "source_branch": wanted.branch,
            "target_branch": base,
            "title": wanted.title,
            "description": body,
            "remove_source_branch": True,
            "labels": ",".join(bot.labels),
            "assignee_ids": list(self._people(bot.assignees)),
            "reviewer_ids": list(self._people(bot.reviewers)),
        }
        chosen = {name: value for name, value in fields.items() if value}
        try:
            made = self.client.write("POST", f"{self._at}/merge_requests", chosen)
        except ForgeError as error:
            if error.status == 409:
                raise OutdatedError(error.message) from None
            raise
        return PullRequest("NEW", wanted.branch, base, body) if made is None else _pull(made)

    def dresses(self, _bot: BotSettings) -> bool:
        """No: GitLab takes all at once."""
        return False

    def dress(self, number: str, bot: BotSettings) -> None:
        """Nothing is left to add."""

    def _people(self, names: Sequence[str]) -> Iterator[int]:
        """The numbers of users; one that does not exist is told and does not matter."""
        for name in names:
            try:
                found = self.client.get("/users", username=name)
            except ForgeError as error:
                self._tell(f"left out {name}: {error}")
                continue
            if not found:
                self._tell(f"left out {name}: no such user")
            yield from (int(one["id"]) for one in found[:1])

    def reference(self, number: str) -> str:
        """How a text names a merge request so that it becomes a link."""
        return f"!{number}"

    def edit(self, number: str, title: str, body: str) -> None:
        """Write title and body of a merge request."""
        fields = {"title": title, "description": body}
        self.client.write("PUT", f"{self._at}/merge_requests/{number}", fields)

    def close(self, number: str, body: str) -> None:
        """Close a merge request, and write its body."""
        fields = {"state_event": "close", "description": body}
        self.client.write("PUT", f"{self._at}/merge_requests/{number}", fields)

    def comments(self, number: str) -> list[str]:
        """The texts of the comments on a merge request."""
        found = self.client.pages(f"{self._at}/merge_requests/{number}/notes")
        return [one.get("body") or "" for one in found]

    def comment(self, number: str, text: str) -> None:
        """Comment on a merge request; not repeated: it might be said twice."""
        path = f"{self._at}/merge_requests/{number}/notes"
        self.client.write("POST", path, {"body": text}, repeat=False)

    def publisher(self, clone: Clone, _base: str, bot: BotSettings) -> Publisher:
        """Git: GitLab signs no commits for others."""
        return pushing(clone, bot)


def of(repo: str, api: str, server: str, token: Token, world: World) -> Forge:
    """The forge for a project: a job's token can push, and not call the API."""
    if token.variable == "CI_JOB_TOKEN":
        return job.GitLab(repo, server, token, world)
    return GitLab(repo, api, server, token, world)


def _pull(found: Any) -> PullRequest:
    return PullRequest(
        number=str(found["iid"]),
        branch=found["source_branch"],
        base=found["target_branch"],
        body=found.get("description") or "",
        url=found.get("web_url") or "",
        open=found["state"] in {"opened", "locked"},
        merged=found["state"] == "merged",
    )


def hint(status: int, *_: str) -> str:
    """What would make GitLab do what it refused.

    https://docs.gitlab.com/user/project/settings/project_access_tokens/
    """
    return _HINTS.get(status, "")


_HINTS = {
    401: "the token is wrong or has expired",
    403: "the token needs the scopes api and write_repository, and the role Developer at least "
    "(Settings, Access tokens)",
    404: "there is no such project, or the token cannot see it",
}
