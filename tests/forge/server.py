"""The HTTP side of a fake forge: requests in, answers out, git by `git http-backend`.

Every request gets a number. It may be met by a planned fault, is held against the contract, and is
kept in `Forge.seen`; what neither side may say ends up in `Forge.violations`.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from .bare import Bare, variables
from .contract import Contract, Operation
from .faults import Cut, Expire, Faults, Meanwhile, Reply
from .repository import Repository

if TYPE_CHECKING:
    from typing_extensions import Self

GIT = re.compile(r"/(?P<name>.+?)(?:\.git)?/(?P<rest>info/refs|git-(?:upload|receive)-pack)")
# Both forges refuse a push by a hook of theirs. The patterns are those of the shell.
PRE_RECEIVE = r"""#!/bin/sh
set -f
while read -r old new ref; do
  for pattern in $FORGE_PROTECTED; do
    case "${ref#refs/heads/}" in $pattern) echo "$FORGE_REFUSAL $ref." >&2; exit 1;; esac
  done
  case "$new$FORGE_WORKFLOWS" in
    *[!0]*no)
      if git diff --name-only "main...$new" | grep -q '^\.github/workflows/'; then
        echo 'refusing to allow a GitHub App to create or update workflow without' \
             '`workflows` permission' >&2
        exit 1
      fi;;
  esac
