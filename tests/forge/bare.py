"""A real bare repository, and what people do to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

PEOPLE = "users.example"
PATH = os.environ["PATH"]  # whatever a test makes of it for the bot


class Commit(NamedTuple):
    sha: str
    parents: tuple[str, ...]
    tree: str
    author: str
    email: str
    date: str
    message: str


class Bare:
    """Refs and objects by git's own commands."""

    def __init__(self, path: Path, template: Path) -> None:
        self.path = path
        shutil.copytree(template, path)
        self._clock = 1_700_000_000

    @staticmethod
    def template(path: Path) -> Path:
        """An empty bare repository to copy: quicker than `git init` a thousand times."""
        git(None, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(path))
        git(path, "config", "receive.advertisePushOptions", "true")
        git(path, "config", "receive.autogc", "false")
        return path

    def git(self, *arguments: str, text: str = "") -> str:
        return git(self.path, *arguments, text=text)

    def branches(self) -> dict[str, str]:
        """Names of branches, and what they are at."""
        listed = self.git(
            "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"
        )
        return dict(line.split(" ") for line in listed.splitlines())

    def commit(
        self,
        files: Mapping[str, str | None],
        *,
        branch: str = "main",
        by: str = "alice",
        message: str = "change",
        base: str | None = None,
    ) -> str:
        """Put a commit on a branch (None deletes a file) and return it.

        `base` says what the branch is made anew from, as by a force-push.
        """
        self._clock += 60
        start = base or self.branches().get(branch)
        stream = [
            f"commit refs/heads/{branch}\n",
            f"committer {by.title()} <{by}@{PEOPLE}> {self._clock} +0000\n",
            _data(message),
            f"from {start}\n" if start else "",
        ]
        for name, text in files.items():
            stream.append(f"D {name}\n" if text is None else f"M 100644 inline {name}\n")
            stream.append("" if text is None else _data(text))
        self.git("fast-import", "--quiet", "--force", text="".join(stream) + "\n")
        return self.branches()[branch]

    def read(self, path: str, ref: str = "main") -> str:
        return self.git("show", f"{ref}:{path}")

    def delete(self, branch: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def commits(self, *ranges: str) -> list[Commit]:
        """Newest first, as git lists them."""
        template = "--format=%H%x1f%P%x1f%T%x1f%an%x1f%ae%x1f%aI%x1f%B%x1e"
        listed = self.git("log", template, *ranges)
        fields = [one.strip("\n").split("\x1f") for one in listed.split("\x1e")]
        return [_commit(*one) for one in fields if len(one) > 1]

    def resolve(self, name: str) -> str | None:
        """The commit that a branch or a hash stands for."""
        return self._quiet("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def ancestor(self, one: str, other: str) -> bool:
        return self._quiet("merge-base", "--is-ancestor", one, other) is not None

    def fork_point(self, one: str, other: str) -> str | None:
        return self._quiet("merge-base", one, other)

    def count(self, revisions: str) -> int:
        return int(self.git("rev-list", "--count", revisions))

    def changed(self, base: str, head: str) -> Iterator[tuple[str, int, int]]:
        """Path, added and deleted lines of each file that a branch changes."""
        for line in self.git("diff", "--numstat", f"{base}...{head}").splitlines():
            added, deleted, path = line.split("\t")
            yield path, int(added.replace("-", "0")), int(deleted.replace("-", "0"))

    def conflicts(self, base: str, head: str) -> bool:
        return self._quiet("merge-tree", "--write-tree", base, head) is None

    def merge(self, base: str, head: str, *, by: str, message: str) -> str:
        """Merge a commit into the branch `base` and return the merge."""
        tree = self.git("merge-tree", "--write-tree", base, head).split()[0]
        person = (f"user.name={by.title()}", f"user.email={by}@{PEOPLE}")
        options = [part for one in person for part in ("-c", one)]
        parents = ("-p", base, "-p", head, "-m", message)
        sha = self.git(*options, "commit-tree", tree, *parents).strip()
        self.git("update-ref", f"refs/heads/{base}", sha)
        return sha

    def _quiet(self, *arguments: str) -> str | None:
        """What git prints, or None if it says no."""
        done = _run(self.path, *arguments)
        return done.stdout.decode().strip() if done.returncode == 0 else None


def _commit(*fields: str) -> Commit:
    sha, parents, tree, author, email, date, message = fields
    return Commit(sha, tuple(parents.split()), tree, author, email, date, message.rstrip("\n"))


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def git(folder: Path | None, *arguments: str, text: str = "") -> str:
    """What git prints, with nobody's settings; raises if it fails."""
    done = _run(folder, *arguments, text=text)
    if done.returncode != 0:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode()}")
    return done.stdout.decode()


def _run(
    folder: Path | None, *arguments: str, text: str = ""
) -> subprocess.CompletedProcess[bytes]:
    where = () if folder is None else ("-C", str(folder))
    return subprocess.run(
        ["git", *where, *arguments],
        env=variables(),
        input=text.encode(),
        capture_output=True,
        check=False,
    )


def variables() -> dict[str, str]:
    """What git runs with on the forge's side."""
    return {
        "PATH": PATH,
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C.UTF-8",
    }
