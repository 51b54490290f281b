from __future__ import annotations

import pytest

from sslfix.formats import script
from sslfix.model import DependencyFile, Document


def read(text: str) -> DependencyFile:
    return script.read(Document("tool.py", text))


def block(*lines: str) -> str:
    inner = "".join(f"# {line}\n" if line else "#\n" for line in lines)
    return f"#!/usr/bin/env python3\n\n# /// script\n{inner}# ///\nimport requests\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import requests\n",
        block("requires-python = '>=3.9'"),
        block("dependencies = []"),
        block("[tool.uv]", "dependencies = ['a']"),
        "# /// script\n# dependencies = ['a']\n",
        "# /// script\n# dependencies = ['a']\n\n# ///\n",
        "# /// script\n#dependencies = ['a']\n# ///\n",
        "# /// other\n# dependencies = ['a']\n# ///\n",
        " # /// script\n# dependencies = ['a']\n# ///\n",
        "# /// script\n# dependencies = ['a']\n# ///",
    ],
)
def test_all_else_is_left_alone(text: str) -> None:
    file = read(text[:-1] if text.endswith("# ///") else text)
    assert (file.declarations, file.includes, file.problems) == ((), (), ())


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_dependencies_with_their_places(newline: str) -> None:
    text = block("dependencies = [", "  'a == 1',  # why", "", "  \"b[c]; os_name == 'nt'\",", "]")
    text = text.replace("\n", newline)
    file = read(text)
    found = [
        (one.name, one.specifier, one.marker, one.extras, file.document.position(one.span.start))
        for one in file.declarations
    ]
    assert found == [
        ("a", "==1", "", (), (5, 6)),
        ("b", "", "os_name == 'nt'", ("c",), (7, 6)),
    ]
    spans = [one.specifier_span for one in file.declarations]
    assert [span and text[slice(*span)] for span in spans] == ["== 1", ""]
    assert text[slice(*file.declarations[0].span)] == "a == 1"
    assert spans[1] is not None
    assert text[: spans[1].start].endswith("b[c]")


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (["dependencies = ["], 4, "is not valid TOML"),
        (["", "dependencies = 1"], 5, "expected an array"),
        (["dependencies = [", "1]"], 5, "expected a requirement"),
        (["dependencies = [", "'a',", "'b bad']"], 6, "is not a requirement"),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_line(
    lines: list[str], line: int, message: str
) -> None:
    (problem,) = read(block(*lines)).problems
    assert problem.line in (line, line + 1) if "TOML" in message else problem.line == line
    assert message in problem.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["requires-python = '>=3.9'"], None),
        (["dependencies = ['a']"], ["dependencies = ['a',", "    {}", "]"]),
        (
            ["dependencies = [", "  'a',  # b", "]"],
            ["dependencies = [", "  'a',  # b", "  {}", "]"],
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_constrain(before: list[str], after: list[str] | None, newline: str) -> None:
    text = block(*before).replace("\n", newline)
    edit = script.constrain(read(text), "urllib3", "<2", "why", "")
    if after is None:
        assert edit is None
        return
    assert edit is not None
    new = text[: edit.span.start] + edit.text + text[edit.span.end :]
    lines = [line.format('"urllib3<2",  # why') for line in after]
    assert new == block(*lines).replace("\n", newline)
    assert [one.name for one in read(new).declarations] == ["a", "urllib3"]
