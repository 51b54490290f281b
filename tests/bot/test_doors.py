"""What the bot takes from its surroundings."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from sslfix import cli
from sslfix.bot import doors
from sslfix.bot.doors import Address
from sslfix.bot.model import Token
from sslfix.commands import bot
from sslfix.errors import UsageError


@pytest.mark.parametrize(
    ("forge", "environ", "token"),
    [
        ("github", {"GITHUB_TOKEN": "a", "SSLFIX_TOKEN": "b"}, Token("b", "SSLFIX_TOKEN")),
        ("github", {"GITHUB_TOKEN": "a", "GITLAB_TOKEN": "b"}, Token("a", "GITHUB_TOKEN")),
        ("github", {"GITLAB_TOKEN": "b"}, Token()),
        ("gitlab", {"GITLAB_TOKEN": "b", "CI_JOB_TOKEN": "c"}, Token("b", "GITLAB_TOKEN")),
        ("gitlab", {"CI_JOB_TOKEN": "c"}, Token("c", "CI_JOB_TOKEN")),
        ("gitlab", {"GITLAB_TOKEN": ""}, Token()),
    ],
)
def test_the_token_comes_from_the_environment_and_is_not_left_there(
    forge: str, environ: dict[str, str], token: Token
) -> None:
    before = dict(environ)
    with doors.secrets(forge, environ) as found:
        assert found == token
        assert not [name for name, value in environ.items() if value]
    assert environ == before


def test_a_variable_that_holds_the_token_by_another_name_is_kept_back_too() -> None:
    environ = {
        "GITLAB_TOKEN": "project-token",
        "CI_JOB_TOKEN": "job-token-1",
        "CI_REGISTRY_PASSWORD": "job-token-1",
        "ADDRESS": "https://x:project-token@forge.example",
        "CI_PROJECT_PATH": "g/p",
    }
    before = dict(environ)
    with doors.secrets("gitlab", environ):
        assert environ == {"CI_PROJECT_PATH": "g/p"}
    assert environ == before


@pytest.mark.parametrize(
    ("forge", "api", "server", "environ", "expected"),
    [
        ("github", None, None, {}, ("https://api.github.com", "https://github.com")),
        ("gitlab", None, None, {}, ("https://gitlab.com/api/v4", "https://gitlab.com")),
        ("github", None, "https://g.example/", {}, ("https://g.example/api/v3", "https://g.example")),
        (
            "github",
            None,
            None,
            {"GITHUB_SERVER_URL": "https://g.example", "GITHUB_API_URL": "https://api.g.example"},
            ("https://api.g.example", "https://g.example"),
        ),
        (  # one alone is enough
            "github",
            None,
            None,
            {"GITHUB_API_URL": "http://127.0.0.1:1"},
            ("http://127.0.0.1:1", "https://github.com"),
        ),
        (  # the API of the CI's own server is not that of another
            "github",
            None,
            "https://other.example",
            {"GITHUB_SERVER_URL": "https://g.example", "GITHUB_API_URL": "https://api.g.example"},
            ("https://other.example/api/v3", "https://other.example"),
        ),
        (
            "gitlab",
            None,
            None,
            {"CI_SERVER_URL": "https://l.example/git", "CI_API_V4_URL": "https://l.example/git/api/v4"},
            ("https://l.example/git/api/v4", "https://l.example/git"),
        ),
        ("gitlab", "http://127.0.0.1:1/a", "http://localhost:1", {}, ("http://127.0.0.1:1/a", "http://localhost:1")),
    ],
)  # fmt: skip
def test_addresses(
    forge: str,
    api: str | None,
    server: str | None,
    environ: dict[str, str],
    expected: tuple[str, str],
) -> None:
    assert doors.address(forge, api, server, environ) == Address(*expected)


@pytest.mark.parametrize(
    "url",
    ["http://g.example", "ftp://g.example", "g.example", "https://me:secret@g.example", "http://"],
)
def test_an_address_that_would_show_the_token_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="begins with https") as caught:
        doors.address("github", None, url, {})
    assert "secret" not in str(caught.value)


def event(head: str | None, base: str = "o/r") -> dict[str, object]:
    repo = None if head is None else {"full_name": head}
    return {"pull_request": {"head": {"repo": repo}, "base": {"repo": {"full_name": base}}}}


def after(head: str) -> dict[str, object]:
    """The event of a workflow that runs after another one."""
    run = {"head_repository": {"full_name": head}, "repository": {"full_name": "o/r"}}
    return {"workflow_run": run}


@pytest.mark.parametrize(
    ("content", "foreign"),
    [
        (event("o/r"), False),
        (event("x/r"), True),
        (event(None), True),  # the fork is gone
        (after("x/r"), True),
        (after("o/r"), False),
        ({"schedule": "0 0 * * 0"}, False),
        ([], False),
    ],
)
def test_a_run_for_somebody_elses_copy_is_refused(
    content: object, foreign: bool, tmp_path: Path
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    if foreign:
        with pytest.raises(UsageError, match="--no-exec"):
            doors.refuse_foreign({"GITHUB_EVENT_PATH": str(path)})
    else:
        doors.refuse_foreign({"GITHUB_EVENT_PATH": str(path)})


@pytest.mark.parametrize(("source", "foreign"), [("7", True), ("1", False), ("", False)])
def test_a_merge_request_from_a_fork_is_refused(source: str, foreign: bool) -> None:
    environ = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source, "CI_MERGE_REQUEST_PROJECT_ID": "1"}
    if foreign:
        with pytest.raises(UsageError):
            doors.refuse_foreign(environ)
    else:
        doors.refuse_foreign(environ)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name a repository with --repo OWNER/NAME"),
        (["--repo", "o/r"], "no token: set SSLFIX_TOKEN or GITHUB_TOKEN or GH_TOKEN"),
        (["--repo", "../../user"], "../../user: a repository is written OWNER/NAME"),
        (["--repo", "o"], "o: a repository is written OWNER/NAME"),
        (["--repos", "none.txt"], "none.txt: "),
        (["--repo", "o/r", "--server-url", "http://g.example"], "begins with https://"),
        (["--repo", "o/r", "--target", "x", "--python", "3"], "not both"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bot", "github", *words]) == 2
    assert message in capsys.readouterr().err


def test_a_list_of_repositories_may_come_from_windows(tmp_path: Path) -> None:
    listed = tmp_path / "repositories.txt"
    listed.write_bytes(b"\xef\xbb\xbfo/r\r\n# of us\r\nO/R\r\no/s  # too\r\n")
    asked = argparse.Namespace(repo=None, repos=str(listed))
    assert [name.casefold() for name in bot._repositories(asked)] == ["o/r", "o/s"]
