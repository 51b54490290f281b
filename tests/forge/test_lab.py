"""The same life on GitLab: the calls, push options, and what its tokens may."""

from __future__ import annotations

import pytest

from . import bots, faults
from .bots import BRANCH, BROKEN, FILES, FINE, SETTINGS, state
from .gitlab import GitLab
from .repository import Repository
from .server import Token
from .test_fake import Client

pytestmark = pytest.mark.proof

BOT = "project_7_bot"


@pytest.fixture
def one(lab: GitLab) -> Repository:
    return lab.repository("group/sub/one", FILES)


@pytest.fixture
def token(lab: GitLab) -> Token:
    return lab.project_token(BOT)


def run(lab: GitLab, token: Token, one: Repository, code: int = 0) -> bots.Ran:
    lab.forget()
    ran = bots.run(lab, token, one.name)
    assert ran.code == code, ran.text
    return ran


# The fake.


def test_the_fake_answers_as_its_description_says(
    lab: GitLab, one: Repository, token: Token
) -> None:
    client = Client(lab, token)
    one.commit({"a": "1"}, branch="x", base=one.git.branches()["main"])
    path = "/projects/group%2Fsub%2Fone"
    body = {"source_branch": "x", "target_branch": "main", "title": "A", "labels": "a,b"}
    opened = client("POST", f"{path}/merge_requests", body)
    assert (opened.status, opened.body["iid"], opened.body["labels"]) == (201, 1, ["a", "b"])
    again = client("POST", f"{path}/merge_requests", body)
    assert (again.status, again.body["message"]) == (
        409,
        ["Another open merge request already exists for this source branch: !1"],
    )
    for rest in ("", "/repository/branches?search=^x", "/repository/branches/x", "/merge_requests"):
        assert client("GET", path + rest).status == 200
    assert client("GET", f"{path}/merge_requests?state=opened&source_branch=x").body
    note = client("POST", f"{path}/merge_requests/1/notes", {"body": "done"})
    assert client("GET", f"{path}/merge_requests/1/notes").body == [note.body]
    closed = client("PUT", f"{path}/merge_requests/1", {"state_event": "close"})
    assert (closed.body["state"], closed.body["closed_by"]["username"]) == ("closed", BOT)
    assert client("DELETE", f"{path}/repository/branches/x").status == 204
    assert client("GET", "/projects/group%2Fnone").body["message"] == "404 Project Not Found"
    reader = Client(lab, lab.project_token(scopes="read_api"))
    assert reader("POST", f"{path}/merge_requests", body).body["error"] == "insufficient_scope"


# The life.


def test_it_lives(lab: GitLab, one: Repository, token: Token) -> None:
    assert "opened" in run(lab, token, one).out
    (pull,) = one.pulls.values()
    assert (pull.head, pull.state, pull.labels) == (BRANCH, "open", ["dependencies", "sslfix"])
    assert one.git.read("requirements.txt", BRANCH) == "urllib3>=2.0.3,<3\n"
    before = state(one)
    run(lab, token, one)
    assert (state(one), lab.writes) == (before, [])
    one.commit({"README.md": "new\n"})
    run(lab, token, one)
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    one.commit({"requirements.txt": FINE})
    run(lab, token, one)
    assert (pull.state, pull.closed_by) == ("closed", BOT)
    assert pull.comments[0].body.startswith("Nothing is left to fix here.")
    assert list(one.git.branches()) == ["main"]


def test_people_are_respected(lab: GitLab, one: Repository, token: Token) -> None:
    run(lab, token, one)
    theirs = one.commit({"notes.txt": "mine\n"}, branch=BRANCH)
    one.commit({"README.md": "new\n"})
    for _run in range(2):
        run(lab, token, one)
    assert one.git.branches()[BRANCH] == theirs
    assert len(one.pulls[1].comments) == 1
    one.close(1, by="alice")
    run(lab, token, one)
    assert len(one.pulls) == 1


def test_people_and_labels(lab: GitLab, one: Repository, token: Token) -> None:
    settings = 'labels = ["a"]\nassignees = ["bob", "nobody"]\nreviewers = ["alice"]\n'
    one.commit({"pyproject.toml": f"{SETTINGS}[tool.sslfix.bot]\n{settings}"})
    ran = run(lab, token, one)
    (pull,) = one.pulls.values()
    assert (pull.labels, pull.assignees, pull.reviewers) == (["a"], ["bob"], ["alice"])
    assert "nobody" in ran.error


@pytest.mark.parametrize(
    ("role", "scopes", "said"),
    [
        ("developer", "read_api write_repository", "api"),
        ("reporter", "api", "Developer"),
        ("developer", "read_api", "write_repository"),
    ],
)
def test_a_missing_right_is_named(
    lab: GitLab, one: Repository, role: str, scopes: str, said: str
) -> None:
    ran = run(lab, lab.project_token(BOT, role, scopes), one, code=2)
    assert said in ran.text
    assert one.pulls == {}
    run(lab, lab.project_token(BOT), one)
    assert len(one.opened()) == 1


def test_a_job_token_that_may_push_opens_by_push_options(lab: GitLab, one: Repository) -> None:
    one.jobs_may_push = True
    token = lab.job_token(one.name)
    job = {"SSLFIX_TOKEN": "", "CI_JOB_TOKEN": token.text, **bots.OFFLINE}
    ran = bots.finished(bots.start(lab, token, one.name, **job))
    assert ran.code == 0, ran.text
    (pull,) = one.pulls.values()
    assert (pull.head, pull.state, pull.labels) == (BRANCH, "open", ["dependencies", "sslfix"])
    assert "LibreSSL 2.8.3" in pull.body
    before = state(one)
    assert bots.finished(bots.start(lab, token, one.name, **job)).code == 0
    assert state(one) == before


def test_a_job_token_that_may_not_push_is_explained(lab: GitLab, one: Repository) -> None:
    token = lab.job_token(one.name)
    job = {"CI_JOB_TOKEN": token.text}
    ran = bots.finished(bots.start(lab, token, one.name, **job))
    assert ran.code == 2
    assert "Allow Git push requests" in ran.text


@pytest.mark.proof
@pytest.mark.parametrize("life", ["opens", "updates", "closes"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_forge_is_gone_from_a_call_on(lab: GitLab, life: str, when: str) -> None:
    prepared = lab.repository("octo/prepared", FILES)
    if life != "opens":
        bots.run(lab, lab.project_token(BOT), prepared.name)
        text = FINE if life == "closes" else f"# all\n{BROKEN}"
        prepared.commit({"requirements.txt": text})
    clean = lab.copy(prepared, "octo/clean")
    run(lab, lab.project_token(BOT), clean)
    calls = lab.calls()
    for number in range(1, len(calls) + 1):
        one = lab.copy(prepared, f"octo/r{number}")
        lab.forget()
        lab.faults.add(faults.Cut(when), number=number)
        lab.faults.add(faults.Cut("before"), since=number + 1, times=99)
        ran = bots.run(lab, lab.project_token(BOT), one.name)
        assert ran.code == 2 or number == len(calls), ran.text
        run(lab, lab.project_token(BOT), one)
        assert state(one) == state(clean), calls[number - 1]
