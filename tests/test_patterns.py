from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.patterns import absolute, matches
from tests.conftest import run


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Pattern, what it matches, what it does not.
CASES = [
    ("legacy/**", ["legacy/a.txt", "legacy/a/b.txt"], ["new/legacy.txt", "a/legacy/b.txt"]),
    ("legacy", ["legacy/a.txt", "a/legacy/b.txt", "legacy"], ["legacy2/a.txt", "old-legacy"]),
    ("legacy/", ["legacy/a.txt", "a/legacy/b.txt"], ["legacy2/a.txt"]),
    ("/legacy", ["legacy/a.txt"], ["a/legacy/b.txt"]),
    ("Pipfile.lock", ["Pipfile.lock", "a/b/Pipfile.lock"], ["PipfileXlock"]),
    ("*.lock", ["a.lock", "b/a.lock"], ["a.lock.txt"]),
    ("a/*.txt", ["a/b.txt"], ["a/b/c.txt", "b/a/c.txt"]),
    ("a/**/c.txt", ["a/c.txt", "a/b/c.txt", "a/b/b/c.txt"], ["b/a/c.txt"]),
    ("**/c.txt", ["c.txt", "a/b/c.txt"], ["ac.txt"]),
    ("req?.txt", ["req1.txt"], ["req12.txt", "req.txt"]),
    ("req[0-9].txt", ["req1.txt"], ["reqx.txt", "req[0-9].txt"]),
    ("req[!0-9].txt", ["reqx.txt"], ["req1.txt"]),
    (r"a\*.txt", ["a*.txt"], ["ab.txt"]),
    ("a[b.txt", [], ["ab.txt"]),
]


@pytest.mark.parametrize(("pattern", "inside", "outside"), CASES, ids=[one[0] for one in CASES])
def test_a_pattern_matches_as_in_gitignore(
    pattern: str, inside: list[str], outside: list[str]
) -> None:
    own = (absolute(pattern, "."),)
    assert [one for one in inside + outside if matches(one, own)] == inside


@pytest.mark.parametrize(("pattern", "inside", "outside"), CASES, ids=[one[0] for one in CASES])
def test_git_says_the_same(pattern: str, inside: list[str], outside: list[str]) -> None:
    assert run("git", "init", "-q").returncode == 0
    Path(".gitignore").write_text(pattern + "\n")
    for one in inside + outside:
        if one != "legacy":
            Path(one).parent.mkdir(parents=True, exist_ok=True)
            Path(one).touch()
    listed = run("git", "check-ignore", *inside, *outside).stdout.splitlines()
    assert listed == inside


def test_the_folder_is_taken_as_it_is_called() -> None:
    odd = Path("a[b]*")
    odd.mkdir()
    pattern = absolute("x.txt", str(odd))
    assert matches("a[b]*/x.txt", (pattern,))
    assert not matches("ab/x.txt", (pattern,))


def test_a_dot_before_it_says_the_folder_itself() -> None:
    """Git would match nothing; people mean this."""
    assert matches("legacy/a.txt", (absolute("./legacy", "."),))
    assert not matches("a/legacy/b.txt", (absolute("./legacy", "."),))
