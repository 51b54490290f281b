"""A temporary clone of one branch, deterministic commits in it, and pushing them.

The same fix on the same base gives the same commit, whoever makes it and when: so "up to date" is
an equality, and two bots at once push the same thing. The token is given to git by a credential
helper that reads it from the environment, for the forge's address only: it is in no argument, no
configuration and no URL.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sslfix.collect.configuration import BotSettings
from sslfix.errors import UsageError

from .model import ForgeError, OutdatedError, Wanted

TIMEOUT = 600
_KEPT = ("GIT_SSL", "GIT_PROXY", "GIT_HTTP", "GIT_EXEC")
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" '
    '"$SSLFIX_GIT_USER" "$SSLFIX_GIT_TOKEN"; }; f'
)
# Whatever this machine's configuration says: the bytes of files stay, nothing of ours is run.
_PLAIN = (
    *("core.autocrlf=false", "core.hooksPath=/dev/null", "core.quotePath=false"),
    *(
        "credential.helper=",
        "filter.lfs.smudge=",
        "filter.lfs.process=",
        "filter.lfs.required=false",
    ),
    *("fetch.recurseSubmodules=false", "push.recurseSubmodules=no", "push.gpgSign=false"),
)
# Paths mean themselves, also one that begins with ":".
_ALWAYS = {"GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
# What git says where a branch moved since it was looked at, before the push and during it.
_QUICKER = ("stale info", "fetch first", "cannot lock ref", "failed to update ref")


class Remote(NamedTuple):
    """Where a repository is fetched from and pushed to, and as whom."""

    url: str
    user: str
    token: str


class Author(NamedTuple):
    """Who the commits are by; nobody's address unless a project says another."""

    name: str = "sslfix-bot"
    email: str = "sslfix-bot@noreply.invalid"

    @classmethod
    def of(cls, words: str) -> Author:
        """The author that "Name <address>" means, the usual one for anything else."""
        name, _, rest = words.partition("<")
        address = rest.rstrip().rstrip(">").strip()
        return cls(name.strip(), address) if name.strip() and address else cls()


class Clone(NamedTuple):
    """A folder with the files of a branch; `base` is its head."""

    folder: str
    remote: Remote
    base: str


@contextmanager
def cloned(remote: Remote, branch: str, near: str = "") -> Iterator[Clone]:
    """A clone of the branch's last commit in a temporary folder, checked out.

    `near` is a checkout that may have that commit already.
    """
    with tempfile.TemporaryDirectory(prefix="sslfix-bot-") as folder:
        _git(folder, "init", "--quiet", "--template=")
        clone = Clone(folder, remote, "")
        yield (_from_near(clone, branch, near) if near else None) or switched(clone, branch)


def switched(clone: Clone, branch: str) -> Clone:
    """The clone with the last commit of another branch checked out."""
    url, refspec = clone.remote.url, f"+refs/heads/{branch}:refs/sslfix/base"
    _remotely(clone.folder, clone.remote, *_FETCH, url, refspec)
    return _checked_out(clone)


_FETCH = ("fetch", "--quiet", "--depth=1", "--no-tags")


def _from_near(clone: Clone, branch: str, near: str) -> Clone | None:
    """The clone made of a checkout on this machine, None where that is not at the branch's head."""
    near = os.path.abspath(near)
    try:
        here = _git(near, "rev-parse", "HEAD").strip()
        if heads(clone.remote, branch).get(branch) != here:
            return None
        _git(clone.folder, *_FETCH, near, "+HEAD:refs/sslfix/base")
    except ForgeError:
        return None
    return _checked_out(clone)


def _checked_out(clone: Clone) -> Clone:
    base = _git(clone.folder, "rev-parse", "refs/sslfix/base").strip()
    _git(clone.folder, "checkout", "--quiet", "--force", "--detach", base)
    _without_strays(clone.folder)
    return clone._replace(base=base)


