"""What the bot may and may not do: permissions, refusals, other bots, and where its token goes."""

from __future__ import annotations

import os
import re
import stat
from functools import partial
from pathlib import Path

import pytest

from . import bots, faults
from .bots import BRANCH, BROKEN, FILES, FINE, SETTINGS, state
from .contract import Contract
from .github import ACTIONS, GitHub
from .repository import Repository

pytestmark = pytest.mark.proof

BOT = "sslfix[bot]"
NEEDS = {"contents": "write", "pull_requests": "write", "issues": "write"}


@pytest.fixture
def one(forge: GitHub) -> Repository:
    return forge.repository("octo/one", FILES)


def mended(forge: GitHub, one: Repository, code: int = 0) -> None:
    """Once it may, the bot does what it would have done."""
    forge.forget()
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), "octo/one")
    assert ran.code == code, ran.text
    (pull,) = one.pulls.values()
    assert (pull.state, pull.labels) == ("open", ["dependencies", "sslfix"])


# Permissions.


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"contents": "none"}, "contents: read"),
        ({"pull_requests": "none"}, "pull-requests: read"),
        ({"contents": "read"}, "contents: write"),
        ({"pull_requests": "read"}, "pull-requests: write"),
    ],
)
def test_a_missing_permission_is_named(
    forge: GitHub, one: Repository, given: dict[str, str], said: str
) -> None:
    token = forge.actions("octo/one", **{**NEEDS, **given})
    ran = bots.run(forge, token, "octo/one")
    assert ran.code == 2
    assert said in ran.text
    assert one.pulls == {}
    mended(forge, one)


def test_labels_that_may_not_be_made_are_left_out(forge: GitHub, one: Repository) -> None:
    token = forge.actions("octo/one", contents="write", pull_requests="write")
    ran = bots.run(forge, token, "octo/one")
    assert ran.code == 0
    (pull,) = one.pulls.values()
    assert pull.labels == ["dependencies"]  # `sslfix` is not there, and may not be made
    assert "sslfix" in ran.error
    assert "issues: write" in ran.error


def test_people_who_cannot_be_asked_are_left_out(forge: GitHub, one: Repository) -> None:
    settings = '[tool.sslfix.bot]\nassignees = ["nobody", "bob"]\nreviewers = ["nobody", "bob"]\n'
    one.commit({"pyproject.toml": SETTINGS + settings})
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), "octo/one")
    assert ran.code == 0
    (pull,) = one.pulls.values()
    assert (pull.assignees, pull.reviewers) == (["bob"], ["bob"])
    assert "nobody" in ran.error


def test_the_setting_that_lets_workflows_open_requests(forge: GitHub, one: Repository) -> None:
    one.actions_may_open = False
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), "octo/one")
    assert ran.code == 2
    assert "Allow GitHub Actions to create and approve pull requests" in ran.text
    one.actions_may_open = True
    mended(forge, one)


@pytest.mark.parametrize("name", ["octo/two", "octo/none"])
def test_a_repository_that_cannot_be_seen(forge: GitHub, one: Repository, name: str) -> None:
    forge.repository("octo/two", FILES)
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), name, "octo/one")
    assert ran.code == 2
    assert "no such repository, or the token cannot see it" in ran.text
    assert len(one.pulls) == 1  # the other one had its turn


def test_a_wrong_token(forge: GitHub, one: Repository) -> None:
    wrong = forge.app(BOT)
    wrong.expired = True
    ran = bots.run(forge, wrong, "octo/one")
    assert ran.code == 2
    assert "wrong or has expired" in ran.text
    mended(forge, one)


def test_a_protected_branch(forge: GitHub, one: Repository) -> None:
    one.protected = ["sslfix/*"]
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), "octo/one")
    assert ran.code == 2
    assert "a rule of the repository refuses the push" in ran.text
    one.protected = []
    mended(forge, one)


def test_workflows_are_not_touched(forge: GitHub, one: Repository) -> None:
    path = ".github/workflows/requirements.txt"
    one.commit({path: BROKEN})
    ran = bots.run(forge, forge.actions("octo/one", **NEEDS), "octo/one")
    assert ran.code == 1
    assert path in ran.out
    assert [name for name, *_lines in one.git.changed("main", BRANCH)] == ["requirements.txt"]
    assert len(one.pulls) == 1


# Limits.


