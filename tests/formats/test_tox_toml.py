from __future__ import annotations

import pytest

from sslfix import formats
from sslfix.model import DependencyFile, Document

TOX = """\
requires = ["tox>=4.28"]
[env_run_base]
deps = ["pytest>=8", "-r{tox_root}/more.txt", "-c limits.txt", "{env:X}", { replace = "ref" }]
constraints = ["{toxinidir}/constraints.txt", "{x}.txt"]
[env."py39-django"]
deps = '''
  django==3 ; os_name == "nt"
  bad bad
'''
[env.lint]
deps = ["ruff"]
[env_base.more]
deps = ["mock"]
"""
DECLARED = [
    ("pytest", ">=8", "env_run_base", ""),
    ("django", "==3", "env.py39-django", '(python_version == "3.9") and (os_name == "nt")'),
    ("ruff", "", "env.lint", ""),
    ("mock", "", "env_base.more", ""),
]
INCLUDED = [("more.txt", False), ("limits.txt", True), ("constraints.txt", True)]


def read(name: str, text: str) -> DependencyFile:
    format_ = formats.by_name(name)
    assert format_ is not None
    return format_.read(Document(name, text))


def said(file: DependencyFile) -> list[tuple[str, str, str, str]]:
    return [(one.name, one.specifier, one.section, one.marker) for one in file.declarations]


def in_pyproject(text: str) -> str:
    first, _newline, tables = text.partition("\n")
    return f"[tool.tox]\n{first}\n{tables.replace('[env', '[tool.tox.env')}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_deps_of_all_environments_are_read(newline: str) -> None:
    file = read("tox.toml", TOX.replace("\n", newline))
    assert said(file) == DECLARED
    assert [(one.target, one.constraint) for one in file.includes] == INCLUDED
    assert [one.line for one in file.problems] == [8]


def test_pyproject_says_the_same_below_its_table() -> None:
    file = read("pyproject.toml", in_pyproject(TOX))
    expected = [(name, spec, f"tox.{section}", marker) for name, spec, section, marker in DECLARED]
    assert said(file) == expected
    assert [(one.target, one.constraint) for one in file.includes] == INCLUDED
    assert [one.line for one in file.problems] == [9]


LEGACY = """\
[tool.tox]
legacy_tox_ini = {quote}
  [testenv]
  deps =
    a==1
    -r a.txt
    bad bad{more}
{quote}
"""


@pytest.mark.parametrize(
    ("quote", "more", "edited"),
    [("'''", "", True), ('"""', "", True), ('"""', "\n  commands = x \\\\\n    y", False)],
)
def test_tox_ini_inside_of_pyproject(quote: str, more: str, edited: bool) -> None:
    text = LEGACY.format(quote=quote, more=more)
    file = read("pyproject.toml", text)
    assert said(file) == [("a", "==1", "tox.testenv", "")]
    (one,) = file.declarations
    assert text[slice(*one.span)] == "a==1"
    assert (one.specifier_span is not None) == edited
    assert [(text[slice(*one.span)], one.target) for one in file.includes] == [("a.txt", "a.txt")]
    assert [problem.line for problem in file.problems] == [7]


@pytest.mark.parametrize("text", ["deps = 1", "[env_run_base]\n[env]\nx = 1", "env = 1", "[[env]]"])
def test_other_tables_are_left_alone(text: str) -> None:
    file = read("tox.toml", text)
    assert (file.declarations, file.problems) == ((), ())


def test_what_is_no_list_is_a_problem() -> None:
    assert [one.line for one in read("tox.toml", "[env.x]\n\ndeps = 1\n").problems] == [3]


@pytest.mark.parametrize(
    ("section", "old", "new"),
    [
        (
            "",
            "[env_run_base]\ndeps = ['a',\n]\n",
            "[env_run_base]\ndeps = ['a',\n    {},  # why\n]\n",
        ),
        ("env.x", "[env.x]\ndeps = []\n", "[env.x]\ndeps = [\n    {},  # why\n]\n"),
        ("env.y", "[env.x]\ndeps = []\n", None),
        ("", "[env_run_base]\ndeps = 'a'\n", None),
    ],
)
def test_a_limit_goes_into_the_environment(section: str, old: str, new: str | None) -> None:
    format_ = formats.by_name("tox.toml")
    assert format_ is not None
    assert format_.constrain is not None
    edit = format_.constrain(read("tox.toml", old), "b", "<2", "why", section)
    text = edit and old[: edit.span.start] + edit.text + old[edit.span.end :]
    assert text == (new and new.format('"b<2"'))


def test_a_limit_of_tox_in_pyproject_is_not_uvs() -> None:
    old = "[tool.uv]\n[tool.tox.env.x]\ndeps = []\n"
    format_ = formats.by_name("pyproject.toml")
    assert format_ is not None
    assert format_.constrain is not None
    edit = format_.constrain(read("pyproject.toml", old), "b", "<2", "", "tox.env.x")
    assert edit is not None
    new = old[: edit.span.start] + edit.text + old[edit.span.end :]
    assert new == '[tool.uv]\n[tool.tox.env.x]\ndeps = [\n    "b<2",\n]\n'
