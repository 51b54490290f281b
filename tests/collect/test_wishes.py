"""What a project's files say of its Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.collect.projects import show
from sslfix.collect.wishes import read

PYPROJECT = """\
[project]
name = "x"
requires-python = {} # why

[tool.other]
requires-python = ">=9"
"""


@pytest.mark.parametrize(
    ("name", "text", "accepts", "line", "binding"),
    [
        ("pyproject.toml", PYPROJECT.format('">=3.9,<4"'), (">=3.9,<4",), 3, True),
        ("pyproject.toml", PYPROJECT.format("'>=3.9'"), (">=3.9",), 3, True),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\r\nidna = "*"\r\npython = "^3.8 || 3.6.*"\r\n',
            (">=3.8,<4", "==3.6.*"),
            3,
            True,
        ),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "3.9"\n', ("==3.9.*",), 2, True),
        ("Pipfile", '[requires]\npython_version = "3.9"\n', ("==3.9.*",), 2, False),
        ("Pipfile", '[requires]\npython_full_version = "3.9.1"\n', ("==3.9.*",), 2, False),
        (".python-version", "# ours\n3.12.1\n3.9\n", ("==3.12.*", "==3.9.*"), 2, False),
    ],
)
def test_what_is_asked_for(
    tmp_path: Path, name: str, text: str, accepts: tuple[str, ...], line: int, binding: bool
) -> None:
    (tmp_path / name).write_bytes(text.encode())
    (wish,) = read(str(tmp_path))
    assert (wish.accepts, wish.binding) == (accepts, binding)
    assert (wish.location.line, wish.location.path) == (line, show(str(tmp_path / name)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", PYPROJECT.format('""')),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "nonsense"\n'),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\npython = "^2"\n'),
        ("Pipfile", '[requires]\npython_version = "*"\n[packages]\npython_version = "3.9"\n'),
        (".python-version", "pypy3.10\n"),
        (".python-version", "3.9\nsystem\n"),
        (".python-version", ">=3.9\n"),
        (".python-version", ""),
    ],
)
def test_what_says_nothing_for_sure_is_left_out(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read(str(tmp_path)) == ()
