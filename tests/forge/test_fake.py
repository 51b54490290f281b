"""The fake forge itself: a small client does to it what a bot does, and people what people do."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from . import contract, faults
from .contract import REPOSITORY, Contract
from .github import ACTIONS, GitHub
from .repository import Repository
from .server import Forge, Token

FILES = {"requirements.txt": "urllib3==2.0.2\n", "docs/index.md": "text\n"}
BRANCH = "sslfix/requirements"
Pusher = Callable[..., "subprocess.CompletedProcess[str]"]


class Said(NamedTuple):
    status: int
    body: Any
    headers: Any


class Client:
    """A dozen lines that speak to the API."""

    def __init__(self, forge: Forge, token: Token) -> None:
        self.forge, self.token = forge, token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        url = path if path.startswith("http") else self.forge.api + path
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token.text}", "User-Agent": "test", **headers}
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
                return Said(answer.status, json.loads(text) if text else None, answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Said(error.code, json.loads(error.read()), error.headers)


@pytest.fixture
def one(forge: GitHub) -> Repository:
    return forge.repository("octo/one", FILES)


@pytest.fixture
def client(forge: GitHub) -> Client:
    return Client(forge, forge.app())


@pytest.fixture
def push(forge: GitHub, tmp_path: Path) -> Pusher:
    """Clone, put a file on a branch and push it."""

    def run(token: Token, path: str = "new.txt", text: str = "1\n", *options: str) -> Any:
        folder = tmp_path / f"clone-{time.monotonic_ns()}"
        url = forge.url.replace("//", f"//x-access-token:{token.text}@") + "/octo/one.git"
        settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}

        def git(*words: str) -> subprocess.CompletedProcess[str]:
            command = ["git", "-c", "user.name=Bot", "-c", "user.email=bot@users.example", *words]
            environment = {**os.environ, **settings}
            return subprocess.run(
                command, env=environment, check=False, capture_output=True, text=True
            )

        done = git("clone", "--quiet", url, str(folder))
        if done.returncode:
            return done
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        inside = ("-C", str(folder))
        git(*inside, "checkout", "--quiet", "-b", BRANCH)
        git(*inside, "add", ".")
        git(*inside, "commit", "--quiet", "--message", "Fix")
        return git(*inside, "push", "--force", *options, "origin", BRANCH)

    return run


def open_request(client: Client, **changed: Any) -> Said:
    body = {"title": "Fix", "head": BRANCH, "base": "main", "body": "text", **changed}
    return client("POST", "/repos/octo/one/pulls", body)


def test_the_life_of_a_pull_request(
    forge: GitHub, one: Repository, client: Client, push: Pusher
) -> None:
    assert push(client.token).returncode == 0
    opened = open_request(client)
    assert (opened.status, opened.body["number"], opened.body["state"]) == (201, 1, "open")
    assert opened.body["head"]["sha"] == one.git.branches()[BRANCH]

    labels = client("POST", "/repos/octo/one/issues/1/labels", {"labels": ["dependencies", "ssl"]})
    assert [label["name"] for label in labels.body] == ["dependencies", "ssl"]

    assert push(client.token, text="2\n").returncode == 0
    listed = client("GET", "/repos/octo/one/pulls?state=all&head=octo%3Asslfix%2Frequirements")
    assert [pull["number"] for pull in listed.body] == [1]
    assert listed.body[0]["head"]["sha"] == one.git.branches()[BRANCH]

    twice = open_request(client)
    assert twice.status == 422
    assert twice.body["errors"][0]["message"] == f"A pull request already exists for octo:{BRANCH}."

    assert client("POST", "/repos/octo/one/issues/1/comments", {"body": "done"}).status == 201
    assert client("PATCH", "/repos/octo/one/pulls/1", {"state": "closed"}).status == 200
    assert client("DELETE", "/repos/octo/one/git/refs/heads/sslfix/requirements").status == 204
    assert list(one.git.branches()) == ["main"]
    issue = client("GET", "/repos/octo/one/issues/1").body
    assert (issue["state"], issue["closed_by"]["login"], issue["comments"]) == (
        "closed",
        "sslfix[bot]",
        1,
    )
    assert forge.calls().count("POST /repos/octo/one/pulls") == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/git/ref/heads/sslfix/x"),
        ("GET", "/git/ref/heads%2Fsslfix%2Fx"),
        ("GET", "/git/matching-refs/heads/sslfix/"),
        ("GET", "/branches/sslfix%2Fx"),
        ("GET", "/compare/main...sslfix/x"),
        ("GET", "/commits?sha=sslfix/x"),
        ("GET", "/commits/sslfix%2Fx"),
        ("GET", "/pulls"),
        ("GET", "/pulls/1"),
        ("GET", "/pulls/1/commits"),
        ("GET", "/issues/1"),
        ("GET", "/issues/1/labels"),
        ("GET", "/issues/1/events"),
        ("GET", "/issues/1/comments"),
    ],
)
def test_every_answer_is_one_that_github_describes(
    one: Repository, client: Client, method: str, path: str
) -> None:
    one.commit({"new.txt": "1\n"}, branch="sslfix/x", by="bob", base=one.git.branches()["main"])
    pull = one.open("sslfix/x")
    pull.labels, pull.assignees, pull.reviewers = ["bug"], ["bob"], ["alice"]
    one.comment(1, "hm")
    one.close(1, "bob")
    assert client(method, f"/repos/octo/one{path}").status == 200


def test_commits_by_the_api(one: Repository, client: Client) -> None:
    main = one.git.branches()["main"]
    base = client("GET", f"/repos/octo/one/git/commits/{main}").body["tree"]["sha"]
    content = {"content": "dXJsbGliMwo=", "encoding": "base64"}
    blob = client("POST", "/repos/octo/one/git/blobs", content).body["sha"]
    entry = {"path": "docs/new.md", "mode": "100644", "type": "blob", "sha": blob}
    body = {"base_tree": base, "tree": [entry]}
    tree = client("POST", "/repos/octo/one/git/trees", body).body["sha"]
    body = {"message": "Fix", "tree": tree, "parents": [main]}
    commit = client("POST", "/repos/octo/one/git/commits", body).body
    assert commit["verification"]["verified"] is True
    ref = {"ref": f"refs/heads/{BRANCH}", "sha": commit["sha"]}
    assert client("POST", "/repos/octo/one/git/refs", ref).status == 201
    assert client("POST", "/repos/octo/one/git/refs", ref).body["message"] == (
        "Reference already exists"
    )
    assert one.git.read("docs/new.md", BRANCH) == "urllib3\n"
    assert one.git.read("docs/index.md", BRANCH) == "text\n"
    back = client("PATCH", f"/repos/octo/one/git/refs/heads/{BRANCH}", {"sha": main})
    assert back.body["message"] == "Update is not a fast forward"


def test_what_the_description_does_not_have_is_noticed(
    forge: GitHub, one: Repository, client: Client
) -> None:
    client("GET", "/repos/octo/one/pulls?order=desc")
    client("GET", "/repos/octo/one/pull")
    client("POST", "/repos/octo/one/issues/7/comments", {"text": "a"})
    client("POST", "/repos/octo/one/issues/7/comments", {"body": 7})
    said = "\n".join(forge.violations)
    forge.violations.clear()
    assert "query parameter 'order' is not described" in said
    assert "GET /repos/octo/one/pull is no call of the API" in said
    assert "'body' is a required property" in said
    assert "'text' is not described" in said
    assert "7 is not of type 'string'" in said


# Permissions.


@pytest.mark.parametrize(
    ("missing", "method", "path", "accepted"),
    [
        ("pull_requests", "GET", "/pulls", "pull_requests=read"),
        ("pull_requests", "POST", "/pulls", "pull_requests=write"),
        ("contents", "GET", "/git/matching-refs/heads/x", "contents=read"),
        ("contents", "DELETE", "/git/refs/heads/x", "contents=write"),
    ],
)
def test_a_missing_permission(
    forge: GitHub, one: Repository, missing: str, method: str, path: str, accepted: str
) -> None:
    client = Client(forge, forge.app(**{missing: "none"}))
    body = {"title": "a", "head": "x", "base": "main"} if method == "POST" else None
    said = client(method, f"/repos/octo/one{path}", body)
    assert (said.status, said.body["message"]) == (403, "Resource not accessible by integration")
    assert said.headers["X-Accepted-GitHub-Permissions"] == accepted


def test_new_labels_need_a_permission_of_their_own(
    forge: GitHub, one: Repository, client: Client, push: Pusher
) -> None:
    push(client.token)
    open_request(client)
    other = Client(forge, forge.app(issues="none"))
    path = "/repos/octo/one/issues/1/labels"
    assert other("POST", path, {"labels": ["dependencies"]}).status == 200
    said = other("POST", path, {"labels": ["sslfix"]})
    assert (said.status, said.body["errors"][0]["code"]) == (403, "unauthorized")


def test_who_may_not_see_or_push(
    forge: GitHub, one: Repository, client: Client, push: Pusher
) -> None:
    stranger = Client(forge, forge.actions("octo/two", contents="write"))
    assert stranger("GET", "/repos/octo/one").status == 404
    assert "Repository not found." in push(stranger.token).stderr
    reader = forge.actions("octo/one")
    said = push(reader)
    assert f"remote: Permission to octo/one.git denied to {ACTIONS}." in said.stderr
    assert "returned error: 403" in said.stderr
    client.token.expired = True
    assert client("GET", "/repos/octo/one").body["message"] == "Bad credentials"
    assert "Authentication failed" in push(client.token).stderr


def test_a_workflow_may_be_kept_from_opening_pull_requests(
    forge: GitHub, one: Repository, push: Pusher
) -> None:
    client = Client(forge, forge.actions("octo/one", contents="write", pull_requests="write"))
    one.actions_may_open = False
    push(client.token)
    said = open_request(client)
    assert (said.status, said.body["message"]) == (
        403,
        "GitHub Actions is not permitted to create or approve pull requests.",
    )
    assert client("GET", "/user").status == 403


def test_pushes_that_a_hook_refuses(one: Repository, client: Client, push: Pusher) -> None:
    said = push(client.token, ".github/workflows/ci.yml")
    assert "remote: refusing to allow a GitHub App to create or update workflow" in said.stderr
    one.protected = ["sslfix/*"]
    said = push(client.token)
    assert f"GH006: Protected branch update failed for refs/heads/{BRANCH}." in said.stderr
    assert list(one.git.branches()) == ["main"]


# What people do.


def test_a_request_is_closed_with_its_branch(one: Repository, client: Client) -> None:
    sha = one.commit({"a": "1"}, branch="x", base=one.git.branches()["main"])
    one.open("x", by="sslfix[bot]")
    one.delete_branch("x", by="bob")
    said = client("GET", "/repos/octo/one/issues/1").body
    assert (said["state"], said["closed_by"]["login"]) == ("closed", "bob")
    pull = client("GET", "/repos/octo/one/pulls/1").body
    assert pull["head"]["sha"] == sha
    again = client("PATCH", "/repos/octo/one/pulls/1", {"state": "open"})
    assert again.body["errors"][0]["message"] == (
        "state cannot be changed. The x branch has been deleted."
    )


def test_merged_and_conflicting(one: Repository, client: Client) -> None:
    base = one.git.branches()["main"]
    one.commit({"requirements.txt": "urllib3<2\n"}, branch="x", base=base)
    one.commit({"docs/index.md": "more\n"}, branch="y", base=base)
    one.open("x")
    one.open("y")
    path = "/repos/octo/one/pulls"
    assert client("GET", f"{path}/1").body["mergeable"] is None  # not known yet
    assert client("GET", f"{path}/1").body["mergeable"] is True
    one.commit({"requirements.txt": "urllib3==2.1\n"})
    client("GET", f"{path}/1")
    assert client("GET", f"{path}/1").body["mergeable_state"] == "dirty"
    one.merge(2, by="bob")
    merged = client("GET", f"{path}/2").body
    assert (merged["merged"], merged["merged_by"]["login"]) == (True, "bob")
    assert one.git.read("docs/index.md") == "more\n"


def test_pages(one: Repository, client: Client) -> None:
    base = one.git.branches()["main"]
    for number in range(5):
        one.commit({"a": str(number)}, branch=f"b{number}", base=base)
        one.open(f"b{number}")
    said = client("GET", "/repos/octo/one/pulls?per_page=2&direction=asc&sort=created")
    numbers = [pull["number"] for pull in said.body]
    assert 'rel="last"' in said.headers["Link"]
    while 'rel="next"' in said.headers.get("Link", ""):
        said = client("GET", said.headers["Link"].partition("<")[2].partition(">")[0])
        numbers += [pull["number"] for pull in said.body]
    assert numbers == [1, 2, 3, 4, 5]


# Faults.


def test_rate_limits(forge: GitHub, one: Repository, client: Client) -> None:
    client.token.limit, client.token.reset_after = 2, 1
    assert client("GET", "/repos/octo/one").headers["X-RateLimit-Remaining"] == "1"
    assert client("GET", "/repos/octo/one").headers["X-RateLimit-Remaining"] == "0"
    said = client("GET", "/repos/octo/one")
    assert (said.status, said.headers["X-RateLimit-Remaining"]) == (403, "0")
    time.sleep(max(0, int(said.headers["X-RateLimit-Reset"]) - time.time()))
    assert client("GET", "/repos/octo/one").status == 200
    forge.faults.add(faults.SECONDARY_LIMIT)
    assert client("GET", "/repos/octo/one").headers["Retry-After"] == "1"


@pytest.mark.parametrize("when", ["before", "within", "after"])
def test_cut_connections(
    forge: GitHub, one: Repository, client: Client, push: Pusher, when: str
) -> None:
    push(client.token)
    forge.faults.add(faults.Cut(when), method="POST", path="/pulls$")
    with pytest.raises((http.client.HTTPException, OSError)):
        open_request(client)
    assert len(one.pulls) == (0 if when == "before" else 1)
    forge.faults.add(faults.Cut(when), method="POST", path="git-receive-pack")
    assert push(client.token, text="2\n").returncode != 0
    done = one.git.read("new.txt", BRANCH)
    assert done == ("1\n" if when == "before" else "2\n")
    assert [seen.status for seen in forge.seen].count(0) == 2


def test_a_token_expires_in_the_middle(forge: GitHub, one: Repository, client: Client) -> None:
    forge.faults.add(faults.Expire(client.token), number=2)
    statuses = [client("GET", "/repos/octo/one").status for _ in range(3)]
    assert statuses == [200, 401, 401]


# The description.


def test_only_known_examples_of_github_break_its_description(described: Contract) -> None:
    broken = set()
    for path, item in described.document["paths"].items():
        for method in set(item) & set(contract.METHODS):
            for status in item[method]["responses"]:
                place = f"/paths/{path.replace('/', '~1')}/{method}/responses/{status}"
                pointer = described.pointer(place)
                content = described.at(pointer).get("content", {}).get("application/json", {})
                for example in content.get("examples", {}).values():
                    value = described.resolve(example)["value"]
                    schema = f"{pointer}/content/application~1json/schema"
                    broken |= {fault.split(":", 1)[1] for fault in described.faults(schema, value)}
    assert broken == {
        " 'assignee' is a required property",  # an issue's; may be null
        " 'contents_url' is a required property",  # a commit's file's
        " 'has_discussions' is a required property",
        " 'language' is a required property",
        " 'type' is a required property",  # a requested team's
    }


def test_trimming_keeps_what_is_referred_to() -> None:
    schemas = {
        "a": {"$ref": "#/components/schemas/b"},
        "b": {"type": "string", "nullable": True, "description": "prose"},
        "c": {},
    }
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/a"}}}}
    paths = {REPOSITORY: {"get": {"responses": {"200": answer}}}, "/other": {}}
    made = contract.trim({"paths": paths, "components": {"schemas": schemas}}, [REPOSITORY])
    assert list(made["paths"]) == [REPOSITORY]
    assert made["components"]["schemas"] == {
        "a": {"$ref": "#/components/schemas/b"},
        "b": {"anyOf": [{"type": "string"}, {"enum": [None]}]},
    }
