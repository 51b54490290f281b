"""The temporary clone, the commits in it, and pushing them, with a real bare repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sslfix.bot import git
from sslfix.bot.git import Author, Clone, Remote
from sslfix.bot.model import ForgeError, OutdatedError

FILES = {"requirements.txt": "urllib3==2.2.3\r\n", "sub/Pipfile": "x\n"}


@pytest.fixture(autouse=True)
def _person(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ann@users.example")


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A person's clone, of which `origin` is a bare repository."""
    bare, folder = tmp_path / "bare", tmp_path / "work"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    run(folder, "remote", "add", "origin", str(bare))
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode())
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "within").symlink_to("requirements.txt")
    run(folder, "add", ".")
    run(folder, "commit", "-q", "-m", "First")
    run(folder, "push", "-q", "origin", "main", "main:next")
    return folder


@pytest.fixture
def clone(work: Path) -> Iterator[Clone]:
    with git.cloned(remote(work), "main") as made:
        yield made


def remote(work: Path) -> Remote:
    return Remote(str(work.parent / "bare"), "user", "s3cr3t")


def fixed(clone: Clone, text: str = "urllib3<2\r\n") -> str:
    Path(clone.folder, "requirements.txt").write_bytes(text.encode())
    assert git.changed(clone) == ("requirements.txt",)
    return git.commit(clone, ("requirements.txt",), "Fix\n\nSslfix-Fingerprint: 1\n", Author())


def heads(work: Path) -> dict[str, str]:
    lines = run(work, "ls-remote", "--heads", "origin").splitlines()
    return {ref[len("refs/heads/") :]: sha for sha, ref in (line.split("\t") for line in lines)}


def test_the_clone_has_the_bytes_of_the_files_and_no_link_that_leads_out(clone: Clone) -> None:
    assert Path(clone.folder, "requirements.txt").read_bytes() == b"urllib3==2.2.3\r\n"
    assert sorted(os.listdir(clone.folder)) == [".git", "requirements.txt", "sub", "within"]
    assert git.changed(clone) == ()


def test_a_link_to_gits_own_files_is_left_out(work: Path) -> None:
    (work / "sub/requirements.txt").symlink_to("../.git/config")
    (work / "git").symlink_to(".git")
    run(work, "add", ".")
    run(work, "commit", "-q", "-m", "Links")
    run(work, "push", "-q", "origin", "main")
    with git.cloned(remote(work), "main") as clone:
        assert "git" not in os.listdir(clone.folder)
        assert os.listdir(Path(clone.folder, "sub")) == ["Pipfile"]


def test_a_path_means_itself(work: Path) -> None:
    odd = ":(glob)**"
    (work / odd).write_text("x\n", encoding="utf-8")
    run(work, "--literal-pathspecs", "add", odd)
    run(work, "commit", "-q", "-m", "Odd")
    run(work, "push", "-q", "origin", "main")
    with git.cloned(remote(work), "main") as clone:
        for name in (odd, "requirements.txt"):
            Path(clone.folder, name).write_bytes(b"y\n")
        made = git.commit(clone, (odd,), "1\n", Author())
        assert [one.path for one in git.entries(clone, made)] == [odd]


def test_nothing_of_the_token_is_in_the_clone(clone: Clone) -> None:
    for folder, _folders, names in os.walk(clone.folder):
        for name in names:
            assert b"s3cr3t" not in Path(folder, name).read_bytes()


