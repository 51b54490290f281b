"""`sslfix bot` on a fake forge, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from unittest import mock

from sslfix import cli
from sslfix.bot import client

from .repository import Repository
from .server import Forge, Token

# macOS' own Python 3.9: urllib3 2.0.2 cannot be imported there.
TARGET = "macos-python3.9"
SETTINGS = f'[tool.sslfix]\ntargets = ["{TARGET}"]\n'
BROKEN = "urllib3==2.0.2\n"
FINE = "urllib3==1.26.20\n"
FILES = {"requirements.txt": BROKEN, "pyproject.toml": SETTINGS, "README.md": "text\n"}
BRANCH = "sslfix/requirements.txt"
# No resolver answers: what is tested is the way to the forge.
OFFLINE = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}


class Ran(NamedTuple):
    code: int
    out: str
    error: str
    naps: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        return self.out + self.error


def words(forge: Forge, *repositories: str, dry: bool = False, path: str = ".") -> list[str]:
    """The command line."""
    kind = "github" if forge.prefix == "/api/v3" else "gitlab"
    named = [word for name in repositories for word in ("--repo", name)]
    addresses = ("--api-url", forge.api, "--server-url", forge.url)
    return ["bot", kind, "--checkout", path, *named, *addresses, *(("--dry-run",) if dry else ())]


def run(
    forge: Forge,
    token: Token | None,
    *repositories: str,
    dry: bool = False,
    path: str = ".",
    variables: Mapping[str, str] = OFFLINE,
) -> Ran:
    """Run the bot here; it does not wait, the forge's clock is put forward instead."""
    out, error, naps = io.StringIO(), io.StringIO(), []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        forge.ahead += seconds

    def world(*arguments: object) -> client.World:
        return real(*arguments)._replace(now=forge.clock, sleep=nap)  # type: ignore[arg-type]

    real = client.real_world
    with contextlib.ExitStack() as stack:
        secret = {"SSLFIX_TOKEN": token.text} if token else {}
        stack.enter_context(mock.patch.dict(os.environ, {**variables, **secret}))
        stack.enter_context(mock.patch.object(client, "real_world", world))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(error))
        code = cli.main(words(forge, *repositories, dry=dry, path=path))
    return Ran(code, out.getvalue(), error.getvalue(), tuple(naps))


def start(
    forge: Forge, token: Token, *repositories: str, **variables: str
) -> subprocess.Popen[str]:
    """Start the bot in a process of its own."""
    environment = {**os.environ, **OFFLINE, "GITHUB_TOKEN": token.text, **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "sslfix", *words(forge, *repositories)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> Ran:
    out, error = process.communicate(timeout=120)
    return Ran(process.returncode, out, error)


def state(repository: Repository) -> object:
    """All that a maintainer sees of it, to be compared with that of another repository.

    Commits are what is in them: by the API they differ in their times.
    """

    def content(match: re.Match[str]) -> str:
        if repository.git.resolve(match[0]) is None:
            return match[0]  # was never pushed
        (commit,) = repository.git.commits("-1", match[0])
        return f"({commit.tree} on {commit.parents}: {commit.message})"

    pulls = [tuple(_pull(repository, number)) for number in repository.pulls]
    text = repr([repository.git.branches(), *pulls]).replace(repository.name, "octo/one")
    text = re.sub(r"\b[0-9a-f]{40}\b", content, text)
    return text.replace("\\n", "\n").splitlines()


def _pull(repository: Repository, number: int) -> Iterator[object]:
    pull = repository.pulls[number]
    yield from (number, pull.title, pull.body, pull.state, pull.head, pull.base, pull.sha)
    yield from (pull.author, pull.merged_by, pull.closed_by)
    yield from (pull.labels, pull.assignees, pull.reviewers)
    yield [(comment.author, comment.body) for comment in pull.comments]
