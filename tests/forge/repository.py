"""A repository on a forge: its objects, its pull requests, and what people do to them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .bare import Bare


class Comment:
    def __init__(self, number: int, author: str, body: str, now: str) -> None:
        self.id, self.author, self.body, self.created = number, author, body, now


class Pull:
    """A pull request or a merge request."""

    def __init__(self, number: int, author: str, head: str, base: str, sha: str, now: str) -> None:
        self.number, self.author, self.head, self.base, self.sha = number, author, head, base, sha
        self.title, self.body = "", ""
        self.state, self.draft = "open", False
        self.merged_by: str | None = None
        self.closed_by: str | None = None
        self.closed_at: str | None = None
        self.created = self.updated = now
        self.labels: list[str] = []
        self.assignees: list[str] = []
        self.reviewers: list[str] = []
        self.comments: list[Comment] = []
        self.events: list[tuple[str, str, str]] = []  # event, actor, time
        self.checked = ""  # what it is known for whether it can be merged

    def note(self, event: str, by: str, now: str) -> None:
        self.updated = now
        self.events.append((event, by, now))


class Repository:
    """What both forges keep."""

    def __init__(
        self, root: Path, template: Path, number: int, name: str, now: Callable[[], str]
    ) -> None:
        self.id, self.name, self.now = number, name, now
        self.owner, self.short = name.rsplit("/", 1)
        self.git = Bare(root / f"{name}.git", template)
        self.default = "main"
        self.private = True
        self.archived = False
        self.protected: list[str] = []  # shell patterns of branches
        self.collaborators = {self.owner, "alice", "bob"}
        self.labels = {"bug", "dependencies"}
        self.pulls: dict[int, Pull] = {}
        self.actions_may_open = True  # GitHub's setting
        self.jobs_may_push = False  # GitLab's setting

    def __deepcopy__(self, memory: dict[int, Any]) -> Repository:
        made = copy.copy(self)
        for name in ("protected", "collaborators", "labels", "pulls"):
            setattr(made, name, copy.deepcopy(getattr(self, name), memory))
        return made

    def commit(self, files: Mapping[str, str | None], **how: Any) -> str:
        """Push a commit, see Bare.commit."""
        sha = self.git.commit(files, **how)
        self.refresh(how.get("by", "alice"))
        return sha

    def delete_branch(self, name: str, by: str = "alice") -> None:
        self.git.delete(name)
        self.refresh(by)

    def refresh(self, by: str) -> None:
        """Take notice of what was pushed, and by whom.

        What is in the base counts as merged; what has no branch or brings nothing is closed.
        """
        heads = self.git.branches()
        for pull in self.opened():
            base = heads[pull.base]
            if self.git.ancestor(pull.sha, base):
                pull.merged_by = by
            pull.sha = heads.get(pull.head, pull.sha)
            if pull.merged_by or pull.head not in heads or self.git.ancestor(pull.sha, base):
                self.close(pull.number, by)

    def open(self, head: str, by: str = "alice", base: str = "", title: str = "") -> Pull:
        """Open a request without asking whether that may be."""
        sha, number = self.git.branches()[head], len(self.pulls) + 1
        pull = Pull(number, by, head, base or self.default, sha, self.now())
        pull.title = title
        self.pulls[number] = pull
        return pull

    def close(self, number: int, by: str = "alice") -> None:
        pull = self.pulls[number]
        pull.state, pull.closed_by, pull.closed_at = "closed", by, self.now()
        pull.note("closed", by, self.now())

    def reopen(self, number: int, by: str = "alice") -> None:
        pull = self.pulls[number]
        pull.state, pull.closed_by, pull.closed_at = "open", None, None
        pull.note("reopened", by, self.now())
        self.refresh(by)

    def merge(self, number: int, by: str = "alice") -> None:
        """Merge it with a merge commit."""
        pull = self.pulls[number]
        self.git.merge(pull.base, pull.sha, by=by, message=f"Merge #{number} from {pull.head}")
        self.refresh(by)

    def squash(self, number: int, by: str = "alice") -> None:
        """Merge it as one new commit."""
        pull = self.pulls[number]
        changed = [path for path, *_lines in self.git.changed(pull.base, pull.sha)]
        files = {path: self.git.read(path, pull.sha) for path in changed}
        self.git.commit(files, branch=pull.base, by=by, message=f"{pull.title} (#{number})")
        pull.merged_by = by
        self.refresh(by)

    def comment(self, number: int, body: str, by: str = "alice") -> Comment:
        pull = self.pulls[number]
        comment = Comment(self.id * 1000 + len(pull.comments) + 1, by, body, self.now())
        pull.comments.append(comment)
        pull.updated = comment.created
        return comment

    def opened(self) -> list[Pull]:
        """The open requests."""
        return [pull for pull in self.pulls.values() if pull.state == "open"]
