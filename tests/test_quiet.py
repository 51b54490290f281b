"""Texts that are no failures, sources and change logs, are not taken for one.

They hold the words of the messages, and often the messages themselves: what is certain must have
the frame that a program prints around it.
"""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Callable

import pytest

from sslfix import rules
from sslfix.explain import explain

from .conftest import ROOT

PACKAGES = ("requests", "urllib3", "httpx")
LIBRARY = ("ssl.py", "http/client.py", "smtplib.py", "test/test_ssl.py")
LIKELY = 0.4
"""Sources raise what the pages know, so a share of these files may be likely."""


def descriptions() -> Iterator[str]:
    """What the installed distributions say of themselves, change logs included."""
    for one in distributions():
        if one.metadata["Name"] != "sslfix":
            yield one.read_text("METADATA") or one.read_text("PKG-INFO") or ""


def documents() -> Iterator[str]:
    for pattern in ("*.md", "docs/*.md"):
        for path in ROOT.glob(pattern):
            yield path.read_text(encoding="utf-8")


def sources() -> Iterator[str]:
    """The sources that raise the messages, and the tests that expect them."""
    library = Path(ssl.__file__).parent
    paths = [library / name for name in LIBRARY]
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        for folder in (found and found.submodule_search_locations) or ():
            paths += Path(folder).rglob("*.py")
    for path in paths:
        if path.exists():
            yield path.read_text(encoding="utf-8")


@cache
def answer(text: str) -> list[tuple[str, str, str]]:
    return [(one.confidence, one.rule.id, one.evidence) for one in explain(text, rules.load())]


def answers(texts: Iterator[str]) -> list[list[tuple[str, str, str]]]:
    return [answer(text) for text in texts]


@pytest.mark.parametrize("texts", [descriptions, documents, sources])
def test_nothing_is_certain_where_nothing_failed(texts: Callable[[], Iterator[str]]) -> None:
    assert [one for matches in answers(texts()) for one in matches if one[0] == "certain"] == []


def test_few_of_all_texts_have_a_likely_answer() -> None:
    found = [*answers(descriptions()), *answers(documents()), *answers(sources())]
    assert sum(map(bool, found)) <= LIKELY * len(found)


@pytest.mark.parametrize(
    "text",
    [
        "tests/test_tls.py::test_wrong_version_number PASSED",
        "test_ssl.py::TestClient::test_connection_refused PASSED [ 12%]",
        "- Retry after ConnectionResetError and ReadTimeout (#12)",
        "    except (ConnectionResetError, BrokenPipeError):\n        return None",
        "Errors of the network (Connection Refused, Timeout) are handled by the caller.",
        "* Fixed the case when the `ssl` module is not available (Issue #3)",
        "from urllib3.exceptions import ReadTimeoutError, ProxyError",
        "        raise ValueError('check_hostname requires server_hostname')",
        "ImportError: cannot import name 'ssl_things' from 'myapp'",
        "grep -n CERTIFICATE_VERIFY_FAILED client.py",
    ],
)
def test_the_words_alone_prove_nothing(text: str) -> None:
    assert [one for one in explain(text, rules.load()) if one.confidence == "certain"] == []
