"""Limits against the rules that they come from, for many interpreters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from sslfix import constraints, match, rules
from sslfix.collect import targets
from sslfix.model import Case, Facts, Interpreter, Level, Remedy, Rule, When

from .test_match import LIBRESSL, NEW, OLD, interpreter, read

PYTHONS = ("2.7.18", "3.6.15", "3.7.16", "3.9.18", "3.11.7", "3.12.1", "3.13.0")
INTERPRETERS = [
    *(interpreter(ssl, python) for ssl in (LIBRESSL, OLD, NEW) for python in PYTHONS),
    *(targets.find(name, "i1") for name in ("macos-python3.9", "debian-13", "amazon-linux-2")),
]
# What the rules say of them is no range, or no release is known that works (the last ones: on 3.6).
LEFT_OUT = {
    Level.ERROR: {"boto", "django-sslserver", "ntlm-auth", "requests-ntlm"},
    Level.WARNING: {
        "ibm-cos-sdk-core",
        "mysql-connector",
        "oscrypto",
        "redis",
        "snowflake-connector-python",
        "websocket-server",
        "pyspnego",
    },
}


def limits(one: Interpreter, least: Level = Level.ERROR) -> dict[str, str]:
    return {each.name: each.specifier for each in constraints.compute(one, rules.load(), least)}


def rule(**affected: str) -> Rule:
    """A rule with a case for each specifier, and a remedy that takes all releases."""
    cases = tuple(
        Case(When(), {"demo": one}, {}, (Remedy({"demo": ">=0"}, ""),), "", "")
        for one in affected.values()
    )
    return Rule("SSL999", "demo", "", Level.ERROR, "0.1.0", cases, (), (), {}, ())


def boundaries(name: str) -> Iterator[str]:
    """Releases on, just below and just above what any rule says of a distribution."""
    for one in rules.load():
        for case in one.cases:
            for found in re.findall(r"[\d.]+(?:a\d+)?", case.affected.get(name, "")):
                *first, last = Version(found).release
                for number in (last - 1, last, last + 1):
                    text = ".".join(map(str, (*first, max(number, 0))))
                    yield from (text, f"{text}.post1", f"{text}rc1", f"{text}a2", f"{text}.0")


def alone() -> tuple[Rule, ...]:
    """The rules with those cases only that need nothing beside them."""
    return tuple(
        one._replace(cases=tuple(c for c in one.cases if not (c.when.beside or c.when.together)))
        for one in rules.load()
    )


def fails(one: Interpreter, name: str, versions: set[str], least: Level) -> set[str]:
    """The releases that sslfix finds fault with, whatever is beside them."""
    text = "".join(f"{name}=={version}\n" for version in versions)
    facts = Facts((one,), (read("requirements.txt", text),))
    found = match.match(facts, alone(), {})
    return {each.version or "" for each in found if each.level >= least}


@pytest.mark.parametrize("least", [Level.ERROR, Level.WARNING], ids=["error", "warning"])
def test_a_limit_keeps_out_all_that_fails_and_nothing_else(least: Level) -> None:
    names = {name for one in alone() for case in one.cases for name in case.affected}
    left_out = set()
    for one in INTERPRETERS:
        found = limits(one, least)
        for name in names:
            specifier = SpecifierSet(found.get(name, ""))
            versions = {*boundaries(name), "0.0.1", "99998"}
            failing = fails(one, name, versions, least)
            for version in versions:
                keeps_out = not specifier.contains(version, prereleases=True)
                if keeps_out == (version in failing):
                    continue
                if name not in found:
                    left_out.add(name)
                else:
                    # Naming a pre-release would let them all in, so that one of a release that
                    # works may be kept out with those that fail.
                    assert keeps_out, (name, version, specifier)
                    assert Version(version).is_prerelease, (name, version, specifier)
    assert left_out == set().union(*(LEFT_OUT[each] for each in LEFT_OUT if each >= least))


def test_no_limit_names_a_prerelease_or_an_extra() -> None:
    for one in INTERPRETERS:
        for each in constraints.compute(one, rules.load(), Level.NOTE):
            parsed = Requirement(each.requirement)
            assert not parsed.specifier.prereleases
            assert not parsed.extras


@pytest.mark.parametrize(
    ("ssl", "least", "expected"),
    [
        (LIBRESSL, Level.ERROR, "!=2.0.0.*,!=2.0.1.*,!=2.0.2.*"),
        (LIBRESSL, Level.NOTE, "<2"),  # SSL102: the others warn
        (OLD, Level.ERROR, "<2"),
        (NEW, Level.NOTE, None),
    ],
)
def test_urllib3_is_limited_by_the_ssl_library(
    ssl: str, least: Level, expected: str | None
) -> None:
    assert limits(interpreter(ssl), least).get("urllib3") == expected


@pytest.mark.parametrize(
    ("affected", "expected"),
    [
        (["<1.2"], ">=1.2"),
        ([">=1.2"], "<1.2"),
        ([">=2.0.0a1"], "<2"),
        (["<4.0.0a1"], ">=4.0.0"),
        ([">=1.2.0,<1.2.2"], "!=1.2.0.*,!=1.2.1.*"),
        ([">=10,<12.2.0"], "!=10.*,!=11.*,!=12.0.*,!=12.1.*"),
        ([">=2.7,<2.7.1.1"], "!=2.7.0.*,!=2.7.1.0.*"),
        (["<1.2", ">=1.2,<1.5"], ">=1.5"),
        ([">=1.2,<1.5", "<1.3"], ">=1.5"),
        (["<1.2", ">=3"], ">=1.2,<3"),
        (["<1.2", ">=1.4,<1.5"], ">=1.2,!=1.4.*"),
        ([">=1.4,<1.5", ">=1.6.1,<1.8"], "!=1.4.*"),  # the second cannot be said: where ends 1.6?
        ([">=1.6.1,<1.8"], None),
        ([">=1,<99"], None),  # too long a list
        ([">=1,!=1.5"], None),
        (["<=1.5"], None),  # the newest as yet: nobody knows what comes
        ([">=0"], None),
        (["<2", ">=1"], None),
    ],
)
def test_a_limit_is_the_complement_of_what_fails(affected: list[str], expected: str | None) -> None:
    every = rule(**{f"case{number}": one for number, one in enumerate(affected)})
    found = constraints.compute(interpreter(NEW), [every])
    assert [one.specifier for one in found] == ([] if expected is None else [expected])


def test_a_pair_is_not_limited() -> None:
    assert {"botocore", "docker", "pyopenssl"}.isdisjoint(limits(interpreter(LIBRESSL)))


def test_where_the_cure_is_for_another_python_there_is_no_limit() -> None:
    assert "requests-ntlm" in limits(interpreter(NEW, "3.7.16"))
    assert "requests-ntlm" not in limits(interpreter(NEW, "3.6.15"))


def test_a_line_says_each_rule_that_asks_for_it() -> None:
    found = constraints.compute(interpreter(NEW, "3.13.0"), rules.load())
    eventlet = next(one for one in found if one.name == "eventlet")
    assert eventlet.requirement == "eventlet>=0.38.0"
    assert eventlet.rules == ("SSL206", "SSL207")
    assert eventlet.reasons == (
        "SSL206 eventlet-python-3-12: eventlet <0.34.1 fails on Python>=3.12",
        "SSL207 eventlet-python-3-13: eventlet >=0.34.1,<0.38.0 fails on Python>=3.13",
    )


def test_the_file_is_ascii_and_its_comments_cannot_become_lines() -> None:
    one = interpreter(LIBRESSL)._replace(executable="/home/jörg/a\nrequests==0\\")
    text = constraints.render(constraints.compute(one, rules.load()), one)
    assert text.isascii()
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == [
        "eventlet>=0.26.0",
        "gevent>=1.2",
        "imapclient>=2.2.0",
        "urllib3!=2.0.0.*,!=2.0.1.*,!=2.0.2.*",
    ]
    assert "# SSL library: LibreSSL 2.8.3\n" in text


def test_the_fingerprint_changes_with_the_interpreter_and_the_limits() -> None:
    one = interpreter(LIBRESSL)
    found = constraints.compute(one, rules.load())
    others = [
        constraints.fingerprint(interpreter("LibreSSL 3.3.6"), found),
        constraints.fingerprint(interpreter(LIBRESSL, "3.9.19"), found),
        constraints.fingerprint(one, found[1:]),
    ]
    mine = constraints.fingerprint(one, found)
    assert len({mine, *others}) == 4
    assert mine == constraints.fingerprint(one._replace(prefix="/elsewhere"), found)
    assert f"# fingerprint: {mine}\n" in constraints.render(found, one)
