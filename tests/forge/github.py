"""A GitHub Enterprise Server: the calls that a bot makes, answered as GitHub answers them.

Answers are GitHub's own examples with what this repository holds put in their place; the contract
says whether that is still an answer of GitHub's. Words and status codes are those of real answers:
labels https://github.com/actions/labeler/issues/870, duplicates
https://github.com/google/go-github/issues/1441.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any, NamedTuple, cast

from .bare import Commit
from .contract import ISSUE, PULL, REPOSITORY, Contract, Operation
from .repository import Comment, Pull, Repository
from .server import Answer, Call, Forge, Refused, Token

Json = Any
WRITE = {"contents": "write", "issues": "write", "pull_requests": "write", "metadata": "read"}
ACTIONS = "github-actions[bot]"
BODY_LIMIT = 65536
EITHER = "issues:{0}|pull_requests:{0}"
CREATE = "GitHub Actions is not permitted to create or approve pull requests."
NO_LABELS = "You do not have permission to create labels on this repository."
REVIEWERS = (
    "Reviews may only be requested from collaborators. One or more of the users or teams you"
    " specified is not a collaborator of the {} repository."
)


def _pull_at(repository: Repository, number: str) -> Pull:
    pull = repository.pulls.get(int(number)) if number.isdigit() else None
    if pull is None:
        raise NOT_FOUND
    return pull


Answering = Callable[["GitHub", Repository, Call], Answer]


class _Route(NamedTuple):
    permission: str
    answer: Answering


ROUTES: dict[tuple[str, str], _Route] = {}


def answers(method: str, template: str, permission: str) -> Callable[[Answering], Answering]:
    """Register what answers a call about a repository, and the permission that it needs."""

    def register(answer: Answering) -> Answering:
        ROUTES[method, template] = _Route(permission, answer)
        return answer

    return register


def _error(status: int, message: str, *errors: Json) -> Refused:
    body: Json = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    if errors:
        body["errors"] = list(errors)
    return Refused(status, {**body, "status": str(status)})


def invalid(resource: str, code: str, field: str | None = None, message: str = "") -> Refused:
    """What a request with a wrong value is answered."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    said = {key: value for key, value in error.items() if value}
    return _error(422, "Validation Failed", said)


NOT_FOUND = _error(404, "Not Found")


