"""SSLContexts that are changed in use, or that no peer can talk to."""

from __future__ import annotations

import pytest

from sslfix.detectors import all_detectors
from sslfix.detectors.code import contexts
from sslfix.model import Document, Facts, Interpreter, SslLibrary

HEAD = "import ssl\nfrom concurrent.futures import ThreadPoolExecutor\n"
RUN = "with ThreadPoolExecutor() as pool:\n    pool.map(work, hosts)\n"
MADE = "c = ssl.create_default_context()\n"


def detect(source: str, ssl: str = "OpenSSL 3.0.19 27 Jan 2026") -> list[str]:
    here = Interpreter("i1", "python3", "3.12.1", "cpython", {}, SslLibrary.parse(ssl))
    facts = Facts(sources=(Document("app.py", HEAD + source),))
    return [hit.rule for hit in contexts.DETECTOR.detect(facts, here)]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        # in threads
        (MADE + "c.load_cert_chain(p)\ndef work(h):\n    c.wrap_socket(h)\n" + RUN, []),
        (
            "def work(h):\n    c = ssl.create_default_context()\n    c.load_cert_chain(p)\n" + RUN,
            [],
        ),
        (MADE + "def work(h):\n    c.load_cert_chain(p)\nwork(1)\n", []),
        ("c = make()\ndef work(h):\n    c.load_cert_chain(p)\n" + RUN, []),
        (MADE + "def work(h):\n    c.load_cert_chain(p)\n" + RUN, ["SSL628"]),
        (MADE + "def work(h):\n    c.verify_mode = ssl.CERT_NONE\n" + RUN, ["SSL628"]),
        # after use
        ("def f(s):\n    " + MADE + "    c.load_cert_chain(p)\n    return c.wrap_socket(s)\n", []),
        (
            "def f(s):\n    " + MADE + "    t = c.wrap_socket(s)\n    c.load_cert_chain(p)\n"
            "    return t\n",
            ["SSL629"],
        ),
        (
            "def f(s):\n    " + MADE + "    t = c.wrap_socket(s)\n"
            "    c.minimum_version = ssl.TLSVersion.TLSv1_2\n    return t\n",
            ["SSL629"],
        ),
        (
            "def f(s):\n    " + MADE + "    t = c.wrap_socket(s)\n    c.load_cert_chain(p)\n"
            "    return c.wrap_socket(s)\n",
            [],
        ),
        (
            "def f(s):\n    " + MADE + "    t = c.wrap_socket(s, server_side=True)\n"
            "    c.load_cert_chain(p)\n    return t\n",
            [],
        ),
        ("def f(s, c):\n    t = c.wrap_socket(s)\n    c.load_cert_chain(p)\n", []),
        (
            "def f(s):\n    " + MADE + "    while s:\n        t = c.wrap_socket(s)\n"
            "        c.load_cert_chain(p)\n",
            [],
        ),
        # old versions
        ("c = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n", ["SSL622"]),
        ("c = ssl.SSLContext(ssl.PROTOCOL_TLSv1_1)\n", ["SSL622"]),
        ("c = ssl.SSLContext(ssl.PROTOCOL_TLSv1_2)\n", []),
        ("c = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\nc.set_ciphers('ALL:@SECLEVEL=0')\n", []),
        (
            "try:\n    c = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\nexcept AttributeError:\n    c = 0\n",
            [],
        ),
        ("versions = {1: ssl.PROTOCOL_TLSv1}\n", []),
    ],
)
def test_finds_what_is_sure_and_no_more(source: str, found: list[str]) -> None:
    assert detect(source) == found


@pytest.mark.parametrize("ssl", ["OpenSSL 1.1.1w  11 Sep 2023", "LibreSSL 3.8.2"])
def test_other_libraries_have_old_versions(ssl: str) -> None:
    assert detect("c = ssl.SSLContext(ssl.PROTOCOL_TLSv1)\n", ssl) == []


def test_it_is_found_by_its_name() -> None:
    assert all_detectors()["contexts"] is contexts.DETECTOR
