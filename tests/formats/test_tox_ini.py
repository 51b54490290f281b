from __future__ import annotations

import pytest

from sslfix.formats import _factors, tox_ini
from sslfix.model import DependencyFile, Document


def read(text: str) -> DependencyFile:
    return tox_ini.read(Document("tox.ini", text))


def applied(text: str, section: str) -> str | None:
    edit = tox_ini.constrain(read(text), "urllib3", "<2", "why", section)
    return edit and text[: edit.span.start] + edit.text + text[edit.span.end :]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tox]\nenvlist = py39\nrequires = tox>=4\n",
        "[testenv]\ncommands =\n    pytest\n    urllib3==2\n",
        "[testenv]\ndeps =\n    # urllib3==2\n    .[test]\n    -e .\n",
        "[testenv]\ndeps =\n    {env:DEPS}\n    a=={env:A}\n    {posargs:b}\n    py39: {[x]y}\n",
        "[base]\ndeps = urllib3\n",
        "[testenv]\ndeps = {[testenv]deps}\n",
        "[testenv]\ndeps = --index-url https://index.example/simple\n",
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[testenv]\ndeps = a==1", [("testenv", "a", "==1", "")]),
        ("[testenv:lint]\ndeps =\n  a # b\n", [("testenv:lint", "a", "", "")]),
        (
            "[testenv]\ndeps =\n  a \\\n    >=1\n  b[c]\n",
            [("testenv", "a", ">=1", ""), ("testenv", "b", "", "")],
        ),
        (
            "[testenv]\ndeps =\n  py27: a<2\n  lint,!py27: b ; os_name == 'nt'\n",
            [
                ("testenv {py27}", "a", "<2", 'python_version == "2.7"'),
                ("testenv {lint,!py27}", "b", "", "os_name == 'nt'"),
            ],
        ),
        (
            "[testenv:py36-x]\ndeps =\n  a ; os_name == 'nt'\n",
            [("testenv:py36-x", "a", "", "(python_version == \"3.6\") and (os_name == 'nt')")],
        ),
        (
            "[testenv]\ndeps = {[x]y}\n[x]\ny =\n  a\n  {[testenv]deps}\n",
            [("x", "a", "", "")],
        ),
    ],
)
def test_deps(text: str, expected: list[tuple[str, ...]]) -> None:
    for newline in ("\n", "\r\n"):
        file = read(text.replace("\n", newline))
        found = [(one.section, one.name, one.specifier, one.marker) for one in file.declarations]
        assert (found, file.problems) == (expected, ())


def test_files_are_those_beside_tox_ini() -> None:
    file = read("[testenv]\ndeps =\n  -ra.txt\n  py39: -c {toxinidir}/b.txt\n  -r{envdir}/c.txt\n")
    found = [(one.target, one.constraint) for one in file.includes]
    assert found == [("a.txt", False), ("b.txt", True)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[testenv]\ndeps =\n  a\n  b bad\n", 4),
        ("[testenv]\ndeps =\n  py39: a=1\n", 3),
        ("[testenv]\nbad\n", 2),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(text: str, line: int) -> None:
    assert [one.line for one in read(text).problems] == [line]


@pytest.mark.parametrize(
    ("expression", "marker"),
    [
        ("", ""),
        ("lint", ""),
        ("py", ""),
        ("py3", ""),
        ("pypy39", ""),
        ("py39", 'python_version == "3.9"'),
        ("3.12", 'python_version == "3.12"'),
        ("python3.13t", 'python_version == "3.13"'),
        ("py310-django", 'python_version == "3.10"'),
        ("!py27", 'python_version != "2.7"'),
        ("py27,lint", ""),
        ("py27, py36", '(python_version == "2.7") or (python_version == "3.6")'),
        ("py{38,39}-x", '(python_version == "3.8") or (python_version == "3.9")'),
        ("!py27-!py36", '(python_version != "2.7") and (python_version != "3.6")'),
        ("{a,b}" * 20, ""),
    ],
)
def test_names_of_environments_as_markers(expression: str, marker: str) -> None:
    assert _factors.marker(expression) == marker


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pytest", ("", 0)),
        ("git+https://x/y", ("", 0)),
        ("https://x/y", ("", 0)),
        ("a @ file:b", ("", 0)),
        ("py39: a", ("py39", 5)),
        ("py{38, 39}-a,!b :c", ("py{38, 39}-a,!b", 17)),
    ],
)
def test_factors_are_told_from_requirements(line: str, expected: tuple[str, int]) -> None:
    assert _factors.split(line) == expected


@pytest.mark.parametrize(
    ("before", "section", "after"),
    [
        ("[tox]\n", "", None),
        ("[testenv]\ndeps = a\n", "testenv:lint", None),
        ("[testenv]\ndeps = a # b\nx = y\n", "", "[testenv]\ndeps = a # b\n    {}\nx = y\n"),
        ("[testenv]\r\ndeps =\r\n  a", "testenv", "[testenv]\r\ndeps =\r\n  a\r\n  {}"),
        (
            "[testenv]\ndeps =\n  py39: a\n  b\n",
            "testenv {py39}",
            "[testenv]\ndeps =\n  py39: a\n  py39: {}\n  b\n",
        ),
    ],
)
def test_constrain(before: str, section: str, after: str | None) -> None:
    assert applied(before, section) == (after and after.format("urllib3<2  # why"))
