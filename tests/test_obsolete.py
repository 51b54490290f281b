"""Limits with a reason: found when the reason is gone, taken back as they came."""

from __future__ import annotations

import pytest

from sslfix import detectors, match, obsolete, plan, rehearse, rules
from sslfix.model import Applicability, Facts, Finding, Kind, Relock

from .test_match import NEW, OLD, interpreter, read

KNOWN = rules.load()
RULE = next(one for one in KNOWN if one.cases[0].when.detector == obsolete.DETECTOR)


def look(facts: Facts, *, declared: bool = True) -> tuple[Finding, ...]:
    found = match.match(facts, KNOWN, detectors.all_detectors())
    return (*found, *obsolete.find(facts, RULE, KNOWN, declared=declared))


def world(ssl: str, texts: dict[str, str]) -> Facts:
    files = tuple(read(name, text) for name, text in texts.items())
    return Facts((interpreter(ssl)._replace(id="i1"),), files)


def fixed(ssl: str, texts: dict[str, str]) -> dict[str, str]:
    """The texts after all fixes, unsafe ones too, where the SSL library is that one."""
    facts = world(ssl, texts)
    found = [one._replace(fix=plan.propose(one, facts, look)) for one in look(facts)]
    decided = plan.make(found, Applicability.UNSAFE, lambda _: False)
    return {**texts, **rehearse.rehearse(decided, facts, look)[1]}


UV_LOCK = """\
version = 1

[[package]]
name = "urllib3"
version = "{}"
source = {{ registry = "https://index.example" }}
"""
PROJECT = '[project]\ndependencies = [\n    "requests",\n]\n'


@pytest.mark.parametrize(
    "texts",
    [
        {"requirements.txt": "requests==2.31.0\n"},
        {"requirements.txt": "requests==2.31.0"},
        {"requirements.txt": "urllib3==2.2.3\n"},
        {"requirements.txt": "a\r\nurllib3 == 2.2.3 ; python_version < '4'  # why\r\nb\r\n"},
        {"requirements.txt": "urllib3\n"},
        {"requirements.txt": "-c constraints.txt\nrequests\n", "constraints.txt": "idna<4\n"},
        {"pyproject.toml": PROJECT.replace("requests", "urllib3==2.2.3")},
        {"pyproject.toml": PROJECT, "uv.lock": UV_LOCK.format("2.2.3")},
        {"pyproject.toml": '[tool.poetry.dependencies]\nurllib3 = "^2.2"\n'},
        {"Pipfile": '[packages]\nidna = "*"\n\n[dev-packages]\nrequests = "*"\n'},
        {"environment.yml": "dependencies:\n  - pip:\n    - urllib3==2.2.3\n"},
        {"setup.cfg": "[options]\ninstall_requires =\n    urllib3==2.2.3\n    idna\n"},
        {"tox.ini": "[testenv]\ndeps =\n    urllib3==2.2.3\n    idna\n"},
        {"setup.py": 'from setuptools import setup\nsetup(install_requires=["urllib3==2.2.3"])\n'},
    ],
    ids=lambda texts: " ".join(texts) + ": " + next(iter(texts.values())).split("\n")[0],
)
def test_a_limit_goes_when_its_cause_is_gone(texts: dict[str, str]) -> None:
    """What was written where the SSL library is old is taken back where it is not."""
    limited = fixed(OLD, texts)
    assert limited != texts
    assert not [one for one in look(world(OLD, limited)) if one.rule is RULE]
    limited = {
        name: text.replace('2.2.3"\nsource', '1.26.20"\nsource') for name, text in limited.items()
    }
    (found,) = (one for one in look(world(NEW, limited)) if one.rule is RULE)
    assert "was placed for SSL101" in found.detail
    again = fixed(NEW, limited)
    assert {**again, "uv.lock": ""} == {**texts, "uv.lock": ""}


def test_the_lock_file_is_made_to_agree() -> None:
    limited = fixed(OLD, {"pyproject.toml": PROJECT, "uv.lock": UV_LOCK.format("2.2.3")})
    facts = world(NEW, {**limited, "uv.lock": UV_LOCK.format("1.26.20")})
    (found,) = look(facts)
    fix = plan.propose(found, facts, look)
    assert fix is not None
    (relock,) = (one for one in fix.actions if isinstance(one, Relock))
    assert (relock.path, relock.constraint) == ("uv.lock", {})


LIMIT = (
    "urllib3<2  # sslfix: SSL101: newer urllib3 fails with OpenSSL<1.1.1, "
    "remove when that is gone\n"
)


@pytest.mark.parametrize(
    ("ssl", "text"),
    [
        (OLD, LIMIT),
        (NEW, "urllib3<2\n"),
        (NEW, "urllib3<2  # sslfix: ignore[SSL101]\n"),
        # No such rule, or none about this distribution: nothing is known of it.
        (NEW, LIMIT.replace("SSL101", "SSL199")),
        (NEW, LIMIT.replace("SSL101", "SSL231")),
        # It counts for other interpreters.
        (NEW, LIMIT.replace("<2 ", "<2 ; python_version < '3' ")),
        # Another limit beside it is no reason to remove this one.
        (OLD, LIMIT + "urllib3<2\n"),
        (OLD, LIMIT + LIMIT),
    ],
)
def test_a_limit_stays(ssl: str, text: str) -> None:
    found = look(world(ssl, {"requirements.txt": text}))
    assert RULE not in [one.rule for one in found]


def test_nothing_is_said_where_an_ssl_library_is_unknown() -> None:
    facts = world(NEW, {"requirements.txt": LIMIT})
    broken = facts.interpreters[0]._replace(id="i2", ssl=None, ssl_error="No module named _ssl")
    assert [one.rule for one in look(facts)] == [RULE]
    facts = facts._replace(interpreters=(*facts.interpreters, broken))
    assert RULE not in [one.rule for one in look(facts)]


@pytest.mark.parametrize(("declared", "safety"), [(True, "SAFE"), (False, "UNSAFE")])
def test_it_is_safe_where_the_project_says_for_whom_it_is(declared: bool, safety: str) -> None:
    facts = world(NEW, {"requirements.txt": LIMIT})
    (found,) = look(facts, declared=declared)
    fix = plan.propose(found, facts, look)
    assert fix is not None
    assert (fix.title, fix.applicability) == ("remove urllib3<2", Applicability[safety])
    assert isinstance(found.subject, tuple)
    assert found.subject.kind == Kind.REQUIREMENT  # type: ignore[union-attr]