class GitHub(Forge):
    """The forge; `with GitHub(folder, contract) as forge: forge.repository("octo/one", files)`."""

    prefix = "/api/v3"
    realm = "GitHub"
    refusal = "error: GH006: Protected branch update failed for"
    no_login = (
        "Invalid username or token. Password authentication is not supported for Git operations."
    )
    contract: Contract

    def app(self, login: str = "sslfix[bot]", **permissions: str) -> Token:
        """An App's token; it may all that a bot needs unless told otherwise."""
        return self.token(login, {**WRITE, **permissions}, kind="app")

    def actions(self, repository: str, **permissions: str) -> Token:
        """GITHUB_TOKEN in a workflow of that repository."""
        rights = {"metadata": "read", "contents": "read", **permissions}
        return self.token(ACTIONS, rights, kind="actions", repositories=[repository], limit=1000)

    # The way into each call.

    def bearer(self, headers: Message) -> str | None:
        scheme, _space, text = headers.get("Authorization", "").partition(" ")
        return text if scheme.lower() in {"bearer", "token"} else None

    def refused_token(self) -> Refused:
        return _error(401, "Bad credentials")

    def no_push(self, repository: Repository, token: Token) -> str:
        if repository.archived:
            return "This repository was archived so it is read-only."
        return f"Permission to {repository.name}.git denied to {token.login}."

    def limits(self, token: Token | None) -> tuple[tuple[str, str], ...]:
        if token is None:
            return ()
        enough = token.spend(self.clock())
        headers = (
            ("X-RateLimit-Limit", str(token.limit)),
            ("X-RateLimit-Remaining", str(token.limit - token.used)),
            ("X-RateLimit-Used", str(token.used)),
            ("X-RateLimit-Reset", str(int(token.resets or 0) + 1)),
            ("X-RateLimit-Resource", "core"),
        )
        if not enough:
            error = _error(403, "API rate limit exceeded for installation.").answer
            raise Refused(403, error.body, headers)
        return headers

    def elsewhere(self, path: str, query: str, method: str) -> Answer | str:
        """Where a repository is that was renamed: GitHub sends to its number."""
        word, *names = path.split("/")[1:]
        if word == "repositories" and names:
            numbers = {str(one.id): one.name for one in self.repositories.values()}
            return "/".join(["/repos", numbers.get(names[0], "none/none"), *names[1:]])
        moved = self.moved.get("/".join(names[:2]).lower()) if word == "repos" else None
        if moved is None:
            return path
        there = "/".join([f"{self.api}/repositories/{moved.id}", *names[2:]])
        said = {"message": "Moved Permanently", "url": there}
        status = 301 if method == "GET" else 307
        return Answer(status, said, (("Location", f"{there}?{query}" if query else there),))

    def answer(self, operation: Operation, call: Call) -> Answer:
        key = operation.method.upper(), operation.template
        if key in PLAIN:
            return PLAIN[key](self, call)
        route = ROUTES[key]
        name = f"{operation.parameters['owner']}/{operation.parameters['repo']}"
        repository = self.visible(name, call.token)
        if repository is None:
            raise NOT_FOUND
        if repository.private or operation.method != "get":
            if call.token is None:
                raise _error(401, "Requires authentication")
            if not call.token.may(route.permission):
                raise self._forbidden(call.token, route.permission)
        if repository.archived and operation.method != "get":
            raise _error(403, "Repository was archived so is read-only.")
        return route.answer(self, repository, call)

    def _forbidden(self, token: Token, permission: str) -> Refused:
        what = "personal access token" if token.kind == "personal" else "integration"
        error = _error(403, f"Resource not accessible by {what}").answer
        accepted = permission.replace(":", "=").replace("|", "; ")
        return Refused(403, error.body, (("X-Accepted-GitHub-Permissions", accepted),))

    # What answers are made of.

    def shape(self, example: str, repository: Repository | None = None, number: int = 0) -> Json:
        """GitHub's example, with the addresses, the repository and a request of this forge."""
        text = json.dumps(self.contract.example(example))
        text = text.replace("https://api.github.com", self.api)
        text = text.replace("https://github.com", self.url)
        if repository is not None:
            text = text.replace("octocat/Hello-World", repository.name)
            text = text.replace("octocat/example", repository.name)
            text = text.replace("/1347", f"/{number}")
        return json.loads(text)

    def user(self, login: str) -> Json:
        made = dict(self.shape("pull-request")["user"])
        kind = "Bot" if login.endswith("[bot]") else "User"
        made.update(login=login, id=sum(login.encode()), type=kind)
        made.update(html_url=f"{self.url}/{login}", url=f"{self.api}/users/{login}")
        return made

    def full(self, repository: Repository, token: Token | None) -> Json:
        made = self.shape("full-repository-default-response", repository)
        for name in ("template_repository", "parent", "source", "organization"):
            made.pop(name, None)
        pushes = token is not None and token.may("contents:write")
        rights = {"admin": False, "maintain": False, "push": pushes, "triage": pushes, "pull": True}
        made.update(
            language="Python",
            id=repository.id,
            name=repository.short,
            full_name=repository.name,
            owner=self.user(repository.owner),
            private=repository.private,
            archived=repository.archived,
            default_branch=repository.default,
            clone_url=f"{self.url}/{repository.name}.git",
            html_url=f"{self.url}/{repository.name}",
            permissions=rights,
        )
        return made

    def label(self, repository: Repository, name: str) -> Json:
        made = self.shape("label", repository)
        made.update(name=name, url=f"{self.api}/repos/{repository.name}/labels/{name}")
        return made

    def pull(self, repository: Repository, pull: Pull, *, whole: bool) -> Json:
        """A pull request as lists show it, or the whole of it."""
        example = "pull-request" if whole else "pull-request-simple"
        made = self.shape(example, repository, pull.number)
        page = f"{self.url}/{repository.name}/pull/{pull.number}"
        made.update(
            number=pull.number,
            id=repository.id * 1000 + pull.number,
            state=pull.state,
            title=pull.title,
            body=pull.body or None,
            draft=pull.draft,
            html_url=page,
            url=f"{self.api}/repos/{repository.name}/pulls/{pull.number}",
            user=self.user(pull.author),
            labels=[self.label(repository, name) for name in pull.labels],
            assignee=self.user(pull.assignees[0]) if pull.assignees else None,
            assignees=[self.user(login) for login in pull.assignees],
            requested_reviewers=[self.user(login) for login in pull.reviewers],
            requested_teams=[],  # GitHub's example of a team breaks its schema
            created_at=pull.created,
            updated_at=pull.updated,
            closed_at=pull.closed_at,
            merged_at=pull.closed_at if pull.merged_by else None,
            milestone=None,
        )
        branches = repository.git.branches()
        self._end(repository, made["head"], pull.head, pull.sha)
        self._end(repository, made["base"], pull.base, branches.get(pull.base, pull.sha))
        if whole:
            self._whole(repository, pull, made)
        return made

    def _end(self, repository: Repository, end: Json, ref: str, sha: str) -> None:
        end.update(ref=ref, sha=sha, label=f"{repository.owner}:{ref}")
        end["user"] = self.user(repository.owner)
        end["repo"].update(id=repository.id, default_branch=repository.default)
        end["repo"].update(owner=self.user(repository.owner), private=repository.private)

    def _whole(self, repository: Repository, pull: Pull, made: Json) -> None:
        """What only the answer about one pull request holds; `mergeable` comes with the second."""
        git = repository.git
        changed = list(git.changed(pull.base, pull.sha))
        made.update(
            merged=pull.merged_by is not None,
            merged_by=self.user(pull.merged_by) if pull.merged_by else None,
            comments=len(pull.comments),
            commits=git.count(f"{pull.base}..{pull.sha}"),
            changed_files=len(changed),
            additions=sum(added for _path, added, _deleted in changed),
            deletions=sum(deleted for _path, _added, deleted in changed),
            mergeable=None,
            mergeable_state="unknown",
        )
        key = f"{pull.sha} {git.branches()[pull.base]}"
        if pull.checked == key and pull.state == "open":
            fits = not git.conflicts(pull.base, pull.sha)
            made.update(mergeable=fits, mergeable_state="clean" if fits else "dirty")
        pull.checked = key

    def issue(self, repository: Repository, pull: Pull) -> Json:
        made = self.shape("issue", repository, pull.number)
        made.update(
            number=pull.number,
            state=pull.state,
            title=pull.title,
            body=pull.body or None,
            user=self.user(pull.author),
            labels=[self.label(repository, name) for name in pull.labels],
            assignee=self.user(pull.assignees[0]) if pull.assignees else None,
            assignees=[self.user(login) for login in pull.assignees],
            comments=len(pull.comments),
            closed_at=pull.closed_at,
            closed_by=self.user(pull.closed_by) if pull.closed_by else None,
            created_at=pull.created,
            updated_at=pull.updated,
            milestone=None,
        )
        return made

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> Json:
        made = self.shape("issue-comment", repository, pull.number)
        page = f"{self.url}/{repository.name}/pull/{pull.number}#issuecomment-{comment.id}"
        made.update(
            id=comment.id,
            url=f"{self.api}/repos/{repository.name}/issues/comments/{comment.id}",
            html_url=page,
            body=comment.body,
            user=self.user(comment.author),
            created_at=comment.created,
            updated_at=comment.created,
        )
        return made

    def account(self, email: str) -> Json:
        """The user that an address belongs to, or none."""
        name, _at, host = email.partition("@")
        if host == "users.example":
            return self.user(name)
        if host == "users.noreply.github.com":
            return self.user(name.partition("+")[2] or name)
        return None

    def commit(self, repository: Repository, commit: Commit) -> Json:
        made = self.shape("commit", repository)
        for name in ("stats", "files"):
            made.pop(name, None)
        url = f"{self.api}/repos/{repository.name}"
        person = {"name": commit.author, "email": commit.email, "date": commit.date}
        made.update(
            sha=commit.sha,
            url=f"{url}/commits/{commit.sha}",
            author=self.account(commit.email),
            committer=self.account(commit.email),
            parents=[{"sha": one, "url": f"{url}/commits/{one}"} for one in commit.parents],
        )
        made["commit"].update(author=person, committer=person, message=commit.message)
        made["commit"]["tree"]["sha"] = commit.tree
        return made

    def ref(self, repository: Repository, name: str, sha: str) -> Json:
        url = f"{self.api}/repos/{repository.name}/git"
        return {
            "ref": f"refs/{name}",
            "node_id": "REF_" + sha[:8],
            "url": f"{url}/refs/{name}",
            "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
        }

    def pages(self, call: Call, path: str, found: list[Json]) -> Answer:
        """One page of a list, with the links to the others."""
        size = min(int(call.query.get("per_page", "30")), 100)
        page = int(call.query.get("page", "1"))
        last = max(1, -(-len(found) // size))
        links = []
        for name, number in (("next", page + 1), ("last", last)):
            if page < last:
                query = {**call.query, "page": str(number)}
                words = "&".join(f"{key}={value}" for key, value in query.items())
                links.append(f'<{self.api}{path}?{words}>; rel="{name}"')
        headers = (("Link", ", ".join(links)),) if links else ()
        return Answer(200, found[(page - 1) * size : page * size], headers)


# Calls that are not about one repository.


def _user(forge: GitHub, call: Call) -> Answer:
    if call.token is None:
        raise _error(401, "Requires authentication")
    if call.token.kind != "personal":
        raise _error(403, "Resource not accessible by integration")
    example = "private-user-response-with-public-profile-information"
    made = forge.shape("private-user-response-with-public-and-private-profile-information")
    made.update(forge.shape(example), login=call.token.login)
    return Answer(200, made)


def _installed(forge: GitHub, call: Call) -> Answer:
    if call.token is None or call.token.kind == "personal":
        raise _error(403, "You must authenticate with an installation access token.")
    names = [repository.name for repository in forge.repositories.values()]
    visible = [forge.visible(name, call.token) for name in names]
    found = [_minimal(forge, one, call.token) for one in visible if one is not None]
    answer = forge.pages(call, "/installation/repositories", found)
    return answer._replace(body={"total_count": len(found), "repositories": answer.body})


def _minimal(forge: GitHub, repository: Repository, token: Token | None) -> Json:
    made = forge.shape("repository-paginated-2")["repositories"][0]
    whole = forge.full(repository, token)
    made.update({key: whole[key] for key in made if key in whole})
    return made


def _rates(forge: GitHub, call: Call) -> Answer:
    return Answer(200, forge.shape("rate-limit-overview"))


PLAIN: dict[tuple[str, str], Callable[[GitHub, Call], Answer]] = {
    ("GET", "/user"): _user,
    ("GET", "/installation/repositories"): _installed,
    ("GET", "/rate_limit"): _rates,
}


# Calls about a repository.


@answers("GET", REPOSITORY, "metadata:read")
def _repository(forge: GitHub, repository: Repository, call: Call) -> Answer:
    return Answer(200, forge.full(repository, call.token))


@answers("GET", f"{REPOSITORY}/pulls", "pull_requests:read")
def _pulls(forge: GitHub, repository: Repository, call: Call) -> Answer:
    query = call.query
    state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base")
    owner, colon, branch = head.partition(":")
    found = [
        pull
        for pull in repository.pulls.values()
        if state in {"all", pull.state}
        and (not colon or (owner == repository.owner and branch == pull.head))  # else ignored
        and base in {None, pull.base}
    ]
    order = "updated" if query.get("sort") == "updated" else "created"
    found.sort(key=lambda pull: (str(getattr(pull, order)), pull.number))
    default = "desc" if order == "created" and "sort" not in query else "asc"
    if query.get("direction", default) == "desc":
        found.reverse()
    shown = [forge.pull(repository, pull, whole=False) for pull in found]
    return forge.pages(call, f"/repos/{repository.name}/pulls", shown)


@answers("POST", f"{REPOSITORY}/pulls", "pull_requests:write")
def _open(forge: GitHub, repository: Repository, call: Call) -> Answer:
    token, body = cast("Token", call.token), call.body
    if token.kind == "actions" and not repository.actions_may_open:
        raise _error(403, CREATE)
    if not body.get("title"):
        raise invalid("PullRequest", "missing_field", "title")
    _check_text(body)
    head, base = body["head"].rpartition(":")[2], body["base"]
    branches = repository.git.branches()
    for field, name in (("base", base), ("head", head)):
        if name not in branches:
            raise invalid("PullRequest", "invalid", field)
    if any(pull.head == head and pull.base == base for pull in repository.opened()):
        text = f"A pull request already exists for {repository.owner}:{head}."
        raise invalid("PullRequest", "custom", message=text)
    if repository.git.ancestor(branches[head], branches[base]):
        text = f"No commits between {base} and {head}"
        raise invalid("PullRequest", "custom", message=text)
    pull = repository.open(head, token.login, base, body["title"])
    pull.body, pull.draft = body.get("body") or "", body.get("draft", False)
    made = forge.pull(repository, pull, whole=True)
    return Answer(201, made, (("Location", made["url"]),))


def _check_text(body: Json) -> None:
    for field, longest in (("title", 256), ("body", BODY_LIMIT)):
        if len(body.get(field) or "") > longest:
            text = f"{field} is too long (maximum is {longest} characters)"
            raise invalid("PullRequest", "custom", field, text)


@answers("GET", PULL, "pull_requests:read")
def _pull(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["pull_number"])
    return Answer(200, forge.pull(repository, pull, whole=True))


@answers("PATCH", PULL, "pull_requests:write")
def _change(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["pull_number"])
    login, body = cast("Token", call.token).login, call.body
    _check_text(body)
    if body.get("state") == "open" and pull.state == "closed":
        _check_reopening(repository, pull)
        repository.reopen(pull.number, login)
    if body.get("base", pull.base) not in repository.git.branches():
        raise invalid("PullRequest", "invalid", "base")
    for field in ("title", "body", "base"):
        if body.get(field) is not None:
            setattr(pull, field, body[field])
    pull.updated = forge.now()
    if body.get("state") == "closed" and pull.state == "open":
        repository.close(pull.number, login)
    return Answer(200, forge.pull(repository, pull, whole=True))


def _check_reopening(repository: Repository, pull: Pull) -> None:
    reason = ""
    sha = repository.git.branches().get(pull.head)
    if pull.merged_by:
        reason = "The pull request is merged."
    elif sha is None:
        reason = f"The {pull.head} branch has been deleted."
    elif not repository.git.ancestor(pull.sha, sha):
        reason = f"The {pull.head} branch was force-pushed or recreated."
    elif any(one.head == pull.head for one in repository.opened()):
        reason = f"There is already an open pull request from {repository.owner}:{pull.head}."
    if reason:
        text = f"state cannot be changed. {reason}"
        raise invalid("PullRequest", "invalid", "state", text)


@answers("GET", f"{PULL}/commits", "pull_requests:read")
def _pull_commits(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["pull_number"])
    listed = reversed(repository.git.commits(f"{pull.base}..{pull.sha}"))
    shown = [forge.commit(repository, commit) for commit in listed]
    return forge.pages(call, f"/repos/{repository.name}/pulls/{pull.number}/commits", shown)


@answers("POST", f"{PULL}/requested_reviewers", "pull_requests:write")
def _review(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["pull_number"])
    wanted, teams = call.body.get("reviewers", []), call.body.get("team_reviewers", [])
    if pull.author in wanted:
        raise _error(422, "Review cannot be requested from pull request author.")
    if teams or set(wanted) - repository.collaborators:
        raise _error(422, REVIEWERS.format(repository.name))
    pull.reviewers += [login for login in wanted if login not in pull.reviewers]
    return Answer(201, forge.pull(repository, pull, whole=False))


@answers("GET", ISSUE, EITHER.format("read"))
def _issue(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    return Answer(200, forge.issue(repository, pull))


@answers("GET", f"{ISSUE}/events", EITHER.format("read"))
def _events(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    shown = []
    for number, (event, actor, now) in enumerate(pull.events):
        made = forge.shape("issue-event-for-issue-items", repository)[0]
        made.pop("label", None)
        made.update(id=number, event=event, actor=forge.user(actor), created_at=now)
        shown.append(made)
    return forge.pages(call, f"/repos/{repository.name}/issues/{pull.number}/events", shown)


@answers("GET", f"{ISSUE}/labels", EITHER.format("read"))
def _labels(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    shown = [forge.label(repository, name) for name in pull.labels]
    return forge.pages(call, f"/repos/{repository.name}/issues/{pull.number}/labels", shown)


@answers("POST", f"{ISSUE}/labels", EITHER.format("write"))
def _add_labels(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    body = call.body["labels"] if isinstance(call.body, dict) else call.body
    names = [one if isinstance(one, str) else one["name"] for one in body]
    if set(names) - repository.labels and not cast("Token", call.token).may("issues:write"):
        error = {"resource": "Repository", "field": "label", "code": "unauthorized"}
        raise _error(403, NO_LABELS, error)
    repository.labels.update(names)
    pull.labels += [name for name in names if name not in pull.labels]
    return Answer(200, [forge.label(repository, name) for name in pull.labels])


@answers("POST", f"{ISSUE}/assignees", EITHER.format("write"))
def _assign(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    for login in call.body["assignees"]:  # who cannot be assigned is left out silently
        if login in repository.collaborators and login not in pull.assignees:
            pull.assignees.append(login)
    return Answer(201, forge.issue(repository, pull))


@answers("GET", f"{ISSUE}/comments", EITHER.format("read"))
def _comments(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    shown = [forge.comment(repository, pull, one) for one in pull.comments]
    return forge.pages(call, f"/repos/{repository.name}/issues/{pull.number}/comments", shown)


@answers("POST", f"{ISSUE}/comments", EITHER.format("write"))
def _comment(forge: GitHub, repository: Repository, call: Call) -> Answer:
    pull = _pull_at(repository, call.operation.parameters["issue_number"])
    login = cast("Token", call.token).login
    made = forge.comment(
        repository, pull, repository.comment(pull.number, call.body["body"], login)
    )
    return Answer(201, made, (("Location", made["url"]),))


@answers("PATCH", f"{REPOSITORY}/issues/comments/{{comment_id}}", EITHER.format("write"))
def _edit_comment(forge: GitHub, repository: Repository, call: Call) -> Answer:
    wanted = call.operation.parameters["comment_id"]
    for pull in repository.pulls.values():
        for comment in pull.comments:
            if str(comment.id) == wanted:
                comment.body = call.body["body"]
                return Answer(200, forge.comment(repository, pull, comment))
    raise NOT_FOUND


# Git's data.


@answers("GET", f"{REPOSITORY}/git/matching-refs/{{ref}}", "contents:read")
def _matching(forge: GitHub, repository: Repository, call: Call) -> Answer:
    wanted = call.operation.parameters["ref"]
    refs = {f"heads/{name}": sha for name, sha in repository.git.branches().items()}
    return Answer(
        200, [forge.ref(repository, *one) for one in refs.items() if one[0].startswith(wanted)]
    )


@answers("GET", f"{REPOSITORY}/git/ref/{{ref}}", "contents:read")
def _ref(forge: GitHub, repository: Repository, call: Call) -> Answer:
    name = call.operation.parameters["ref"]
    sha = repository.git.branches().get(name[len("heads/") :])
    if not name.startswith("heads/") or sha is None:
        raise NOT_FOUND
    return Answer(200, forge.ref(repository, name, sha))


@answers("POST", f"{REPOSITORY}/git/refs", "contents:write")
def _make_ref(forge: GitHub, repository: Repository, call: Call) -> Answer:
    ref, sha = call.body["ref"], call.body["sha"]
    if not ref.startswith("refs/heads/"):
        raise _error(422, "Reference name must start with 'refs/' and have at least two slashes")
    name = ref[len("refs/heads/") :]
    if name in repository.git.branches():
        raise _error(422, "Reference already exists")
    _set(forge, repository, call, name, sha)
    return Answer(201, forge.ref(repository, f"heads/{name}", sha))


@answers("PATCH", f"{REPOSITORY}/git/refs/{{ref}}", "contents:write")
def _move_ref(forge: GitHub, repository: Repository, call: Call) -> Answer:
    name, sha = call.operation.parameters["ref"][len("heads/") :], call.body["sha"]
    old = repository.git.branches().get(name)
    if old is None:
        raise _error(422, "Reference does not exist")
    if not call.body.get("force") and not repository.git.ancestor(old, sha):
        raise _error(422, "Update is not a fast forward")
    _set(forge, repository, call, name, sha)
    return Answer(200, forge.ref(repository, f"heads/{name}", sha))


def _set(forge: GitHub, repository: Repository, call: Call, name: str, sha: str) -> None:
    if repository.git.resolve(sha) is None:
        raise _error(422, "Object does not exist")
    repository.git.git("update-ref", f"refs/heads/{name}", sha)
    repository.refresh(cast("Token", call.token).login)


@answers("DELETE", f"{REPOSITORY}/git/refs/{{ref}}", "contents:write")
def _delete_ref(forge: GitHub, repository: Repository, call: Call) -> Answer:
    name = call.operation.parameters["ref"][len("heads/") :]
    if name not in repository.git.branches():
        raise _error(422, "Reference does not exist")
    repository.delete_branch(name, cast("Token", call.token).login)
    return Answer(204)


@answers("POST", f"{REPOSITORY}/git/blobs", "contents:write")
def _blob(forge: GitHub, repository: Repository, call: Call) -> Answer:
    text = call.body["content"]
    if call.body.get("encoding") == "base64":
        text = base64.b64decode(text).decode()
    sha = repository.git.git("hash-object", "-w", "--stdin", text=text).strip()
    url = f"{forge.api}/repos/{repository.name}/git/blobs/{sha}"
    return Answer(201, {"sha": sha, "url": url}, (("Location", url),))


@answers("POST", f"{REPOSITORY}/git/trees", "contents:write")
def _tree(forge: GitHub, repository: Repository, call: Call) -> Answer:
    base = call.body.get("base_tree")
    listed = repository.git.git("ls-tree", "-r", base) if base else ""
    entries = dict(line.split("\t")[::-1] for line in listed.splitlines())
    for entry in call.body["tree"]:
        sha = entry.get("sha")
        if "content" in entry:
            sha = repository.git.git("hash-object", "-w", "--stdin", text=entry["content"]).strip()
        if sha is None:
            entries.pop(entry["path"], None)
        else:
            entries[entry["path"]] = f"{entry['mode']} {entry['type']} {sha}"
    sha = _written(repository, entries)
    made = forge.shape("git-tree", repository)
    made.update(sha=sha, url=f"{forge.api}/repos/{repository.name}/git/trees/{sha}")
    return Answer(201, made, (("Location", made["url"]),))


def _written(repository: Repository, entries: Mapping[str, str], folder: str = "") -> str:
    """The tree of those entries, folder by folder."""
    lines, folders = [], set()
    for path, entry in entries.items():
        if not path.startswith(folder):
            continue
        first, slash, _rest = path[len(folder) :].partition("/")
        if slash:
            folders.add(first)
        else:
            lines.append(f"{entry}\t{first}\n")
    for name in folders:
        inner = _written(repository, entries, f"{folder}{name}/")
        lines.append(f"040000 tree {inner}\t{name}\n")
    return repository.git.git("mktree", text="".join(lines)).strip()


@answers("POST", f"{REPOSITORY}/git/commits", "contents:write")
def _make_commit(forge: GitHub, repository: Repository, call: Call) -> Answer:
    login = cast("Token", call.token).login
    person = {"name": login, "email": f"1+{login}@users.noreply.github.com"}
    person.update(call.body.get("author", {}))
    options = ["-c", f"user.name={person['name']}", "-c", f"user.email={person['email']}"]
    parents = [part for sha in call.body.get("parents", []) for part in ("-p", sha)]
    words = ("commit-tree", call.body["tree"], *parents, "-m", call.body["message"])
    sha = repository.git.git(*options, *words).strip()
    made = _git_commit(forge, repository, repository.git.commits("-1", sha)[0])
    if "author" not in call.body:  # signed by GitHub only if nobody else is named
        made["verification"].update(verified=True, reason="valid")
    return Answer(201, made, (("Location", made["url"]),))


@answers("GET", f"{REPOSITORY}/git/commits/{{commit_sha}}", "contents:read")
def _get_commit(forge: GitHub, repository: Repository, call: Call) -> Answer:
    sha = repository.git.resolve(call.operation.parameters["commit_sha"])
    if sha is None:
        raise NOT_FOUND
    return Answer(200, _git_commit(forge, repository, repository.git.commits("-1", sha)[0]))


def _git_commit(forge: GitHub, repository: Repository, commit: Commit) -> Json:
    made = forge.shape("git-commit-2", repository)
    url = f"{forge.api}/repos/{repository.name}/git/commits"
    person = {"name": commit.author, "email": commit.email, "date": commit.date}
    made.update(
        sha=commit.sha,
        url=f"{url}/{commit.sha}",
        author=person,
        committer=person,
        message=commit.message,
        parents=[
            {"sha": one, "url": f"{url}/{one}", "html_url": f"{forge.url}/{one}"}
            for one in commit.parents
        ],
    )
    made["tree"]["sha"] = commit.tree
    return made


@answers("GET", f"{REPOSITORY}/commits", "contents:read")
def _commits(forge: GitHub, repository: Repository, call: Call) -> Answer:
    start = repository.git.resolve(call.query.get("sha", repository.default))
    if start is None:
        raise NOT_FOUND
    shown = [forge.commit(repository, commit) for commit in repository.git.commits(start)]
    return forge.pages(call, f"/repos/{repository.name}/commits", shown)


@answers("GET", f"{REPOSITORY}/commits/{{ref}}", "contents:read")
def _one_commit(forge: GitHub, repository: Repository, call: Call) -> Answer:
    sha = repository.git.resolve(call.operation.parameters["ref"])
    if sha is None:
        raise _error(422, f"No commit found for SHA: {call.operation.parameters['ref']}")
    return Answer(200, forge.commit(repository, repository.git.commits("-1", sha)[0]))


@answers("GET", f"{REPOSITORY}/compare/{{basehead}}", "contents:read")
def _compare(forge: GitHub, repository: Repository, call: Call) -> Answer:
    base, dots, head = call.operation.parameters["basehead"].partition("...")
    shas = [repository.git.resolve(name) for name in (base, head)]
    if not dots or None in shas:
        raise NOT_FOUND
    one, other = cast("list[str]", shas)
    fork = repository.git.fork_point(one, other) or one
    ahead, behind = (repository.git.count(f"{a}..{b}") for a, b in ((one, other), (other, one)))
    status = {(True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    made = forge.shape("commit-comparison", repository)
    made.update(
        status=status.get((ahead > 0, behind > 0), "identical"),
        ahead_by=ahead,
        behind_by=behind,
        total_commits=ahead,
        base_commit=forge.commit(repository, repository.git.commits("-1", one)[0]),
        merge_base_commit=forge.commit(repository, repository.git.commits("-1", fork)[0]),
        commits=[
            forge.commit(repository, commit)
            for commit in reversed(repository.git.commits(f"{one}..{other}"))
        ],
        files=[],
    )
    return Answer(200, made)


@answers("GET", f"{REPOSITORY}/branches/{{branch}}", "contents:read")
def _branch(forge: GitHub, repository: Repository, call: Call) -> Answer:
    name = call.operation.parameters["branch"]
    sha = repository.git.branches().get(name)
    if sha is None:
        raise _error(404, "Branch not found")
    made = forge.shape("branch-get", repository)
    made.update(name=name, commit=forge.commit(repository, repository.git.commits("-1", sha)[0]))
    return Answer(200, made)


@answers("POST", f"{REPOSITORY}/labels", EITHER.format("write"))
def _make_label(forge: GitHub, repository: Repository, call: Call) -> Answer:
    name = call.body["name"]
    if name in repository.labels:
        raise invalid("Label", "already_exists", "name")
    if not cast("Token", call.token).may("issues:write"):
        error = {"resource": "Repository", "field": "label", "code": "unauthorized"}
        raise _error(403, NO_LABELS, error)
    repository.labels.add(name)
    made = forge.label(repository, name)
    return Answer(201, made, (("Location", made["url"]),))
