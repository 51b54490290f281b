"""What an install would bring: uv and pip on wheels in a folder, without network."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

import pytest

from sslfix import preflight, session
from sslfix.apply import installers
from sslfix.apply.resolvers import Arrival, pip
from sslfix.model import Advice, Distribution, Finding, Interpreter, Report
from sslfix.preflight import Wish
from tests.apply.worlds import wheel

from .test_match import LIBRESSL, NEW, OLD, interpreter

WHEELS = (
    ("kafka_python", "2.0.2", ""),
    ("kafka_python", "2.0.3", ""),
    ("urllib3", "1.26.4", ""),
    ("urllib3", "1.26.20", ""),
    ("urllib3", "1.26.21", ""),
    ("urllib3", "2.0.2", ""),
    ("urllib3", "2.2.3", ""),
    ("requests", "2.31.0", "urllib3<3"),
    ("boto4", "1.0", "requests>=2"),
    ("needs4", "1.0", "urllib3>=2"),
    ("gevent", "1.1", ""),
    ("gevent", "1.5", ""),
    ("botocore", "1.29.0", ""),
    ("httpie", "3.2.4", 'requests[socks] ; extra == "all"'),
)
REQUESTS = ("requests 2.31.0", "urllib3 2.2.3")


@pytest.fixture(autouse=True)
def _wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(installers, "_pip_settings", lambda _: ())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "uv.toml").write_text('no-index = true\nfind-links = ["wheels"]\n')
    for name, version, requires in WHEELS:
        wheel(tmp_path / "wheels", name, version, requires)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> str:
    """Only uv can be asked."""
    if shutil.which("uv") is None:
        pytest.skip("needs uv")
    monkeypatch.setattr(installers, "_pip_has_its_index", lambda _: False)
    monkeypatch.setattr(pip, "pips", lambda _: ())
    return "uv"


@pytest.fixture(params=["uv", pytest.param("pip", marks=pytest.mark.proof)])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The one that is asked, because the other is not there."""
    if request.param == "uv":
        return str(request.getfixturevalue("uv"))
    monkeypatch.setattr(installers, "find_uv", lambda *_: None)
    return "pip"


def person(ssl: str, *installed: str) -> Interpreter:
    """The Python that runs the tests, with another SSL library and these distributions."""
    pairs = (one.split("==") for one in installed)
    there = tuple(Distribution(name, version, f".venv/{name}.dist-info") for name, version in pairs)
    one = interpreter(ssl, platform.python_version())
    # The empty environment of its own keeps what the tests need out of the answer.
    return one._replace(executable=sys.executable, distributions=there, source="profile")


def check(wish: Wish, *people: Interpreter, **request: object) -> Report:
    """The report for these interpreters."""
    before = session.interpreters
    session.interpreters = lambda *_: (people, ())
    try:
        return preflight.check(session.Request(**request), wish)  # type: ignore[arg-type]
    finally:
        session.interpreters = before


def told(finding: Finding) -> tuple[str, str | None, str]:
    place = finding.locations[0]
    text = place.snippet[place.column - 1 : place.end_column - 1]
    return finding.rule.id, finding.version, f"{place.path}: {text}"


def paste(finding: Finding) -> str:
    assert finding.fix is not None
    (action,) = finding.fix.actions
    assert isinstance(action, Advice)
    return action.commands[0]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("urllib3==2.0.2", ["urllib3 2.0.2 | urllib3==2.0.2"]),
        ("requests urllib3<2.1", ["urllib3 2.0.2 | urllib3<2.1"]),
        ("requests", []),
        ("boto4 gevent==1.1", ["gevent 1.1 | gevent==1.1"] * (sys.version_info < (3, 12))),
    ],
)
def test_what_would_be_installed_is_judged_at_its_own_words(
    uv: str, wanted: str, expected: list[str]
) -> None:
    report = check(Wish(tuple(wanted.split())), person(LIBRESSL))
    serious = [one for one in report.findings if one.level > 1]
    found = [f"{one.distribution} {told(one)[1]} | {told(one)[2]}" for one in serious]
    assert [one.replace("<command line>: ", "") for one in found] == expected
    assert report.problems == ()


def test_what_comes_along_is_shown_at_what_brings_it(tool: str) -> None:
    report = check(Wish(("gevent", "boto4")), person(OLD))
    (finding,) = [one for one in report.findings if one.rule.id == "SSL101"]
    assert told(finding) == ("SSL101", "2.2.3", "<command line>: boto4")
    assert finding.locations[0].line == 2
    assert finding.detail.endswith("; it comes with boto4 1.0 -> requests 2.31.0")
    assert finding.declared is None


def test_what_would_be_installed_is_listed(tool: str) -> None:
    report = check(Wish(("requests",)), person(NEW))
    line = report.elsewhere[0]
    assert line.startswith(f"{tool} ")
    assert sorted(line.partition(": ")[2].split(", ")) == sorted(REQUESTS)
    assert "would install 2 distributions" in line


@pytest.mark.parametrize(
    ("ssl", "wanted", "expected"),
    [
        (OLD, "requests", "requests 'urllib3>=1.26.20,<2'"),
        (OLD, "requests urllib3", "requests 'urllib3>=1.26.20,<2'"),
        (OLD, "urllib3>=2", "'urllib3>=1.26.20,<2'"),  # the contrary of what was asked for
        (LIBRESSL, "urllib3==2.0.2", "'urllib3>=2.0.3,<3'"),
        (LIBRESSL, "urllib3!=2.2.3", "'urllib3>=1.26.20,<2'"),  # the page's second way
        (OLD, "urllib3!=1.26.20", "'urllib3!=1.26.20,>=1.26.20,<2'"),
    ],
)
def test_an_install_that_works_is_proposed(uv: str, ssl: str, wanted: str, expected: str) -> None:
    report = check(Wish(tuple(wanted.split())), person(ssl))
    assert paste(report.findings[0]) == f"uv pip install {expected}"


