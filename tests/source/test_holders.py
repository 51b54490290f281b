"""What an import does to ssl, by the releases that were tried."""

from __future__ import annotations

import pytest

from sslfix.source import holders

TRIED = {"1.0": "quiet", "2.0": "quiet", "4.0": "recurses", "5.0": "recurses"}


@pytest.mark.parametrize(
    ("effects", "version", "expected"),
    [
        (TRIED, "2.0", "quiet"),
        (TRIED, "1.5", "quiet"),
        (TRIED, "3.0", ""),
        (TRIED, "4.9.1", "recurses"),
        (TRIED, "6.0", "recurses"),
        (TRIED, "0.9", ""),
        (TRIED, "", ""),
        ({"2.0": "holds", "10.0": "holds"}, "", "holds"),
        ({"2.0": "holds", "10.0": "holds"}, "1.0", "holds"),
        ({"9.0": "quiet", "10.0": "holds"}, "10.0.post1", "holds"),
    ],
)
def test_both_neighbours_have_to_agree(
    effects: dict[str, str], version: str, expected: str
) -> None:
    assert holders.decide(effects, version) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("urllib3.util.ssl_", "recurses"),
        ("requests", "recurses"),
        ("boto3.session", "recurses"),
        ("google.cloud.storage", "recurses"),
        ("grequests", "patches"),
        ("locust.contrib", "patches"),
        ("httpx", ""),
        ("http.client", ""),
        ("gevent.ssl", ""),
        ("eventlet.green.ssl", ""),
        ("requestsx", ""),
    ],
)
def test_the_table_knows_modules_by_the_packages_above_them(name: str, expected: str) -> None:
    assert holders.Holders({}).effect(name) == expected


def test_every_entry_of_the_table_is_one_of_the_words() -> None:
    words = {holders.PATCHES, holders.RECURSES, holders.HOLDS, "quiet"}
    entries = [tried for found in holders.table().values() for tried in found]
    assert len(entries) > 200
    assert all(tried.effects and set(tried.effects.values()) <= words for tried in entries)
