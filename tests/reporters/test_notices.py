"""Findings as a forge shows them: places, folding, fingerprints."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslfix.model import (
    Action,
    DependencyFile,
    Document,
    Edit,
    Environment,
    Facts,
    Finding,
    Location,
    Problem,
    PythonWish,
    Relock,
    Report,
    Span,
)
from sslfix.reporters._notices import UNCHECKED, notices, stated, whole_edits

from .samples import finding, interpreter, report, requirements_file, typical

LOCK = """\
[[package]]
name = "idna"
version = "3.7"

[[package]]
name = "urllib3"
version = "2.0.2"
"""


def lock_file() -> DependencyFile:
    from sslfix.formats import poetry_lock

    return poetry_lock.FORMAT.read(Document("poetry.lock", LOCK))


def pyproject_file() -> DependencyFile:
    from sslfix.formats import pyproject

    return pyproject.FORMAT.read(Document("pyproject.toml", '[project]\ndependencies = ["six"]\n'))


PINS = requirements_file("six\nurllib3==2.0.2\n")
INSTALLED = Location("/venv/lib/urllib3-2.0.2.dist-info", 1, 1, 1, 1)


def shown_at(one: Finding, facts: Facts) -> Location:
    (shown,) = notices(Report(facts, (one,), ()))
    return shown.locations[0]


@pytest.mark.parametrize(
    ("distribution", "files", "place"),
    [
        ("urllib3", (PINS, lock_file()), ("poetry.lock", 6)),
        ("urllib3", (PINS, pyproject_file()), ("requirements.txt", 2)),
        (None, (PINS, pyproject_file(), lock_file()), ("poetry.lock", 1)),
        (None, (PINS, pyproject_file()), ("pyproject.toml", 1)),
        (None, (PINS,), ("requirements.txt", 1)),
        (None, (), (INSTALLED.path, 1)),
    ],
)
def test_what_is_no_file_of_the_repository_is_shown_at_one(
    distribution: str | None, files: tuple[DependencyFile, ...], place: tuple[str, int]
) -> None:
    one = finding(PINS)._replace(locations=(INSTALLED,), distribution=distribution)
    found = shown_at(one, Facts((interpreter(),), files))
    assert (found.path, found.line) == place


def test_what_stands_in_a_file_that_was_read_is_shown_there() -> None:
    one = finding(PINS)
    assert shown_at(one, Facts((), (lock_file(), PINS))) == one.locations[0]


def test_a_file_that_says_which_python_is_one_of_the_repository() -> None:
    wish = Location(".python-version", 1, 1, 1, 5)
    environment = Environment(".venv", wishes=(PythonWish("3.9", ("==3.9.*",), wish),))
    one = finding(PINS)._replace(locations=(INSTALLED, wish))
    assert shown_at(one, Facts((interpreter(environment=environment),), (PINS,))) == wish


def test_only_files_that_the_interpreter_judges_stand_in_for_its_environment() -> None:
    other = requirements_file("flask\n", "b/requirements.txt")
    judge = interpreter()._replace(judges=frozenset({"b/requirements.txt"}))
    one = finding(PINS)._replace(locations=(INSTALLED,))
    assert shown_at(one, Facts((judge,), (PINS, other))).path == "b/requirements.txt"


def test_the_place_where_it_was_found_stays_as_another_location() -> None:
    one = finding(PINS)._replace(locations=(INSTALLED,))
    (shown,) = notices(report(one, files=(PINS,)))
    assert [place.path for place in shown.locations] == ["requirements.txt", INSTALLED.path]


def test_one_fault_of_two_interpreters_is_one_notice_with_both_reasons() -> None:
    first = finding(PINS, detail="refuses LibreSSL 2.8.3")
    second = finding(PINS, detail="refuses OpenSSL 1.0.2k", judge="i2")
    (shown,) = notices(report(first, second, files=(PINS,)))
    assert shown.message.endswith(": refuses LibreSSL 2.8.3; refuses OpenSSL 1.0.2k")


def test_paths_are_stated_from_the_repository_s_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services/api").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "services/api")
    (shown,) = notices(report(finding(PINS), files=(PINS,), root=str(tmp_path)))
    assert shown.locations[0].path == "services/api/requirements.txt"
    assert stated("../other/x.txt", str(tmp_path)) == "services/other/x.txt"
    assert stated("/usr/bin/python3", str(tmp_path)) == "/usr/bin/python3"
    assert stated("x.txt", "") == "x.txt"


def test_fingerprints_differ_in_one_report_and_do_not_follow_line_numbers() -> None:
    twice = requirements_file("urllib3==2.0.2\nurllib3==2.0.1; extra == 'a'\n")
    first = finding(twice)
    second = first._replace(locations=(first.locations[0]._replace(line=2, end_line=2),))
    prints = [one.fingerprint for one in notices(report(first, second, files=(twice,)))]
    assert len(set(prints)) == 2
    moved = requirements_file("# a\n# b\nurllib3==2.0.2\n")
    (after,) = notices(report(finding(moved), files=(moved,)))
    assert after.fingerprint == prints[0]


@pytest.mark.parametrize("path", [".", "", "/usr/bin/python3", ".venv/bin/python", "../x"])
def test_what_could_not_be_checked_is_shown_in_a_file_too(path: str) -> None:
    problem = Problem(path, None, "did not answer")
    (shown,) = notices(report(files=(PINS,), problems=(problem,)))
    assert (shown.status, shown.locations[0].path) == (UNCHECKED, "requirements.txt")
    assert shown.message == f"{path}: did not answer"


def test_a_file_that_cannot_be_read_is_shown_itself() -> None:
    (shown,) = notices(report(files=(PINS,), problems=(Problem("Pipfile", 3, "no TOML"),)))
    assert (shown.locations[0].path, shown.locations[0].line) == ("Pipfile", 3)


def test_statuses_are_told() -> None:
    said = {one.status: one.said for one in notices(typical())}
    assert said["fixed"].startswith("fixed: botocore")
    assert said[UNCHECKED].startswith("could not check: ")
    assert said["open"].startswith("urllib3 2.0.2") or said["open"].startswith("idna")


def edits_of(*findings: Finding, files: tuple[DependencyFile, ...] = (PINS,)) -> list[list[str]]:
    one = report(*findings, files=files)
    edits = whole_edits(notices(one), one.facts)
    return [[edit.text for edit in found] for found in edits.values()]


def with_actions(one: Finding, *actions: Action) -> Finding:
    assert one.fix is not None
    return one._replace(fix=one.fix._replace(actions=(*one.fix.actions, *actions)))


def test_a_fix_that_needs_more_than_edits_has_none() -> None:
    one = finding(PINS)
    assert edits_of(one) == [[">=2.0.3,<3"]]
    assert edits_of(with_actions(one, Relock("poetry.lock", "poetry", {}, (), ()))) == []
    assert edits_of(with_actions(one, Edit("gone.txt", Span(0, 0), "x"))) == []
    assert edits_of(one._replace(status="withheld", withheld="no")) == []


def test_remarks_are_left_out_where_a_file_would_read_more_into_them() -> None:
    end = len(PINS.document.text) - 1
    comment = Edit("requirements.txt", Span(end, end), "  # why", remark=True)
    more = Edit("requirements.txt", Span(end, end), "\nflask", remark=True)
    assert edits_of(with_actions(finding(PINS), comment)) == [[">=2.0.3,<3", "  # why"]]
    assert edits_of(with_actions(finding(PINS), more)) == [[">=2.0.3,<3"]]
    twice = finding(PINS)._replace(detail="other", message="other")
    crowded = edits_of(with_actions(finding(PINS), comment), with_actions(twice, more))
    assert crowded == [[">=2.0.3,<3"], [">=2.0.3,<3"]]
