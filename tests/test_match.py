"""Facts against the real pages."""

from __future__ import annotations

import pytest

from sslfix import detectors, formats, match, rules
from sslfix.model import (
    DependencyFile,
    Distribution,
    Document,
    Environment,
    Facts,
    Finding,
    Interpreter,
    Level,
    Rule,
    SslLibrary,
)

LIBRESSL = "LibreSSL 2.8.3"
OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
NEW = "OpenSSL 3.0.19 27 Jan 2026"


def interpreter(ssl: str, python: str = "3.9.18", **fields: object) -> Interpreter:
    """An interpreter of that version on Linux with that SSL library."""
    markers = {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "sys_platform": "linux",
        "os_name": "posix",
    }
    library = SslLibrary.parse(ssl) if ssl else None
    made = Interpreter("i1", "python", python, "cpython", markers, library)
    return made._replace(**fields)  # type: ignore[arg-type]


def read(path: str, text: str) -> DependencyFile:
    format_ = formats.for_path(path)
    assert format_ is not None
    return format_.read(Document(path, text))


def findings(one: Interpreter, **files: str) -> list[Finding]:
    """Findings over files given as keyword arguments: requirements_txt="..."."""
    named = {"requirements_txt": "requirements.txt", "constraints_txt": "constraints.txt",
             "Pipfile_lock": "Pipfile.lock", "poetry_lock": "poetry.lock"}  # fmt: skip
    documents = tuple(read(named.get(name, name), text) for name, text in files.items())
    facts = Facts((one,), documents)
    return list(match.match(facts, rules.load(), detectors.all_detectors()))


def serious(found: list[Finding]) -> list[tuple[str, Level]]:
    return [(one.rule.id, one.level) for one in found if one.level > Level.NOTE]


PINS = [
    # (declared, SSL library, Python, rules found as warnings or errors): silent cases first
    ("urllib3==2.2.3", NEW, "3.9.18", []),
    ("urllib3==2.0.2", NEW, "3.9.18", []),
    ("urllib3==1.26.20", OLD, "3.9.18", []),
    ("urllib3==1.26.20", LIBRESSL, "3.9.18", []),
    ("urllib3==2.2.3", LIBRESSL, "3.9.18", []),
    ("urllib3==2.0.3", LIBRESSL, "3.9.18", []),
    ("urllib3<2", OLD, "3.9.18", []),
    ("urllib3", LIBRESSL, "3.9.18", []),
    ("urllib3>=1.26,<3", LIBRESSL, "3.9.18", []),
    ('urllib3==2.2.3; python_version < "3.8"', OLD, "3.9.18", []),
    ('urllib3==2.2.3; sys_platform == "darwin"', OLD, "3.9.18", []),
    ("urllib3 @ https://index.example/urllib3-2.2.3.whl", OLD, "3.9.18", []),
    ("requests==2.31.0", NEW, "3.9.18", []),
    ("requests==2.32.5", NEW, "3.9.18", []),
    ("requests>=2.32", NEW, "3.9.18", []),
    ("gevent==1.2.1", NEW, "3.6.15", []),
    # What fails.
    ("urllib3==2.0.2", LIBRESSL, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3===2.0.2", LIBRESSL, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3==2.0.0a1", LIBRESSL, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3==2.0.2", OLD, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3==2.2.3", OLD, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3==2.2.3", "OpenSSL 1.1.0l  10 Sep 2019", "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3>=2", OLD, "3.9.18", [("SSL101", Level.ERROR)]),
    ("urllib3>=1.26", OLD, "3.9.18", [("SSL101", Level.WARNING)]),
    ("urllib3", OLD, "3.9.18", [("SSL101", Level.WARNING)]),
    ("requests==2.32.4", NEW, "3.9.18", [("SSL401", Level.WARNING)]),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "ssl", "python", "expected"), PINS)
def test_what_a_requirement_means_on_an_ssl_library(
    declared: str, ssl: str, python: str, expected: list[tuple[str, Level]]
) -> None:
    found = findings(interpreter(ssl, python), requirements_txt=declared + "\n")
    assert serious(found) == expected


def test_the_message_says_what_where_and_why() -> None:
    environment = Environment(".venv")
    one = interpreter(LIBRESSL, "3.9.6", environment=environment)
    (found,) = findings(one, requirements_txt="requests==2.31.0\nurllib3==2.0.2\n")
    assert found.message == "urllib3 2.0.2 cannot be imported here"
    assert found.detail == "refuses LibreSSL 2.8.3, the SSL library of .venv (Python 3.9.6)"
    place = found.locations[0]
    assert (place.path, place.line, place.column, place.end_column) == (
        "requirements.txt",
        2,
        1,
        15,
    )