def test_the_rate_limit_is_waited_for(forge: GitHub, one: Repository) -> None:
    token = forge.app(BOT)
    token.limit, token.reset_after = 3, 600
    ran = bots.run(forge, token, "octo/one")
    assert ran.code == 0, ran.text
    assert 0 < max(ran.naps) <= 602
    assert len(one.pulls) == 1
    assert "waiting" in ran.error


def test_a_limit_that_is_far_away_ends_the_run(forge: GitHub, one: Repository) -> None:
    forge.repository("octo/two", FILES)
    token = forge.app(BOT)
    token.limit, token.reset_after = 3, 3600
    ran = bots.run(forge, token, "octo/one", "octo/two")
    assert ran.code == 2
    assert "rate limit" in ran.text
    assert ran.naps == ()
    forge.ahead += 3601
    token.limit = 1000
    assert bots.run(forge, token, "octo/one", "octo/two").code == 0
    assert len(one.pulls) == 1


@pytest.mark.parametrize("limit", [faults.SECONDARY_LIMIT, faults.TOO_MANY])
def test_limits_of_another_kind_are_waited_for(
    forge: GitHub, one: Repository, limit: faults.Reply
) -> None:
    forge.faults.add(limit, path="^/api/v3/.*pulls$", method="POST", times=3)
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert ran.code == 0, ran.text
    assert ran.naps == (1, 1, 1)
    assert len(one.pulls) == 1


# Two bots.


@pytest.mark.proof
def test_another_bot_is_quicker_at_each_call(forge: GitHub, described: Contract) -> None:
    prepared = forge.repository("octo/prepared", FILES)
    clean = forge.copy(prepared, "octo/clean")
    bots.run(forge, forge.app(BOT), "octo/clean")
    for number in range(1, len(forge.seen) + 1):
        name = f"octo/r{number}"
        one = forge.copy(prepared, name)
        forge.forget()
        other = faults.Meanwhile(partial(_whole_run, forge, name))
        forge.faults.add(other, number=number)
        ran = bots.run(forge, forge.app(BOT), name)
        assert ran.code == 0, (number, ran.text)
        assert state(one) == state(clean), number


def _whole_run(forge: GitHub, name: str) -> None:
    ran = bots.finished(bots.start(forge, forge.app(BOT), name))
    assert ran.code == 0, ran.text


def test_two_bots_at_once(forge: GitHub, one: Repository) -> None:
    pair = [bots.start(forge, forge.app(BOT), "octo/one") for _bot in range(2)]
    assert [bots.finished(process).code for process in pair] == [0, 0]
    assert len(one.pulls) == 1
    before = state(one)
    forge.forget()
    bots.run(forge, forge.app(BOT), "octo/one")
    assert (state(one), forge.writes) == (before, [])


# The token.

SPY = """\
#!/bin/sh
# Notes how git is called, and passes it on.
{ printf 'argv:'; printf ' %s' "$@"; echo; env | cut -d= -f1 | sort | tr '\\n' ' '; echo; \\
  cat "$(dirname "$0")/../nothing" .git/config 2>/dev/null; } >> "$SPY_LOG"
exec "$REAL_GIT" "$@"
"""