def heads(remote: Remote, pattern: str) -> dict[str, str]:
    """The branches that the pattern names, with their heads."""
    start = "refs/heads/"
    lines = _remotely("", remote, "ls-remote", remote.url, start + pattern).splitlines()
    found = (line.split("\t") for line in lines)
    return {ref[len(start) :]: head for head, ref in found if ref.startswith(start)}


def default_branch(remote: Remote) -> str:
    """The branch that a clone would have checked out, "" where there is none."""
    text = _remotely("", remote, "ls-remote", "--symref", remote.url, "HEAD")
    found = re.match(r"ref: refs/heads/(\S+)\tHEAD", text)
    return found[1] if found else ""


def message_at(remote: Remote, branch: str) -> str:
    """The message of the last commit of a branch on the forge."""
    with cloned(remote, branch) as clone:
        return message(clone, clone.base)


def _without_strays(folder: str) -> None:
    """Remove links that lead out of the repository's files: what is there is nobody's business."""
    root = os.path.join(os.path.realpath(folder), "")
    for line in _git(folder, "ls-files", "--stage", "-z").split("\0"):
        path = os.path.join(folder, line.partition("\t")[2])
        real = os.path.join(os.path.realpath(path), "")
        inside = real.startswith(root) and not real.startswith(os.path.join(root, ".git", ""))
        if line.startswith("120000") and not inside:
            os.remove(path)


def changed(clone: Clone) -> tuple[str, ...]:
    """The tracked files that are not as they were."""
    names = _git(clone.folder, "diff", "--name-only", "--diff-filter=M", "-z", clone.base)
    return tuple(filter(None, names.split("\0")))


def present(clone: Clone, paths: Sequence[str]) -> tuple[str, ...]:
    """Those of the files that are there."""
    return tuple(one for one in paths if os.path.isfile(os.path.join(clone.folder, one)))


def commit(clone: Clone, paths: Sequence[str], message: str, author: Author) -> str:
    """A commit with the present content of these files on top of the base."""
    _git(clone.folder, "read-tree", clone.base)
    _git(clone.folder, "add", "--", *paths)
    tree = _git(clone.folder, "write-tree").strip()
    date = _git(clone.folder, "show", "--no-patch", "--format=%ct", clone.base).strip() + " +0000"
    who = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", date))
    }
    made = _git(
        clone.folder, "commit-tree", tree, "-p", clone.base, "-F", "-", given=message, extra=who
    )
    return made.strip()


def patch(clone: Clone, commit: str) -> str:
    """What a commit changes."""
    return _git(clone.folder, "diff", "--no-color", "--no-ext-diff", clone.base, commit)


class Entry(NamedTuple):
    """A file of a commit."""

    path: str
    mode: str
    data: bytes


def entries(clone: Clone, commit: str) -> Iterator[Entry]:
    """The files that a commit changes, as they are in it."""
    raw = _git(clone.folder, "diff", "--raw", "--no-abbrev", "-z", clone.base, commit).split("\0")
    for about, path in zip(raw[::2], raw[1::2]):
        _old, mode, _before, blob, _kind = about.split(" ")
        yield Entry(path, mode, _bytes(clone.folder, "cat-file", "blob", blob))


def tree(clone: Clone, commit: str) -> str:
    """The tree of a commit."""
    return _git(clone.folder, "rev-parse", f"{commit}^{{tree}}").strip()


def message(clone: Clone, commit: str) -> str:
    """The message of a commit."""
    return _git(clone.folder, "show", "--no-patch", "--format=%B", commit).strip()


def push(clone: Clone, branch: str, commit: str, over: str, options: Sequence[str] = ()) -> None:
    """Make the branch point to the commit ("" deletes it) if it still points to `over`.

    Raises OutdatedError where it does not ("" means that it must not be there), ForgeError where
    the forge refuses.
    """
    ref = f"refs/heads/{branch}"
    lease = f"--force-with-lease={ref}:{over}"
    words = [f"--push-option={one}" for one in options]
    try:
        _remotely(
            clone.folder,
            clone.remote,
            *("push", "--porcelain", lease, *words, clone.remote.url, f"{commit}:{ref}"),
        )
    except ForgeError as error:
        if any(words in error.message for words in _QUICKER):
            raise OutdatedError(f"{branch} is not where it was") from None
        raise


