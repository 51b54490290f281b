"""The one function that speaks HTTP: patience, redirects, errors, and where the token goes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sslfix.bot import github, gitlab
from sslfix.bot.client import ATTEMPTS, PATIENCE, Call, Client, Reply, World
from sslfix.bot.model import ForgeError

API = "https://forge.example/api"
SECRET = "s3cr3t"
LIMITED = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}


class Wire:
    """Plays answers one after the other; an exception stands for a cut connection."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []
        self.slept: list[float] = []
        self.told: list[str] = []
        self.shown: list[str] = []

    def send(self, call: Call) -> Reply:
        self.calls.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(
        self, hint: Callable[[int, str, str], str] = github.hint, *, dry: bool = False
    ) -> Client:
        world = World(
            self.send,
            lambda: 1000.0,
            self.slept.append,
            self.told.append,
            self.shown.append if dry else None,
        )
        return Client(API, {"Authorization": f"Bearer {SECRET}"}, SECRET, world, hint)


def reply(status: int, body: object = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, b"" if body is None else json.dumps(body).encode())


CUT = ConnectionResetError("cut")
DONE = reply(200, {"ok": True})


@pytest.mark.parametrize(
    ("bad", "seconds"),
    [
        (CUT, 1),
        (reply(502), 1),
        (reply(503, retry_after="7"), 7),
        (reply(429, retry_after="3"), 3),
        (reply(429), 60),
        (reply(429, ratelimit_reset="1010"), 11),
        (Reply(403, LIMITED, b""), 31),
        (reply(403, {"message": "You have exceeded a secondary rate limit"}), 60),
        (reply(403, retry_after="2"), 2),
    ],
)
def test_a_call_is_repeated_after_as_long_as_the_forge_asks_for(
    bad: Reply | Exception, seconds: float
) -> None:
    wire = Wire(bad, DONE)
    assert wire.client().get("/x") == {"ok": True}
    assert wire.slept == [seconds]


def test_waiting_long_is_told() -> None:
    wire = Wire(reply(429, retry_after="30"), DONE)
    wire.client().get("/x")
    assert wire.told == ["waiting 30 s: the forge answered 429"]


def test_patience_ends() -> None:
    wire = Wire(*[CUT] * ATTEMPTS)
    with pytest.raises(ForgeError, match=r"GET /api/x: no answer: cut"):
        wire.client().get("/x")
    assert wire.slept == [1, 2, 4, 8]


def test_a_limit_that_lasts_too_long_is_said_and_not_waited_for() -> None:
    wire = Wire(reply(429, retry_after=str(PATIENCE + 1)))
    with pytest.raises(ForgeError, match="rate limit") as caught:
        wire.client().get("/x")
    assert (wire.slept, caught.value.status) == ([], 429)


@pytest.mark.parametrize("bad", [CUT, reply(502)])
def test_what_might_have_been_done_is_not_done_again(bad: Reply | Exception) -> None:
    wire = Wire(bad)
    with pytest.raises(ForgeError):
        wire.client().write("POST", "/x", {}, repeat=False)
    assert len(wire.calls) == 1


def test_what_was_refused_for_a_limit_is_sent_again_in_any_case() -> None:
    wire = Wire(reply(429, retry_after="1"), DONE)
    assert wire.client().write("POST", "/x", {}, repeat=False) == {"ok": True}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed_with_method_and_body(status: int) -> None:
    wire = Wire(reply(status, location="/api/repositories/1"), DONE)
    wire.client().write("PATCH", "/x", {"a": 1})
    assert [call.url for call in wire.calls] == [f"{API}/x", f"{API}/repositories/1"]
    assert {call.method for call in wire.calls} == {"PATCH"}
    assert {call.data for call in wire.calls} == {b'{"a": 1}'}


@pytest.mark.parametrize(
    "target",
    [
        "https://other.example/api/x",
        "http://forge.example/api/x",
        "https://forge.example:8443/api/x",
        "//other.example/x",
    ],
)
def test_the_token_follows_no_redirect_to_another_host(target: str) -> None:
    wire = Wire(reply(302, location=target))
    with pytest.raises(ForgeError, match="not followed"):
        wire.client().get("/x")
    assert len(wire.calls) == 1


