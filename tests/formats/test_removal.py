"""A declaration is taken out by a hand's breadth, and what `constrain` adds leaves no trace."""

from __future__ import annotations

import pytest

from sslfix import formats
from sslfix.model import DependencyFile, Document, Edit


def read(name: str, text: str) -> DependencyFile:
    format_ = formats.by_name(name)
    assert format_ is not None
    return format_.read(Document(name, text))


def applied(text: str, edit: Edit | None) -> str:
    assert edit is not None
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


def without(name: str, text: str, distribution: str = "b") -> str | None:
    file, format_ = read(name, text), formats.by_name(name)
    (one,) = (one for one in file.declarations if one.name == distribution)
    assert format_ is not None
    edit = formats.removal(file.document, format_, one)
    return None if edit is None else applied(text, edit)


PROJECT = "[project]\ndependencies = {}\n[tool.x]\n"
REMOVED = [
    ("requirements.txt", "a\nb==1  # why\nc\n", "a\nc\n"),
    ("requirements.txt", "a\r\nb==1 \\\r\n  --hash=sha256:0 \\\r\n  --hash=sha256:1\r\n", "a\r\n"),
    ("requirements.txt", "\\\nb\\\n ==1\nc", "c"),
    ("requirements.txt", "a\nb", "a"),
    ("requirements.txt", "b", ""),
    ("requirements.txt", "# b\n  b ; os_name == 'nt'\n", "# b\n"),
    ("Pipfile", "[packages]\na = '*'\nb = '<2'  # x\nc = '*'\n", "[packages]\na = '*'\nc = '*'\n"),
    ("Pipfile", "[packages]\nb = '<2'\n\n[dev-packages]\n", "[packages]\n\n[dev-packages]\n"),
    ("Pipfile", "[dev]\nc = '*'\n[packages]\nb = {version = '<2'}", "[dev]\nc = '*'"),
    ("pyproject.toml", "[tool.poetry.dependencies]\nb = '^1'\n", "[tool.poetry.dependencies]\n"),
    ("pyproject.toml", PROJECT.format("['a', 'b', 'c']"), PROJECT.format("['a', 'c']")),
    ("pyproject.toml", PROJECT.format("['b', 'c']"), PROJECT.format("['c']")),
    ("pyproject.toml", PROJECT.format("['a', 'b', ]"), PROJECT.format("['a', ]")),
    ("pyproject.toml", PROJECT.format("['a' , 'b']"), PROJECT.format("['a']")),
    ("pyproject.toml", PROJECT.format("[ 'b' ]"), PROJECT.format("[]")),
    (
        "pyproject.toml",
        PROJECT.format("[\n  'a',  # x\n  'b',  # why\n  # end\n]"),
        PROJECT.format("[\n  'a',  # x\n  # end\n]"),
    ),
    (
        "pyproject.toml",
        PROJECT.format("[\n  'a',  # x, y\n  # z\n  'b'  # why\n]"),
        PROJECT.format("[\n  'a'  # x, y\n  # z\n]"),
    ),
    ("pyproject.toml", PROJECT.format("[\n  'b',\n  'a'\n]"), PROJECT.format("[\n  'a'\n]")),
    (
        "pyproject.toml",
        PROJECT.format("['a',\n  'b'\n  , 'c']"),
        None,
    ),
    ("pyproject.toml", "[tool.uv]\nconstraint-dependencies = [\n  'b<2',\n]\n", ""),
    (
        "pyproject.toml",
        "[a]\n\n[tool.uv]\nconstraint-dependencies = ['b<2']\n\n[tool.x]\n",
        "[a]\n\n[tool.x]\n",
    ),
    (
        "pyproject.toml",
        "[tool.uv]\nmanaged = true\nconstraint-dependencies = ['b<2']\n",
        "[tool.uv]\nmanaged = true\n",
    ),
    ("environment.yml", "dependencies:\n  - a\n  - 'b=1'  # why\n", "dependencies:\n  - a\n"),
    ("environment.yml", "dependencies:\n  - b\n", None),
    ("environment.yml", "dependencies:\n- a\n- pip:\n  - b\n", None),
    ("environment.yml", "dependencies: [a, b]\n", None),
    (
        "tox.ini",
        "[testenv]\ndeps =\n  a\n  py39: b<2  # why\ncommands = x\n",
        "[testenv]\ndeps =\n  a\ncommands = x\n",
    ),
    ("tox.ini", "[testenv]\ndeps = b\n", None),
    ("setup.cfg", "[options]\ntests_require =\n  a\n  b<2\n", "[options]\ntests_require =\n  a\n"),
    ("setup.cfg", "[options]\ninstall_requires = a; b\n", None),
    (
        "setup.py",
        "setup(install_requires=[\n  'a',\n  'b',  # why\n])\n",
        "setup(install_requires=[\n  'a',\n])\n",
    ),
    ("setup.py", "setup(install_requires=['a', 'b'])\n", None),
    ("setup.py", "setup(install_requires=[\n  'a',\n  'b'\n])\n", None),
    (
        "noxfile.py",
        "def t(session):\n  session.install(\n    'b',\n    'a',\n  )\n",
        "def t(session):\n  session.install(\n    'a',\n  )\n",
    ),
    ("noxfile.py", "def t(session):\n  session.install(\n    'b',\n  )\n", None),
    (
        "noxfile.py",
        "# /// script\n# dependencies = ['b', 'nox']\n# ///\n",
        "# /// script\n# dependencies = ['nox']\n# ///\n",
    ),
    (
        "script.py",
        "# /// script\n# dependencies = [\n#   'a',\n#   'b<2',\n# ]\n# ///\n",
        "# /// script\n# dependencies = [\n#   'a',\n# ]\n# ///\n",
    ),
    ("Dockerfile", "RUN pip install \\\n  b \\\n  a\n", None),
]