class Pushing(NamedTuple):
    """Commits get to the forge by git, with push options."""

    clone: Clone
    options: tuple[str, ...] = ()

    def prepared(self, wanted: Wanted) -> str:
        """The commit: it is the one that was made here."""
        return wanted.commit

    def move(self, branch: str, commit: str, over: str) -> None:
        """Push it."""
        push(self.clone, branch, commit, over, self.options)


def pushing(clone: Clone, bot: BotSettings) -> Pushing:
    """What pushes to GitLab, which signs no commits for others."""
    if bot.commit == "api":
        raise UsageError('commit = "api" is for GitHub; to GitLab commits are pushed')
    return Pushing(clone)


# --------------------------------------------------------------------------- running git


def _remotely(folder: str, remote: Remote, *words: str) -> str:
    """Run git with the token within reach of its helper."""
    extra = {"SSLFIX_GIT_USER": remote.user, "SSLFIX_GIT_TOKEN": remote.token}
    scheme, _, rest = remote.url.partition("://")
    server = f"{scheme}://{rest.partition('/')[0]}"
    # Only this server is given the token, and it is given no other (as actions/checkout leaves).
    own = ("-c", f"credential.{server}.helper={_HELPER}", "-c", f"http.{server}/.extraheader=")
    try:
        return _git(folder, *own, *words, extra=extra)
    except ForgeError as error:
        text = error.message.replace(remote.token, "***") if remote.token else error.message
        raise ForgeError(_explained(text)) from None


def _git(folder: str, *words: str, given: str = "", extra: Mapping[str, str] | None = None) -> str:
    """What git prints, as text."""
    return _bytes(folder, *words, given=given, extra=extra).decode("utf-8", "surrogateescape")


def _bytes(
    folder: str, *words: str, given: str = "", extra: Mapping[str, str] | None = None
) -> bytes:
    """What git prints. Raises ForgeError with what it says of an error."""
    import subprocess

    settings = [word for one in _PLAIN for word in ("-c", one)]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "SSH_ASKPASS")) or name.startswith(_KEPT)
    }
    variables = {**kept, **_ALWAYS, **(extra or {})}
    try:
        done = subprocess.run(
            ["git", *settings, *words],  # noqa: S607  the one on PATH, as everybody's
            cwd=folder or None,
            env=variables,
            input=given.encode(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ForgeError(f"git: {error}") from None
    if done.returncode:
        output = (done.stderr + done.stdout).decode("utf-8", "replace")
        lines = [line for line in output.splitlines() if line.strip()]
        raise ForgeError("git: " + "; ".join(lines[-6:]))
    return done.stdout


NO_BRANCH = "couldn't find remote ref"
# What git says of a remote, in which order it is looked for, and what would help.
_HINTS = (
    (NO_BRANCH, "is the base branch right?"),
    (
        "Authentication failed|could not read Username|HTTP 401",
        "the token is wrong, has expired, or does not see the repository",
    ),
    (
        "[Rr]epository .*not found",
        "the token needs `contents: read` (GitHub) or read_repository (GitLab)",
    ),
    (
        "protected branch|GH006|GH013|hook declined",
        (
            "a rule of the repository refuses the push; where it demands signed commits, set "
            'commit = "api" under [tool.sslfix.bot]'
        ),
    ),
    (
        "403|denied|not allowed to push",
        (
            "the token needs `contents: write` (GitHub) or the scope write_repository; for a job "
            'token of GitLab switch on "Allow Git push requests to the repository"'
        ),
    ),
)


def _explained(text: str) -> str:
    """What git said of a remote, with what would help where that is known."""
    hint = next((help_ for pattern, help_ in _HINTS if re.search(pattern, text)), "")
    return f"{text}: {hint}" if hint else text
