"""Until when a Python gets fixes."""

from __future__ import annotations

import pytest

from sslfix.collect.lifetimes import ENDS, ended


@pytest.mark.parametrize(
    ("version", "today", "end"),
    [
        ("3.9.18", "2025-10-31", ""),
        ("3.9.18", "2025-11-01", "2025-10-31"),
        ("3.10.1", "2026-10-31", ""),
        ("3.10.1", "2026-11-01", "2026-10"),
        ("3.99.0", "2099-01-01", ""),
        ("", "2099-01-01", ""),
    ],
)
def test_the_end_counts_from_the_day_after(version: str, today: str, end: str) -> None:
    assert ended("cpython", version, today) == end


def test_other_implementations_have_their_own() -> None:
    assert ended("pypy", "3.9.18", "2099-01-01") == ""
    assert ended("cpython", "2.7.18") == ENDS["2.7"]
