"""Which branch is surely taken."""

from __future__ import annotations

import ast

import pytest

from sslfix.source.conditions import Truth, is_main_guard, truth


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("True", Truth.TRUE),
        ("0", Truth.FALSE),
        ("TYPE_CHECKING", Truth.FALSE),
        ("typing.TYPE_CHECKING or 0", Truth.FALSE),
        ("not TYPE_CHECKING", Truth.TRUE),
        ("not TYPE_CHECKING and x", Truth.UNKNOWN),
        ("TYPE_CHECKING and x", Truth.FALSE),
        ("x or True", Truth.TRUE),
        ("sys.version_info >= (3, 8)", Truth.TRUE),
        ("sys.version_info[:2] < (3, 9)", Truth.FALSE),
        ("sys.version_info[0] == 2", Truth.FALSE),
        ("sys.version_info.major > 2", Truth.TRUE),
        ("sys.version_info[1] > 2", Truth.UNKNOWN),
        ("sys.version_info >= wanted", Truth.UNKNOWN),
        ("sys.version_info.major in (2, 3)", Truth.UNKNOWN),
        ("1 < x < 3", Truth.UNKNOWN),
        ("x()", Truth.UNKNOWN),
    ],
)
def test_truth(test: str, expected: Truth) -> None:
    assert truth(ast.parse(test, mode="eval").body, (3, 9)) is expected


@pytest.mark.parametrize("test", ["sys.version_info >= (3, 8)", "sys.version_info[0] == 2"])
def test_of_a_python_nobody_knows_nothing_is_known(test: str) -> None:
    assert truth(ast.parse(test, mode="eval").body, ()) is Truth.UNKNOWN


def test_the_guard_of_a_script() -> None:
    assert is_main_guard(ast.parse("__name__ == '__main__'", mode="eval").body)
    assert is_main_guard(ast.parse("'__main__' == __name__", mode="eval").body)
    assert not is_main_guard(ast.parse("'__main__' == name", mode="eval").body)
    assert not is_main_guard(ast.parse("__name__ != '__main__'", mode="eval").body)