def test_redirects_in_a_ring_end() -> None:
    wire = Wire(*[reply(301, location="/api/x")] * 3)
    with pytest.raises(ForgeError, match="again and again"):
        wire.client().get("/x")


def test_all_pages_are_read() -> None:
    wire = Wire(reply(200, list(range(100))), reply(200, [100]))
    assert list(wire.client().pages("/x", state="all")) == list(range(101))
    assert [call.url.partition("?")[2] for call in wire.calls] == [
        "state=all&per_page=100&page=1",
        "state=all&per_page=100&page=2",
    ]


def test_the_token_is_in_the_headers_and_nowhere_else() -> None:
    wire = Wire(reply(403, {"message": f"bad {SECRET}"}))
    with pytest.raises(ForgeError) as caught:
        wire.client().write("POST", "/x", {"a": 1})
    (call,) = wire.calls
    assert SECRET not in f"{call.url} {call.data!r} {caught.value}"
    assert call.headers["Authorization"] == f"Bearer {SECRET}"


def test_dry_shows_what_would_be_written_and_sends_nothing() -> None:
    wire = Wire(DONE)
    client = wire.client(dry=True)
    assert client.get("/x") == {"ok": True}
    assert client.write("POST", "/x", {"a": 1}) is None
    assert wire.shown == [f'POST {API}/x\n{{\n  "a": 1\n}}']
    assert [call.method for call in wire.calls] == ["GET"]


def test_what_is_no_json_is_said() -> None:
    wire = Wire(Reply(200, {}, b"<html>"))
    with pytest.raises(ForgeError, match="no JSON: is this the API"):
        wire.client().get("/x")


HINTS: list[tuple[Callable[..., str], int, str, str, str]] = [
    (github.hint, 401, "GET", "/repos/o/r", "the token is wrong or has expired"),
    (github.hint, 404, "GET", "/repos/o/r", "the token cannot see it"),
    (github.hint, 403, "POST", "/repos/o/r/pulls", "Allow GitHub Actions to create and approve"),
    (github.hint, 403, "POST", "/repos/o/r/issues/1/labels", "`issues: write`"),
    (github.hint, 403, "PATCH", "/repos/o/r/pulls/1", "`pull-requests: write`"),
    (github.hint, 403, "POST", "/repos/o/r/git/refs", "`contents: write`"),
    (github.hint, 403, "GET", "/repos/o/r/git/ref/x", "`contents: read`"),
    (gitlab.hint, 401, "GET", "/projects/1", "the token is wrong or has expired"),
    (gitlab.hint, 403, "POST", "/projects/1/merge_requests", "the scopes api and write_repository"),
    (gitlab.hint, 404, "GET", "/projects/1", "the token cannot see it"),
]


@pytest.mark.parametrize(("hint", "status", "method", "path", "words"), HINTS)
def test_an_error_says_which_permission_is_missing(
    hint: Callable[..., str], status: int, method: str, path: str, words: str
) -> None:
    wire = Wire(reply(status, {"message": "No", "errors": [{"field": "head", "code": "bad"}]}))
    with pytest.raises(ForgeError) as caught:
        wire.client(hint)._sent(method, path, None, {}, repeat=False)
    assert str(caught.value).startswith(f"{method} {path}: {status}: No; head bad")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "A\nB"}, "GET /x: 422: A B"),
        ({"message": {"base": ["taken"]}}, 'GET /x: 422: {"base": ["taken"]}'),
        ({"error": "invalid"}, "GET /x: 422: invalid"),
        ({"message": "A", "errors": ["one", "two"]}, "GET /x: 422: A; one; two"),
        (["A"], "GET /x: 422"),
    ],
)
def test_the_words_of_the_forge_are_on_one_line(body: object, words: str) -> None:
    with pytest.raises(ForgeError) as caught:
        Wire(reply(422, body)).client().get("/x")
    assert str(caught.value) == words