def test_the_same_fix_is_the_same_commit_whoever_makes_it_and_when(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for name in ("Ann", "Bob"):
        monkeypatch.setenv("GIT_COMMITTER_NAME", name)
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2020-01-01T00:00:0{len(made)}")
        with git.cloned(remote(work), "main") as clone:
            made.append(fixed(clone))
    assert made[0] == made[1]


def test_a_commit_holds_its_own_files_only(clone: Clone) -> None:
    Path(clone.folder, "sub/Pipfile").write_bytes(b"y\n")
    Path(clone.folder, "requirements.txt").write_bytes(b"urllib3<2\r\n")
    assert git.changed(clone) == ("requirements.txt", "sub/Pipfile")
    first = git.commit(clone, ("requirements.txt",), "1\n", Author())
    second = git.commit(clone, ("sub/Pipfile",), "2\n", Author())
    assert [one.path for one in git.entries(clone, first)] == ["requirements.txt"]
    (entry,) = git.entries(clone, second)
    assert entry == git.Entry("sub/Pipfile", "100644", b"y\n")
    assert git.patch(clone, second).endswith("-x\n+y\n")


def test_the_author(clone: Clone, work: Path) -> None:
    git.push(clone, "b", fixed(clone), "")
    run(work, "fetch", "-q", "origin", "b")
    shown = run(work, "show", "-s", "--format=%an <%ae> %cn", "FETCH_HEAD")
    assert shown == "sslfix-bot <sslfix-bot@noreply.invalid> sslfix-bot"


@pytest.mark.parametrize(
    ("words", "author"),
    [
        ("Ann <ann@users.example>", Author("Ann", "ann@users.example")),
        ("", Author()),
        ("Ann", Author()),
        ("<ann@users.example>", Author()),
    ],
)
def test_who_an_author_is(words: str, author: Author) -> None:
    assert Author.of(words) == author


def test_pushing_goes_only_over_what_was_seen(clone: Clone, work: Path) -> None:
    first, second = fixed(clone), fixed(clone, "urllib3<3\r\n")
    git.push(clone, "sslfix/x", first, "")
    git.push(clone, "sslfix/x", first, "")  # another bot had the same
    with pytest.raises(OutdatedError):
        git.push(clone, "sslfix/x", second, "")
    with pytest.raises(OutdatedError):
        git.push(clone, "sslfix/x", second, clone.base)
    assert heads(work)["sslfix/x"] == first
    git.push(clone, "sslfix/x", second, first)
    assert heads(work)["sslfix/x"] == second


def test_deleting_a_branch_goes_only_over_what_was_seen(clone: Clone, work: Path) -> None:
    commit = fixed(clone)
    git.push(clone, "sslfix/x", commit, "")
    with pytest.raises(OutdatedError):
        git.push(clone, "sslfix/x", "", clone.base)
    git.push(clone, "sslfix/x", "", commit)
    assert sorted(heads(work)) == ["main", "next"]
    with pytest.raises(OutdatedError):  # another bot was quicker
        git.push(clone, "sslfix/x", "", commit)


def test_another_branch_is_checked_out(clone: Clone, work: Path) -> None:
    run(work, "checkout", "-q", "-b", "n", "origin/next")
    (work / "new.txt").write_text("1", encoding="utf-8")
    run(work, "add", ".")
    run(work, "commit", "-q", "-m", "Next")
    run(work, "push", "-q", "origin", "n:next")
    other = git.switched(clone, "next")
    assert other.base == heads(work)["next"]
    assert Path(other.folder, "new.txt").exists()


def test_a_branch_that_is_not_there_is_said(work: Path) -> None:
    refused = pytest.raises(ForgeError, match="is the base branch right")
    with refused, git.cloned(remote(work), "none"):
        pass


def test_hooks_and_variables_of_others_are_left_out(
    clone: Clone, work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-push").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (hooks / "pre-push").chmod(0o755)
    Path(os.environ["HOME"], ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n\tautocrlf = true\n", encoding="utf-8"
    )
    monkeypatch.setenv("GIT_DIR", str(work / ".git"))
    monkeypatch.setenv("GIT_TRACE", "1")
    commit = fixed(clone)
    git.push(clone, "b", commit, "")
    (entry,) = git.entries(clone, commit)
    assert entry.data == b"urllib3<2\r\n"


def test_a_checkout_that_is_up_to_date_saves_the_fetch(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    remotely = git._remotely

    def spy(folder: str, there: Remote, *words: str) -> str:
        asked.append(words[0])
        return remotely(folder, there, *words)

    monkeypatch.setattr(git, "_remotely", spy)
    with git.cloned(remote(work), "main", str(work)) as clone:
        assert clone.base == heads(work)["main"]
        assert Path(clone.folder, "requirements.txt").exists()
    assert asked == ["ls-remote"]


def test_a_shallow_checkout_as_cis_make_will_do(work: Path, tmp_path: Path) -> None:
    (work / "sub/Pipfile").write_bytes(b"z\n")
    run(work, "commit", "-q", "-a", "-m", "Second")
    run(work, "push", "-q", "origin", "main")
    near = tmp_path / "near"
    run(work, "clone", "-q", "--depth=1", f"file://{tmp_path / 'bare'}", str(near))
    with git.cloned(remote(work), "main", str(near)) as clone:
        commit = fixed(clone)
        git.push(clone, "sslfix/x", commit, "")
    assert heads(work)["sslfix/x"] == commit
    run(work, "fetch", "-q", "origin", "sslfix/x")
    assert run(work, "rev-list", "--count", "FETCH_HEAD") == "3"


@pytest.mark.parametrize("near", ["work", ".", "none"])
def test_a_checkout_that_is_of_something_else_is_not_used(work: Path, near: str) -> None:
    (work / "new.txt").write_text("1", encoding="utf-8")
    run(work, "add", ".")
    run(work, "commit", "-q", "-m", "Not pushed")
    with git.cloned(remote(work), "main", str(work.parent / near)) as clone:
        assert clone.base == heads(work)["main"]
        assert not Path(clone.folder, "new.txt").exists()
