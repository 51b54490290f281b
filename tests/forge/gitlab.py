"""A GitLab: the calls that a bot makes, push options included, answered as GitLab answers them.

GitLab's own description cannot be had as a package; `gitlab.json` is written by hand. Words and
status codes are GitLab's: duplicates https://github.com/renovatebot/renovate/issues/17391, job
tokens https://docs.gitlab.com/ci/jobs/ci_job_token/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple, cast

from .bare import Commit
from .contract import Contract, Operation
from .repository import Comment, Pull, Repository
from .server import Answer, Call, Forge, Refused, Token

Json = Any
PROJECT = "/projects/{id}"
BRANCHES = f"{PROJECT}/repository/branches"
REQUESTS = f"{PROJECT}/merge_requests"
REQUEST = f"{REQUESTS}/{{iid}}"
# What a scope of a token gives, in the words of `Token.permissions`.
SCOPES = {
    "api": {"api": "write", "contents": "write"},
    "read_api": {"api": "read", "contents": "read"},
    "write_repository": {"contents": "write"},
    "read_repository": {"contents": "read"},
}
ROLES = {"guest": 10, "reporter": 20, "developer": 30, "maintainer": 40}


def description() -> Contract:
    """The calls, as written by hand."""
    return Contract(json.loads(Path(__file__).with_name("gitlab.json").read_text("utf-8")))


class _Route(NamedTuple):
    role: str
    level: str
    answer: Callable[[GitLab, Repository, Call], Answer]


ROUTES: dict[tuple[str, str], _Route] = {}
Answering = Callable[["GitLab", Repository, Call], Answer]


def answers(method: str, template: str, role: str) -> Callable[[Answering], Answering]:
    """Register what answers a call about a project, and the role that it needs."""

    def register(answer: Answering) -> Answering:
        ROUTES[method, template] = _Route(role, "read" if method == "GET" else "write", answer)
        return answer

    return register


def _refused(status: int, message: Any) -> Refused:
    return Refused(status, {"message": message})


def _at(repository: Repository, call: Call) -> Pull:
    number = call.operation.parameters["iid"]
    pull = repository.pulls.get(int(number)) if number.isdigit() else None
    if pull is None:
        raise _refused(404, "404 Not found")
    return pull


class GitLab(Forge):
    """The forge, as `GitHub`; `forge.project_token()` is what a bot needs."""

    prefix = "/api/v4"
    realm = "GitLab"
    refusal = "GitLab: You are not allowed to force push code to a protected branch, as is"
    no_login = "HTTP Basic: Access denied. The provided password or token is incorrect."

    def project_token(
        self, login: str = "project_7_bot", role: str = "developer", scopes: str = "api"
    ) -> Token:
        """A project access token with that role and those scopes."""
        rights = {"role": role}
        for scope in scopes.split():
            for name, level in SCOPES[scope].items():
                rights[name] = level if rights.get(name) != "write" else "write"
        return self.token(login, {**rights, "workflows": "write"}, kind="project")

    def job_token(self, project: str, login: str = "alice") -> Token:
        """CI_JOB_TOKEN: reads its project; pushes only if the project allows it, and no API."""
        pushes = self.repositories[project.lower()].jobs_may_push
        rights = {"contents": "write" if pushes else "read", "workflows": "write"}
        return self.token(login, rights, kind="job", repositories=[project])

    # The way into each call.

    def bearer(self, headers: Message) -> str | None:
        scheme, _space, text = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return text
        return headers.get("PRIVATE-TOKEN") or headers.get("JOB-TOKEN")

    def refused_token(self) -> Refused:
        return _refused(401, "401 Unauthorized")

    def no_push(self, _repository: Repository, _token: Token) -> str:
        return "You are not allowed to push code to this project."

    def answer(self, operation: Operation, call: Call) -> Answer:
        token = call.token
        if token is None or token.kind == "job":  # no call here takes a job token
            raise self.refused_token()
        key = operation.method.upper(), operation.template
        if key in PLAIN:
            return PLAIN[key](self, call)
        route = ROUTES[key]
        if not token.may(f"api:{route.level}"):
            wanted = "api read_api" if route.level == "read" else "api"
            said = "The request requires higher privileges than provided by the access token."
            body = {"error": "insufficient_scope", "error_description": said, "scope": wanted}
            raise Refused(403, {**body, "message": "insufficient_scope"})
        repository = self._project(operation.parameters["id"], token)
        if ROLES[token.permissions["role"]] < ROLES[route.role]:
            raise _refused(403, "403 Forbidden")
        return route.answer(self, repository, call)

    def _project(self, name: str, token: Token) -> Repository:
        for repository in self.repositories.values():
            if name in {str(repository.id), repository.name} and self.visible(
                repository.name, token
            ):
                return repository
        raise _refused(404, "404 Project Not Found")

    def pushed(
        self, repository: Repository, token: Token, options: list[str], branches: list[str]
    ) -> None:
        """Open or change the merge request of each branch, as the push options say."""
        found: dict[str, list[str]] = {}
        for option in options:
            key, _equals, value = option.partition("=")
            found.setdefault(key.removeprefix("merge_request."), []).append(value)
        for branch in branches if "create" in found else ():
            target = found.get("target", [repository.default])[-1]
            same = [one for one in repository.opened() if (one.head, one.base) == (branch, target)]
            pull = same[0] if same else repository.open(branch, token.login, target, branch)
            pull.title = found.get("title", [pull.title])[-1]
            pull.body = found.get("description", [pull.body])[-1]
            pull.labels += [name for name in found.get("label", []) if name not in pull.labels]
            repository.labels.update(pull.labels)

    # What answers are made of.

    def user(self, login: str) -> Json:
        return {
            "id": sum(login.encode()),
            "username": login,
            "name": login.title(),
            "state": "active",
            "web_url": f"{self.url}/{login}",
        }

    def project(self, repository: Repository, token: Token) -> Json:
        access = {"access_level": ROLES[token.permissions["role"]], "notification_level": 3}
        return {
            "id": repository.id,
            "name": repository.short,
            "path_with_namespace": repository.name,
            "default_branch": repository.default,
            "archived": repository.archived,
            "visibility": "private" if repository.private else "public",
            "web_url": f"{self.url}/{repository.name}",
            "http_url_to_repo": f"{self.url}/{repository.name}.git",
            "merge_requests_enabled": True,
            "permissions": {"project_access": access, "group_access": None},
        }

    def commit(self, repository: Repository, commit: Commit) -> Json:
        return {
            "id": commit.sha,
            "short_id": commit.sha[:8],
            "title": commit.message.partition("\n")[0],
            "message": commit.message,
            "author_name": commit.author,
            "author_email": commit.email,
            "authored_date": commit.date,
            "committer_name": commit.author,
            "committer_email": commit.email,
            "committed_date": commit.date,
            "created_at": commit.date,
            "parent_ids": list(commit.parents),
            "web_url": f"{self.url}/{repository.name}/-/commit/{commit.sha}",
        }

    def branch(self, repository: Repository, name: str, sha: str) -> Json:
        return {
            "name": name,
            "merged": False,
            "protected": False,
            "default": name == repository.default,
            "can_push": True,
            "web_url": f"{self.url}/{repository.name}/-/tree/{name}",
            "commit": self.commit(repository, repository.git.commits("-1", sha)[0]),
        }

    def request(self, repository: Repository, pull: Pull) -> Json:
        state = "opened" if pull.state == "open" else "merged" if pull.merged_by else "closed"
        users = [self.user(login) for login in pull.assignees]
        clash = state == "opened" and repository.git.conflicts(pull.base, pull.sha)
        return {
            "id": repository.id * 1000 + pull.number,
            "iid": pull.number,
            "project_id": repository.id,
            "source_project_id": repository.id,
            "target_project_id": repository.id,
            "title": pull.title,
            "description": pull.body,
            "state": state,
            "created_at": pull.created,
            "updated_at": pull.updated,
            "source_branch": pull.head,
            "target_branch": pull.base,
            "author": self.user(pull.author),
            "assignee": users[0] if users else None,
            "assignees": users,
            "reviewers": [self.user(login) for login in pull.reviewers],
            "labels": pull.labels,
            "draft": pull.title.startswith("Draft:"),
            "sha": pull.sha,
            "merge_status": "cannot_be_merged" if clash else "can_be_merged",
            "detailed_merge_status": "conflict" if clash else "mergeable",
            "has_conflicts": clash,
            "web_url": f"{self.url}/{repository.name}/-/merge_requests/{pull.number}",
            "merged_at": pull.closed_at if pull.merged_by else None,
            "merge_user": self.user(pull.merged_by) if pull.merged_by else None,
            "closed_at": None if pull.merged_by else pull.closed_at,
            "closed_by": self.user(pull.closed_by or "") if state == "closed" else None,
            "user_notes_count": len(pull.comments),
            "should_remove_source_branch": None,
            "force_remove_source_branch": False,
        }

    def note(self, pull: Pull, comment: Comment) -> Json:
        return {
            "id": comment.id,
            "body": comment.body,
            "author": self.user(comment.author),
            "created_at": comment.created,
            "updated_at": comment.created,
            "system": False,
            "noteable_id": pull.number,
            "noteable_iid": pull.number,
            "noteable_type": "MergeRequest",
        }

    def pages(self, call: Call, path: str, found: list[Json]) -> Answer:
        """One page of a list, with the link to the next."""
        size = min(int(call.query.get("per_page", "20")), 100)
        page = int(call.query.get("page", "1"))
        more = page * size < len(found)
        query = {**call.query, "page": str(page + 1)}
        words = "&".join(f"{key}={value}" for key, value in query.items())
        link = (("Link", f'<{self.api}{path}?{words}>; rel="next"'),) if more else ()
        headers = (("X-Next-Page", str(page + 1) if more else ""), *link)
        return Answer(200, found[(page - 1) * size : page * size], headers)


# Calls that are not about one project.


def _projects(forge: GitLab, call: Call) -> Answer:
    token = cast("Token", call.token)
    visible = [forge.visible(one.name, token) for one in forge.repositories.values()]
    shown = [forge.project(one, token) for one in visible if one is not None]
    return forge.pages(call, "/projects", shown)


def _user(forge: GitLab, call: Call) -> Answer:
    return Answer(200, forge.user(cast("Token", call.token).login))


def _users(forge: GitLab, call: Call) -> Answer:
    known = {name for one in forge.repositories.values() for name in one.collaborators}
    wanted = call.query.get("username", "")
    return forge.pages(call, "/users", [forge.user(wanted)] if wanted in known else [])


PLAIN: dict[tuple[str, str], Callable[[GitLab, Call], Answer]] = {
    ("GET", "/projects"): _projects,
    ("GET", "/user"): _user,
    ("GET", "/users"): _users,
}


# Calls about a project.


@answers("GET", PROJECT, "guest")
def _project(forge: GitLab, repository: Repository, call: Call) -> Answer:
    return Answer(200, forge.project(repository, cast("Token", call.token)))


@answers("GET", BRANCHES, "reporter")
def _branches(forge: GitLab, repository: Repository, call: Call) -> Answer:
    search = call.query.get("search", "")
    found = [
        forge.branch(repository, name, sha)
        for name, sha in repository.git.branches().items()
        if (name.startswith(search[1:]) if search.startswith("^") else search in name)
    ]
    return forge.pages(call, f"/projects/{repository.id}/repository/branches", found)


def _tip(repository: Repository, call: Call) -> tuple[str, str]:
    name = call.operation.parameters["branch"]
    sha = repository.git.branches().get(name)
    if sha is None:
        raise _refused(404, "404 Branch Not Found")
    return name, sha


@answers("GET", f"{BRANCHES}/{{branch}}", "reporter")
def _branch(forge: GitLab, repository: Repository, call: Call) -> Answer:
    return Answer(200, forge.branch(repository, *_tip(repository, call)))


@answers("DELETE", f"{BRANCHES}/{{branch}}", "developer")
def _delete(forge: GitLab, repository: Repository, call: Call) -> Answer:
    name, _sha = _tip(repository, call)
    repository.delete_branch(name, cast("Token", call.token).login)
    return Answer(204)


@answers("GET", f"{PROJECT}/repository/commits", "reporter")
def _commits(forge: GitLab, repository: Repository, call: Call) -> Answer:
    listed = repository.git.commits(call.query.get("ref_name", repository.default))
    shown = [forge.commit(repository, commit) for commit in listed]
    return forge.pages(call, f"/projects/{repository.id}/repository/commits", shown)


@answers("GET", f"{PROJECT}/repository/commits/{{sha}}", "reporter")
def _commit(forge: GitLab, repository: Repository, call: Call) -> Answer:
    sha = repository.git.resolve(call.operation.parameters["sha"])
    if sha is None:
        raise _refused(404, "404 Commit Not Found")
    return Answer(200, forge.commit(repository, repository.git.commits("-1", sha)[0]))


@answers("GET", REQUESTS, "reporter")
def _requests(forge: GitLab, repository: Repository, call: Call) -> Answer:
    query = call.query
    shown = [forge.request(repository, pull) for pull in repository.pulls.values()]
    for field in ("state", "source_branch", "target_branch"):
        if query.get(field, "all") != "all":
            shown = [one for one in shown if one[field] == query[field]]
    order = query.get("order_by", "created_at")
    shown.sort(key=lambda one: (one[order], one["iid"]), reverse=query.get("sort") != "asc")
    return forge.pages(call, f"/projects/{repository.id}/merge_requests", shown)


@answers("POST", REQUESTS, "developer")
def _open(forge: GitLab, repository: Repository, call: Call) -> Answer:
    body, heads = call.body, repository.git.branches()
    source, target = body["source_branch"], body["target_branch"]
    for name in (source, target):
        if name not in heads:
            raise _refused(400, {"base": [f"Branch {name} does not exist"]})
    for pull in repository.opened():
        if (pull.head, pull.base) == (source, target):
            text = "Another open merge request already exists for this source branch"
            raise _refused(409, [f"{text}: !{pull.number}"])
    pull = repository.open(source, cast("Token", call.token).login, target, body["title"])
    _change(forge, repository, pull, body)
    return Answer(201, forge.request(repository, pull))


def _change(forge: GitLab, repository: Repository, pull: Pull, body: Mapping[str, Any]) -> None:
    pull.title = body.get("title", pull.title)
    pull.body = body.get("description", pull.body)
    pull.base = body.get("target_branch", pull.base)
    if "labels" in body:
        pull.labels = _names(body["labels"])
    pull.labels += [one for one in _names(body.get("add_labels", "")) if one not in pull.labels]
    repository.labels.update(pull.labels)  # GitLab makes those that are not there
    people = {forge.user(login)["id"]: login for login in repository.collaborators}
    for field, kept in (("assignee_ids", pull.assignees), ("reviewer_ids", pull.reviewers)):
        if field in body:
            kept[:] = [people[number] for number in body[field] if number in people]
    pull.updated = forge.now()


def _names(labels: str | list[str]) -> list[str]:
    listed = labels.split(",") if isinstance(labels, str) else labels
    return [name.strip() for name in listed if name.strip()]


@answers("GET", REQUEST, "reporter")
def _request(forge: GitLab, repository: Repository, call: Call) -> Answer:
    return Answer(200, forge.request(repository, _at(repository, call)))


@answers("PUT", REQUEST, "developer")
def _update(forge: GitLab, repository: Repository, call: Call) -> Answer:
    pull, login = _at(repository, call), cast("Token", call.token).login
    _change(forge, repository, pull, call.body)
    event = call.body.get("state_event")
    if event == "close" and pull.state == "open":
        repository.close(pull.number, login)
    if event == "reopen" and pull.state == "closed":
        repository.reopen(pull.number, login)
    return Answer(200, forge.request(repository, pull))


@answers("GET", f"{REQUEST}/notes", "reporter")
def _notes(forge: GitLab, repository: Repository, call: Call) -> Answer:
    pull = _at(repository, call)
    shown = [forge.note(pull, comment) for comment in pull.comments]
    if call.query.get("sort") != "asc":
        shown.reverse()
    path = f"/projects/{repository.id}/merge_requests/{pull.number}/notes"
    return forge.pages(call, path, shown)


@answers("POST", f"{REQUEST}/notes", "reporter")
def _comment(forge: GitLab, repository: Repository, call: Call) -> Answer:
    pull = _at(repository, call)
    comment = repository.comment(pull.number, call.body["body"], cast("Token", call.token).login)
    return Answer(201, forge.note(pull, comment))
