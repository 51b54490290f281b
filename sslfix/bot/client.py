"""Calls to a forge: the one place where sslfix speaks HTTP, by the standard library.

requests would import the very urllib3 that may be broken. Every call has a time limit, is repeated
where that can do no harm, waits as long as the forge asks for (up to a limit), and sends the token
nowhere but to the forge's own host, in a header.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Callable, NamedTuple

from sslfix import __version__

from .model import ForgeError

TIMEOUT = 30
ATTEMPTS = 5
PATIENCE = 900
"""Seconds that one call may wait for its turn altogether."""
PAGE = 100
_PAGES = 50
_REDIRECTS = 3


class Call(NamedTuple):
    """A request as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | None = None


class Reply(NamedTuple):
    """An answer: the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    data: bytes


Transport = Callable[[Call], Reply]
"""Sends a request and reads the answer whatever its status; OSError where there is none."""

Hint = Callable[[int, str, str], str]
"""Status, method and path to what would help, "" where that is not known."""


class World(NamedTuple):
    """What a client needs of the world: a wire, a clock, and somebody to tell what it waits for.

    With `show`, calls that write are shown and not sent.
    """

    send: Transport
    now: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Callable[[str], None]
    show: Callable[[str], None] | None = None


def real_world(tell: Callable[[str], None], show: Callable[[str], None] | None) -> World:
    """The network and the clock of this machine."""
    import time

    return World(_transport(), time.time, time.sleep, tell, show)


def _transport() -> Transport:
    import http.client
    import urllib.error
    import urllib.request

    class Unfollowed(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(Unfollowed())

    def send(call: Call) -> Reply:
        request = urllib.request.Request(  # noqa: S310  the scheme was looked at
            call.url, data=call.data, headers=dict(call.headers), method=call.method
        )
        try:
            try:
                answer = opener.open(request, timeout=TIMEOUT)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status, headers, answer.read())
        except http.client.HTTPException as error:
            raise OSError(f"{type(error).__name__}: {error}") from error

    return send


# --------------------------------------------------------------------------- calls


class Client:
    """Calls below one address, with the same headers; `secret` is shown in no message."""

    def __init__(
        self, url: str, headers: Mapping[str, str], secret: str, world: World, hint: Hint
    ) -> None:
        self.url = url.rstrip("/")
        self._headers = {
            "User-Agent": f"sslfix/{__version__}",
            "Accept": "application/json",
            **headers,
        }
        self._secret = secret
        self._world = world
        self._hint = hint

    def get(self, path: str, **query: str) -> Any:
        """What the forge has at that path, as JSON."""
        return self._sent("GET", path, None, query, repeat=True)

    def pages(self, path: str, **query: str) -> Iterator[Any]:
        """All items of a list that the forge gives by pages."""
        for page in range(1, _PAGES + 1):
            items = self.get(path, **query, per_page=str(PAGE), page=str(page))
            yield from items
            if len(items) < PAGE:
                return

    def write(self, method: str, path: str, body: object, *, repeat: bool = True) -> Any:
        """The answer to a call that changes something; None where it is only shown.

        Without `repeat` it is sent once: it might have been done although no answer came.
        """
        if self._world.show is not None:
            self._world.show(f"{method} {self.url}{path}\n{json.dumps(body, indent=2)}")
            return None
        return self._sent(method, path, body, {}, repeat=repeat)

    def _sent(
        self, method: str, path: str, body: object, query: Mapping[str, str], *, repeat: bool
    ) -> Any:
        from urllib.parse import urlencode

        url = self.url + path + (f"?{urlencode(query)}" if query else "")
        headers = dict(self._headers)
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        reply = self._patiently(Call(method, url, headers, data), repeat=repeat)
        if not 200 <= reply.status < 300:
            raise self._error(reply, method, path)
        try:
            return json.loads(reply.data) if reply.data.strip() else None
        except ValueError:
            raise ForgeError(f"{method} {path}: the answer is no JSON: is this the API?") from None

    def _error(self, reply: Reply, method: str, path: str) -> ForgeError:
        said = self._without_secret(_said(reply))
        hint = self._hint(reply.status, method, path)
        parts = [f"{method} {path}: {reply.status}", said, hint]
        return ForgeError(": ".join(filter(None, parts)), reply.status)

    def _without_secret(self, words: str) -> str:
        return words.replace(self._secret, "***") if self._secret else words

    # ----------------------------------------------------------------------- patience

    def _patiently(self, call: Call, *, repeat: bool) -> Reply:
        """The answer, after as many attempts and as much waiting as are allowed."""
        left = float(PATIENCE)
        for attempt in range(ATTEMPTS):
            last = attempt + 1 == ATTEMPTS
            try:
                reply = self._following(call)
            except OSError as error:
                if last or not repeat:
                    raise self._no_answer(call, error) from None
                seconds, why = 2.0**attempt, "there was no answer"
            else:
                wanted = pause(reply, attempt, self._world.now())
                if wanted is None or last or (reply.status >= 500 and not repeat):
                    return reply
                seconds, why = wanted, f"the forge answered {reply.status}"
            if seconds > left:
                raise ForgeError(
                    f"{call.method} {_path(call.url)}: the forge asks to wait for {seconds:.0f} s "
                    "(rate limit): run the bot again then",
                    429,
                )
            if seconds > 5:
                self._world.tell(f"waiting {seconds:.0f} s: {why}")
            left -= seconds
            self._world.sleep(seconds)
        raise AssertionError("the last attempt returns or raises")

    def _no_answer(self, call: Call, error: OSError) -> ForgeError:
        reason = self._without_secret(str(getattr(error, "reason", "") or error))
        return ForgeError(f"{call.method} {_path(call.url)}: no answer: {reason}")

    def _following(self, call: Call) -> Reply:
        """The answer behind redirects, which lead to the same host or nowhere."""
        from urllib.parse import urljoin, urlsplit

        here = urlsplit(call.url)
        for _ in range(_REDIRECTS):
            reply = self._world.send(call)
            target = reply.headers.get("location", "")
            if reply.status not in {301, 302, 307, 308} or not target:
                return reply
            url = urljoin(call.url, target)
            if urlsplit(url)[:2] != here[:2]:
                host = urlsplit(url).netloc
                raise ForgeError(
                    f"{call.method} {_path(call.url)}: redirected to {host}: not followed, as the "
                    "token is for this host only; is the address of the API right?",
                    reply.status,
                )
            call = call._replace(url=url)
        raise ForgeError(f"{call.method} {_path(call.url)}: redirected again and again")


def pause(reply: Reply, attempt: int, now: float) -> float | None:
    """Seconds to wait before a call is repeated, None if that is of no use.

    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api,
    https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
    """
    headers = reply.headers
    spent = headers.get("x-ratelimit-remaining") == "0"
    told = b"rate limit" in reply.data.lower()
    limited = reply.status == 429 or (
        reply.status == 403 and (spent or told or "retry-after" in headers)
    )
    if not limited and reply.status not in {500, 502, 503, 504}:
        return None
    asked = _seconds(headers.get("retry-after", ""))
    if asked is not None:
        return asked
    if not limited:
        return 2.0**attempt
    reset = _seconds(headers.get("x-ratelimit-reset" if spent else "ratelimit-reset", ""))
    return 60.0 * 2**attempt if reset is None else max(reset - now, 0) + 1


def _seconds(text: str) -> float | None:
    return float(text) if text.strip().isdigit() else None


def _path(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).path


def _said(reply: Reply) -> str:
    """What the forge says is wrong, on one line."""
    try:
        told = json.loads(reply.data)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    words = told.get("message") or told.get("error_description") or told.get("error") or ""
    details = [
        str(one.get("message") or f"{one.get('field', '')} {one.get('code', '')}".strip())
        if isinstance(one, dict)
        else str(one)
        for one in (told.get("errors") or [] if isinstance(told.get("errors"), list) else [])
    ]
    text = "; ".join([words if isinstance(words, str) else json.dumps(words), *details])
    return " ".join(text.split())[:500]
