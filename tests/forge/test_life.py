"""The life of the bot's pull requests on a GitHub that is as stateful as the real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from . import bare, bots
from .bots import BRANCH, BROKEN, FILES, FINE, SETTINGS, Ran, state
from .github import GitHub
from .repository import Pull, Repository
from .server import Token

pytestmark = pytest.mark.proof

BOT = "sslfix[bot]"
OTHER = {"other/requirements.txt": BROKEN}


@pytest.fixture
def one(forge: GitHub) -> Repository:
    return forge.repository("octo/one", FILES)


@pytest.fixture
def token(forge: GitHub) -> Token:
    return forge.app(BOT)


@pytest.fixture
def bot(forge: GitHub, one: Repository, token: Token) -> Callable[..., Ran]:
    """Run the bot on octo/one; what it asks for is forgotten before each run."""

    def run(*, code: int = 0, dry: bool = False) -> Ran:
        forge.forget()
        ran = bots.run(forge, token, "octo/one", dry=dry)
        assert ran.code == code, ran.text
        return ran

    return run


Bot = Callable[..., Ran]


def only(repository: Repository) -> Pull:
    """Its only pull request."""
    (pull,) = repository.pulls.values()
    return pull


def branches(repository: Repository) -> list[str]:
    return sorted(repository.git.branches())


# Opened.


def test_one_request_with_the_fix_is_opened(one: Repository, bot: Bot) -> None:
    base = one.git.branches()["main"]
    assert "opened" in bot().out
    pull = only(one)
    assert (pull.head, pull.base, pull.state, pull.author) == (BRANCH, "main", "open", BOT)
    assert pull.labels == ["dependencies", "sslfix"]
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (base,)
    assert [path for path, *_lines in one.git.changed("main", BRANCH)] == ["requirements.txt"]
    assert one.git.read("requirements.txt", BRANCH) == "urllib3>=2.0.3,<3\n"
    for word in ("urllib3", "2.0.2", "LibreSSL 2.8.3", "macos-python3.9", "requirements.txt"):
        assert word in pull.body


def test_nothing_more_is_done_while_it_stands(forge: GitHub, one: Repository, bot: Bot) -> None:
    bot()
    before = state(one)
    assert "up to date" in bot().out
    assert state(one) == before
    assert forge.writes == []
    assert len([seen for seen in forge.seen if "/repos/" in seen.path]) <= 3


def test_nothing_is_opened_where_nothing_is_wrong(forge: GitHub, one: Repository, bot: Bot) -> None:
    one.commit({"requirements.txt": FINE})
    bot()
    assert one.pulls == {}
    assert forge.writes == []
    assert len([seen for seen in forge.seen if "/repos/" in seen.path]) <= 2


def test_a_dry_run_shows_all_and_changes_nothing(forge: GitHub, one: Repository, bot: Bot) -> None:
    before = state(one)
    ran = bot(dry=True)
    assert state(one) == before
    assert forge.writes == []
    assert not any("git-receive-pack" in seen.query.values() for seen in forge.seen)
    for word in (BRANCH, "-urllib3==2.0.2", "+urllib3>=2.0.3,<3", "LibreSSL", "POST", "/pulls"):
        assert word in ran.out


def test_a_dry_run_of_a_public_repository_needs_no_token(forge: GitHub, one: Repository) -> None:
    one.private = False
    ran = bots.run(forge, None, "octo/one", dry=True)
    assert ran.code == 0, ran.text
    assert "+urllib3>=2.0.3,<3" in ran.out
    one.private = True
    assert bots.run(forge, None, "octo/one", dry=True).code == 2
    ran = bots.run(forge, None, "octo/one")
    assert (ran.code, forge.writes) == (2, [])
    assert "SSLFIX_TOKEN" in ran.text


def test_each_lock_file_has_its_own_request_up_to_a_limit(one: Repository, bot: Bot) -> None:
    one.commit({f"{name}/requirements.txt": BROKEN for name in "abcdefg"})
    ran = bot(code=1)
    assert len(one.opened()) == 5
    assert "limit" in ran.out
    first = {pull.head for pull in one.opened()}
    one.merge(1)
    one.merge(2)
    bot(code=1)
    assert len(one.opened()) == 5
    one.merge(3)
    bot()
    assert len(one.opened()) == 5
    assert len({pull.head for pull in one.pulls.values()} | first) == 8


def test_one_request_for_all_where_that_is_wanted(one: Repository, bot: Bot) -> None:
    one.commit({**OTHER, "pyproject.toml": SETTINGS + '[tool.sslfix.bot]\ngroup = "all"\n'})
    bot()
    assert only(one).head == "sslfix/all"
    changed = [path for path, *_lines in one.git.changed("main", "sslfix/all")]
    assert changed == ["other/requirements.txt", "requirements.txt"]


def test_people_labels_and_title_as_configured(one: Repository, bot: Bot) -> None:
    settings = 'labels = ["a", "b"]\nassignees = ["bob"]\nreviewers = ["alice"]\n'
    settings += 'title = "deps: {title}"\nauthor = "Bot <bot@users.example>"\n'
    one.commit({"pyproject.toml": f"{SETTINGS}[tool.sslfix.bot]\n{settings}"})
    bot()
    pull = only(one)
    assert (pull.labels, pull.assignees, pull.reviewers) == (["a", "b"], ["bob"], ["alice"])
    assert pull.title.startswith("deps: ")
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert (commit.author, commit.email) == ("Bot", "bot@users.example")


def test_commits_by_the_api_where_signatures_are_required(
    forge: GitHub, one: Repository, bot: Bot
) -> None:
    one.commit({"pyproject.toml": f'{SETTINGS}[tool.sslfix.bot]\ncommit = "api"\n'})
    bot()
    assert one.git.read("requirements.txt", BRANCH) == "urllib3>=2.0.3,<3\n"
    assert "POST /repos/octo/one/git/commits" in forge.calls()
    assert not any("git-receive-pack" in call for call in forge.calls())
    before = state(one)
    assert "up to date" in bot().out
    assert state(one) == before
    one.commit({"README.md": "new\n"})
    bot()
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    one.commit({"requirements.txt": FINE})
    bot()
    assert branches(one) == ["main"]


@pytest.mark.parametrize("stale", [False, True])
def test_a_checkout_spares_the_clone(
    forge: GitHub, one: Repository, token: Token, tmp_path: Path, stale: bool
) -> None:
    folder = str(tmp_path / "checkout")
    bare.git(None, "clone", "--quiet", str(one.git.path), folder)
    (tmp_path / "checkout" / "requirements.txt").write_text("mine==1\n", encoding="utf-8")
    (tmp_path / "checkout" / "Pipfile").write_text("mine", encoding="utf-8")
    if stale:
        one.commit({"README.md": "new\n"})
    before = sorted((tmp_path / "checkout").rglob("*"))
    ran = bots.run(forge, token, "octo/one", path=folder)
    assert ran.code == 0, ran.text
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    assert list(one.git.changed("main", BRANCH)) == [("requirements.txt", 1, 1)]
    assert sorted((tmp_path / "checkout").rglob("*")) == before  # nobody's checkout is touched
    assert bare.git(Path(folder), "status", "--short") == " M requirements.txt\n?? Pipfile\n"


# Kept up to date.


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"README.md": "new\n"}, "urllib3>=2.0.3,<3\n"),  # behind
        ({"requirements.txt": "# all\nurllib3==2.0.1\n"}, "# all\nurllib3>=2.0.3,<3\n"),  # conflict
    ],
)
def test_it_is_made_anew_on_a_base_that_moved(
    one: Repository, bot: Bot, change: dict[str, str], text: str
) -> None:
    bot()
    one.commit(change)
    assert "updated" in bot().out
    pull = only(one)
    assert pull.state == "open"
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    assert pull.sha == commit.sha
    assert one.git.read("requirements.txt", BRANCH) == text
    assert not one.git.conflicts("main", BRANCH)
    assert pull.comments == []
    assert "up to date" in bot().out


def test_commits_of_others_are_respected(forge: GitHub, one: Repository, bot: Bot) -> None:
    bot()
    theirs = one.commit({"notes.txt": "mine\n"}, branch=BRANCH, by="alice")
    one.commit({"README.md": "new\n"})
    for _run in range(3):
        bot()
        assert one.git.branches()[BRANCH] == theirs
    (comment,) = only(one).comments
    assert comment.author == BOT
    assert only(one).state == "open"
    one.commit({"requirements.txt": FINE})
    bot()
    assert one.git.branches()[BRANCH] == theirs
    assert only(one).state == "open"


def test_a_tick_has_the_branch_made_anew(one: Repository, bot: Bot) -> None:
    bot()
    fix = one.git.branches()[BRANCH]
    one.commit({"notes.txt": "mine\n"}, branch=BRANCH, by="alice")
    bot()
    pull = only(one)
    assert pull.body.count("- [ ] ") == 1
    pull.body = pull.body.replace("- [ ] ", "- [x] ")
    bot()
    assert one.git.branches()[BRANCH] == pull.sha == fix
    assert pull.body.count("- [ ] ") == 1
    before = state(one)
    bot()
    assert state(one) == before


def test_a_branch_with_somebody_elses_work_is_not_taken(one: Repository, bot: Bot) -> None:
    theirs = one.commit({"notes.txt": "mine\n"}, branch=BRANCH, base=one.git.branches()["main"])
    assert BRANCH in bot(code=1).out
    assert one.git.branches()[BRANCH] == theirs
    assert one.pulls == {}


# Closed.


@pytest.mark.parametrize("deletes", [False, True])
def test_what_a_person_closed_stays_closed(one: Repository, bot: Bot, deletes: bool) -> None:
    bot()
    one.close(1, by="alice")
    if deletes:
        one.delete_branch(BRANCH, by="alice")
    for _run in range(2):
        assert "closed by a person" in bot().out
    one.commit({"README.md": "new\n"})
    bot()
    assert only(one).state == "closed"
    one.commit({"pyproject.toml": SETTINGS.replace(bots.TARGET, "lambda-python3.9")})
    bot()  # that is about something else
    assert [pull.state for pull in one.pulls.values()] == ["closed", "open"]


def test_a_deleted_branch_says_no_as_well(one: Repository, bot: Bot) -> None:
    bot()
    one.delete_branch(BRANCH, by="alice")
    assert only(one).state == "closed"
    assert "closed by a person" in bot().out
    assert branches(one) == ["main"]


def test_it_is_closed_when_nothing_is_left_to_fix(one: Repository, bot: Bot) -> None:
    bot()
    one.commit({"requirements.txt": FINE})
    assert "closed" in bot().out
    pull = only(one)
    assert (pull.state, pull.closed_by, pull.merged_by) == ("closed", BOT, None)
    (comment,) = pull.comments
    assert comment.body.startswith("Nothing is left to fix here.")
    assert branches(one) == ["main"]
    bot()
    assert len(pull.comments) == 1
    one.commit({"requirements.txt": BROKEN})
    bot()
    assert [(pull.number, pull.state) for pull in one.pulls.values()] == [
        (1, "closed"),
        (2, "open"),
    ]


def test_it_is_superseded_by_the_request_that_takes_its_place(one: Repository, bot: Bot) -> None:
    bot()
    one.commit({**OTHER, "pyproject.toml": SETTINGS + '[tool.sslfix.bot]\ngroup = "all"\n'})
    bot()
    assert one.pulls[1].state == "closed"
    assert one.pulls[1].comments[0].body.startswith("Superseded by #2.")
    assert branches(one) == ["main", "sslfix/all"]


def test_after_a_merge(one: Repository, bot: Bot) -> None:
    bot()
    one.merge(1, by="alice")
    bot()
    assert branches(one) == ["main"]
    one.commit({"requirements.txt": BROKEN})
    bot()
    assert [pull.state for pull in one.pulls.values()] == ["closed", "open"]


def test_after_a_merge_as_one_commit(one: Repository, bot: Bot) -> None:
    bot()
    one.squash(1, by="alice")
    bot()
    assert branches(one) == ["main"]
    assert len(one.pulls) == 1


def test_requests_of_people_that_look_like_ours(one: Repository, bot: Bot) -> None:
    base = one.git.branches()["main"]
    theirs = one.commit({"a": "1"}, branch="sslfix/experiment", base=base)
    one.open("sslfix/experiment", by="alice", title="Try sslfix")
    for _run in range(2):
        bot()
    pull = one.pulls[1]
    assert (pull.state, pull.sha, pull.comments) == ("open", theirs, [])
    assert one.git.branches()["sslfix/experiment"] == theirs


def test_somebody_asks_for_the_same_branch_elsewhere(one: Repository, bot: Bot) -> None:
    one.commit({"a": "1"}, branch="next", base=one.git.branches()["main"])
    bot()
    one.open(BRANCH, by="alice", base="next", title="Backport")
    one.commit({"README.md": "new\n"})
    bot()
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    assert [pull.state for pull in one.pulls.values()] == ["open", "open"]
    one.commit({"requirements.txt": FINE})
    bot()
    assert one.pulls[1].state == "closed"
    assert one.pulls[2].state == "open"  # is alice's, and so is the branch as long as she needs it
    assert BRANCH in branches(one)


def test_nothing_is_closed_while_something_cannot_be_read(one: Repository, bot: Bot) -> None:
    bot()
    one.commit({"requirements.txt": FINE, "poetry.lock": "[[package\n"})
    assert "poetry.lock" in bot(code=2).out
    assert only(one).state == "open"


def test_an_empty_repository(forge: GitHub, one: Repository, bot: Bot) -> None:
    one.delete_branch("main")
    assert "empty: nothing to do" in bot().out


@pytest.mark.proof
def test_a_body_never_gets_too_long(one: Repository, bot: Bot) -> None:
    long = "a-rather-long-name-of-a-folder/" * 60
    files = {f"{long}{number}/requirements.txt": BROKEN for number in range(30)}
    one.commit({**files, "pyproject.toml": SETTINGS + '[tool.sslfix.bot]\ngroup = "all"\n'})
    bot()
    assert len(only(one).body) <= 65536
    assert "up to date" in bot().out


def test_line_ends_stay(one: Repository, bot: Bot) -> None:
    (Path.home() / ".gitconfig").write_text("[core]\n\tautocrlf = true\n", encoding="utf-8")
    one.commit({"requirements.txt": "six\r\nurllib3==2.0.2\r\n"})
    bot()
    text = one.git.git("show", f"{BRANCH}:requirements.txt")
    assert text == "six\r\nurllib3>=2.0.3,<3\r\n"
    assert list(one.git.changed("main", BRANCH)) == [("requirements.txt", 1, 1)]


def test_a_person_may_reopen_it(one: Repository, bot: Bot) -> None:
    bot()
    one.close(1)
    one.commit({"README.md": "new\n"})
    bot()
    one.reopen(1)
    bot()
    (commit,) = one.git.commits(f"main..{BRANCH}")
    assert commit.parents == (one.git.branches()["main"],)
    assert len(one.pulls) == 1


def test_a_request_that_was_taken_over_is_left(forge: GitHub, one: Repository, bot: Bot) -> None:
    bot()
    only(one).body = "I do this by hand."
    one.commit({"README.md": "new\n"})
    before = state(one)
    bot()
    assert state(one) == before


def test_somebodys_edits_do_not_make_another_request(one: Repository, bot: Bot) -> None:
    bot()
    pull = only(one)
    pull.title, pull.body = "Better title", "Looked at by alice.\n\n" + pull.body
    pull.labels.clear()
    bot()
    assert (len(one.pulls), pull.title) == (1, "Better title")
    assert pull.labels == []


def test_a_limit_that_nothing_needs_is_lifted(one: Repository, bot: Bot) -> None:
    one.commit({"pyproject.toml": SETTINGS.replace(bots.TARGET, "lambda-python3.9")})
    bot()
    one.merge(1)
    assert "# sslfix: SSL101" in one.git.read("requirements.txt")
    bot()
    assert len(one.pulls) == 1
    one.commit({"pyproject.toml": SETTINGS.replace(bots.TARGET, "lambda-python3.13")})
    bot()
    assert one.pulls[2].title.startswith("Lift the limit on urllib3")
    assert "# sslfix" not in one.git.read("requirements.txt", one.pulls[2].head)
    one.merge(2)
    bot()
    assert len(one.pulls) == 2


def test_a_limit_is_lifted_where_that_was_asked_and_put_back(one: Repository, bot: Bot) -> None:
    bot()
    one.commit({"pyproject.toml": SETTINGS.replace(bots.TARGET, "lambda-python3.9")})
    bot()
    (pull,) = one.pulls.values()  # of the same file: brought up to date, whatever it is about now
    assert "OpenSSL 1.0.2k" in pull.title
    assert ">=1.26.20,<2" in one.git.read("requirements.txt", pull.head)


def test_what_people_write_on_old_requests_changes_nothing(one: Repository, bot: Bot) -> None:
    bot()
    one.commit({"requirements.txt": FINE})
    bot()
    one.commit({"requirements.txt": BROKEN})
    bot()
    one.close(2, by="alice")
    one.comment(1, "I remember this one.", by="bob")
    assert "closed by a person" in bot().out
    one.commit({"pyproject.toml": SETTINGS.replace(bots.TARGET, "lambda-python3.9")})
    bot()
    assert [pull.state for pull in one.pulls.values()] == ["closed", "closed", "open"]


def test_a_renamed_repository(forge: GitHub, one: Repository, bot: Bot) -> None:
    forge.rename(one, "octo/renamed")
    bot()
    before = state(one)
    bot()
    assert (state(one), forge.writes) == (before, [])
    one.commit({"requirements.txt": FINE})
    bot()
    assert only(one).state == "closed"
    assert branches(one) == ["main"]


def test_another_base_branch(one: Repository, bot: Bot) -> None:
    one.commit(FILES, branch="trunk/next")
    one.commit({"requirements.txt": FINE})
    one.default = "trunk/next"
    bot()
    assert only(one).base == "trunk/next"
    one.default = "main"
    bot()
    assert (only(one).state, one.git.read("requirements.txt")) == ("open", FINE)


def test_somebody_aims_it_elsewhere(one: Repository, bot: Bot) -> None:
    one.commit({"a": "1"}, branch="next", base=one.git.branches()["main"])
    bot()
    only(one).base = "next"
    one.commit({"README.md": "new\n"})
    before = state(one)
    bot()
    assert state(one) == before


def test_an_archived_repository_is_left(forge: GitHub, one: Repository, bot: Bot) -> None:
    one.archived = True
    bot()
    assert forge.writes == []


# Limits that nothing needs any more.

MODERN = '[tool.sslfix]\ntargets = ["lambda-python3.12"]\n'
PLACED = (
    "sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, remove when that is gone, was >=1.21"
)


@pytest.mark.parametrize(
    ("line", "after", "words"),
    [
        (f"urllib3>=1.26.20,<2  # {PLACED}", "urllib3>=1.21", "was placed for SSL101"),
        ("urllib3>=1.26,<2  # macOS ships LibreSSL", "urllib3>=1.26", "its comment means SSL101"),
        ("urllib3<2", "urllib3", "keeps out what SSL101 is about"),
    ],
)
def test_limits_are_lifted_with_and_without_a_comment(
    one: Repository, bot: Bot, line: str, after: str, words: str
) -> None:
    one.commit({"requirements.txt": f"requests\n{line}\n", "pyproject.toml": MODERN})
    bot()
    pull = only(one)
    assert one.git.read("requirements.txt", pull.head) == f"requests\n{after}\n"
    assert pull.title.startswith("Lift the limit on urllib3, which no SSL library needs any more")
    assert words in pull.body
    assert ("For you to decide" in pull.body) == (line == "urllib3<2")
    bot()
    one.merge(1)
    bot()
    assert (len(one.pulls), branches(one)) == (1, ["main"])


def test_a_limit_without_a_word_is_left_where_the_project_says_so(
    one: Repository, bot: Bot
) -> None:
    settings = f"{MODERN}[tool.sslfix.bot]\nunsafe = []\n"
    one.commit({"requirements.txt": "urllib3<2\n", "pyproject.toml": settings})
    assert "nothing to do" in bot().out
    assert one.pulls == {}


def test_a_base_that_is_not_there_is_said(one: Repository, bot: Bot) -> None:
    one.git.git("branch", "-m", "main", "other")
    assert "is the base branch right?" in bot(code=2).out