done
"""
POST_RECEIVE = r"""#!/bin/sh
n=0
while [ "$n" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
  eval "printf '%s\n' \"\$GIT_PUSH_OPTION_$n\""
  n=$((n + 1))
done > "$FORGE_OPTIONS"
"""


class Token:
    """Who calls, what that may do, and how often."""

    def __init__(
        self,
        login: str,
        permissions: Mapping[str, str],
        *,
        kind: str = "app",
        repositories: Iterable[str] | None = None,
        limit: int = 5000,
        reset_after: int = 3600,
    ) -> None:
        self.text = "ghs_" + secrets.token_hex(18)
        self.login = login
        self.permissions = dict(permissions)
        self.kind = kind  # app, actions, personal; GitLab: project, personal, job
        self.repositories = None if repositories is None else set(repositories)
        self.limit = limit
        self.reset_after = reset_after
        self.used = 0
        self.resets: float | None = None
        self.expired = False

    def may(self, permission: str) -> bool:
        """Whether one of `name:read` or `name:write`, joined by `|`, is given."""
        return any(self._has(*one.split(":")) for one in permission.split("|"))

    def _has(self, name: str, level: str) -> bool:
        held = self.permissions.get(name)
        return held == "write" or (held == "read" and level == "read")

    def spend(self, now: float) -> bool:
        """Count a call; False says that none was left."""
        if self.resets is None or now >= self.resets:
            self.used, self.resets = 0, now + self.reset_after
        if self.used >= self.limit:
            return False
        self.used += 1
        return True


class Call(NamedTuple):
    """A request to the API."""

    operation: Operation
    query: Mapping[str, str]
    body: Any
    token: Token | None


class Answer(NamedTuple):
    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):  # noqa: N818  an answer, not a fault of the program
    def __init__(self, status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, body)
        self.answer = Answer(status, body, headers)


class Seen(NamedTuple):
    """A request as it was answered; `status` is 0 where no answer was sent."""

    number: int
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int

    @property
    def writes(self) -> bool:
        """Whether it asked for a change."""
        return self.method not in {"GET", "HEAD"} and not self.path.endswith("git-upload-pack")


class Forge:
    """A forge at `url` with its API at `api`; a context manager."""

    prefix = ""
    refusal = ""
    realm = ""
    no_login = "Invalid username or token."

    def __init__(self, root: Path, contract: Contract) -> None:
        self.root, self.contract = root, contract
        self.template = Bare.template(root / "template")
        self.repositories: dict[str, Repository] = {}
        self.moved: dict[str, Repository] = {}  # by the name that they had
        self.tokens: dict[str, Token] = {}
        self.faults = Faults()
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self.lock = threading.RLock()
        self.ahead = 0.0
        self._count = 0
        self._start = dt.datetime.now(dt.timezone.utc)
        self._ticks = 0
        self._hooks()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.forge = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.api = self.url + self.prefix

    def _hooks(self) -> None:
        folder = self.root / "hooks"
        folder.mkdir()
        for name, text in (("pre-receive", PRE_RECEIVE), ("post-receive", POST_RECEIVE)):
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # What tests ask.

    @property
    def writes(self) -> list[Seen]:
        """The requests that asked for a change."""
        return [one for one in self.seen if one.writes]

    def calls(self) -> list[str]:
        """The requests in a line each, without the queries."""
        return [f"{one.method} {one.path}" for one in self.seen]

    def forget(self) -> None:
        """Number requests from 1 again and plan no faults."""
        with self.lock:
            self.seen.clear()
            self.faults.clear()
            self._count = 0

    def repository(self, name: str, files: Mapping[str, str | None]) -> Repository:
        """A private repository with those files on `main`."""
        number = len(self.repositories) + 1001
        made = Repository(self.root, self.template, number, name, self.now)
        self.repositories[name.lower()] = made
        made.git.commit(files, message="start")
        return made

    def copy(self, repository: Repository, name: str) -> Repository:
        """Another repository in which the same has happened."""
        made = copy.deepcopy(repository)
        made.name, made.id = name, len(self.repositories) + 1001
        made.owner, made.short = name.rsplit("/", 1)
        made.git = Bare(self.root / f"{name}.git", repository.git.path)
        self.repositories[name.lower()] = made
        return made

    def rename(self, repository: Repository, name: str) -> None:
        """Give it another name; the old one leads there."""
        old = repository.name
        self.moved[old.lower()] = self.repositories.pop(old.lower())
        self.repositories[name.lower()] = repository
        repository.name = name
        repository.owner, repository.short = name.rsplit("/", 1)
        repository.git.path = repository.git.path.rename(self.root / f"{name}.git")

    def token(self, login: str, permissions: Mapping[str, str], **how: Any) -> Token:
        token = Token(login, permissions, **how)
        self.tokens[token.text] = token
        return token

    def clock(self) -> float:
        """The time, for limits; tests that do not want to wait put it forward by `ahead`."""
        return time.time() + self.ahead

    def now(self) -> str:
        """A time that is later than each before."""
        self._ticks += 1
        moment = self._start + dt.timedelta(seconds=self._ticks)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    # How requests are answered.

    def number(self) -> int:
        with self.lock:
            self._count += 1
            return self._count

    def bearer(self, headers: Message) -> str | None:
        """The token that an API request carries."""
        raise NotImplementedError

    def answer(self, operation: Operation, call: Call) -> Answer:
        """Do what an API call asks; raises Refused."""
        raise NotImplementedError

    def refused_token(self) -> Refused:
        raise NotImplementedError

    def visible(self, name: str, token: Token | None) -> Repository | None:
        """The repository, if the caller may know that it is there."""
        found = self.repositories.get(name.lower())
        if found is None or not found.private:
            return found
        if token is None or (
            token.repositories is not None and found.name not in token.repositories
        ):
            return None
        return found

    def limits(self, _token: Token | None) -> tuple[tuple[str, str], ...]:
        """Headers about the rate limit; raises Refused when it is used up."""
        return ()

    def serve(self, request: _Handler, number: int, body: bytes) -> Answer:
        """The answer to a request to the API."""
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        path = self.elsewhere(url.path[len(self.prefix) :], url.query, request.command)
        if isinstance(path, Answer):
            return path
        value = self._json(body, path)
        if not request.headers.get("User-Agent"):
            self.violations.append(f"request {number} does not say who asks")
        with self.lock:
            operation = self.contract.operation(request.command, path)
            if operation is None:
                self.violations.append(f"{request.command} {path} is no call of the API")
                return Answer(404, {"message": "Not Found"})
            call = f"{request.command} {operation.template}"
            faults = self.contract.request_faults(operation, query, value)
            self.violations += [f"request {number}, {call}: {fault}" for fault in faults]
            answer = self._answered(request, operation, Call(operation, query, value, None))
            said = self.contract.answer_faults(operation, answer.status, answer.body)
            self.violations += [f"answer {number}, {call}: {fault}" for fault in said]
            return answer

    def elsewhere(self, path: str, _query: str, _method: str) -> Answer | str:
        """The path of what is asked for, or the answer that says where that is now."""
        return path

    def _answered(self, request: _Handler, operation: Operation, call: Call) -> Answer:
        limits: tuple[tuple[str, str], ...] = ()
        try:
            token = self.authenticate(self.bearer(request.headers))
            limits = self.limits(token)
            answer = self.answer(operation, call._replace(token=token))
        except Refused as refused:
            answer = refused.answer
        return answer._replace(headers=answer.headers + limits)

    def authenticate(self, text: str | None) -> Token | None:
        """Whose token that is; None is nobody's request, a wrong token is refused."""
        if text is None:
            return None
        token = self.tokens.get(text)
        if token is None or token.expired:
            raise self.refused_token()
        return token

    def _json(self, body: bytes, path: str) -> Any:
        try:
            return json.loads(body) if body else None
        except ValueError:
            self.violations.append(f"{path}: the body is no JSON")
            return None

    # Git over HTTP.

    def serve_git(self, request: _Handler, name: str, rest: str, body: bytes) -> Answer:
        """The answer to git, by `git http-backend` where the token may do that."""
        query = urlsplit(request.path).query
        pushes = "receive-pack" in rest + query
        try:
            token = self.authenticate(_basic(request.headers))
        except Refused:
            return _text(401, self.no_login, self.realm)
        repository = self.visible(name, token)
        public = repository is not None and not repository.private and not pushes
        if token is None and not public:
            return _text(401, self.no_login, self.realm)
        if name.lower() in self.moved:
            now = f"{self.url}/{self.moved[name.lower()].name}.git/{rest}?{query}"
            return Answer(301, "", (("Location", now),))
        if repository is None or (token and not public and not token.may("contents:read")):
            return _text(404, "Repository not found.")
        if token and pushes and (repository.archived or not token.may("contents:write")):
            return _text(403, self.no_push(repository, token))
        options = self.root / f"options-{secrets.token_hex(4)}"
        before = repository.git.branches() if pushes else {}
        answer = self._backend(request, repository, rest, body, token, options)
        if token and rest == "git-receive-pack":
            with self.lock:
                said = options.read_text(encoding="utf-8") if options.exists() else ""
                after = repository.git.branches()
                repository.refresh(token.login)
                changed = [name for name, sha in after.items() if before.get(name) != sha]
                self.pushed(repository, token, said.splitlines(), changed)
        return answer

    def pushed(
        self, repository: Repository, token: Token, options: list[str], branches: list[str]
    ) -> None:
        """Do what push options ask for about the branches pushed to; GitHub has none."""

    def no_push(self, repository: Repository, token: Token) -> str:
        """What is said to a push that is not allowed."""
        raise NotImplementedError

    def _backend(
        self,
        request: _Handler,
        repository: Repository,
        rest: str,
        body: bytes,
        token: Token | None,
        options: Path,
    ) -> Answer:
        settings = {"core.hooksPath": str(self.root / "hooks"), "http.receivepack": "true"}
        environment = {
            **variables(),
            **_settings(settings),
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.git.path.relative_to(self.root)}/{rest}",
            "REQUEST_METHOD": request.command,
            "QUERY_STRING": urlsplit(request.path).query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": token.login if token else "",
            "FORGE_PROTECTED": " ".join(repository.protected),
            "FORGE_REFUSAL": self.refusal,
            "FORGE_WORKFLOWS": "" if token and token.may("workflows:write") else "no",
            "FORGE_OPTIONS": str(options),
        }
        command = ["git", "http-backend"]
        done = subprocess.run(
            command, env=environment, input=body, capture_output=True, check=False
        )
        head, _blank, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        headers = dict(fields)
        status = int(headers.pop("Status", "200").split()[0])
        return Answer(status, content, tuple(headers.items()))


