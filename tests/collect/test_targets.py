"""The table of targets: its schema, and the names that people type."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import tomli

from sslfix.collect import targets
from sslfix.errors import UsageError

TABLE = Path(targets.__file__).parent / "targets.toml"
ENTRIES: list[dict[str, Any]] = tomli.loads(TABLE.read_text("utf-8"))["target"]
KEYS = {"name", "aliases", "ssl", "platform", "machine", "releases", "source", "url"}
DAY = r"(20\d\d-\d\d-\d\d)?"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one['name']} {one['ssl']}")
def test_an_entry_says_all_there_is_to_say(entry: dict[str, Any]) -> None:
    assert set(entry) == KEYS
    assert entry["source"]
    assert re.fullmatch(r"https://\S+", entry["url"])
    assert entry["platform"] in {"linux", "darwin", "win32"}
    assert entry["machine"] in {"x86_64", "arm64"}
    assert re.match(r"(OpenSSL|LibreSSL) \d+\.\d+\.\d+[a-z]?(-fips| |$)", entry["ssl"])
    assert entry["releases"]
    for release in entry["releases"]:
        assert {"python", "since", "until"} <= set(release)
        assert set(release) <= {"python", "since", "until", "plain", "oldest"}
        assert re.fullmatch(r"\d\.\d+\.\d+", release["python"])
        assert re.fullmatch(DAY, release["since"])
        assert re.fullmatch(DAY, release["until"])
        assert not release["until"] or release["since"] < release["until"]


def test_names_are_unique_and_aliases_are_no_names() -> None:
    known = targets.load()
    aliases = [alias for one in known.values() for alias in one.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(known)
    assert not any("{" in word for word in [*known, *aliases])
    assert len(known) == sum(len(entry["releases"]) for entry in ENTRIES)


def test_a_patch_release_belongs_to_one_image() -> None:
    """`plain` of the images of one Python never overlap, or a tag would mean two."""
    for alpine in (False, True):
        seen = [
            f"{one.minor}.{patch}"
            for one in targets.load().values()
            if one.plain and ("-alpine" in one.name) == alpine
            for patch in range(one.plain[0], one.plain[1] + 1)
        ]
        assert len(seen) == len(set(seen))


# When the libraries came out that images ended with: the release notes of each line, in
# https://github.com/openssl/openssl/blob/master/NEWS.md, and LibreSSL's own.
RELEASED = {
    "LibreSSL 2.6.5": "2018-06-13",
    "LibreSSL 2.7.5": "2018-12-15",
    "OpenSSL 1.0.1f": "2014-01-06",
    "OpenSSL 1.0.1t": "2016-05-03",
    "OpenSSL 1.0.2g": "2016-03-01",
    "OpenSSL 1.0.2k": "2017-01-26",
    "OpenSSL 1.1.0l": "2019-09-10",
    "OpenSSL 1.1.1": "2018-09-11",
    "OpenSSL 1.1.1d": "2019-09-10",
    "OpenSSL 1.1.1f": "2020-03-31",
    "OpenSSL 1.1.1g": "2020-04-21",
    "OpenSSL 1.1.1h": "2020-09-22",
    "OpenSSL 1.1.1i": "2020-12-08",
    "OpenSSL 1.1.1k": "2021-03-25",
    "OpenSSL 1.1.1l": "2021-08-24",
    "OpenSSL 1.1.1m": "2021-12-14",
    "OpenSSL 1.1.1n": "2022-03-15",
    "OpenSSL 1.1.1o": "2022-05-03",
    "OpenSSL 1.1.1s": "2022-11-01",
    "OpenSSL 1.1.1t": "2023-02-07",
    "OpenSSL 1.1.1w": "2023-09-11",
    "OpenSSL 3.0.2": "2022-03-15",
    "OpenSSL 3.0.9": "2023-05-30",
    "OpenSSL 3.0.11": "2023-09-19",
    "OpenSSL 3.0.12": "2023-10-24",
    "OpenSSL 3.0.13": "2024-01-30",
    "OpenSSL 3.0.14": "2024-06-04",
    "OpenSSL 3.0.15": "2024-09-03",
    "OpenSSL 3.0.17": "2025-07-01",
    "OpenSSL 3.0.22": "2026-08-25",
    "OpenSSL 3.1.3": "2023-09-19",
    "OpenSSL 3.1.5": "2024-01-30",
    "OpenSSL 3.1.7": "2024-09-03",
    "OpenSSL 3.2.2": "2024-06-04",
    "OpenSSL 3.3.2": "2024-09-03",
    "OpenSSL 3.3.3": "2025-02-11",
    "OpenSSL 3.3.5": "2025-09-30",
    "OpenSSL 3.4.1": "2025-02-11",
    "OpenSSL 3.5.1": "2025-07-01",
    "OpenSSL 3.5.3": "2025-09-16",
    "OpenSSL 3.5.4": "2025-09-30",
    "OpenSSL 3.5.5": "2026-01-27",
    "OpenSSL 3.5.7": "2026-06-09",
}


def test_no_library_is_newer_than_the_last_day_of_its_target() -> None:
    """An image that is no longer built keeps the library of its last day."""
    for one in targets.load().values():
        if not one.until:
            continue
        released = RELEASED[f"{one.ssl.name} {one.ssl.version}"]
        assert released <= one.until, one.name
        said = re.search(r"\d+ [A-Z][a-z]{2} 20\d\d$", one.ssl.raw)
        if said:
            day = time.strptime(said[0], "%d %b %Y")
            assert time.strftime("%Y-%m-%d", day) == released, one.name


def test_no_patch_release_is_newer_than_the_last_one() -> None:
    for one in targets.load().values():
        if one.plain:
            assert one.of(f"{one.minor}.{one.plain[1]}"), one.name


def test_no_python_is_newer_than_its_library_allows() -> None:
    """Python 3.10 cannot be built with an OpenSSL older than 1.1.1, nor with LibreSSL (PEP 644)."""
    for one in targets.load().values():
        if int(one.minor.split(".")[1]) >= 10:
            assert one.ssl.name == "OpenSSL", one.name
            assert one.ssl.version >= "1.1.1", one.name


@pytest.mark.parametrize(
    ("word", "python", "ssl"),
    [
        # names that were there from the beginning
        ("lambda-python3.9", "3.9.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("lambda-python3.8", "3.8.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("amazon-linux-2", "3.7.16", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("macos-python3.9", "3.9.6", "LibreSSL 2.8.3"),
        ("debian-12", "3.11.2", "OpenSSL 3.0.22 25 Aug 2026"),
        # what people type
        ("macos-system", "3.9.6", "LibreSSL 2.8.3"),
        ("bookworm", "3.11.2", "OpenSSL 3.0.22 25 Aug 2026"),
        ("ubuntu:22.04", "3.10.12", "OpenSSL 3.0.2 15 Mar 2022"),
        ("rocky-9", "3.9.25", "OpenSSL 3.5.5 27 Jan 2026"),
        ("centos-7", "3.6.8", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        # docker images, as they are written
        ("public.ecr.aws/lambda/python:3.9", "3.9.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("public.ecr.aws/lambda/python:3.9-arm64", "3.9.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("amazon/aws-lambda-python:3.8", "3.8.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("python:3.9-slim-bullseye", "3.9.23", "OpenSSL 1.1.1w  11 Sep 2023"),
        ("Python:3.9-Slim-Bullseye", "3.9.23", "OpenSSL 1.1.1w  11 Sep 2023"),
        ("docker.io/library/python:3.9-buster", "3.9.17", "OpenSSL 1.1.1n  15 Mar 2022"),
        ("mirror.example:5000/library/python:3.9-buster", "3.9.17", "OpenSSL 1.1.1n  15 Mar 2022"),
        ("python:3.9-slim@sha256:0123", "3.9.25", "OpenSSL 3.5.1 1 Jul 2025"),
        ("registry.redhat.io/ubi8/python-39:latest", "3.9.20", "OpenSSL 1.1.1k  FIPS 25 Mar 2021"),
        # a tag without a distribution: the newest one of the day that the release was current
        ("python:3.9", "3.9.25", "OpenSSL 3.5.1 1 Jul 2025"),
        ("python:3.9.5", "3.9.5", "OpenSSL 1.1.1n  15 Mar 2022"),
        ("python:3.9.6-slim", "3.9.6", "OpenSSL 1.1.1w  11 Sep 2023"),
        ("python:3.9.18", "3.9.18", "OpenSSL 3.0.17 1 Jul 2025"),
        ("python:3.6.6-alpine", "3.6.6", "LibreSSL 2.7.5"),
        ("python:3.8-alpine", "3.8.20", "OpenSSL 3.3.2 3 Sep 2024"),
        # images that are no longer built: the library of their last day
        ("python:2.7-buster", "2.7.18", "OpenSSL 1.1.1d  10 Sep 2019"),
        ("python:3.6-bullseye", "3.6.15", "OpenSSL 1.1.1k  25 Mar 2021"),
        ("python:3.8-bookworm", "3.8.20", "OpenSSL 3.0.14 4 Jun 2024"),
        ("python:3.7-alpine3.15", "3.7.15", "OpenSSL 1.1.1s  1 Nov 2022"),
        ("python:3.12-alpine3.17", "3.12.1", "OpenSSL 3.0.12 24 Oct 2023"),
        # what is made from another image, with its Python and its library
        ("public.ecr.aws/sam/build-python3.9:latest", "3.9.18", "OpenSSL 1.0.2k-fips  26 Jan 2017"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "3.12.14", "OpenSSL 3.0.22 25 Aug 2026"),
        ("ghcr.io/astral-sh/uv:python3.13-alpine", "3.13.15", "OpenSSL 3.5.8"),
        ("python:3.9.1-alpine3.12", "3.9.1", "OpenSSL 1.1.1k  25 Mar 2021"),
    ],
)  # fmt: skip
def test_a_name_means(word: str, python: str, ssl: str) -> None:
    found = targets.find(word, "i1")
    assert (found.version, found.markers["python_full_version"]) == (python, python)
    assert found.ssl is not None
    assert found.ssl.raw == ssl
    assert (found.id, found.source) == ("i1", "profile")
    assert found.chosen_because == f"the target {word}"


@pytest.mark.parametrize(
    "word",
    [
        "",
        "auto",
        "python",
        "python:3",  # which one, changes by the month
        "python:latest",
        "python:3.9-rc",
        "python:3.12-windowsservercore",
        "python:3.11.4-bookworm",  # its OpenSSL 3.0.9 is judged unlike the newest 3.0
        "python:3.9.99-bullseye",  # newer than any that is known
        "python:3.9.24-bullseye",  # no longer built then
        "ghcr.io/astral-sh/uv:0.5-python3.12-bookworm",  # of its day
        "ghcr.io/astral-sh/uv:debian",
        "bitnami/python:3.9",  # another image of that name
        "mirror.example/python:3.9",
        "node:18",
    ],
)
def test_what_is_not_sure_is_no_target(word: str) -> None:
    assert targets.named(word) is None


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("lambda-python3.99", "lambda-python3.9"),
        ("ubuntu-22.4", "ubuntu-22.04"),
        ("macos-sytem", "macos-system"),
        ("python:3.9-slim-bullsey", "python:3.9-slim-bullseye"),
    ],
)
def test_a_slip_is_answered_with_the_name_that_was_meant(word: str, other: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"did you mean {other}?")):
        targets.find(word, "i1")


def test_a_name_like_no_other_is_answered_with_the_command() -> None:
    with pytest.raises(UsageError, match="sslfix targets lists them"):
        targets.find("my server", "i1")


def test_what_is_wrong_in_the_table_is_no_target() -> None:
    entry = ENTRIES[0]
    with pytest.raises(ValueError, match=r"lambda.*nothing"):
        list(targets._targets(**{**entry, "ssl": "nothing"}))