def test_the_token_is_nowhere(
    forge: GitHub, one: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _spied(tmp_path, monkeypatch)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    token = forge.actions("octo/one", **NEEDS)
    forge.faults.add(faults.Reply(500, {"message": f"no {token.text} here"}), method="GET")
    forge.faults.add(faults.Reply(403, f"{token.text} may not"), path="git-receive-pack$")
    ran = bots.finished(bots.start(forge, token, "octo/one"))
    assert ran.code == 2
    again = bots.finished(bots.start(forge, token, "octo/one"))
    assert again.code == 0
    calls = log.read_text(encoding="utf-8")
    assert " push " in calls
    assert "--force-with-lease" in calls
    everywhere = [ran.text, again.text, calls, repr(state(one)), repr(forge.seen)]
    everywhere += [path.read_text("latin-1") for path in _files(one.git.path, Path.home())]
    assert not any(token.text in text for text in everywhere)
    assert list(scratch.iterdir()) == []  # clones are gone


def _spied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the calls of git will be noted."""
    real = next(
        str(path)
        for part in os.environ["PATH"].split(os.pathsep)
        if os.access(path := Path(part) / "git", os.X_OK)
    )
    spy = folder / "bin" / "git"
    spy.parent.mkdir()
    spy.write_text(SPY, encoding="utf-8")
    spy.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{spy.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("REAL_GIT", real)
    monkeypatch.setenv("SPY_LOG", str(folder / "git.log"))
    return folder / "git.log"


def _files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def test_only_what_talks_to_the_forge_is_given_the_token(
    forge: GitHub, one: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _spied(tmp_path, monkeypatch)
    token = forge.app(BOT)
    assert bots.finished(bots.start(forge, token, "octo/one")).code == 0
    lines = log.read_text(encoding="utf-8").splitlines()
    for call, names in zip(lines, lines[1:]):
        if call.startswith("argv:"):
            remote = any(word in call.split() for word in ("fetch", "push", "ls-remote"))
            assert ("SSLFIX_GIT_TOKEN" in names) == remote, call
            assert "GITHUB_TOKEN" not in names
    assert f"{ACTIONS} " not in "".join(lines)


# What a repository says is not obeyed.


@pytest.mark.parametrize("dry", [False, True])
def test_names_in_a_repository_are_not_markup(forge: GitHub, one: Repository, dry: bool) -> None:
    nasty = "@alice <img src=x> [x](y) `b` #1/requirements.txt"
    one.commit({"requirements.txt": "", nasty: BROKEN})
    ran = bots.run(forge, forge.app(BOT), "octo/one", dry=dry)
    assert ran.code == 0, ran.text
    if dry:
        return
    (pull,) = one.pulls.values()
    assert "@alice" not in pull.title  # a title is plain text, but it calls people
    plain = re.sub(r"<!--.*?-->|(`+)(?!`).*?(?<!`)\1(?!`)", "", pull.body, flags=re.DOTALL)
    assert "@alice" not in plain
    assert "<img" not in plain


def test_a_name_does_not_begin_a_line_of_the_log(forge: GitHub, one: Repository) -> None:
    quoted = '"a\\n::error::x/requirements.txt"'
    one.commit({"requirements.txt": "", quoted: f"{BROKEN}b=1\n"})
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert "::error::x" in ran.out
    assert not any(line.startswith("::") for line in ran.text.splitlines())


def test_the_base_is_never_a_branch_of_the_bot(forge: GitHub, one: Repository) -> None:
    settings = f'{SETTINGS}[tool.sslfix.bot]\nbranch = "m"\n'
    one.commit({"requirements.txt": FINE, "pyproject.toml": settings})
    one.commit({"x": "1"}, message="Merged fast\n\nSslfix-Fingerprint: 0123456789abcdef")
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert (ran.code, list(one.git.branches())) == (0, ["main"])
    assert "deleted" not in ran.text


def test_what_lies_outside_of_a_repository_is_left_alone(
    forge: GitHub, one: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "requirements.txt"
    outside.write_text(BROKEN, encoding="utf-8")
    one.commit({"requirements.txt": f"-r {outside}\n"})
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert (ran.code, one.pulls) == (2, {})
    assert outside.read_text(encoding="utf-8") == BROKEN


def test_a_checkout_cannot_run_anything(forge: GitHub, one: Repository, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    one.commit(
        {
            ".gitattributes": "* filter=evil\n",
            "setup.py": f"open({str(mark)!r}, 'w')\n",
            "sitecustomize.py": f"open({str(mark)!r}, 'w')\n",
            ".venv/bin/python": f"#!/bin/sh\ntouch {mark}\n",
        }
    )
    assert bots.run(forge, forge.app(BOT), "octo/one").code == 0
    assert not mark.exists()


def test_requests_from_forks_are_refused(
    forge: GitHub, one: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = tmp_path / "event.json"
    event.write_text(
        '{"pull_request": {"head": {"repo": {"full_name": "eve/one"}},'
        ' "base": {"repo": {"full_name": "octo/one"}}}}',
        encoding="utf-8",
    )
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_target")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert ran.code == 2
    assert forge.seen == []


def test_the_token_goes_to_no_other_host(forge: GitHub, one: Repository, tmp_path: Path) -> None:
    away = "http://127.0.0.2:1/api/v3/repos/octo/one"
    forge.faults.add(faults.Reply(301, {"message": "Moved"}, (("Location", away),)))
    ran = bots.run(forge, forge.app(BOT), "octo/one")
    assert ran.code == 2
    assert "127.0.0.2" in ran.text
    assert "not followed" in ran.text