def _settings(values: Mapping[str, str]) -> dict[str, str]:
    """Git settings as environment variables."""
    found = {"GIT_CONFIG_COUNT": str(len(values))}
    for number, (key, value) in enumerate(values.items()):
        found[f"GIT_CONFIG_KEY_{number}"] = key
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def _basic(headers: Message) -> str | None:
    scheme, _space, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    return base64.b64decode(value).decode().partition(":")[2]


def _text(status: int, message: str, realm: str = "") -> Answer:
    headers = (("WWW-Authenticate", f'Basic realm="{realm}"'),) if realm else ()
    return Answer(status, message, headers)


class _Server(ThreadingHTTPServer):
    forge: Forge
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_where: Any) -> None:
        """Keep a fault of the fake; a client that hangs up is its own affair."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.forge.violations.append(traceback.format_exc())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Nothing: `Forge.seen` is the log."""

    def do_GET(self) -> None:
        forge, body = self.server.forge, self._body()
        number = forge.number()
        fault = forge.faults.take(number, self.command, unquote(self.path))
        cut = fault.when if isinstance(fault, Cut) else ""
        answer = self._faulty(fault)
        if answer is None and cut != "before":
            answer = self._carried_out(number, body)
        self._note(number, body, 0 if cut or answer is None else answer.status)
        if answer is None or cut == "after":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send(answer, within=cut == "within")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _carried_out(self, number: int, body: bytes) -> Answer:
        forge, path = self.server.forge, urlsplit(self.path).path
        git = GIT.fullmatch(path)
        if git and not (forge.prefix and path.startswith(forge.prefix + "/")):
            return forge.serve_git(self, git["name"], git["rest"], body)
        return forge.serve(self, number, body)

    def _faulty(self, fault: object) -> Answer | None:
        """What a fault answers without anything being done."""
        if isinstance(fault, Reply):
            return Answer(fault.status, fault.body, fault.headers)
        if isinstance(fault, Expire):
            fault.token.expired = True
        if isinstance(fault, Meanwhile):
            fault.action()
        return None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _note(self, number: int, body: bytes, status: int) -> None:
        forge, url = self.server.forge, urlsplit(self.path)
        path = url.path.removeprefix(forge.prefix)
        try:
            value = json.loads(body)
        except ValueError:
            value = None
        query = dict(parse_qsl(url.query))
        with forge.lock:
            forge.seen.append(Seen(number, self.command, path, query, value, status))

    def _send(self, answer: Answer, *, within: bool) -> None:
        content, kind = _encoded(answer.body)
        self.send_response(answer.status)
        for name, value in (*kind, *answer.headers, ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        # curl repeats by itself what is cut off on a connection that it used before.
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if within else content)


def _encoded(body: Any) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The bytes to send, and the header that says what they are."""
    if isinstance(body, bytes):  # from git, which gave its own header
        return body, ()
    if isinstance(body, str):  # what git shows after "remote: "
        return body.encode() + b"\n", (("Content-Type", "text/plain"),)
    if body is None:
        return b"", ()
    return json.dumps(body).encode(), (("Content-Type", "application/json; charset=utf-8"),)
