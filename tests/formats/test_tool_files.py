"""hatch.toml and uv.toml say what their tables in pyproject.toml say."""

from __future__ import annotations

import pytest

from sslfix import formats
from sslfix.model import DependencyFile, Document, Edit, Kind


def read(name: str, text: str) -> DependencyFile:
    format_ = formats.by_name(name)
    assert format_ is not None
    return format_.read(Document(name, text))


def limited(name: str, text: str, section: str = "") -> Edit | None:
    format_ = formats.by_name(name)
    assert format_ is not None
    if format_.constrain is None:
        return None
    return format_.constrain(read(name, text), "b", "<2", "why", section)


HATCH = '[envs.test]\ndependencies = ["a>=1"]\nextra-dependencies = [\n  "c==2",\n]\n'
OVERRIDES = """\
[{0}envs.test]
dependencies = ["a>=1"]
[{0}envs.test.overrides]
platform.windows.dependencies = ["b==1 ; python_version < '3.10'"]
matrix.v.extra-dependencies = ["c==1", {{ value = "d==2", if = ["2"] }}]
matrix.v.features = ["x"]
env.CI.set-dependencies = [{{ value = "e" }}]
"""
WINDOWS = "envs.test.overrides.platform.windows"
MATRIX = "envs.test.overrides.matrix.v"
UV = """\
constraint-dependencies = ["a<2"]
override-dependencies = ["c==2"]
build-constraint-dependencies = ["setuptools<70"]
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "hatch.toml",
            HATCH,
            [
                ("a", ">=1", "envs.test.dependencies", Kind.REQUIREMENT),
                ("c", "==2", "envs.test.extra-dependencies", Kind.REQUIREMENT),
            ],
        ),
        (
            "uv.toml",
            UV,
            [
                ("a", "<2", "constraint-dependencies", Kind.CONSTRAINT),
                ("c", "==2", "override-dependencies", Kind.CONSTRAINT),
            ],
        ),
        (
            "hatch.toml",
            OVERRIDES.format(""),
            [
                ("a", ">=1", "envs.test.dependencies", Kind.REQUIREMENT),
                ("b", "==1", f"{WINDOWS}.dependencies", Kind.REQUIREMENT),
                ("c", "==1", f"{MATRIX}.extra-dependencies", Kind.REQUIREMENT),
                ("d", "==2", f"{MATRIX}.extra-dependencies", Kind.REQUIREMENT),
                ("e", "", "envs.test.overrides.env.CI.set-dependencies", Kind.REQUIREMENT),
            ],
        ),
        ("hatch.toml", "[envs.a.overrides]\nplatform.linux = 1\nmatrix = 2\n", []),
        ("hatch.toml", "envs = 1\n", []),
        ("uv.toml", "managed = true\n", []),
    ],
)
def test_what_is_read(name: str, text: str, expected: list[object]) -> None:
    file = read(name, text)
    found = [(one.name, one.specifier, one.section, one.kind) for one in file.declarations]
    assert found == expected
    assert file.problems == ()


def test_an_override_for_a_platform_is_for_it_alone() -> None:
    for name, table in (("hatch.toml", ""), ("pyproject.toml", "tool.hatch.")):
        file = read(name, OVERRIDES.format(table))
        found = {one.name: one.marker for one in file.declarations}
        windows = "(sys_platform == 'win32') and (python_version < '3.10')"
        assert found == {"a": "", "b": windows, "c": "", "d": "", "e": ""}
        (one,) = (one for one in file.declarations if one.name == "d")
        assert one.specifier_span is not None
        assert file.document.text[slice(*one.specifier_span)] == "==2"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("hatch.toml", "[envs.a.overrides]\nenv.x.dependencies = [{ if = ['1'] }]\n", 2),
        ("hatch.toml", "[envs.test]\ndependencies = 1\n", 2),
        ("uv.toml", "\nconstraint-dependencies = [\n  'a b',\n]\n", 3),
        ("uv.toml", "constraint-dependencies = [1]\n", 1),
        ("uv.toml", "a = \n", 1),
    ],
)
def test_what_is_wrong_is_a_problem(name: str, text: str, line: int) -> None:
    assert [one.line for one in read(name, text).problems] == [line]


@pytest.mark.parametrize(
    ("name", "section", "added"),
    [
        ("hatch.toml", "envs.test.extra-dependencies", '\n  "b<2",  # why'),
        ("hatch.toml", "envs.test.overrides.env.CI.dependencies", None),
        ("hatch.toml", "", ',\n    "b<2",  # why\n'),
        ("hatch.toml", "envs.x.dependencies", None),
        ("uv.toml", "", None),
    ],
)
def test_where_a_limit_goes(name: str, section: str, added: str | None) -> None:
    edit = limited(name, HATCH if name == "hatch.toml" else UV, section)
    assert (edit and edit.text) == added


def test_no_limit_is_added_to_a_file_that_is_not_toml() -> None:
    assert limited("hatch.toml", "envs = [\n") is None
