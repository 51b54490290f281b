"""GitHub's workflow commands, read back as the runner reads them."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

import pytest

from sslfix.model import Level, Report
from sslfix.reporters import github

from .samples import HOSTILE, finding, hostile, report, requirements_file, typical


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    text: str


def commands(text: str) -> list[Command]:
    """The commands of a log: at the start of a line `::name key=value,...::text`."""
    found = []
    for line in text.split("\n"):
        command = re.match(r"::(\w+) (.*?)::(.*)$", line)
        if command:
            pairs = (pair.partition("=") for pair in command[2].split(","))
            properties = {key: unquote(value) for key, _, value in pairs}
            found.append(Command(command[1], properties, unquote(command[3])))
    return found


def test_levels_and_statuses_become_commands() -> None:
    found = commands(github.render(typical()))
    assert [(one.name, one.properties.get("line")) for one in found] == [
        ("error", "2"),
        ("notice", "4"),
        ("error", "3"),
        ("error", "1"),
        ("warning", "1"),
        ("notice", "6"),
    ]
    assert found[0].properties["file"] == "requirements.txt"
    assert found[0].properties["title"] == "sslfix SSL101 urllib3-openssl-too-old"
    assert found[1].text.startswith("fixed: botocore")
    assert found[2].text == "could not check: is not JSON"
    assert "not applied: it was tried" in found[4].text


def test_the_last_lines_say_what_was_ignored_and_found() -> None:
    lines = github.render(typical()).splitlines()
    assert lines[-3] == "sslfix: ignored: SSL101 urllib3-openssl-too-old (1)"
    assert lines[-2] == "sslfix: pipenv sync"
    assert lines[-1].startswith(
        "sslfix: 1 error, 1 warning, 1 note, 1 fixed, 1 ignored, 2 problems"
    )


def test_what_the_runner_does_not_show_is_said_and_listed() -> None:
    names = [f"d{number}" for number in range(25)]
    file = requirements_file("".join(f"{name}==1\n" for name in names))
    many = [finding(file, name) for name in names]
    many += [finding(file, name, id_="SSL102", level=Level.WARNING) for name in names[:3]]
    text = github.render(report(*many, files=(file,)))
    found = commands(text)
    assert [one.name for one in found].count("error") == 10
    assert [one.name for one in found].count("warning") == 3
    assert "sslfix: 15 more are not annotated" in text
    listed = [line for line in text.splitlines() if line.startswith("requirements.txt:")]
    assert len(listed) == 15


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_of_the_repository_give_no_commands(text: str) -> None:
    rendered = github.render(hostile(text))
    own = (
        "::error title=sslfix SSL101",
        "::notice title=sslfix SSL101",
        "::error title=sslfix could",
    )
    for line in rendered.split("\n"):
        assert not line.lstrip().startswith("::") or line.startswith(own), line
        assert "##[" not in line or line.startswith("::")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", line)
    assert {one.name for one in commands(rendered)} <= {"error", "notice"}
    rendered.encode("utf-8")


def test_a_place_of_several_lines_has_no_columns() -> None:
    file = requirements_file("urllib3 \\\n  ==2.0.2\n")
    (found,) = commands(github.render(report(finding(file), files=(file,))))
    assert (found.properties["line"], found.properties["endLine"]) == ("1", "2")
    assert "col" not in found.properties


def test_what_stands_in_no_file_of_the_repository_names_none() -> None:
    file = requirements_file("urllib3==2.0.2\n")
    one = finding(file)
    outside = one._replace(locations=(one.locations[0]._replace(path="/usr/bin/python3"),))
    (found,) = commands(github.render(Report(report().facts, (outside,), ())))
    assert "file" not in found.properties