def test_a_distribution_that_is_not_named_comes_in_with_one_that_is() -> None:
    (found,) = findings(interpreter(OLD), requirements_txt="requests==2.31.0\n")
    assert (found.rule.id, found.level, found.distribution) == ("SSL101", Level.WARNING, "urllib3")
    assert "brings in" in found.message
    for quiet in ("requests==2.29.0\n", "requests==2.31.0\nurllib3<2\n", "flask==2.0\n"):
        assert serious(findings(interpreter(OLD), requirements_txt=quiet)) == []


def test_limits_in_an_included_constraints_file_count() -> None:
    lines = "-c constraints.txt\nurllib3>=1.26\n"
    one = interpreter(OLD)
    assert serious(findings(one, requirements_txt=lines, constraints_txt="urllib3<2\n")) == []
    assert serious(findings(one, requirements_txt=lines, constraints_txt="idna<4\n")) == [
        ("SSL101", Level.WARNING)
    ]


def test_what_an_extra_limits_does_not_limit_the_project() -> None:
    text = (
        '[project]\ndependencies = ["urllib3>=1.26"]\n'
        '[project.optional-dependencies]\nold = ["urllib3<2"]\n'
    )
    found = findings(interpreter(OLD), **{"pyproject.toml": text})
    assert serious(found) == [("SSL101", Level.WARNING)]


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ("", True),
        ("python_version < '3.8'", False),
        ("extra == 'socks'", True),
        ("extra == 'socks' and python_version < '3.8'", False),
        ("'socks' in extras", True),
        ("'socks' in extras and python_version < '3.8'", False),
        ("'dev' in dependency_groups or sys_platform == 'win32'", True),
        ("this is no marker", True),
    ],
)
def test_markers_are_evaluated_for_the_interpreter_and_any_extra(marker: str, holds: bool) -> None:
    assert match.marker_holds(marker, interpreter(NEW).markers) is holds


def test_an_interpreter_without_ssl_is_not_judged_by_its_library() -> None:
    one = interpreter("", ssl_error="No module named '_ssl'")
    found = findings(one, requirements_txt="urllib3==2.0.2\n")
    assert "SSL101" not in {one.rule.id for one in found}


def test_gevent_is_a_finding_only_beside_what_imports_ssl_early() -> None:
    one = interpreter(NEW, "3.6.15")
    pins = "gevent==1.2.1\nrequests==2.14.2\n"
    assert [found.distribution for found in findings(one, requirements_txt=pins)] == ["gevent"]


@pytest.mark.parametrize(("python", "found"), [("2.7.18", []), ("3.9.18", ["SSL601"])])
def test_what_a_detector_finds_counts_where_its_page_says(python: str, found: list[str]) -> None:
    late = "import requests\nfrom gevent import monkey\n\nmonkey.patch_all()\n"
    facts = Facts((interpreter(NEW, python),), (), (Document("worker.py", late),))
    seen = match.match(facts, rules.load(), detectors.all_detectors())
    assert [one.rule.id for one in seen] == found


def test_what_is_installed_in_an_environment_is_judged() -> None:
    installed = Distribution("urllib3", "2.0.2", ".venv/lib/urllib3-2.0.2.dist-info")
    environment = Environment(".venv")
    (found,) = findings(interpreter(LIBRESSL, environment=environment, distributions=(installed,)))
    assert (found.rule.id, found.level, found.locations[0].path) == (
        "SSL101", Level.ERROR, installed.path,
    )  # fmt: skip


EXAMPLES = [
    pytest.param(rule, number, id=f"{rule.id}-{number}")
    for rule in rules.load()
    for number, example in enumerate(rule.examples)
    if example.declared
]


@pytest.mark.parametrize(("rule", "number"), EXAMPLES)
def test_the_examples_of_every_page(rule: Rule, number: int) -> None:
    example = rule.examples[number]
    ssl = example.ssl or NEW
    found = findings(
        interpreter(ssl, example.python), requirements_txt="\n".join(example.declared) + "\n"
    )
    assert (rule.id in {one.rule.id for one in found}) is example.fires


def test_every_page_with_boundaries_has_an_example_on_each_side() -> None:
    for rule in rules.load():
        if any(case.affected for case in rule.cases):
            fires = {example.fires for example in rule.examples if example.declared}
            assert fires == {True, False}, rule.id
