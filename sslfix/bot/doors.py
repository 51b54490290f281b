"""What the bot takes from its surroundings: token, addresses, and whose code it runs on."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from sslfix.errors import UsageError

from .model import Forge, Token

if TYPE_CHECKING:
    from .run import Order

_TOKENS = {
    "github": ("SSLFIX_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"),
    "gitlab": ("SSLFIX_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"),
}
_SECRETS = (
    *("SSLFIX_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN"),
    *("ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_REPOSITORY_URL"),
)
_SHORTEST = 8
"""Characters of what is a secret and no chance."""
_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def secrets(forge: str, environ: MutableMapping[str, str]) -> Iterator[Token]:
    """The token; meanwhile no variable holds one: what re-locks may run code of packages."""
    found = next(
        (Token(environ[name], name) for name in _TOKENS[forge] if environ.get(name)), Token("", "")
    )
    words = {environ[name] for name in _SECRETS if len(environ.get(name, "")) >= _SHORTEST}
    # GitLab has the token of the job in a password of its registry too.
    telling = [name for name in environ if any(word in environ[name] for word in words)]
    kept = {name: environ.pop(name) for name in {*telling, *_SECRETS} if name in environ}
    try:
        yield found
    finally:
        environ.update(kept)


# --------------------------------------------------------------------------- whose code


def refuse_foreign(environ: Mapping[str, str]) -> None:
    """Raise UsageError where the run was started by a request from somebody else's copy."""
    head, base = _github_heads(environ)
    if not base:
        head = environ.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "")
        base = environ.get("CI_MERGE_REQUEST_PROJECT_ID", "") if head else ""
    if head != base:
        raise UsageError(
            "this run was started by a request from another repository: the bot does not act on "
            "those. To look at one without running anything of it: sslfix check --no-exec"
        )


def _github_heads(environ: Mapping[str, str]) -> tuple[str, str]:
    """The repositories that an event's branch comes from and goes to, "" for other events."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not os.path.isfile(path):
        return "", ""
    try:
        with open(path, encoding="utf-8") as stream:
            event: Any = json.load(stream)
    except ValueError:
        return "", ""
    if isinstance(event, dict) and event.get("pull_request"):
        pull = event["pull_request"]
        return _full_name(pull["head"].get("repo")), _full_name(pull["base"].get("repo"))
    if isinstance(event, dict) and event.get("workflow_run"):
        run = event["workflow_run"]
        return _full_name(run.get("head_repository")), _full_name(run.get("repository"))
    return "", ""


def _full_name(repository: Any) -> str:
    return str((repository or {}).get("full_name", ""))


# --------------------------------------------------------------------------- where


class Address(NamedTuple):
    """Where a forge's API and its repositories are."""

    api: str
    server: str


def address(forge: str, api: str | None, server: str | None, environ: Mapping[str, str]) -> Address:
    """The addresses asked for, else the CI's, else the public ones.

    Raises UsageError for one that would show the token to the network.
    """
    from . import github, gitlab

    module = github if forge == "github" else gitlab
    server = (server or environ.get(module.SERVER_VARIABLE) or module.SERVER).rstrip("/")
    own = (environ.get(module.SERVER_VARIABLE) or module.SERVER).rstrip("/") == server
    told = environ.get(module.API_VARIABLE) if own else None
    api = (api or told or module.api_url(server)).rstrip("/")
    for url in (api, server):
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname or parts.username or parts.password:
            raise UsageError(f"{parts.scheme}://{parts.hostname}: an address begins with https://")
    return Address(api, server)


def forges(
    kind: str, address: Address, names: Sequence[str], order: Order
) -> list[tuple[str, Forge]]:
    """The forge of each repository. Raises UsageError for a name that is none, or no token."""
    from . import github, gitlab
    from .client import real_world

    for name in names:
        if not _NAME.fullmatch(name) or ".." in name:
            raise UsageError(f"{name}: a repository is written OWNER/NAME")
    if not order.token.secret and not order.dry:
        raise UsageError(f"no token: set {' or '.join(_TOKENS[kind])}")
    make = github.GitHub if kind == "github" else gitlab.of
    world = real_world(order.tell, order.show if order.dry else None)
    return [(name, make(name, address.api, address.server, order.token, world)) for name in names]
