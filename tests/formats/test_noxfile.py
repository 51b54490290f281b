from __future__ import annotations

import pytest

from sslfix.formats import noxfile
from sslfix.model import DependencyFile, Document


def read(text: str) -> DependencyFile:
    return noxfile.read(Document("noxfile.py", text))


def session(*lines: str, decorator: str = "@nox.session") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"import nox\n{decorator}\ndef tests(session):\n{body}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "print 'Python 2'",
        session("session.run('pip', 'install', 'urllib3==2')"),
        session("other.install('urllib3==2')"),
        session("session.install('.', '.[test]', '-e', '.', './a', '--upgrade')"),
        session("session.install(*args, name, f'a=={v}', 'a' + b)"),
        session("session.install('--index-url', 'https://index.example/simple', '-P', 'x')"),
        session("session.install('-r', path)", "session.install('--constraint', *paths)"),
        session("session.conda_install('urllib3=2')"),
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["session.install('a==1', 'B >= 2', '-U')"], ["a==1", "b>=2"]),
        (["session.install('--python', 'x', '-C', 'y=z', '--no-deps', 'a')"], ["a"]),
        (["session.install('--timeout=3', '-ix', 'a', silent=False)"], ["a"]),
        (["if x:", "    session.install(A, *B)"], ["a", "b"]),
        (["session.install('-e', 'git+https://x/y#egg=y')"], []),
    ],
)
def test_literals(lines: list[str], expected: list[str]) -> None:
    file = read("A = 'a'\nB = ['b']\n" + session(*lines))
    assert [one.name + one.specifier for one in file.declarations] == expected
    assert {one.section for one in file.declarations} <= {"tests"}
    assert file.problems == ()


def test_files_are_included() -> None:
    file = read(session("session.install('-r', 'a.txt', '-cb.txt', '--requirement=c.txt')"))
    found = [(one.target, one.constraint) for one in file.includes]
    assert found == [("a.txt", False), ("b.txt", True), ("c.txt", False)]


@pytest.mark.parametrize(
    ("decorator", "marker"),
    [
        ("@nox.session", ""),
        ("@nox.session(python=False)", ""),
        ("@nox.session(python=PYTHONS)", ""),
        ("@nox.session(python='3.9')", 'python_version == "3.9"'),
        ("@nox.session(python=['2.7', 'pypy3.9'])", ""),
        (
            "@nox.session(python=['2.7', '3.9'], reuse_venv=True)",
            '(python_version == "2.7") or (python_version == "3.9")',
        ),
    ],
)
def test_the_pythons_of_a_session_are_a_marker(decorator: str, marker: str) -> None:
    (one,) = read(session("session.install('a')", decorator=decorator)).declarations
    assert one.marker == marker


@pytest.mark.parametrize(
    ("argument", "specifier"),
    [("'a >= 1'", ">= 1"), ("'a>=' '1'", None), ("'a\\x3e1'", None)],
)
def test_plain_literals_can_be_edited(argument: str, specifier: str | None) -> None:
    text = session(f"session.install({argument})")
    (one,) = read(text).declarations
    inner = one.specifier_span
    assert (None if inner is None else text[slice(*inner)]) == specifier


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (session("session.install('a bad')"), 4),
        (session("session.install("), 4),
        ("# /// script\n# dependencies = ['a b']\n# ///\n", 2),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(text: str, line: int) -> None:
    assert [one.line for one in read(text).problems] == [line]


def test_the_head_of_the_file_is_read_too() -> None:
    file = read("# /// script\n# dependencies = ['nox']\n# ///\n" + session("session.install('a')"))
    assert [(one.section, one.name) for one in file.declarations] == [
        ("script", "nox"),
        ("tests", "a"),
    ]
