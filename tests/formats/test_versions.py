"""The examples of poetry's and pipenv's own documentation."""

from __future__ import annotations

import pytest

from sslfix.formats import _versions


@pytest.mark.parametrize(
    ("constraint", "specifiers"),
    [
        # https://python-poetry.org/docs/dependency-specification/#caret-requirements
        ("^1.2.3", (">=1.2.3,<2",)),
        ("^1.2", (">=1.2,<2",)),
        ("^1", (">=1,<2",)),
        ("^0.2.3", (">=0.2.3,<0.3",)),
        ("^0.0.3", (">=0.0.3,<0.0.4",)),
        ("^0.0", (">=0.0,<0.1",)),
        ("^0", (">=0,<1",)),
        # https://python-poetry.org/docs/dependency-specification/#tilde-requirements
        ("~1.2.3", (">=1.2.3,<1.3",)),
        ("~1.2", (">=1.2,<1.3",)),
        ("~1", (">=1,<2",)),
        # https://python-poetry.org/docs/dependency-specification/#wildcard-requirements
        ("*", ("",)),
        ("1.*", ("==1.*",)),
        ("1.2.*", ("==1.2.*",)),
        # https://python-poetry.org/docs/dependency-specification/#inequality-requirements
        (">= 1.2.0", (">=1.2.0",)),
        ("> 1", (">1",)),
        ("< 2", ("<2",)),
        ("!= 1.2.3", ("!=1.2.3",)),
        (">= 1.2, < 1.5", (">=1.2,<1.5",)),
        # https://python-poetry.org/docs/dependency-specification/#exact-requirements
        ("==1.2.3", ("==1.2.3",)),
        ("1.2.3", ("==1.2.3",)),
        ("=1.2.3", ("==1.2.3",)),
        # and what its parser takes besides
        ("^1 || ^3", (">=1,<2", ">=3,<4")),
        ("^1|^3", (">=1,<2", ">=3,<4")),
        (">=1 <2", (">=1,<2",)),
        (">=1,<2,", (">=1,<2",)),
        ("~=1.4.5", ("~=1.4.5",)),
        ("~=1", (">=1,<2",)),
        ("^2.0b1", (">=2.0b1,<3",)),
        ("^1!2.3", (">=1!2.3,<1!3",)),
        ("v1.2", ("==v1.2",)),
        (">=3.0.*", (">=3.0",)),
        ("latest", None),
        ("^banana", None),
        ("", None),
    ],
)
def test_poetry(constraint: str, specifiers: tuple[str, ...] | None) -> None:
    assert _versions.poetry(constraint) == specifiers


@pytest.mark.parametrize(
    ("specifier", "specifiers"),
    [
        ("*", ("",)),
        ("", ("",)),
        ("==*", ("",)),
        ("==1.2.3", ("==1.2.3",)),
        ("===1.2.3", ("===1.2.3",)),
        ("~=1.2", ("~=1.2",)),
        (">=1.0, <2", (">=1.0,<2",)),
        ("1.2.3", ("==1.2.3",)),
        ("(>=1)", (">=1",)),
        ("^1", None),
        ("latest", None),
    ],
)
def test_pipfile(specifier: str, specifiers: tuple[str, ...] | None) -> None:
    assert _versions.pipfile(specifier) == specifiers


@pytest.mark.parametrize(
    ("constraint", "marker"),
    [
        ("*", ""),
        ("^3.9", 'python_version >= "3.9" and python_version < "4"'),
        (">=3.6.2", 'python_full_version >= "3.6.2"'),
        ("3.8.*", 'python_version == "3.8.*"'),
        ("2.* || >3", '(python_version == "2.*") or (python_version > "3")'),
    ],
)
def test_the_python_of_a_poetry_table_is_a_marker(constraint: str, marker: str) -> None:
    from packaging.markers import Marker

    assert _versions.python_marker(constraint) == marker
    if marker:
        Marker(marker)


@pytest.mark.parametrize(
    ("constraint", "marker"),
    [
        ("darwin", 'sys_platform == "darwin"'),
        ("!=win32", 'sys_platform != "win32"'),
        ("darwin || linux", '(sys_platform == "darwin") or (sys_platform == "linux")'),
    ],
)
def test_the_platform_of_a_poetry_table_is_a_marker(constraint: str, marker: str) -> None:
    assert _versions.platform_marker(constraint) == marker
