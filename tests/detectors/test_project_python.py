"""Whether the environment's Python is one that the project is for."""

from __future__ import annotations

import pytest

from sslfix import match, rules
from sslfix.detectors.project_python import DETECTOR, reasons
from sslfix.model import Environment, Facts, Interpreter, Location, PythonWish


def judged(*wishes: PythonWish, version: str = "3.9.18") -> Interpreter:
    return Interpreter(
        id="i1",
        executable=".venv/bin/python",
        version=version,
        implementation="cpython",
        markers={},
        ssl=None,
        environment=Environment(".venv", wishes=wishes),
    )


def wish(*accepts: str, binding: bool = True) -> PythonWish:
    place = Location("pyproject.toml", 3, 1, 3, 26)
    return PythonWish(" || ".join(accepts), accepts, place, binding)


@pytest.mark.parametrize(
    ("accepts", "version", "fits"),
    [
        ((">=3.9",), "3.9.18", True),
        ((">=3.9.18, <3.10",), "3.9.18", True),
        ((">=3.9.19",), "3.9.18", False),
        ((">=3.10",), "3.9.18", False),
        (("<3.9",), "3.9.18", False),
        (("<3.9", ">=3.10"), "3.9.18", False),
        (("<3.9", "==3.9.*"), "3.9.18", True),
        (("!=3.9.*",), "3.9.18", False),
        (("!=3.1.*,>=3",), "3.10.1", True),
        (("==3.1.*",), "3.10.1", False),
        (("~=3.9",), "3.9.18", True),
        (("~=3.9.20",), "3.9.18", False),
        ((">3.8",), "3.9.18", True),
        (("<=3.9",), "3.9.18", False),
        ((">=3.14",), "3.14.0rc1", True),
        ((">=3.15",), "3.14.0rc1", False),
        # What is no specifier, and a Python that is not known, say nothing.
        (("nonsense",), "3.9.18", True),
        (("",), "3.9.18", True),
        ((">=3.10",), "", True),
    ],
)
def test_versions(accepts: tuple[str, ...], version: str, fits: bool) -> None:
    hits = DETECTOR.detect(Facts(), judged(wish(*accepts), version=version))
    assert (hits == ()) is fits
    assert (reasons(judged(wish(*accepts), version=version)) == ()) is fits


@pytest.mark.parametrize(
    ("accepts", "version", "nearest"),
    [
        ((">=3.11",), "3.9.18", "3.11"),
        ((">=3.8,<3.10",), "3.12.1", "3.9"),
        (("<3.9",), "3.12.1", "3.8"),
        (("!=3.9.*",), "3.9.18", "3.10"),
        (("==3.8.*", ">=3.12"), "3.9.18", "3.8"),
        ((">=3.9.20",), "3.9.18", "3.9.20"),
        (("==3.11.4",), "3.9.18", "3.11.4"),
        ((">=3.6",), "2.7.18", "3.6"),
        ((">=4",), "3.9.18", None),
    ],
)
def test_the_nearest_python_that_is_admitted_is_what_to_paste(
    accepts: tuple[str, ...], version: str, nearest: str | None
) -> None:
    (hit,) = DETECTOR.detect(Facts(), judged(wish(*accepts), version=version))
    assert hit.words.get("VERSION") == nearest
    assert hit.words["PATH"] == ".venv"


def test_the_command_of_the_page_says_which_and_where() -> None:
    interpreter = judged(wish(">=3.11"))
    environment = Environment("my project/.venv", wishes=(wish(">=3.11"),))
    interpreter = interpreter._replace(environment=environment)
    facts = Facts((interpreter,))
    rule = next(one for one in rules.load() if one.id == "SSL532")
    (finding,) = match.match(facts, [rule], {DETECTOR.name: DETECTOR})
    (remedy,) = finding.case.remedies
    assert remedy.commands == (
        "sslfix env --recreate --python 3.11 'my project/.venv'",
        "poetry env use 3.11",
    )


def test_what_binds_and_what_only_chooses_are_two_rules() -> None:
    one = judged(wish(">=3.11"), wish("==3.12.*", binding=False))
    first, second = DETECTOR.detect(Facts(), one)
    assert (first.rule, second.rule) == ("SSL532", "SSL533")
    assert first.message == ".venv has Python 3.9.18, which this project does not admit"
    assert first.detail == "its Python is 3.9.18, but pyproject.toml asks for >=3.11"
    assert first.locations[0].line == 3
    assert DETECTOR.detect(Facts(), one._replace(environment=None)) == ()