@pytest.mark.parametrize(("name", "text", "expected"), REMOVED)
def test_one_declaration_goes_and_nothing_else(name: str, text: str, expected: str | None) -> None:
    assert without(name, text) == expected


# A name, a text, and the section that the limit is for.
LIMITED = [
    ("requirements.txt", "", ""),
    ("requirements.txt", "a", ""),
    ("requirements.txt", "a\n\n", ""),
    ("requirements.txt", "a\r\n# end\r\n", ""),
    ("Pipfile", "[packages]\na = '*'\n\n[requires]\n", ""),
    ("Pipfile", "[packages]\n\n[requires]\n", ""),
    ("Pipfile", "[[source]]\nname = 'x'\n", ""),
    ("Pipfile", "[[source]]\nname = 'x'", "dev-packages"),
    ("Pipfile", "", ""),
    ("pyproject.toml", PROJECT.format("[]"), ""),
    ("pyproject.toml", PROJECT.format("[ ]"), ""),
    ("pyproject.toml", PROJECT.format("['a']"), ""),
    ("pyproject.toml", PROJECT.format("['a', 'c' ]"), ""),
    ("pyproject.toml", PROJECT.format("['a',  # why\n]"), ""),
    ("pyproject.toml", PROJECT.format("[\n  'a'\n]"), ""),
    ("pyproject.toml", PROJECT.format("[\r\n\t'a',\r\n\t'c',  # c, d\r\n  # end\r\n  ]"), ""),
    ("pyproject.toml", PROJECT.format("[\n  'a'  # x\n  ,\n]"), ""),
    ("pyproject.toml", PROJECT.format("[\n  'a',  'c'  # x, y\n]"), ""),
    ("pyproject.toml", "[dependency-groups]\nx = ['a']\ny = ['c']\n", "x"),
    ("pyproject.toml", "[tool.uv]\nmanaged = true", ""),
    ("pyproject.toml", "[tool.uv]\nmanaged = true\n\n[tool.x]\n", ""),
    ("pyproject.toml", "[tool.uv]\nconstraint-dependencies = [\n  'a',\n]\n", ""),
    ("pyproject.toml", "[tool.uv.sources]\n", ""),
    ("pyproject.toml", "[tool.uv.sources]\r\na = {path = 'a'}", ""),
    ("pyproject.toml", "[tool.poetry.dependencies]\na = '^1'\n\n[tool.x]\n", ""),
    ("pyproject.toml", "[tool.poetry.group.x.dependencies]", "x"),
    ("environment.yml", "dependencies:\n- a\n- pip:\n  - c\nname: x\n", ""),
    ("environment.yml", "dependencies:\n- a\n- pip:\n  - c", "pip"),
    ("tox.ini", "[testenv]\ndeps =\n\ta\n\tpy39: c  # why\ncommands = x\n", ""),
    ("tox.ini", "[testenv]\ndeps = a", ""),
    ("script.py", "# /// script\n# dependencies = ['a']\n# ///\n", ""),
    ("script.py", "# /// script\n# dependencies = []\n# ///\n", ""),
    ("script.py", "# /// script\r\n# dependencies = [\r\n#   'a'\r\n# ]\r\n# ///\r\n", ""),
]


@pytest.mark.parametrize("comment", ["", "sslfix: SSL101: why, until then"])
@pytest.mark.parametrize(("name", "text", "section"), LIMITED)
def test_a_limit_that_was_added_leaves_no_trace(
    name: str, text: str, section: str, comment: str
) -> None:
    file, format_ = read(name, text), formats.by_name(name)
    assert format_ is not None
    assert format_.constrain is not None
    limited = applied(text, format_.constrain(file, "b", "<2", comment, section))
    assert limited != text
    assert without(name, limited) == text


# What a limit changes on the way that its removal does not know: the text, and what is left.
TRACES = [
    # The line could not be joined with the one before it; the gap stays.
    ("requirements.txt", "a \\\n", "a \\\n\n"),
    ("requirements.txt", "a \\", "a \\\n"),
    # A comma behind the last element of an array whose bracket has a line of its own, or a blank.
    ("pyproject.toml", PROJECT.format("['a',\n]"), PROJECT.format("['a']")),
    ("pyproject.toml", PROJECT.format("['a', ]"), PROJECT.format("['a' ]")),
    ("pyproject.toml", PROJECT.format("['a'\n]"), PROJECT.format("['a']")),
    ("pyproject.toml", PROJECT.format("[\n]"), PROJECT.format("[]")),
    # What was empty before.
    ("pyproject.toml", "[tool.uv]\nconstraint-dependencies = []\nx = 1\n", "[tool.uv]\nx = 1\n"),
    ("pyproject.toml", "[tool.uv]\n", ""),
    ("Pipfile", "[packages]\n", ""),
    # Empty lines at the end of the file.
    ("Pipfile", "[requires]\n\n", "[requires]\n"),
]


@pytest.mark.parametrize(("name", "text", "left"), TRACES)
def test_what_is_left_of_a_limit_that_was_added(name: str, text: str, left: str) -> None:
    file, format_ = read(name, text), formats.by_name(name)
    assert format_ is not None
    assert format_.constrain is not None
    limited = applied(text, format_.constrain(file, "b", "<2", "why", ""))
    assert without(name, limited) == left
    again = read(name, left)
    assert [one.name for one in again.declarations] == [one.name for one in file.declarations]
