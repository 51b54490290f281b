"""Real releases fail at the boundaries that the pages state, and not beside them."""

from __future__ import annotations

from typing import Callable

import pytest

from sslfix import rules
from sslfix.explain import explain

from .installed import Shelf, execute

pytestmark = [pytest.mark.proof, pytest.mark.network]

LIBRESSL = "LibreSSL 2.8.3"
LIBRESSL_3 = "LibreSSL 3.3.6"
OLD = "OpenSSL 1.0.2k-fips  26 Jan 2017"
OLD_110 = "OpenSSL 1.1.0g  2 Nov 2017"
GOOD = "OpenSSL 1.1.1  11 Sep 2018"

IMPORTS = """
import warnings
warnings.simplefilter("always")
import urllib3
print(urllib3.__version__)
"""


@pytest.mark.parametrize(
    ("version", "ssl", "expected"),
    [
        ("1.26.20", LIBRESSL, ""),
        ("2.0.0a1", LIBRESSL, "SSL101"),
        ("2.0.2", LIBRESSL, "SSL101"),
        ("2.0.2", LIBRESSL_3, "SSL101"),
        ("2.0.3", LIBRESSL, "SSL102"),
        ("2.2.3", LIBRESSL_3, "SSL102"),
        ("1.26.20", OLD, ""),
        ("2.0.0a1", OLD, "SSL101"),
        ("2.0.3", OLD, "SSL101"),
        ("2.2.3", OLD, "SSL101"),
        ("2.2.3", OLD_110, "SSL101"),
        ("2.0.2", GOOD, ""),
        ("2.2.3", GOOD, ""),
    ],
)
def test_urllib3_refuses_exactly_what_the_pages_say(
    *,
    version: str,
    ssl: str,
    expected: str,
    python: Callable[[str], str],
    pretend: Callable[[str], dict[str, str]],
    shelf: Shelf,
) -> None:
    folder = shelf.install(python("3.9"), f"urllib3=={version}")
    done = execute(python("3.9"), folder, IMPORTS, pretend(ssl))
    assert (done.returncode != 0) == (expected == "SSL101"), done.stderr
    assert [match.rule.id for match in explain(done.stderr, rules.load())] == [
        *([expected] if expected else [])
    ]


PATCH_FIRST = """
import eventlet
eventlet.monkey_patch()
import socket, ssl
context = ssl.create_default_context()
context.wrap_socket(socket.socket(), server_hostname="h.example", do_handshake_on_connect=False)
from urllib3.util.ssl_ import create_urllib3_context
create_urllib3_context()
import threading
thread = threading.Thread(target=int)
thread.start()
thread.join()
"""
OLD_DNS = "dnspython<2"


@pytest.mark.parametrize(
    ("minor", "bad", "good", "beside"),
    [
        ("3.6", "0.20.1", "0.21.0", ("urllib3==1.26.20", OLD_DNS)),
        ("3.7", "0.25.2", "0.26.0", ("urllib3==1.26.20", OLD_DNS)),
        ("3.8", "0.25.2", "0.26.0", ("urllib3==1.26.20", OLD_DNS)),
        ("3.8", "0.32.0", "0.33.0", ("urllib3==2.2.3", OLD_DNS)),
        ("3.12", "0.33.3", "0.34.1", ("urllib3==2.2.3",)),
        ("3.13", "0.37.0", "0.38.0", ("urllib3==2.2.3",)),
    ],
)
def test_eventlet_patched_first_fails_below_each_boundary(
    *,
    minor: str,
    bad: str,
    good: str,
    beside: tuple[str, ...],
    python: Callable[[str], str],
    shelf: Shelf,
) -> None:
    interpreter = python(minor)
    for version, works in ((bad, False), (good, True)):
        folder = shelf.install(interpreter, f"eventlet=={version}", *beside)
        done = execute(interpreter, folder, PATCH_FIRST)
        assert (done.returncode == 0) is works, f"{version}: {done.stderr}"