def test_nothing_is_proposed_that_does_not_work(uv: str) -> None:
    report = check(Wish(("requests", "needs4")), person(OLD))
    assert paste(report.findings[0]).startswith("uv python install")  # what is left of the page


def test_files_and_limits_are_read_as_pip_reads_them(tool: str) -> None:
    Path("a sub").mkdir()
    Path("a sub/all.txt").write_text("-r more.txt\n")
    Path("a sub/more.txt").write_text("requests\n")
    Path("its limits.txt").write_text("urllib3==2.0.2\n")
    report = check(Wish(files=("a sub/all.txt",), limits=("its limits.txt",)), person(LIBRESSL))
    (finding,) = report.findings
    assert told(finding)[1:] == ("2.0.2", "<command line>: -r a sub/all.txt")
    assert paste(finding) == "sslfix --diff 'a sub/all.txt' 'its limits.txt'"


def test_what_is_installed_counts_beside_what_would_be(uv: str) -> None:
    """SSL301 is about the pair."""
    report = check(Wish(("botocore==1.29.0",)), person(NEW, "urllib3==2.2.3"))
    assert told(report.findings[0])[:2] == ("SSL301", "1.29.0")


def test_what_stays_and_fails_is_shown_where_it_is(uv: str) -> None:
    report = check(Wish(("gevent",)), person(OLD, "urllib3==2.2.3"))
    (finding,) = report.findings
    assert finding.locations[0].path == ".venv/urllib3.dist-info"
    assert "gevent" in paste(finding)
    assert "'urllib3>=1.26.20,<2'" in paste(finding)


def test_uv_keeps_what_is_installed_as_an_install_does(uv: str) -> None:
    one = person(NEW, "urllib3==1.26.20", "odd==not-a-version")
    assert check(Wish(("requests",)), one).elsewhere[0].endswith(": requests 2.31.0")
    there = person(NEW, "urllib3==1.26.20", "requests==2.31.0")
    assert check(Wish(("requests",)), there).elsewhere[0].endswith("all that is asked for is there")


def test_constraints_are_named_where_they_would_have_helped(uv: str) -> None:
    report = check(Wish(("requests",)), person(OLD))
    assert report.elsewhere[1] == "limits for every install, from `sslfix constraints`: urllib3<2"
    assert len(check(Wish(("requests",)), person(NEW)).elsewhere) == 1


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [(("nowhere",), "could not tell"), (("urllib3<1", "requests"), "urllib3<1")],
)
def test_what_cannot_be_resolved_could_not_be_checked(
    tool: str, wanted: tuple[str, ...], reason: str
) -> None:
    report = check(Wish(wanted), person(LIBRESSL))
    (problem,) = report.problems
    assert problem.path == "<command line>"
    assert reason in problem.message
    assert "sslfix-" not in problem.message
    assert report.findings == ()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source": "binary"}, "was not run"),
        ({"ssl": None, "ssl_error": "No module named '_ssl'"}, "No module named '_ssl'"),
    ],
)
def test_an_interpreter_that_cannot_be_judged_is_a_problem(
    fields: dict[str, object], reason: str
) -> None:
    one = person(OLD)._replace(**fields)  # type: ignore[arg-type]
    (problem,) = check(Wish(("requests",)), one).problems
    assert reason in problem.message


def test_each_interpreter_is_asked_for_itself(uv: str) -> None:
    report = check(Wish(("requests",)), person(OLD), person(NEW)._replace(id="i2"))
    assert [(one.rule.id, one.interpreter) for one in report.findings] == [("SSL101", "i1")]


def test_all_findings_of_a_rule_are_cured_by_one_install(uv: str) -> None:
    """SSL228 has cases for several distributions."""
    old = interpreter(NEW, "3.12.1")._replace(source="profile")
    report = check(Wish(("kafka-python==2.0.2", "urllib3==1.26.4")), old)
    assert [(one.rule.id, one.distribution) for one in report.findings] == [
        ("SSL228", "kafka-python"),
        ("SSL228", "urllib3"),
    ]
    expected = "uv pip install 'kafka-python>=2.0.3' 'urllib3>=1.26.20,<2'"
    assert [paste(one) for one in report.findings] == [expected, expected]


def test_rules_that_are_ignored_say_nothing(uv: str) -> None:
    report = check(Wish(("requests",)), person(OLD), ignore=("SSL101",))
    assert report.findings == ()


def test_an_extra_is_no_reason_where_there_is_another() -> None:
    chosen: dict[str, dict[str, dict[str, object]]] = {
        "httpie": {"metadata": {"requires_dist": ["requests; extra == 'all'"]}},
        "boto4": {"metadata": {"requires_dist": ["requests (>=2)"]}},
        "own": {"metadata": {}},
    }
    one = person(NEW)
    assert pip._requirers("requests", chosen, one) == ("boto4",)
    del chosen["boto4"]
    assert pip._requirers("requests", chosen, one) == ("httpie",)
    assert pip._requirers("urllib3", chosen, one) == ()


def test_the_shortest_way_down_is_told() -> None:
    arrivals = {
        "a": Arrival("a", "1", requested=True, required_by=()),
        "b": Arrival("b", "1", requested=False, required_by=("a", "c")),
        "c": Arrival("c", "1", requested=False, required_by=("b",)),
        "d": Arrival("d", "1", requested=False, required_by=("c", "b")),
        "lost": Arrival("lost", "1", requested=False, required_by=()),
    }
    assert preflight._chain("d", arrivals, {}) == ("a", "b", "d")
    assert preflight._chain("lost", arrivals, {}) == ("lost",)
