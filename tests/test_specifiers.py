from __future__ import annotations

import pytest

from sslfix import specifiers

# What a range reaches: the newest version that it admits is an affected one.
REACHES = [
    # A range that admits something newer than all that is affected does not reach it.
    ("", ">=2.32.0,<2.32.5", False),
    (">=2.30", ">=2.32.0,<2.32.5", False),
    ("~=2.32.0", ">=2.32.0,<2.32.5", False),
    (">=2,<3", ">=2.0.0a1,<2.0.3", False),
    ("<2.32.0", ">=2.32.0,<2.32.5", False),
    ("!=2.32.*", ">=2.32.0,<2.32.5", False),
    # One that ends inside does.
    ("<2.32.5", ">=2.32.0,<2.32.5", True),
    ("<=2.32.3", ">=2.32.0,<2.32.5", True),
    (">=2,<2.0.3", ">=2.0.0a1,<2.0.3", True),
    ("", "==6.0.0", False),
    (">=5", "==6.0.0", False),
    ("<7", "==6.0.0", False),
    ("<=6.0.0", "==6.0.0", True),
    ("", "<=1.3.0", True),  # 1.3.0 is the newest release so far
    (">=3", "==3.6.*", False),
    ("<3.7", "==3.6.*", True),
    (">=2", "~=2.1.3", False),
    ("<2.2", "~=2.1.3", True),
    ("<3", "~=2.1", True),
    # Nothing is newer than an affected range without an end.
    ("", ">=2.0.0a1", True),
    (">=1.26", ">=2.0.0a1", True),
    (">=1.21.1,<3", ">=2.0.0a1", True),
    ("<2", ">=2.0.0a1", False),
    ("==1.26.*", ">=2.0.0a1", False),
    ("===2.2.3", ">=2.0.0a1", True),
    # What is no PEP 440 is not judged.
    (">=1.0-foo-bar", ">=2.0.0a1", False),
]


@pytest.mark.parametrize(("specifier", "affected", "expected"), REACHES)
def test_a_range_reaches_what_its_newest_version_is(
    specifier: str, affected: str, expected: bool
) -> None:
    assert specifiers.reaches(specifier, affected) is expected


@pytest.mark.parametrize(
    ("specifier", "affected", "expected"),
    [
        ("", ">=2.0.0a1", False),
        (">=1.26", ">=2.0.0a1", False),
        (">=2", ">=2.0.0a1", True),
        ("==2.0.*", ">=2.0.0a1", True),
        ("~=2.0.0", ">=2.0.0a1", True),
        (">=2,<2.0.3", ">=2.0.0a1,<2.0.3", True),
        (">=2,<2.1", ">=2.0.0a1,<2.0.3", False),
    ],
)
def test_within_means_that_every_version_is_affected(
    specifier: str, affected: str, expected: bool
) -> None:
    assert specifiers.within(specifier, affected) is expected


@pytest.mark.parametrize(
    ("author", "remedy", "affected", "expected"),
    [
        ("", ">=1.26.20,<2", ">=2.0.0a1", ">=1.26.20,<2"),
        (">=1.26", ">=1.26.20,<2", ">=2.0.0a1", ">=1.26,<2"),
        (">=1.21.1,<3", ">=1.26.20,<2", ">=2.0.0a1", ">=1.21.1,<2"),
        ("!=1.25.0,!=1.25.1", ">=1.26.20,<2", ">=2.0.0a1", "!=1.25.0,!=1.25.1,<2"),
        (">=1.26,<2.0.3", ">=1.26.20,<2", ">=2.0.0a1,<2.0.3", ">=1.26,<2"),
    ],
)
def test_narrowing_adds_as_little_as_keeps_it_off(
    author: str, remedy: str, affected: str, expected: str
) -> None:
    assert specifiers.narrow(author, remedy, affected) == expected
    assert not specifiers.reaches(expected, affected)


def test_prereleases_of_an_affected_version_are_affected() -> None:
    assert specifiers.holds("2.0.0a1", ">=2.0.0a1")
    assert not specifiers.holds("not-a-version", ">=2.0.0a1")
