"""What a resolver says of a plan: versions for exact pins, conflicts, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from sslfix import plan, rehearse, settle
from sslfix.apply import resolvers
from sslfix.apply.resolvers import NoSolutionError, Resolution, UnavailableError
from sslfix.model import Applicability, DependencyFile, Facts, Finding, Interpreter

from .test_match import NEW, OLD, interpreter, read
from .test_plan import NOT_NEWER, matcher

Resolver = Callable[[str, str], Mapping[str, str]]
"""The text of a file and a Python version to what is chosen for them; it may raise."""


def _file(name: str) -> str:
    stem, _, kind = name.partition("__")
    return f"{stem.replace('_', '-')}.{kind or 'txt'}"


Settle = Callable[..., "tuple[dict[str, str], list[Finding]]"]


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Settle:
    """The texts that are left of a plan, and what is withheld, with that resolver."""

    def run(
        resolver: Resolver, people: tuple[Interpreter, ...] = (interpreter(OLD),), **texts: str
    ) -> tuple[dict[str, str], list[Finding]]:
        def resolve(
            file: DependencyFile, section: str, files: object, person: Interpreter
        ) -> Resolution:
            del section, files
            return Resolution(resolver(file.document.text, person.version), "fake 1")

        monkeypatch.setattr(resolvers, "resolve", resolve)
        files = tuple(read(_file(name), text) for name, text in texts.items())
        facts = Facts(people, files)
        found = [one._replace(fix=plan.propose(one, facts, matcher)) for one in matcher(facts)]
        decided = plan.make(found, Applicability.SAFE, lambda _: False)
        first, written = rehearse.rehearse(decided, facts, matcher)
        last, written = settle.settle(first, written, facts, matcher, said.append)
        return written, list(last.withheld)

    said: list[str] = []
    return run


PINNED = "requests==2.31.0\nurllib3==2.2.3\n"


def limited(text: str) -> bool:
    return "urllib3==2.2.3" not in text


def test_an_exact_pin_gets_the_version_that_was_chosen(settled: Settle) -> None:
    def choose(text: str, _: str) -> dict[str, str]:
        assert "urllib3>=1.26.20,<2 " in text
        return {"requests": "2.31.0", "urllib3": "1.26.20"}

    after = f"requests==2.31.0\nurllib3==1.26.20{NOT_NEWER}, was ==2.2.3\n"
    assert settled(choose, requirements=PINNED) == ({"requirements.txt": after}, [])


def test_a_range_stays_a_range(settled: Settle) -> None:
    after = f"urllib3>=1.26,<2{NOT_NEWER}, was >=1.26\n"
    chosen = settled(lambda *_: {"urllib3": "1.26.20"}, requirements="urllib3>=1.26\n")
    assert chosen == ({"requirements.txt": after}, [])


def test_the_oldest_of_several_interpreters_decides(settled: Settle) -> None:
    """Which version it can have, the others can have too."""
    people = (interpreter(OLD), interpreter(OLD, "3.7.17", id="i2"))

    def choose(_: str, python: str) -> dict[str, str]:
        return {"urllib3": "1.26.21" if python == "3.9.18" else "1.26.20"}

    texts, _ = settled(choose, people, requirements=PINNED)
    assert "urllib3==1.26.20  #" in texts["requirements.txt"]


def test_what_does_not_fit_is_withheld_with_the_reason_and_another_way(
    settled: Settle,
) -> None:
    def choose(text: str, _: str) -> dict[str, str]:
        if limited(text):
            raise NoSolutionError("x 1 depends on urllib3>=2")
        return {"urllib3": "2.2.3"}

    texts, (withheld,) = settled(choose, requirements=PINNED)
    assert texts == {}
    assert "x 1 depends on urllib3>=2" in withheld.withheld
    assert "another way: use a Python that is linked to OpenSSL 1.1.1" in withheld.withheld


def test_what_fits_beside_a_conflict_is_done(settled: Settle) -> None:
    def choose(text: str, _: str) -> dict[str, str]:
        if "urllib3" in text and limited(text):
            raise NoSolutionError("no")
        return {"requests": "2.32.5"}

    texts, withheld = settled(choose, requirements=PINNED, dev_requirements="requests==2.32.3\n")
    assert texts == {"dev-requirements.txt": "requests==2.32.5\n"}
    assert [one.distribution for one in withheld] == ["urllib3"]


@pytest.mark.parametrize("error", [NoSolutionError("it never fitted"), UnavailableError("no net")])
def test_without_an_answer_the_remedy_is_written(settled: Settle, error: Exception) -> None:
    def fail(*_: str) -> dict[str, str]:
        raise error

    texts, withheld = settled(fail, requirements=PINNED)
    assert "urllib3>=1.26.20,<2  #" in texts["requirements.txt"]
    assert withheld == []


def test_a_change_that_would_bring_in_what_fails_is_withheld(
    settled: Settle,
) -> None:
    def choose(text: str, _: str) -> dict[str, str]:
        if limited(text):
            return {"urllib3": "1.26.20", **BAD}
        return {"urllib3": "2.2.3"}

    texts, (withheld,) = settled(choose, requirements=PINNED)
    assert texts == {}
    assert "fake 1 would then install what fails here" in withheld.withheld


def test_what_failed_before_is_no_reason_to_withhold(settled: Settle) -> None:
    texts, withheld = settled(lambda *_: {"urllib3": "1.26.20", **BAD}, requirements=PINNED)
    assert "urllib3==1.26.20" in texts["requirements.txt"]
    assert withheld == []


# pyOpenSSL 17 with a cryptography that has dropped what it calls.
BAD = {"pyopenssl": "17.0.0", "cryptography": "39.0.0"}


def test_a_constraints_file_is_tried_with_what_it_limits(settled: Settle) -> None:
    asked = []

    def choose(text: str, _: str) -> dict[str, str]:
        asked.append(text)
        return {"urllib3": "1.26.20"}

    settled(choose, requirements="-c constraints.txt\nrequests\n", constraints="urllib3==2.2.3\n")
    assert asked == ["-c constraints.txt\nrequests\n"]


def test_nothing_is_asked_where_nothing_changes(settled: Settle) -> None:
    def fail(*_: str) -> dict[str, str]:
        raise AssertionError

    assert settled(fail, (interpreter(NEW),), requirements=PINNED) == ({}, [])


@pytest.mark.parametrize(
    ("requires", "asked"),
    [
        ("requires-python = '>=3.7'", ["3.9.18", "3.7.0"]),
        ("requires-python = '>=3.9'", ["3.9.18"]),
        ("requires-python = '>=3.10'", ["3.9.18"]),
        ("", ["3.9.18"]),
    ],
)
def test_the_oldest_python_that_a_project_admits_has_its_say(
    requires: str, asked: list[str], settled: Settle
) -> None:
    told = []

    def choose(_: str, python: str) -> dict[str, str]:
        told.append(python)
        return {"urllib3": "1.26.20" if python == "3.7.0" else "1.26.99"}

    text = f"[project]\n{requires}\ndependencies = ['urllib3==2.2.3']\n"
    texts, _ = settled(choose, pyproject__toml=text)
    assert told == asked
    version = "1.26.20" if "3.7.0" in asked else "1.26.99"
    assert f"'urllib3=={version}'" in texts["pyproject.toml"]


def test_what_cannot_be_told_for_one_python_is_told_for_none(settled: Settle) -> None:
    def choose(_: str, python: str) -> dict[str, str]:
        if python == "3.7.0":
            raise UnavailableError("no pip for that")
        return {"urllib3": "1.26.99"}

    text = "[project]\nrequires-python = '>=3.7'\ndependencies = ['urllib3==2.2.3']\n"
    texts, _ = settled(choose, pyproject__toml=text)
    assert "'urllib3>=1.26.20,<2'" in texts["pyproject.toml"]
