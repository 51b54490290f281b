"""Limits with a reason: found when the reason is gone, taken back as they came."""

from __future__ import annotations

import pytest

from sslfix import detectors, match, obsolete, plan, rehearse, rules
from sslfix.model import Applicability, Facts, Finding, Kind, Relock

from .test_match import NEW, OLD, interpreter, read

KNOWN = rules.load()
RULES = {name: next(one for one in KNOWN if one.cases[0].when.detector == name)
         for name in obsolete.DETECTORS}  # fmt: skip
RULE = RULES["obsolete"]


def look(facts: Facts, *, declared: bool = True) -> tuple[Finding, ...]:
    found = list(match.match(facts, KNOWN, detectors.all_detectors()))
    for rule in RULES.values():
        found += obsolete.find(facts, rule, KNOWN, declared=declared)
    return tuple(found)


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


def told(ssl: str, text: str, name: str = "requirements.txt") -> list[str]:
    facts = world(ssl, {name: text})
    people = (RULES["obsolete-told"], RULES["obsolete-bare"])
    return [one.rule.id for one in look(facts) if one.rule in people]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("urllib3<2  # macOS LibreSSL, can go where OpenSSL is new\n", "urllib3\n"),
        ("a\r\nurllib3>=1.26, <2 # OpenSSL 1.0.2 on the old box\r\n", "a\r\nurllib3>=1.26\r\n"),
        ("urllib3~=1.26.2  # the 'ssl' module is compiled with an old one\n", "urllib3>=1.26.2\n"),
        # Comments above may be about more than this line: they stay.
        (
            "# see https://github.com/urllib3/urllib3/issues/2168\nurllib3<2\n",
            "# see https://github.com/urllib3/urllib3/issues/2168\nurllib3\n",
        ),
        # Nobody's hand: raised as any other pin is.
        ("urllib3==1.26.18  # OpenSSL 1.0.2\n", "urllib3==1.26.18  # OpenSSL 1.0.2\n"),
    ],
)
def test_a_limit_that_people_explained_goes(text: str, after: str) -> None:
    assert told(OLD, text) == []
    assert told(NEW, text) == ["SSL106"]
    assert fixed(NEW, {"requirements.txt": text}) == {"requirements.txt": after}


@pytest.mark.parametrize(
    ("name", "text", "after"),
    [
        (
            "pyproject.toml",
            PROJECT.replace('"requests",', '"urllib3<2",  # LibreSSL'),
            PROJECT.replace('"requests",', '"urllib3",'),
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\nurllib3 = "^1.26"  # LibreSSL\n',
            '[tool.poetry.dependencies]\nurllib3 = ">=1.26"\n',
        ),
        ("Pipfile", '[packages]\nurllib3 = "<2" # LibreSSL\n', '[packages]\nurllib3 = "*"\n'),
        ("constraints.txt", "idna<4\nurllib3<2  # LibreSSL\n", "idna<4\n"),
    ],
)
def test_a_limit_goes_in_every_format(name: str, text: str, after: str) -> None:
    texts = {name: text}
    if name == "constraints.txt":
        texts["requirements.txt"] = "-c constraints.txt\nrequests\n"
    assert fixed(NEW, texts)[name] == after


def test_a_limit_without_a_word_is_a_note() -> None:
    assert told(NEW, "urllib3<2\n") == ["SSL107"]
    assert told(NEW, "urllib3>=1.21.1,<2\n") == ["SSL107"]
    facts = world(NEW, {"requirements.txt": "urllib3<2\n"})
    assert not look(facts, declared=False)
    (found,) = look(facts)
    fix = plan.propose(found, facts, look)
    assert fix is not None
    assert (fix.title, fix.applicability) == ("urllib3 instead of urllib3<2", Applicability.UNSAFE)


@pytest.mark.parametrize(
    ("ssl", "text"),
    [
        (OLD, "urllib3<2\n"),
        (NEW, "urllib3<2  # 2.x drops the retry kwargs\n"),
        (NEW, "# pytrends cannot do 2\nurllib3<2\n"),
        (NEW, "urllib3<2  # for pyOpenSSL 22\n"),  # another distribution
        (NEW, "urllib3<1.25\n"),  # keeps out more than the rule is about
        (NEW, "urllib3<2.1\n"),
        (NEW, "urllib3>=1.26\n"),
        (NEW, "urllib3==1.26.20\n"),
        # What else stands there does not go with urllib3 2.
        (NEW, "urllib3<2  # LibreSSL\nrequests-toolbelt==0.10.1\nrequests==2.31.0\n"),
        (NEW, "urllib3<2\nrequests-toolbelt==0.10.1\nrequests==2.31.0\n"),
        (NEW, "urllib3<2 ; python_version < '3'  # LibreSSL\n"),
        (NEW, "urllib3<2  # sslfix: ignore[SSL107] LibreSSL\n"),
    ],
)
def test_a_limit_of_people_stays(ssl: str, text: str) -> None:
    assert told(ssl, text) == []
